//! `POST /v1/bookings/{id}/reviews`: a side of a completed booking says what it thinks of the other.

use axum::extract::State;
use axum::http::StatusCode;
use banister_domain::id::BookingId;
use banister_domain::review::{Rating, Reviews as Said};
use banister_domain::text::ReviewText;
use banister_platform::http::{Code, Created, IdempotencyKey, Json, Party, Path, Problem, Replayable};
use banister_platform::store::{Once, ReviewError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Reviews;
use crate::view::{BookingReviewsView, side_of};

pub(crate) const PROBLEMS: &[Code] = &[
    Code::AlreadyReviewed,
    Code::Busy,
    Code::IdempotencyKeyReused,
    Code::InvalidIdempotencyKey,
    Code::NotFound,
    Code::NotReviewable,
];

/// What one side says of the other.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "rating": 5, "text": "On time, and very thorough." }))]
pub(crate) struct CreateReview {
    rating: Rating,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<ReviewText>,
}

/// Review a booking
///
/// By its customer, of the provider and the service; by its provider, of the customer. Once each, when it is
/// completed, up to `open_until`: 15 days after its end. Neither side sees what the other wrote, nor does it count,
/// before both have written or nobody can any more.
#[utoipa::path(post, path = "/v1/bookings/{id}/reviews", request_body = CreateReview,
    params(
        ("id" = BookingId, Path, description = "The booking"),
        ("Idempotency-Key" = String, Header, description = "One for each intention; makes a retry safe"),
    ),
    responses((status = 201, description = "The reviews of the booking, as you see them", body = BookingReviewsView)))]
pub(crate) async fn create_review(
    State(reviews): State<Reviews>,
    caller: Party,
    Path(id): Path<BookingId>,
    key: IdempotencyKey,
    Json(ask): Json<CreateReview>,
) -> Result<Replayable<Created<BookingReviewsView>>, Problem> {
    let now = reviews.clock.now();
    let booking = reviews.bookings.get(id).await?.ok_or(Problem::new(Code::NotFound))?.value;
    let side = side_of(&booking, caller.user_id).ok_or(Problem::new(Code::NotFound))?;
    let once = Once::new(caller.user_id.to_string(), "create_review", &key, &(id, &ask))?;
    let show = |said: &Said| json!(BookingReviewsView::new(said, side, now));
    let receipt = (&once, StatusCode::CREATED, &show as &(dyn Fn(&Said) -> _ + Sync));
    match reviews.store.write(&booking, (side, ask.rating, ask.text), receipt, now).await {
        Ok(said) => Ok(Replayable::Fresh(Created(BookingReviewsView::new(&said, side, now)))),
        Err(error @ (ReviewError::Refused(_) | ReviewError::Seen)) => {
            once.instead_of(error, &reviews.table, now).await
        }
        Err(error) => Err(error.into()),
    }
}
