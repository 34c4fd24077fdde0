//! Bookings, and the one way in which they take a provider's time; vacations take theirs by the same rules.
//!
//! Every writer reads the days it touches strongly, lets the domain decide, and commits the days,
//! the booking, its history, the event and the receipt together, on condition that no day has
//! changed. A lost race is read and decided again.

mod change;
mod holds;
mod list;
mod look;
mod market;
mod reschedule;
mod reserve;
mod waiting;

pub use change::{BookingCommand, ChangeError};
pub use holds::HoldRecord;
pub use list::{Due, ListBookings, Side};
pub use market::MarketPosition;
pub use reschedule::{MoveError, MoveWish, ProposalAnswer};
pub use reserve::{Claim, Receipt, ReserveError};

use banister_domain::booking::{Booking, HistoryEntry, Status};
use banister_domain::id::BookingId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Calendars, Services};
use crate::table::key::{self, IndexKey};
use crate::table::{Key, Record, StorageError, Table, Versioned};

/// A booking as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BookingRecord(pub Booking);

impl Record for BookingRecord {
    const TYPE: &'static str = "booking";

    fn key(&self) -> Key {
        key::booking(self.0.id)
    }

    fn indexes(&self) -> Vec<IndexKey> {
        let booking = &self.0;
        let mut keys =
            key::booking_lists(booking.customer_id, booking.provider_id, booking.starts_at, booking.id);
        match (booking.status, booking.due_at()) {
            (Status::Requested, Some(due)) => keys.push(key::booking_due(due, booking.id)),
            (_, Some(due)) => keys.push(key::booking_completing(due, booking.id)),
            (_, None) => {}
        }
        keys
    }
}

/// A line of a booking's history as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRecord {
    /// Of which booking.
    pub booking_id: BookingId,
    /// When the booking starts: in its first line only, which stands for it in the list of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// The line.
    #[serde(flatten)]
    pub entry: HistoryEntry,
}

impl HistoryRecord {
    /// A line of a booking's history.
    #[must_use]
    pub fn of(booking_id: BookingId, entry: HistoryEntry) -> Self {
        Self { booking_id, starts_at: None, entry }
    }
}

impl Record for HistoryRecord {
    const TYPE: &'static str = "booking_history";

    fn key(&self) -> Key {
        key::booking_history(self.booking_id, self.entry.revision)
    }

    fn indexes(&self) -> Vec<IndexKey> {
        self.starts_at.map(|starts_at| key::booking_made(starts_at, self.booking_id)).into_iter().collect()
    }
}

/// All bookings.
#[derive(Debug, Clone)]
pub struct Bookings {
    table: Table,
    calendars: Calendars,
    services: Services,
}

impl Bookings {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { calendars: Calendars::new(table.clone()), services: Services::new(table.clone()), table }
    }

    /// One booking.
    pub async fn get(&self, id: BookingId) -> Result<Option<Versioned<Booking>>, StorageError> {
        let found = self.table.get::<BookingRecord>(&key::booking(id)).await?;
        Ok(found.map(|record| record.map(|record| record.0)))
    }
}
