//! `POST /v1/bookings/{id}/reviews/answer`: a provider answers what the customer wrote.

use axum::extract::State;
use axum::http::StatusCode;
use banister_domain::id::BookingId;
use banister_domain::review::{Author, Reviews as Said};
use banister_domain::text::ReviewText;
use banister_platform::http::{
    Code, Json, OkJson, OptionalIdempotencyKey, Path, Problem, Provider, Replayable,
};
use banister_platform::store::{Once, ReviewError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Reviews;
use crate::view::BookingReviewsView;

pub(crate) const PROBLEMS: &[Code] = &[
    Code::AlreadyAnswered,
    Code::Busy,
    Code::IdempotencyKeyReused,
    Code::InvalidIdempotencyKey,
    Code::NotFound,
];

/// What the provider says to a review.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "text": "Thank you!" }))]
pub(crate) struct AnswerReview {
    text: ReviewText,
}

/// Answer a review
///
/// Once, by the provider, when the customer's review can be read. All who read the review read the answer, and the
/// customer gets a mail with it.
#[utoipa::path(post, path = "/v1/bookings/{id}/reviews/answer", request_body = AnswerReview,
    params(
        ("id" = BookingId, Path, description = "The booking"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses((status = 200, description = "The reviews of the booking", body = BookingReviewsView)))]
pub(crate) async fn answer_review(
    State(reviews): State<Reviews>,
    caller: Provider,
    Path(id): Path<BookingId>,
    OptionalIdempotencyKey(key): OptionalIdempotencyKey,
    Json(ask): Json<AnswerReview>,
) -> Result<Replayable<OkJson<BookingReviewsView>>, Problem> {
    let now = reviews.clock.now();
    let said = reviews.store.get(id).await?.filter(|said| said.provider_id == caller.user_id);
    said.ok_or(Problem::new(Code::NotFound))?;
    let once = key.map(|key| Once::new(caller.user_id.to_string(), "answer_review", &key, &(id, &ask)));
    let once = once.transpose()?;
    let view = |said: &Said| BookingReviewsView::new(said, Author::Provider, now);
    let show = |said: &Said| json!(view(said));
    let receipt = once.as_ref().map(|once| (once, StatusCode::OK, &show as &(dyn Fn(&Said) -> _ + Sync)));
    match (reviews.store.answer(id, &ask.text, receipt, now).await, &once) {
        (Ok(said), _) => Ok(Replayable::Fresh(OkJson(view(&said)))),
        (Err(error @ (ReviewError::Refused(_) | ReviewError::Seen)), Some(once)) => {
            once.instead_of(error, &reviews.table, now).await
        }
        (Err(error), _) => Err(error.into()),
    }
}
