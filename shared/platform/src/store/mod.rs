//! What is kept, one file per aggregate: its record, its reads, its writes.

mod accounts;
mod audit;
mod bookings;
mod calendars;
mod once;
mod outbox;
mod services;
mod sessions;

pub use accounts::{
    AccountRecord, Accounts, CodeRecord, ConfirmError, CredentialsRecord, NewAccount, RegisterError,
};
pub use audit::{AuditEntry, AuditRecord};
pub use bookings::{
    BookingRecord, Bookings, ChangeError, HistoryRecord, ListBookings, Receipt, ReserveError, Side,
};
pub use calendars::{Calendars, DayRecord, Loaded, RulesRecord};
pub use once::{Handled, Once, ReceiptRecord, Replay};
pub use outbox::{Outbox, OutboxRecord};
pub use services::{ListServices, SaveError, ServiceRecord, Services};
pub use sessions::{SessionRecord, Sessions};
