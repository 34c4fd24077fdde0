//! `POST /v1/admin/bookings/{id}/reviews/moderate`: staff hide what a side of a booking wrote, or show it again.

use axum::extract::State;
use banister_domain::id::{BookingId, ServiceId, UserId};
use banister_domain::review::{Author, Rating, Reviews};
use banister_domain::text::{Reason, ReviewText};
use banister_platform::http::{ClientAddress, Code, Json, OkJson, Path, Problem, Staff, needs};
use banister_platform::store::Moderation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Admin;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::NotFound];

/// Which review, and what becomes of it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "author": "customer", "hidden": true, "reason": "It names a third person." }))]
pub(crate) struct ModerateReview {
    /// Whose words they are.
    author: Author,
    /// Whether they are to be hidden.
    hidden: bool,
    /// Whoever wrote them sees why they are hidden.
    reason: Reason,
}

/// A review as staff see it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ModeratedReview, example = json!({
    "booking_id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "service_id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "customer_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "provider_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDF",
    "author": "customer",
    "rating": 1,
    "text": "His brother was rude.",
    "answer": null,
    "published_at": "2026-03-11T18:00:00Z",
    "hidden": true,
    "moderation_reason": "It names a third person.",
    "moderated_at": "2026-03-12T09:00:00Z",
}))]
pub(crate) struct ModeratedReviewView {
    booking_id: BookingId,
    service_id: ServiceId,
    customer_id: UserId,
    provider_id: UserId,
    author: Author,
    rating: Rating,
    text: Option<ReviewText>,
    /// What the provider says to it.
    answer: Option<ReviewText>,
    /// Since when all can read it, but for its being hidden; `null` while it waits for the other side's.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-03-11T18:00:00Z")]
    published_at: Option<Timestamp>,
    hidden: bool,
    /// Why it is so, where staff have hidden it once.
    moderation_reason: Option<Reason>,
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-03-12T09:00:00Z")]
    moderated_at: Option<Timestamp>,
}

impl ModeratedReviewView {
    fn new(reviews: &Reviews, author: Author, now: Timestamp) -> Option<Self> {
        let review = reviews.by(author)?;
        let answer = review.answer.as_ref().and_then(|answer| answer.text.clone());
        Some(Self {
            booking_id: reviews.booking_id,
            service_id: reviews.service_id,
            customer_id: reviews.customer_id,
            provider_id: reviews.provider_id,
            author,
            rating: review.rating,
            text: review.text.clone(),
            answer,
            published_at: reviews.published_at(now),
            hidden: review.is_hidden(),
            moderation_reason: review.moderation.as_ref().and_then(|last| last.reason.clone()),
            moderated_at: review.moderation.as_ref().map(|last| last.at),
        })
    }
}

/// Moderate a review
///
/// A hidden review, with its answer, is shown to nobody but whoever wrote it, and does not count. What is so already
/// stays as it is, with the reason that it has.
#[utoipa::path(post, path = "/v1/admin/bookings/{id}/reviews/moderate", request_body = ModerateReview,
    params(("id" = BookingId, Path, description = "The booking that the review is of")),
    responses((status = 200, description = "The review after it", body = ModeratedReviewView)))]
pub(crate) async fn moderate_review(
    State(admin): State<Admin>,
    caller: Staff<needs::BookingManagement>,
    address: ClientAddress,
    Path(id): Path<BookingId>,
    Json(ask): Json<ModerateReview>,
) -> Result<OkJson<ModeratedReviewView>, Problem> {
    let act = admin.act(caller.identity, &address);
    let ModerateReview { author, hidden, reason } = ask;
    let reviews = admin.reviews.moderate(id, &act, &Moderation { author, hide: hidden, reason }).await?;
    let shown = ModeratedReviewView::new(&reviews, author, act.at);
    Ok(OkJson(shown.ok_or(Problem::new(Code::NotFound))?))
}
