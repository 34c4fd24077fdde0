//! `POST /v1/admin/bookings/{id}/reschedule`: staff move a booking on behalf of its sides.

use axum::extract::State;
use banister_domain::booking::Booking;
use banister_domain::id::BookingId;
use banister_domain::text::Reason;
use banister_platform::http::{
    ClientAddress, Code, Json, OkJson, OptionalIdempotencyKey, Path, Problem, Replayable, Staff, needs,
};
use banister_platform::store::{Act, Once};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Admin;
use crate::booking_view::MarketBookingView;

pub(crate) const PROBLEMS: &[Code] = &[
    Code::Busy,
    Code::IdempotencyKeyReused,
    Code::InvalidIdempotencyKey,
    Code::NotFound,
    Code::SlotNotOffered,
    Code::SlotTaken,
    Code::WrongState,
];

/// Where the booking is to be, and why.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "starts_at": "2026-03-11T10:00:00Z", "reason": "Both sides asked for it by telephone." }))]
pub(crate) struct RescheduleAnyBooking {
    /// The start of a free slot of the service.
    #[schema(value_type = String, format = DateTime, example = "2026-03-11T10:00:00Z")]
    starts_at: Timestamp,
    /// Mailed to both sides, and kept in the booking's history.
    reason: Reason,
}

/// Move any booking
///
/// A confirmed booking before it starts, to another free slot of its service, at once: nobody is asked, whatever its
/// terms say, and what the customer gets back later is reckoned from the new start. One step frees the old time and takes
/// the new one; where that is taken nothing changes. Both sides get a mail with the reason.
#[utoipa::path(post, path = "/v1/admin/bookings/{id}/reschedule", request_body = RescheduleAnyBooking,
    params(
        ("id" = BookingId, Path, description = "The booking"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses((status = 200, description = "The booking after the change", body = MarketBookingView)))]
pub(crate) async fn reschedule_any_booking(
    State(admin): State<Admin>,
    caller: Staff<needs::BookingManagement>,
    address: ClientAddress,
    Path(id): Path<BookingId>,
    OptionalIdempotencyKey(key): OptionalIdempotencyKey,
    Json(ask): Json<RescheduleAnyBooking>,
) -> Result<Replayable<OkJson<MarketBookingView>>, Problem> {
    let (now, staff) = (admin.clock.now(), caller.identity.user_id);
    let once = key.map(|key| Once::new(staff.to_string(), "reschedule_any_booking", &key, &(id, &ask)));
    let once = once.transpose()?;
    if let Some(once) = &once
        && let Some(replay) = once.replay(&admin.table, now).await?
    {
        return replay.answer();
    }
    let show = |booking: &Booking| json!(MarketBookingView::new(booking.clone(), now));
    let receipt = once.as_ref().map(|once| (once, &show as &(dyn Fn(&Booking) -> _ + Sync)));
    let act = Act { by: Some(staff), address: address.subject(), at: now };
    match admin.bookings.reschedule_by_staff(id, &act, (ask.starts_at, ask.reason), receipt).await {
        Ok(booking) => Ok(Replayable::Fresh(OkJson(MarketBookingView::new(booking, now)))),
        Err(error) => error.answer(once.as_ref(), &admin.table, now).await,
    }
}
