//! What is kept, one file per aggregate: its record, its reads, its writes.

mod accounts;
mod audit;
mod bookings;
mod bulk;
mod calendars;
mod cards;
mod erasure;
mod feeds;
mod jobs;
mod once;
mod outbox;
mod own_export;
mod race;
mod resources;
mod reviews;
mod second_factor;
mod security;
mod series;
mod services;
mod sessions;
mod sockets;
mod statistics;
mod user_exports;
mod vacations;
mod waitlist;

pub use accounts::{
    AccountPage, AccountRecord, Accounts, Act, Among, Beside, CodeRecord, ConfirmError, CredentialsRecord,
    Edit, EditError, Edited, EmailChangeError, FirstPassword, Grant, ListAccounts, Listed, NewAccount,
    PermissionsError, PhotoError, Purpose, RegisterError, Reindexed, ResetRecord, Resetting,
    SaveAccountError, SetPasswordError,
};
pub use audit::{
    Audit, AuditEntry, AuditPage, AuditPosition, AuditRecord, AuditSpan, COMMAND, Change, ERASED, Finding,
    JOB, ListAudit, Seals, Verified, Written,
};
pub use bookings::{
    BookingCommand, BookingRecord, Bookings, ChangeError, Claim, Due, HistoryRecord, HoldRecord,
    ListBookings, MarketPosition, MoveError, MoveWish, ProposalAnswer, Receipt, ReserveError, Side,
};
pub use bulk::{AtOnce, BulkOrderRecord, BulkResultRecord, Bulks, Whom};
pub use calendars::{Calendars, DayRecord, Loaded, ResourceDayRecord, RulesRecord, WeekRecord};
pub use cards::{CardRecord, Cards, RebuiltCards, card_of};
pub use erasure::{EraseError, Erasures};
pub use feeds::{FeedError, FeedLinkRecord, FeedRecord, Feeds};
pub use jobs::{JobRecord, Jobs, Piece, PieceError};
pub use once::{Handled, Once, ReceiptRecord, Replay};
pub use outbox::{Outbox, OutboxRecord};
pub use own_export::{Belongings, BookingFile, ExportPage, ExportPosition, Exports, FormerEmail, Held};
pub use race::Race;
pub use resources::{ResourceError, ResourceRecord, ResourceUserRecord, Resources};
pub use reviews::{Moderation, ReviewError, ReviewReceipt, Reviewed, Reviews, ReviewsRecord};
pub use second_factor::{FactorState, Proof, SecondFactorError, SecondFactorRecord, SecondFactors};
pub use security::{Security, SecurityRecord};
pub use series::{Plan, SeriesError, SeriesRecord, SeriesStore};
pub use services::{
    ListMarketServices, ListServices, SaveError, ServiceEdit, ServiceEditError, ServiceRecord, Services,
};
pub use sessions::{Ending, Place, Presented, ReplacedToken, SessionRecord, Sessions, SignIn};
pub use sockets::{
    ConnectionRecord, Connections, MOST_CONNECTIONS, OpenError, SocketRecord, Standing, TicketRecord,
};
pub use statistics::{Counted, Rebuilt, Statistics, Told};
pub use user_exports::{Begun, UserExports};
pub use vacations::VacationError;
pub use waitlist::{
    Changes, JoinError, Lines, OfferRecord, WaitError, Waitlist, WaitlistPlaceRecord, WaitlistRecord,
};
