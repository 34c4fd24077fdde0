//! `POST /v1/me/photo`: whoever is signed in begins the upload of a profile photo.
//!
//! No Idempotency-Key: the answer is a secret that no receipt should keep, and asking again replaces
//! the upload that waits.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use banister_domain::photo::{PhotoSize, PhotoType};
use banister_platform::http::{Code, Created, Json, Problem, SignedIn};
use banister_platform::limit::Limit;
use banister_platform::objects::key;
use banister_platform::random;
use banister_platform::view::PhotoView;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Files, problem};

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::TooManyRequests];

const PER_USER: Limit = Limit { operation: "create_photo_upload", count: 20, seconds: 3_600 };
/// How long the upload may begin.
const LIFETIME_SECONDS: u32 = 600;

/// What will be uploaded.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreatePhotoUpload {
    content_type: PhotoType,
    size: PhotoSize,
}

/// Where to upload a photo, and how the own photo is doing.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = PhotoUpload)]
pub(crate) struct PhotoUploadView {
    upload: UploadView,
    photo: Option<PhotoView>,
}

/// One request that uploads the file, with the file's bytes as its body and without the access token.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Upload)]
pub(crate) struct UploadView {
    /// Always `PUT`.
    #[schema(example = "PUT")]
    method: String,
    /// Where to; keep it to yourself.
    #[schema(
        example = "https://bucket.s3.eu-central-1.amazonaws.com/uploads/photos/usr_…/pho_…?X-Amz-Signature=…"
    )]
    url: String,
    /// The headers that must come with it, exactly so. Browsers set `content-length` themselves.
    #[schema(example = json!({ "content-length": "482133", "content-type": "image/jpeg" }))]
    headers: BTreeMap<String, String>,
    /// From when on the URL is refused.
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:10:00Z")]
    expires_at: Timestamp,
}

/// Begin the upload of a photo
///
/// Answers a URL that takes one file of exactly this type and size, once or again, for ten minutes.
/// The photo is `processing` until the file is there and has been examined, at most for 15 minutes;
/// then read `photo` of the own account. An earlier upload that still waits is replaced; the photo
/// that is shown stays until the new one is ready.
#[utoipa::path(post, path = "/v1/me/photo", request_body = CreatePhotoUpload,
    responses((status = 201, description = "Where to upload", body = PhotoUploadView)))]
pub(crate) async fn create_photo_upload(
    State(files): State<Files>,
    caller: SignedIn,
    Json(ask): Json<CreatePhotoUpload>,
) -> Result<Created<PhotoUploadView>, Problem> {
    let (now, user) = (files.clock.now(), caller.user_id);
    PER_USER.count(&files.table, &user.to_string(), now).await?;
    let id = random::id(now);
    let key = key::uploaded_photo(user, id);
    let lifetime = Duration::from_secs(LIFETIME_SECONDS.into());
    // Signed first: once the upload is waited for, nothing may fail any more.
    let signed = files.uploads.presign_put(&key, ask.content_type.as_str(), ask.size.bytes(), lifetime, now);
    let signed = signed.await.map_err(Problem::internal)?;
    let request = |photo: &banister_domain::photo::Photo| photo.request(id, ask.content_type, ask.size, now);
    let account = files.accounts.change_photo(user, request, None, now).await.map_err(problem)?;
    let expires_at = now.saturating_add(SignedDuration::from_secs(LIFETIME_SECONDS.into()));
    let upload = UploadView {
        method: signed.method,
        url: signed.url,
        headers: signed.headers.into_iter().collect(),
        expires_at: expires_at.unwrap_or(Timestamp::MAX),
    };
    Ok(Created(PhotoUploadView { upload, photo: files.viewer.photo(&account.photo, now) }))
}
