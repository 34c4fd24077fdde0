//! `POST /v1/bookings/{id}/reschedule`: either side moves a booking, or asks the other one to.

use axum::extract::State;
use banister_domain::booking::Booking;
use banister_domain::id::BookingId;
use banister_domain::text::Reason;
use banister_platform::http::{Code, Json, OkJson, OptionalIdempotencyKey, Party, Path, Problem, Replayable};
use banister_platform::limit::Limit;
use banister_platform::random;
use banister_platform::store::{MoveWish, Once};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Bookings;
use crate::change::side_of;
use crate::view::BookingView;

pub(crate) const PROBLEMS: &[Code] = &[
    Code::Busy,
    Code::IdempotencyKeyReused,
    Code::InvalidIdempotencyKey,
    Code::NotFound,
    Code::SlotNotOffered,
    Code::SlotTaken,
    Code::TooManyRequests,
    Code::WrongState,
];

/// Each proposal holds a place and mails the other side.
const PER_USER: Limit = Limit { operation: "reschedule", count: 60, seconds: 3_600 };

/// Where a booking is to be.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "starts_at": "2026-03-11T10:00:00Z", "reason": "My train comes later." }))]
pub(crate) struct RescheduleBooking {
    /// The start of a free slot of the service.
    #[schema(value_type = String, format = DateTime, example = "2026-03-11T10:00:00Z")]
    starts_at: Timestamp,
    /// Why; the other side reads it.
    reason: Option<Reason>,
}

/// Reschedule a booking
///
/// By its terms, a customer moves it at once, in one step that frees the old time and takes the new one; or else
/// `proposal` says where it is to go, the new time is held too, and the other side accepts or declines. Another proposal
/// takes the place of the one before. Where the time is taken nothing changes, and `next_slots` names the next free ones. A
/// customer who moves a booking when little would be given back gets no more back later.
#[utoipa::path(post, path = "/v1/bookings/{id}/reschedule", request_body = RescheduleBooking,
    params(
        ("id" = BookingId, Path, description = "The booking"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses((status = 200, description = "The booking after the change", body = BookingView)))]
pub(crate) async fn reschedule_booking(
    State(bookings): State<Bookings>,
    caller: Party,
    Path(id): Path<BookingId>,
    OptionalIdempotencyKey(key): OptionalIdempotencyKey,
    Json(ask): Json<RescheduleBooking>,
) -> Result<Replayable<OkJson<BookingView>>, Problem> {
    let now = bookings.clock.now();
    let booking = bookings.store.get(id).await?.map(|found| found.value);
    let side = booking.and_then(|booking| side_of(&booking, caller.user_id));
    let actor = side.ok_or(Problem::new(Code::NotFound))?;
    let subject = caller.user_id.to_string();
    let once =
        key.map(|key| Once::new(subject.clone(), "reschedule_booking", &key, &(id, &ask))).transpose()?;
    if let Some(once) = &once
        && let Some(replay) = once.replay(&bookings.table, now).await?
    {
        return replay.answer();
    }
    PER_USER.count(&bookings.table, &subject, now).await?;
    let show = |booking: &Booking| json!(BookingView::new(booking.clone(), now));
    let receipt = once.as_ref().map(|once| (once, &show as &(dyn Fn(&Booking) -> _ + Sync)));
    let wish = MoveWish { starts_at: ask.starts_at, actor, reason: ask.reason, series: None };
    match bookings.store.reschedule(id, &wish, random::id(now), receipt, now).await {
        Ok(booking) => Ok(Replayable::Fresh(OkJson(BookingView::new(booking, now)))),
        Err(error) => error.answer(once.as_ref(), &bookings.table, now).await,
    }
}
