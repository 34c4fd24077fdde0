//! How a booking is shown to its two sides.

use banister_domain::booking::{Booking, Status};
use banister_domain::id::{BookingId, ServiceId, UserId};
use banister_domain::money::Price;
use banister_domain::service::LocationKind;
use banister_domain::text::{Note, Place, Title};
use jiff::Timestamp;
use serde::Serialize;

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
    "location_kind": "at_customer",
    "location": "12 Harbour Street, Springfield",
    "note": "Second floor, the bell does not work.",
    "answer_by": "2026-03-10T08:00:00Z",
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
    /// As it was when booked.
    price: Price,
    location_kind: LocationKind,
    location: Option<Place>,
    note: Option<Note>,
    /// Until when the provider may answer a request; then it expires.
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T08:00:00Z")]
    answer_by: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    updated_at: Timestamp,
}

impl BookingView {
    /// The booking as it stands at `now`.
    pub fn new(booking: Booking, now: Timestamp) -> Self {
        let status = booking.status_at(now);
        let Booking { id, service_id, service_title, customer_id, provider_id, starts_at, .. } = booking;
        let Booking { ends_at, price, location_kind, location, note, .. } = booking;
        let Booking { answer_by, created_at, updated_at, .. } = booking;
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
            location_kind,
            location,
            note,
            answer_by,
            created_at,
            updated_at,
        }
    }
}
