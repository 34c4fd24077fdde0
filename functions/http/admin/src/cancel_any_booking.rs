//! `POST /v1/admin/bookings/{id}/cancel`: staff call a booking off on behalf of its sides.

use axum::extract::State;
use banister_domain::booking::Booking;
use banister_domain::id::BookingId;
use banister_domain::text::Reason;
use banister_platform::http::{
    ClientAddress, Code, Json, OkJson, OptionalIdempotencyKey, Path, Problem, Replayable, Staff, needs,
};
use banister_platform::store::{Act, Once};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Admin;
use crate::booking_view::MarketBookingView;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::Busy, Code::IdempotencyKeyReused, Code::InvalidIdempotencyKey, Code::NotFound, Code::WrongState];

/// Why the booking is cancelled.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "The provider cannot be reached." }))]
pub(crate) struct CancelAnyBooking {
    /// Mailed to both sides, and kept in the booking's history.
    reason: Reason,
}

/// Cancel any booking
///
/// A request, or a confirmed booking before it starts. The slot is free again at once, and both sides get
/// a mail with the reason.
#[utoipa::path(post, path = "/v1/admin/bookings/{id}/cancel", request_body = CancelAnyBooking,
    params(
        ("id" = BookingId, Path, description = "The booking"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses((status = 200, description = "The booking after the change", body = MarketBookingView)))]
pub(crate) async fn cancel_any_booking(
    State(admin): State<Admin>,
    caller: Staff<needs::BookingManagement>,
    address: ClientAddress,
    Path(id): Path<BookingId>,
    OptionalIdempotencyKey(key): OptionalIdempotencyKey,
    Json(ask): Json<CancelAnyBooking>,
) -> Result<Replayable<OkJson<MarketBookingView>>, Problem> {
    let (now, staff) = (admin.clock.now(), caller.identity.user_id);
    let once = key.map(|key| Once::new(staff.to_string(), "cancel_any_booking", &key, &(id, &ask)));
    let once = once.transpose()?;
    let show = |booking: &Booking| json!(MarketBookingView::new(booking.clone(), now));
    let receipt = once.as_ref().map(|once| (once, &show as &(dyn Fn(&Booking) -> _ + Sync)));
    let act = Act { by: Some(staff), address: address.subject(), at: now };
    match admin.bookings.cancel_by_staff(id, &act, ask.reason, receipt).await {
        Ok(booking) => Ok(Replayable::Fresh(OkJson(MarketBookingView::new(booking, now)))),
        Err(error) => error.answer(once.as_ref(), &admin.table, now).await,
    }
}
