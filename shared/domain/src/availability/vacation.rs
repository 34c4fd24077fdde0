//! Days on which a provider is away.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Busy, Interval, InvalidWindow, Zone, window_of_dates};
use crate::id::VacationId;
use crate::text::Note;

/// Most vacations that a provider may have to come at a time.
pub const MAX_VACATIONS: usize = 20;

/// A stretch of days for which a provider takes no bookings. It takes its time in the calendar as a
/// booking does, so it stays at the instants it was entered for, should the provider move to another zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vacation {
    /// Which.
    pub id: VacationId,
    /// The first day, by the provider's calendar when it was entered.
    pub from: Date,
    /// The last day, included.
    pub to: Date,
    /// What customers are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Note>,
    /// From the beginning of the first day to the end of the last.
    pub time: Interval,
}

impl Vacation {
    /// At most [`super::MAX_WINDOW_DAYS`] days, as a transaction has room for so many days of a calendar.
    pub fn new(
        id: VacationId,
        (from, to): (Date, Date),
        message: Option<Note>,
        zone: &Zone,
    ) -> Result<Self, InvalidWindow> {
        Ok(Self { id, from, to, message, time: window_of_dates(from, to, zone)? })
    }

    /// The time that it takes.
    #[must_use]
    pub fn busy(&self) -> Busy {
        Busy::firm(self.time, self.id)
    }
}
