//! `POST /v1/holds`: a customer keeps a slot while they fill in the rest.

use axum::extract::State;
use banister_domain::availability::{DurationMinutes, Seats};
use banister_domain::booking::{Booking, Hold, Request};
use banister_domain::id::{HoldId, ResourceId, ServiceId};
use banister_domain::money::Price;
use banister_domain::resource::ResourceIds;
use banister_platform::bookable::Wanted;
use banister_platform::http::{Code, ConfirmedCustomer, Created, IdempotencyKey, Json, Problem, Replayable};
use banister_platform::limit::Limit;
use banister_platform::random;
use banister_platform::store::{Claim, Once, ReserveError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Bookings;

pub(crate) const PROBLEMS: &[Code] = &[
    Code::Busy,
    Code::IdempotencyKeyReused,
    Code::InvalidIdempotencyKey,
    Code::SlotNotOffered,
    Code::SlotTaken,
    Code::TooManyRequests,
];

/// Each keeps a slot from others for ten minutes.
const PER_CUSTOMER: Limit = Limit { operation: "hold", count: 30, seconds: 3_600 };

/// A slot to be held.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "service_id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "starts_at": "2026-03-10T10:00:00Z",
}))]
pub(crate) struct CreateHold {
    service_id: ServiceId,
    /// The start of a free slot.
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T10:00:00Z")]
    starts_at: Timestamp,
    /// How many seats; 1 if not given. Services with one seat take no more.
    #[serde(default = "Seats::one", skip_serializing_if = "Seats::is_one")]
    #[schema(default = 1)]
    seats: Seats,
    /// How long; the service's usual duration if not given, else one of its `durations`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    duration_minutes: Option<DurationMinutes>,
}

/// A slot that is held.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Hold, example = json!({
    "id": "hld_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "service_id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "starts_at": "2026-03-10T10:00:00Z",
    "ends_at": "2026-03-10T11:00:00Z",
    "seats": 1,
    "resource_ids": [],
    "price": { "amount": 6500, "currency": "eur" },
    "expires_at": "2026-03-09T08:10:00Z",
}))]
pub(crate) struct HoldView {
    id: HoldId,
    service_id: ServiceId,
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T10:00:00Z")]
    starts_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T11:00:00Z")]
    ends_at: Timestamp,
    /// How many seats it takes.
    seats: Seats,
    /// The rooms and things that it takes beside its provider's time.
    #[schema(value_type = Vec<ResourceId>, max_items = 3)]
    #[serde(default)]
    resource_ids: ResourceIds,
    /// Of all of them, without extras, as it is now.
    price: Price,
    /// From then on the slot is free again.
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:10:00Z")]
    expires_at: Timestamp,
}

impl From<Hold> for HoldView {
    fn from(hold: Hold) -> Self {
        let Hold { id, service_id, starts_at, ends_at, seats, resource_ids, price, expires_at, .. } = hold;
        Self { id, service_id, starts_at, ends_at, seats, resource_ids, price, expires_at }
    }
}

/// Hold a slot
///
/// For ten minutes, or until the start where that is sooner, nobody else gets it. `hold_id` of `POST /v1/bookings`
/// makes a booking of it; else it is free again by itself.
#[utoipa::path(post, path = "/v1/holds", request_body = CreateHold,
    params(("Idempotency-Key" = String, Header, description = "One for each intention; makes a retry safe")),
    responses((status = 201, description = "The hold", body = HoldView)))]
pub(crate) async fn create_hold(
    State(bookings): State<Bookings>,
    caller: ConfirmedCustomer,
    key: IdempotencyKey,
    Json(ask): Json<CreateHold>,
) -> Result<Replayable<Created<HoldView>>, Problem> {
    let now = bookings.clock.now();
    let subject = caller.user_id.to_string();
    let once = Once::new(subject.clone(), "create_hold", &key, &ask)?;
    if let Some(replay) = once.replay(&bookings.table, now).await? {
        return replay.answer();
    }
    PER_CUSTOMER.count(&bookings.table, &subject, now).await?;
    let (service_id, duration, seats) = (ask.service_id, ask.duration_minutes, ask.seats);
    let wanted = Wanted { service_id, duration, seats, location: None };
    let service = match wanted.find(&bookings.services).await {
        Ok(service) => service,
        Err(problem) => return once.instead_of(problem, &bookings.table, now).await,
    };
    let (customer_id, id) = (caller.user_id, random::id(now));
    // What it would be if it were booked: only its place and its price are kept.
    let request = Request {
        id: random::id(now),
        customer_id,
        service,
        starts_at: ask.starts_at,
        seats,
        extras: Vec::new(),
        price: None,
        location: None,
        note: None,
        series: None,
    };
    let show = |booking: &Booking| json!(HoldView::from(Hold::of(id, booking)));
    match bookings.store.reserve(&request, Claim::Hold(id), Some((&once, &show)), now).await {
        Ok(booking) => Ok(Replayable::Fresh(Created(Hold::of(id, &booking).into()))),
        Err(ReserveError::Seen) => once.instead_of(Problem::busy(), &bookings.table, now).await,
        Err(error) => Err(error.into()),
    }
}
