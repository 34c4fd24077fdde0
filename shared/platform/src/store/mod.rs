//! What is kept, one file per aggregate: its record, its reads, its writes.

mod accounts;
mod audit;
mod bookings;
mod bulk;
mod calendars;
mod erasure;
mod jobs;
mod once;
mod outbox;
mod own_export;
mod second_factor;
mod security;
mod services;
mod sessions;
mod sockets;
mod statistics;
mod user_exports;

pub use accounts::{
    AccountRecord, Accounts, Act, Among, Beside, CodeRecord, ConfirmError, CredentialsRecord, Edit,
    EditError, Edited, EmailChangeError, FirstPassword, Grant, ListAccounts, NewAccount, PermissionsError,
    PhotoError, Purpose, RegisterError, Reindexed, ResetRecord, Resetting, SaveAccountError,
    SetPasswordError,
};
pub use audit::{
    Audit, AuditEntry, AuditPage, AuditPosition, AuditRecord, COMMAND, Change, ERASED, Finding, JOB,
    ListAudit, Seals, Verified, Written,
};
pub use bookings::{
    BookingRecord, Bookings, ChangeError, HistoryRecord, ListBookings, MarketPosition, Receipt, ReserveError,
    Side,
};
pub use bulk::{AtOnce, BulkOrderRecord, BulkResultRecord, Bulks, Whom};
pub use calendars::{Calendars, DayRecord, Loaded, RulesRecord};
pub use erasure::{EraseError, Erasures};
pub use jobs::{JobRecord, Jobs, Piece, PieceError};
pub use once::{Handled, Once, ReceiptRecord, Replay};
pub use outbox::{Outbox, OutboxRecord};
pub use own_export::{Belongings, ExportPage, ExportPosition, Exports, FormerEmail, Held};
pub use second_factor::{FactorState, Proof, SecondFactorError, SecondFactorRecord, SecondFactors};
pub use security::{Security, SecurityRecord};
pub use services::{
    ListMarketServices, ListServices, SaveError, ServiceEdit, ServiceEditError, ServiceRecord, Services,
};
pub use sessions::{Place, Presented, ReplacedToken, SessionRecord, Sessions};
pub use sockets::{
    ConnectionRecord, Connections, MOST_CONNECTIONS, OpenError, SocketRecord, Standing, TicketRecord,
};
pub use statistics::{Counted, Rebuilt, Statistics, Told};
pub use user_exports::{Begun, UserExports};
