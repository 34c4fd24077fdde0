//! How a wait for a place is shown.

use banister_domain::availability::{DurationMinutes, Seats};
use banister_domain::id::{BookingId, HoldId, ServiceId, UserId, WaitlistEntryId};
use banister_domain::waitlist::{Offer, WaitlistEntry, WaitlistState, WaitlistStatus};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A place that is kept for whoever waited.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = WaitlistOffer, example = json!({
    "hold_id": "hld_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "starts_at": "2026-03-10T10:00:00Z",
    "ends_at": "2026-03-10T11:00:00Z",
    "answer_by": "2026-03-09T14:00:00Z",
}))]
pub struct OfferView {
    /// What keeps it: `hold_id` of `POST /v1/bookings` books it, `DELETE /v1/holds/{id}` gives it back.
    hold_id: HoldId,
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T10:00:00Z")]
    starts_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T11:00:00Z")]
    ends_at: Timestamp,
    /// From then on it goes to the next in line.
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T14:00:00Z")]
    answer_by: Timestamp,
}

impl From<Offer> for OfferView {
    fn from(Offer { hold_id, starts_at, ends_at, answer_by }: Offer) -> Self {
        Self { hold_id, starts_at, ends_at, answer_by }
    }
}

/// A customer's wait for a place.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = WaitlistEntry, example = json!({
    "id": "wtl_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "status": "offered",
    "service_id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "customer_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "provider_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDF",
    "from": "2026-03-10T00:00:00Z",
    "to": "2026-03-11T00:00:00Z",
    "seats": 1,
    "duration_minutes": 60,
    "offer": {
        "hold_id": "hld_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
        "starts_at": "2026-03-10T10:00:00Z",
        "ends_at": "2026-03-10T11:00:00Z",
        "answer_by": "2026-03-09T14:00:00Z",
    },
    "booking_id": null,
    "declined": [],
    "created_at": "2026-03-09T08:00:00Z",
}))]
pub struct WaitlistEntryView {
    id: WaitlistEntryId,
    /// How it stands.
    status: WaitlistStatus,
    service_id: ServiceId,
    customer_id: UserId,
    provider_id: UserId,
    /// The service is to begin then or later.
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T00:00:00Z")]
    from: Timestamp,
    /// And before this.
    #[schema(value_type = String, format = DateTime, example = "2026-03-11T00:00:00Z")]
    to: Timestamp,
    /// How many seats are wanted.
    seats: Seats,
    duration_minutes: DurationMinutes,
    /// What is kept while the status is `offered`, for the customer to book; else `null`.
    #[schema(value_type = Option<OfferView>)]
    offer: Option<OfferView>,
    /// What came of it; `null` unless the status is `booked`.
    booking_id: Option<BookingId>,
    /// Starts that were offered and given back, which are not offered again.
    #[schema(value_type = Vec<String>, format = DateTime)]
    declined: Vec<Timestamp>,
    /// Since when.
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    created_at: Timestamp,
}

impl From<WaitlistEntry> for WaitlistEntryView {
    fn from(entry: WaitlistEntry) -> Self {
        let booking_id = match entry.state {
            WaitlistState::Booked { booking_id } => Some(booking_id),
            _ => None,
        };
        Self {
            id: entry.id,
            status: entry.status(),
            service_id: entry.service_id,
            customer_id: entry.customer_id,
            provider_id: entry.provider_id,
            from: entry.window.from(),
            to: entry.window.to(),
            seats: entry.seats,
            duration_minutes: entry.duration,
            offer: entry.offer().map(OfferView::from),
            booking_id,
            declined: entry.declined,
            created_at: entry.created_at,
        }
    }
}

impl WaitlistEntryView {
    /// As the provider sees it, who does not book for the customer.
    #[must_use]
    pub fn for_provider(entry: WaitlistEntry) -> Self {
        Self { offer: None, ..entry.into() }
    }
}
