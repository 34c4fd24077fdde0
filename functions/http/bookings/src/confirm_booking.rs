//! `POST /v1/bookings/{id}/confirm`: its provider says yes.

use axum::extract::State;
use banister_domain::booking::Command;
use banister_domain::id::BookingId;
use banister_platform::http::{
    Code, OkJson, OptionalIdempotencyKey, OptionalJson, Path, Problem, Provider, Replayable,
};

use crate::Bookings;
use crate::change::{ChangeBooking, change};
use crate::view::BookingView;

pub(crate) const PROBLEMS: &[Code] = crate::change::PROBLEMS;

/// Confirm a booking
///
/// Before the deadline in `answer_by` only; after it the request has expired.
#[utoipa::path(post, path = "/v1/bookings/{id}/confirm", request_body = Option<ChangeBooking>,
    params(
        ("id" = BookingId, Path, description = "The booking"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses((status = 200, description = "The booking after the change", body = BookingView)))]
pub(crate) async fn confirm_booking(
    State(bookings): State<Bookings>,
    caller: Provider,
    Path(id): Path<BookingId>,
    key: OptionalIdempotencyKey,
    OptionalJson(ask): OptionalJson<ChangeBooking>,
) -> Result<Replayable<OkJson<BookingView>>, Problem> {
    change(&bookings, caller.user_id, id, ("confirm_booking", Command::Confirm), key, ask).await
}
