//! `POST /v1/bookings/{id}/cancel`: either side calls it off before it starts.

use axum::extract::State;
use banister_domain::booking::Command;
use banister_domain::id::BookingId;
use banister_platform::http::{
    Code, OkJson, OptionalIdempotencyKey, OptionalJson, Party, Path, Problem, Replayable,
};

use crate::Bookings;
use crate::change::{ChangeBooking, change};
use crate::view::BookingView;

pub(crate) const PROBLEMS: &[Code] = crate::change::PROBLEMS;

/// Cancel a booking
///
/// The slot is free again at once, and the other side gets a mail.
#[utoipa::path(post, path = "/v1/bookings/{id}/cancel", request_body = Option<ChangeBooking>,
    params(
        ("id" = BookingId, Path, description = "The booking"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses((status = 200, description = "The booking after the change", body = BookingView)))]
pub(crate) async fn cancel_booking(
    State(bookings): State<Bookings>,
    caller: Party,
    Path(id): Path<BookingId>,
    key: OptionalIdempotencyKey,
    OptionalJson(ask): OptionalJson<ChangeBooking>,
) -> Result<Replayable<OkJson<BookingView>>, Problem> {
    change(&bookings, caller.user_id, id, ("cancel_booking", Command::Cancel), key, ask).await
}
