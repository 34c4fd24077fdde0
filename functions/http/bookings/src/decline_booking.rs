//! `POST /v1/bookings/{id}/decline`: its provider says no.

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

/// Decline a booking
///
/// The slot is free again at once.
#[utoipa::path(post, path = "/v1/bookings/{id}/decline", request_body = Option<ChangeBooking>,
    params(
        ("id" = BookingId, Path, description = "The booking"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses((status = 200, description = "The booking after the change", body = BookingView)))]
pub(crate) async fn decline_booking(
    State(bookings): State<Bookings>,
    caller: Provider,
    Path(id): Path<BookingId>,
    key: OptionalIdempotencyKey,
    OptionalJson(ask): OptionalJson<ChangeBooking>,
) -> Result<Replayable<OkJson<BookingView>>, Problem> {
    change(&bookings, caller.user_id, id, ("decline_booking", Command::Decline), key, ask).await
}
