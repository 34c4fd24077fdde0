//! `POST /v1/bookings/{id}/cancel`: either side calls it off before it starts.

use axum::extract::State;
use banister_domain::booking::Command;
use banister_domain::id::BookingId;
use banister_platform::http::{
    Code, OkJson, OptionalIdempotencyKey, OptionalJson, Party, Path, Problem, Replayable,
};

use crate::Bookings;
use crate::change::{CancelBooking, change};
use crate::view::BookingView;

pub(crate) const PROBLEMS: &[Code] = &[
    Code::Busy,
    Code::IdempotencyKeyReused,
    Code::InvalidIdempotencyKey,
    Code::NotFound,
    Code::RefundChanged,
    Code::WrongState,
];

/// Cancel a booking
///
/// The slot is free again at once, and the other side gets a mail. `refund` says what the customer gets back by the terms
/// of the booking; with the amount that the preview said, the cancellation is refused if it is another by now.
#[utoipa::path(post, path = "/v1/bookings/{id}/cancel", request_body = Option<CancelBooking>,
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
    OptionalJson(ask): OptionalJson<CancelBooking>,
) -> Result<Replayable<OkJson<BookingView>>, Problem> {
    change(&bookings, caller.user_id, id, ("cancel_booking", Command::Cancel), key, ask).await
}
