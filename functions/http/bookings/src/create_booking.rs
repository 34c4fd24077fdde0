//! `POST /v1/bookings`: a customer books a slot.

use axum::extract::State;
use banister_domain::availability::{DurationMinutes, Seats};
use banister_domain::booking::{Booking, Hold, Request, WantedExtra};
use banister_domain::id::{HoldId, ServiceId};
use banister_domain::money::Price;
use banister_domain::text::{Note, Place};
use banister_platform::bookable::Wanted;
use banister_platform::http::{Code, ConfirmedCustomer, Created, IdempotencyKey, Json, Problem, Replayable};
use banister_platform::limit::Limit;
use banister_platform::random;
use banister_platform::store::{Claim, Once, ReserveError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Bookings;
use crate::view::BookingView;

pub(crate) const PROBLEMS: &[Code] = &[
    Code::Busy,
    Code::IdempotencyKeyReused,
    Code::InvalidIdempotencyKey,
    Code::PriceChanged,
    Code::SlotNotOffered,
    Code::SlotTaken,
    Code::TooManyRequests,
];

/// So that nobody fills a calendar by machine.
const PER_CUSTOMER: Limit = Limit { operation: "book", count: 60, seconds: 3_600 };

/// A request for a slot.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "service_id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "starts_at": "2026-03-10T10:00:00Z",
    "note": "Second floor, the bell does not work.",
    "location": "12 Harbour Street, Springfield",
}))]
pub(crate) struct CreateBooking {
    service_id: ServiceId,
    /// The start of a free slot.
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T10:00:00Z")]
    starts_at: Timestamp,
    /// Words for the provider.
    note: Option<Note>,
    /// How many seats; 1 if not given. Services with one seat take no more.
    #[serde(default = "Seats::one", skip_serializing_if = "Seats::is_one")]
    #[schema(default = 1)]
    seats: Seats,
    /// How long; the service's usual duration if not given, else one of its `durations`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    duration_minutes: Option<DurationMinutes>,
    /// Extras of the service, each at most once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    extras: Vec<WantedExtra>,
    /// What it is expected to cost; if it costs anything else by now, nothing is booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    price: Option<Price>,
    /// Where; for services at the customer's place, and only for those.
    location: Option<Place>,
    /// The own hold of this slot: it becomes the booking. One that has expired helps nothing, and harms nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hold_id: Option<HoldId>,
}

/// Book a slot
///
/// The provider has until the sooner of 24 hours and the start to confirm or decline; the slot is
/// held until then; what is booked at once is confirmed. When somebody else was faster, `next_slots` names
/// the next free ones.
#[utoipa::path(post, path = "/v1/bookings", request_body = CreateBooking,
    params(("Idempotency-Key" = String, Header, description = "One for each intention; makes a retry safe")),
    responses((status = 201, description = "The booking", body = BookingView)))]
pub(crate) async fn create_booking(
    State(bookings): State<Bookings>,
    caller: ConfirmedCustomer,
    key: IdempotencyKey,
    Json(ask): Json<CreateBooking>,
) -> Result<Replayable<Created<BookingView>>, Problem> {
    let now = bookings.clock.now();
    let once = Once::new(caller.user_id.to_string(), "create_booking", &key, &ask)?;
    if let Some(replay) = once.replay(&bookings.table, now).await? {
        return replay.answer();
    }
    PER_CUSTOMER.count(&bookings.table, &caller.user_id.to_string(), now).await?;
    let wanted = Wanted {
        service_id: ask.service_id,
        duration: ask.duration_minutes,
        seats: ask.seats,
        location: Some(ask.location.as_ref()),
    };
    let service = match wanted.find(&bookings.services).await {
        Ok(service) => service,
        Err(problem) => return once.instead_of(problem, &bookings.table, now).await,
    };
    if let Some(hold) = ask.hold_id {
        let hold = bookings.store.hold(caller.user_id, hold).await?;
        let fits = |hold: &Hold| hold.is_for(&service, ask.starts_at, ask.seats);
        if !hold.as_ref().is_some_and(fits) {
            // The same request may have made a booking of it meanwhile.
            return once.instead_of(no_such_hold(), &bookings.table, now).await;
        }
    }
    let CreateBooking { starts_at, seats, extras, price, note, location, hold_id, .. } = ask;
    let (id, customer_id) = (random::id(now), caller.user_id);
    let series = None;
    let request =
        Request { id, customer_id, service, starts_at, seats, extras, price, location, note, series };
    let show = |booking: &Booking| json!(BookingView::new(booking.clone(), now));
    match bookings.store.reserve(&request, Claim::Booking(hold_id), Some((&once, &show)), now).await {
        Ok(booking) => Ok(Replayable::Fresh(Created(BookingView::new(booking, now)))),
        Err(ReserveError::Seen) => once.instead_of(Problem::busy(), &bookings.table, now).await,
        Err(error) => Err(error.into()),
    }
}

fn no_such_hold() -> Problem {
    Problem::invalid("/hold_id", "is not an own hold of this place")
}
