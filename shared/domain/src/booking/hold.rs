//! A place that is kept for a customer for some minutes, before anything is booked.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Booking;
use crate::availability::{Busy, Interval, Seats};
use crate::id::{HoldId, ServiceId, UserId, WaitlistEntryId};
use crate::money::Price;
use crate::resource::ResourceIds;
use crate::service::Service;

/// How long a place is held.
pub const HELD_FOR: SignedDuration = SignedDuration::from_mins(10);

/// A held place. Its expiry is compared by the guard, and nothing has to run for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Which.
    pub id: HoldId,
    /// For whom.
    pub customer_id: UserId,
    /// Whose time.
    pub provider_id: UserId,
    /// Of which service.
    pub service_id: ServiceId,
    /// First moment of the service.
    pub starts_at: Timestamp,
    /// First moment after the service.
    pub ends_at: Timestamp,
    /// How many seats.
    pub seats: Seats,
    /// What all of them cost at that time; booking costs what it costs then.
    pub price: Price,
    /// The provider's time that is taken, buffers included.
    pub occupies: Interval,
    /// What is taken beside that.
    #[serde(default, skip_serializing_if = "ResourceIds::is_empty")]
    pub resource_ids: ResourceIds,
    /// The place is free again from then on.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// The wait to which it is the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waitlist_entry_id: Option<WaitlistEntryId>,
}

impl Hold {
    /// Holds the place that a booking would take if it were made at its making.
    #[must_use]
    pub fn of(id: HoldId, booking: &Booking) -> Self {
        let until = booking.created_at.saturating_add(HELD_FOR).unwrap_or(Timestamp::MAX);
        Self {
            id,
            customer_id: booking.customer_id,
            provider_id: booking.provider_id,
            service_id: booking.service_id,
            starts_at: booking.starts_at,
            ends_at: booking.ends_at,
            seats: booking.seats,
            price: booking.price,
            occupies: booking.occupies,
            resource_ids: booking.resource_ids.clone(),
            expires_at: until.min(booking.starts_at),
            created_at: booking.created_at,
            waitlist_entry_id: None,
        }
    }

    /// The same place, offered to whoever waits for it, and kept until then.
    #[must_use]
    pub fn offered(self, entry: WaitlistEntryId, until: Timestamp) -> Self {
        let expires_at = until.min(self.starts_at);
        Self { waitlist_entry_id: Some(entry), expires_at, ..self }
    }

    /// What the calendar has for it.
    #[must_use]
    pub fn place(&self, booking: &Booking) -> Busy {
        Busy { owner: self.id.into(), until: Some(self.expires_at), ..booking.place() }
    }

    /// Whether it is for this: as many seats of the service, at the same time and for as long.
    #[must_use]
    pub fn is_for(&self, service: &Service, starts_at: Timestamp, seats: Seats) -> bool {
        let length = SignedDuration::from_mins(service.duration_minutes.get().into());
        (self.service_id, self.starts_at, self.seats) == (service.id, starts_at, seats)
            && self.ends_at.duration_since(self.starts_at) == length
    }
}
