//! How staff see bookings: who, what and when; not the address, and not what the customer told the provider.

use banister_domain::account::Account;
use banister_domain::availability::Seats;
use banister_domain::booking::{Actor, Booking, HistoryEntry, LineItem, Refund, Reschedule, Status, Terms};
use banister_domain::id::{BookingId, ResourceId, ServiceId, UserId};
use banister_domain::money::Price;
use banister_domain::resource::ResourceIds;
use banister_domain::service::LocationKind;
use banister_domain::text::{PersonName, Reason, Title};
use jiff::Timestamp;
use serde::Serialize;

/// A booking as staff see it, without the address and the note.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = MarketBooking, example = json!({
    "id": "bkg_01KB2QHZ3K6N9Q2T5W8YABCDEF",
    "status": "requested",
    "service_id": "svc_01KB2QB6Y2D5F8H1K4N7QSTVWX",
    "service_title": "Deep tissue massage",
    "customer_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "provider_id": "usr_01KB2Q8A4N7Y5V3T1R9QWXMCDF",
    "starts_at": "2026-03-10T10:00:00Z",
    "ends_at": "2026-03-10T11:00:00Z",
    "seats": 1,
    "resource_ids": [],
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
    "answer_by": "2026-03-10T08:00:00Z",
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
    "created_at": "2026-03-09T08:00:00Z",
    "updated_at": "2026-03-09T08:00:00Z",
}))]
pub(crate) struct MarketBookingView {
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
    /// How many seats it takes.
    seats: Seats,
    /// The rooms and things that it takes beside its provider's time.
    #[schema(value_type = Vec<ResourceId>, max_items = 3)]
    resource_ids: ResourceIds,
    /// Of all its seats and extras, as it was when booked.
    price: Price,
    /// The price line by line: the service first, then the extras; the amounts add up to it.
    line_items: Vec<LineItem>,
    location_kind: LocationKind,
    /// Until when the provider may answer a request; then it expires. `null` where it was booked at once.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-03-10T08:00:00Z")]
    answer_by: Option<Timestamp>,
    /// What was agreed beside time and price.
    terms: Terms,
    /// What the customer gets back, once it was called off or the customer did not come; else `null`.
    refund: Option<Refund>,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    updated_at: Timestamp,
}

impl MarketBookingView {
    /// The booking as it stands at `now`.
    pub(crate) fn new(booking: Booking, now: Timestamp) -> Self {
        let status = booking.status_at(now);
        let line_items = booking.line_items();
        let Booking { id, service_id, service_title, customer_id, provider_id, starts_at, .. } = booking;
        let Booking { ends_at, seats, resource_ids, price, location_kind, answer_by, .. } = booking;
        let Booking { terms, refund, created_at, updated_at, .. } = booking;
        Self {
            id,
            status,
            service_id,
            service_title,
            customer_id,
            provider_id,
            starts_at,
            ends_at,
            seats,
            resource_ids,
            price,
            line_items,
            location_kind,
            answer_by,
            terms,
            refund,
            created_at,
            updated_at,
        }
    }
}

/// A side of a booking, by name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = BookingSide, example = json!({
    "id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "first_name": "Customer", "last_name": "One",
}))]
pub(crate) struct SideView {
    id: UserId,
    first_name: PersonName,
    last_name: PersonName,
}

impl SideView {
    pub(crate) fn of(accounts: &[Account], id: UserId) -> Option<Self> {
        let Account { first_name, last_name, .. } = accounts.iter().find(|account| account.id == id)?;
        Some(Self { id, first_name: first_name.clone(), last_name: last_name.clone() })
    }
}

/// A line of a booking's history.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = BookingChange, example = json!({
    "at": "2026-03-09T08:00:00Z", "actor": "staff", "actor_id": "usr_01KB2Q9C6E8G0J2M4P6S8VXZBD",
    "from": "confirmed", "to": "cancelled", "reason": "Both sides asked for it.",
    "reschedule": null,
}))]
pub(crate) struct HistoryView {
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    at: Timestamp,
    /// In which capacity.
    actor: Actor,
    /// Who; `null` where time did it.
    actor_id: Option<UserId>,
    /// The status before; `null` at the making.
    from: Option<Status>,
    /// The status after.
    to: Status,
    /// Why, in the actor's words.
    reason: Option<Reason>,
    /// What it says of a move, if it is about one.
    reschedule: Option<Reschedule>,
}

impl From<HistoryEntry> for HistoryView {
    fn from(line: HistoryEntry) -> Self {
        let HistoryEntry { revision: _, at, actor, actor_id, from, to, reason, reschedule } = line;
        Self { at, actor, actor_id, from, to, reason, reschedule }
    }
}

/// A booking with its two sides and its history.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = MarketBookingDetails)]
pub(crate) struct BookingDetailsView {
    #[schema(value_type = MarketBookingView)]
    pub(crate) booking: MarketBookingView,
    /// Who booked; of an erased account, a name that is nobody's.
    #[schema(value_type = Option<SideView>)]
    pub(crate) customer: Option<SideView>,
    /// Who is booked, likewise.
    #[schema(value_type = Option<SideView>)]
    pub(crate) provider: Option<SideView>,
    /// What has happened, oldest first, up to 100 lines.
    #[schema(value_type = Vec<HistoryView>)]
    pub(crate) history: Vec<HistoryView>,
}
