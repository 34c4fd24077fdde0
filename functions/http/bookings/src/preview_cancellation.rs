//! `GET /v1/bookings/{id}/cancellation-preview`: what calling it off now would give back.

use axum::extract::State;
use banister_domain::booking::Refund;
use banister_domain::id::BookingId;
use banister_platform::http::{Code, OkJson, Party, Path, Problem};
use banister_platform::store::ChangeError;
use jiff::Timestamp;
use serde::Serialize;

use crate::Bookings;
use crate::change::side_of;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound, Code::WrongState];

/// What is given back, and for how long.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CancellationPreview, example = json!({
    "refund": {
        "percent": 50,
        "amount": { "amount": 3250, "currency": "eur" },
        "kept": { "amount": 3250, "currency": "eur" },
        "reason": "in_time",
    },
    "until": "2026-03-10T08:00:00Z",
}))]
pub(crate) struct PreviewView {
    /// To be sent back with the cancellation, which is refused if it would be another by then.
    refund: Refund,
    /// From then on it is less; `null` where it stays until the start.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-03-10T08:00:00Z")]
    until: Option<Timestamp>,
}

/// Preview a cancellation
///
/// What the customer gets back if the caller cancels the booking now, by the terms that were agreed with it. Nothing
/// changes.
#[utoipa::path(get, path = "/v1/bookings/{id}/cancellation-preview",
    params(("id" = BookingId, Path, description = "The booking")),
    responses((status = 200, description = "What would be given back", body = PreviewView)))]
pub(crate) async fn preview_cancellation(
    State(bookings): State<Bookings>,
    caller: Party,
    Path(id): Path<BookingId>,
) -> Result<OkJson<PreviewView>, Problem> {
    let booking = bookings.store.get(id).await?.map(|found| found.value);
    let seen = booking.and_then(|booking| Some((side_of(&booking, caller.user_id)?, booking)));
    let (side, booking) = seen.ok_or(Problem::new(Code::NotFound))?;
    let (refund, until) =
        booking.cancellation(side, bookings.clock.now()).map_err(ChangeError::WrongState)?;
    Ok(OkJson(PreviewView { refund, until }))
}
