//! `POST /v1/bookings/{id}/complete`: its provider says that a booking took place.

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

/// Complete a booking
///
/// Once it has begun. A day after its end it is completed without anybody saying so, and final.
#[utoipa::path(post, path = "/v1/bookings/{id}/complete", request_body = Option<ChangeBooking>,
    params(
        ("id" = BookingId, Path, description = "The booking"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses((status = 200, description = "The booking after the change", body = BookingView)))]
pub(crate) async fn complete_booking(
    State(bookings): State<Bookings>,
    caller: Provider,
    Path(id): Path<BookingId>,
    key: OptionalIdempotencyKey,
    OptionalJson(ask): OptionalJson<ChangeBooking>,
) -> Result<Replayable<OkJson<BookingView>>, Problem> {
    change(&bookings, caller.user_id, id, ("complete_booking", Command::Complete), key, ask).await
}
