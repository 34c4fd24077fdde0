//! `POST /v1/bookings`: a customer books a slot.

use axum::extract::State;
use banister_domain::booking::{Booking, Request};
use banister_domain::id::ServiceId;
use banister_domain::service::{LocationKind, Service, ServiceStatus};
use banister_domain::text::{Note, Place};
use banister_platform::http::{Code, ConfirmedCustomer, Created, IdempotencyKey, Json, Problem, Replayable};
use banister_platform::limit::Limit;
use banister_platform::random;
use banister_platform::store::{Once, ReserveError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Bookings;
use crate::view::BookingView;

pub(crate) const PROBLEMS: &[Code] = &[
    Code::Busy,
    Code::IdempotencyKeyReused,
    Code::InvalidIdempotencyKey,
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
    /// Where; for services at the customer's place, and only for those.
    location: Option<Place>,
}

/// Book a slot
///
/// The provider has until the sooner of 24 hours and the start to confirm or decline; the slot is
/// held until then. When somebody else was faster, `next_slots` names the next free ones.
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
    let service = bookings.services.get(ask.service_id).await?.map(|found| found.value);
    let service = service.filter(|service| service.status == ServiceStatus::Published);
    let service = service.ok_or_else(not_bookable)?;
    check_location(&service, &ask)?;
    let CreateBooking { starts_at, note, location, .. } = ask;
    let id = random::id(now);
    let request = Request { id, customer_id: caller.user_id, service, starts_at, location, note };
    let show = |booking: &Booking| json!(BookingView::new(booking.clone(), now));
    match bookings.store.reserve(&request, Some((&once, &show)), now).await {
        Ok(booking) => Ok(Replayable::Fresh(Created(BookingView::new(booking, now)))),
        Err(ReserveError::Seen) => once.replay(&bookings.table, now).await?.ok_or(Problem::busy())?.answer(),
        Err(ReserveError::Taken(slots)) => Err(Problem::new(Code::SlotTaken).with("next_slots", slots)),
        Err(ReserveError::NotOffered(reason)) => Err(Problem::new(Code::SlotNotOffered)
            .detail(reason.to_string())
            .field_at("/starts_at", reason.to_string())),
        Err(ReserveError::Gone) => Err(not_bookable()),
        Err(ReserveError::Busy) => Err(Problem::busy()),
        Err(ReserveError::Storage(error)) => Err(error.into()),
    }
}

fn not_bookable() -> Problem {
    Problem::invalid("/service_id", "is not a service that can be booked")
}

fn check_location(service: &Service, ask: &CreateBooking) -> Result<(), Problem> {
    match (service.location_kind, &ask.location) {
        (LocationKind::AtCustomer, None) => {
            Err(Problem::invalid("/location", "is required: the provider comes to the customer"))
        }
        (LocationKind::AtProvider | LocationKind::Online, Some(_)) => {
            Err(Problem::invalid("/location", "is only for services at the customer's place"))
        }
        _ => Ok(()),
    }
}
