//! How a booking is shown to its two sides.

use banister_domain::availability::Seats;
use banister_domain::booking::{Actor, Booking, LineItem, Percent, Proposal, Refund, Status, Terms};
use banister_domain::id::{BookingId, ResourceId, SeriesId, ServiceId, UserId};
use banister_domain::money::Price;
use banister_domain::resource::ResourceIds;
use banister_domain::service::LocationKind;
use banister_domain::text::{Note, Place, Title};
use jiff::Timestamp;
use serde::Serialize;

/// Another time for a booking, which is held until the other side answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Proposal, example = json!({
    "by": "customer",
    "starts_at": "2026-03-11T10:00:00Z",
    "ends_at": "2026-03-11T11:00:00Z",
    "expires_at": "2026-03-10T08:00:00Z",
}))]
pub struct ProposalView {
    /// The side that proposed it; the other one accepts.
    by: Actor,
    #[schema(value_type = String, format = DateTime, example = "2026-03-11T10:00:00Z")]
    starts_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-03-11T11:00:00Z")]
    ends_at: Timestamp,
    /// Until when it can be accepted; the booking stays where it is otherwise.
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T08:00:00Z")]
    expires_at: Timestamp,
}

impl From<&Proposal> for ProposalView {
    fn from(proposal: &Proposal) -> Self {
        let Proposal { by, place, expires_at, .. } = proposal;
        Self { by: *by, starts_at: place.starts_at, ends_at: place.ends_at, expires_at: *expires_at }
    }
}

/// A booking.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Booking, example = json!({
    "id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "status": "requested",
    "service_id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "service_title": "Deep tissue massage",
    "customer_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "provider_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDF",
    "starts_at": "2026-03-10T10:00:00Z",
    "ends_at": "2026-03-10T11:00:00Z",
    "price": { "amount": 6500, "currency": "eur" },
    "line_items": [{
        "kind": "service",
        "code": null,
        "title": "Deep tissue massage",
        "unit_price": { "amount": 6500, "currency": "eur" },
        "quantity": 1,
        "amount": { "amount": 6500, "currency": "eur" },
    }],
    "location_kind": "at_customer",
    "location": "12 Harbour Street, Springfield",
    "seats": 1,
    "resource_ids": [],
    "note": "Second floor, the bell does not work.",
    "answer_by": "2026-03-10T08:00:00Z",
    "series_id": null,
    "terms": {
        "booking_type": "on_request",
        "reschedule": "consent",
        "cancellation": {
            "grace_minutes": 0,
            "tiers": [{ "before_minutes": 1440, "refund_percent": 100 }],
            "no_show_refund_percent": 0,
        },
    },
    "refund": null,
    "refund_at_most": null,
    "proposal": null,
    "created_at": "2026-03-09T08:00:00Z",
    "updated_at": "2026-03-09T08:00:00Z",
}))]
pub struct BookingView {
    id: BookingId,
    /// Where it stands now.
    status: Status,
    service_id: ServiceId,
    /// As it was when booked.
    service_title: Title,
    customer_id: UserId,
    provider_id: UserId,
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T10:00:00Z")]
    starts_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T11:00:00Z")]
    ends_at: Timestamp,
    /// Of all its seats and extras, as it was when booked.
    price: Price,
    /// The price line by line: the service first, then the extras; the amounts add up to it.
    line_items: Vec<LineItem>,
    location_kind: LocationKind,
    location: Option<Place>,
    /// How many seats it takes.
    seats: Seats,
    /// The rooms and things that it takes beside its provider's time.
    #[schema(value_type = Vec<ResourceId>, max_items = 3)]
    resource_ids: ResourceIds,
    note: Option<Note>,
    /// Until when the provider may answer a request; then it expires. `null` where it was booked at once.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-03-10T08:00:00Z")]
    answer_by: Option<Timestamp>,
    /// The series it was booked with; else `null`.
    series_id: Option<SeriesId>,
    /// What was agreed beside time and price.
    terms: Terms,
    /// What the customer gets back, once it was called off or the customer did not come; else `null`.
    refund: Option<Refund>,
    /// What is given back at most when the customer calls off, since they moved it when it was so much; else `null`.
    refund_at_most: Option<Percent>,
    #[schema(value_type = Option<ProposalView>)]
    /// Another time that one side proposed and the other has yet to answer; else `null`.
    proposal: Option<ProposalView>,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    updated_at: Timestamp,
}

impl BookingView {
    /// The booking as it stands at `now`.
    pub fn new(booking: Booking, now: Timestamp) -> Self {
        let status = booking.status_at(now);
        let line_items = booking.line_items();
        let proposal = booking.open_proposal(now).map(ProposalView::from);
        let Booking { id, service_id, service_title, customer_id, provider_id, starts_at, .. } = booking;
        let Booking { ends_at, price, location_kind, location, seats, resource_ids, note, .. } = booking;
        let Booking { answer_by, series_id, terms, refund, refund_at_most, created_at, updated_at, .. } =
            booking;
        Self {
            id,
            status,
            service_id,
            service_title,
            customer_id,
            provider_id,
            starts_at,
            ends_at,
            price,
            line_items,
            location_kind,
            location,
            seats,
            resource_ids,
            note,
            answer_by,
            series_id,
            terms,
            refund,
            refund_at_most,
            proposal,
            created_at,
            updated_at,
        }
    }
}
