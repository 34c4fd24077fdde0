//! What is to be placed in a calendar.

use super::{BookingCap, DurationMinutes, Seats};
use crate::id::ServiceId;

/// What somebody wants to come for, as far as time is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// How long the service takes.
    pub duration: DurationMinutes,
    /// Which service; none where nothing is shared and only the provider's limits count.
    pub service: Option<ServiceId>,
    /// How many seats are wanted.
    pub seats: Seats,
    /// How many seats the service has at one time. With one, a place is shared with nobody.
    pub capacity: Seats,
    /// Most bookings of the service that begin on one date.
    pub max_per_day: Option<BookingCap>,
}

impl From<DurationMinutes> for Visit {
    /// A place for one, shared with nobody.
    fn from(duration: DurationMinutes) -> Self {
        Self { duration, service: None, seats: Seats::MIN, capacity: Seats::MIN, max_per_day: None }
    }
}
