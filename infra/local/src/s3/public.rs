//! The part of `CloudFront`: what the public bucket holds, for everybody, under `/public/`.
//!
//! Like the distribution of the template it reads the bucket with a signature of its own, may read objects and
//! nothing else, and so cannot tell a missing object from a forbidden one: S3 answers both with 403.

use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata as _};
use aws_sdk_s3::primitives::ByteStream;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LAST_MODIFIED, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS, X_XSS_PROTECTION,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

/// The role as which the distribution reads the bucket.
pub const READER: &str = "local-distribution";

/// AWS's policy `SecurityHeadersPolicy`, without the one that only holds over HTTPS.
const SECURITY: [(HeaderName, HeaderValue); 4] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
    (REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
    (X_XSS_PROTECTION, HeaderValue::from_static("1; mode=block")),
];

#[derive(Clone)]
struct Distribution {
    client: aws_sdk_s3::Client,
    bucket: String,
}

/// `GET /public/{key}`.
pub fn routes(client: aws_sdk_s3::Client, bucket: String) -> Router {
    let refused = async || denied("This distribution is not configured to allow the HTTP request method.");
    let nothing = get(async || denied("Access Denied")).fallback(refused);
    Router::new()
        .route("/public/{*key}", get(show).fallback(refused))
        .route("/public/", nothing)
        .with_state(Distribution { client, bucket })
}

async fn show(
    State(Distribution { client, bucket }): State<Distribution>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Response {
    let found = match client.get_object().bucket(bucket).key(key).send().await {
        Ok(found) => found,
        Err(error) if error.code() == Some("AccessDenied") => return denied("Access Denied"),
        Err(error) => {
            tracing::warn!(error = %DisplayErrorContext(error), "the public bucket does not answer");
            return (StatusCode::BAD_GATEWAY, SECURITY).into_response();
        }
    };
    let modified =
        found.last_modified.and_then(|at| at.fmt(aws_sdk_s3::primitives::DateTimeFormat::HttpDate).ok());
    let known = [
        (CONTENT_TYPE, found.content_type),
        (CACHE_CONTROL, found.cache_control),
        (LAST_MODIFIED, modified),
        (ETAG, found.e_tag),
    ];
    let known = known.into_iter().filter_map(|(name, value)| Some((name, value?.parse().ok()?)));
    let mut shown: HeaderMap = known.chain(SECURITY).collect();
    if shown.get(ETAG).is_some_and(|etag| headers.get(IF_NONE_MATCH) == Some(etag)) {
        return (StatusCode::NOT_MODIFIED, shown).into_response();
    }
    shown.extend(found.content_length.map(|length| (CONTENT_LENGTH, HeaderValue::from(length))));
    match ByteStream::collect(found.body).await {
        Ok(content) => (shown, Body::from(content.into_bytes())).into_response(),
        Err(error) => {
            tracing::warn!(%error, "the public bucket broke off");
            (StatusCode::BAD_GATEWAY, SECURITY).into_response()
        }
    }
}

fn denied(message: &str) -> Response {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>"
    );
    (StatusCode::FORBIDDEN, SECURITY, [(CONTENT_TYPE, "application/xml")], xml).into_response()
}
