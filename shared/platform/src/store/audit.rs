//! The log of security-relevant acts, written in the transaction of the act and never changed after, but
//! for what is erased of a person.

mod canonical;
mod chain;
mod list;
mod sealed;
mod verify;

pub use chain::Written;
pub use list::{AuditPage, AuditPosition, AuditSpan, ListAudit};
pub use sealed::{ERASED, Seals};
pub use verify::{Finding, Verified};

use banister_domain::id::{AuditId, RequestId, UserId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::http::Code;
use crate::limit::Limit;
use crate::random;
use crate::table::key::{self, IndexKey};
use crate::table::{Key, Record, Table};
use crate::telemetry;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "permissions_set")]
pub enum AuditEntry {
    /// An account was made.
    AccountRegistered,
    /// An address was confirmed.
    EmailConfirmed,
    /// Somebody signed in.
    SessionCreated,
    /// Somebody signed out.
    SessionEnded,
    /// Somebody signed out everywhere.
    AllSessionsEnded,
    /// An old refresh token came back; its family was ended.
    RefreshTokenReused,
    /// Somebody tried to sign in with a wrong password, to an account that does not exist or is switched off,
    /// without the code of its second factor, or too often, which has one record each time that a limit is used up;
    /// `code` is that of the answer, and `limit` the name of the limit.
    SignInRefused,
    /// A code was wrong, used or too old, or there was none.
    CodeRefused,
    /// Another code to confirm an address was asked for.
    ConfirmationRequested,
    /// A password was changed by whoever is signed in.
    PasswordChanged,
    /// Somebody who is signed in did not know the password.
    PasswordRefused,
    /// A link to choose a new password was asked for.
    PasswordResetRequested,
    /// A password was changed by such a link.
    PasswordReset,
    /// A telephone number was set by its owner, and a code mailed that confirms it; the one before, and this one.
    PhoneSet,
    /// A telephone number was confirmed.
    PhoneConfirmed,
    /// Another address was asked for.
    EmailChangeRequested,
    /// An account has another address; the one before, and this one.
    EmailChanged,
    /// The counters that limit attempts at an account were cleared.
    AccountUnlocked,
    /// The key that signs access tokens was replaced.
    KeysRotated,
    /// An account was switched off.
    AccountDisabled,
    /// An account was switched on again.
    AccountEnabled,
    /// A member of staff got another role.
    RoleSet,
    /// Staff made an account.
    AccountCreated,
    /// Staff had another invitation mailed to the owner of an account that they made.
    AccountInvited,
    /// Staff changed what an account says about a person; which fields, and what they held and hold.
    AccountChanged,
    /// Permissions were granted or revoked.
    PermissionsSet,
    /// Staff archived a provider's service.
    ServiceArchived,
    /// Staff gave an archived service back to its provider.
    ServiceRestored,
    /// Staff cancelled a customer's booking.
    BookingCancelled,
    /// Staff moved a booking to another time.
    BookingRescheduled,
    /// Staff booked for a customer.
    BookingMade,
    /// Staff made a thing that providers share.
    ResourceMade,
    /// Staff changed such a thing, or who may use it.
    ResourceChanged,
    /// Staff hid what somebody wrote of the other side of a booking.
    ReviewHidden,
    /// Staff show that again.
    ReviewShown,
    /// Signing in takes a second factor from now on.
    SecondFactorOn,
    /// Signing in takes no second factor any more: its owner turned it off, or staff or a command did.
    SecondFactorOff,
    /// The code of a second factor was wrong, used or too old; or it was not looked at after too many of those, which
    /// has one record, with `limit`.
    SecondFactorRefused,
    /// A recovery code took the place of the app's code; how many were left before and after.
    RecoveryCodeUsed,
    /// All recovery codes were replaced by new ones.
    RecoveryCodesRenewed,
    /// The settings about security were changed.
    SecuritySettingsSet,
    /// Staff asked for accounts as a file.
    UsersExported,
    /// Such a file was written, or was not for staff who may not have it any more.
    UsersExportEnded,
    /// Somebody asked for all that is kept of them.
    DataExported,
    /// A provider made a link that shows the own bookings to whoever has it; one from before is void.
    CalendarFeedMade,
    /// A provider took such a link back.
    CalendarFeedRevoked,
    /// An account was switched off for good, to be erased.
    AccountErasing,
    /// All that was kept of a person is erased.
    AccountErased,
    /// Staff asked for the same to be done to many accounts, or for what that would come to.
    BulkRequested,
    /// A command makes what accounts are found by anew, and claims their numbers; or is through with it.
    UsersReindexed,
    /// A command links what the log's stream missed, or is through with it.
    AuditLinked,
    /// A command makes cards anew where they are not as they should be, or is through with it.
    CardsRebuilt,
    /// A command counts everything again, or is through with it.
    CountersRebuilt,
    /// A command asked again for the next piece of a job.
    JobContinued,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "sealed::Kept", into = "sealed::Kept")]
pub struct AuditRecord {
    /// Which.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub entry: AuditEntry,
    /// Whose account it concerns; none where there is no such account.
    pub user_id: Option<UserId>,
    /// Who did it, where that is somebody else.
    pub actor_id: Option<UserId>,
    /// What was before and after, without secrets.
    pub change: Option<Change>,
    /// The address it came from, as a rate limit's subject has it; [`COMMAND`] where an operator's
    /// command did it, [`JOB`] where a job did, [`ERASED`] where it was erased.
    pub address: String,
    /// The request that it was done in; none where a command did it.
    pub request_id: Option<RequestId>,
    /// Which form of a record this is: 2; 1 before parts were sealed, 0 before forms were counted.
    pub schema: u8,
    /// What shows that its parts are as they were written.
    pub seals: Seals,
}

/// The form of the records that are written now.
const SCHEMA: u8 = 2;

/// The address of what a job did.
pub const JOB: &str = "job";

/// The address of what an operator's command did.
pub const COMMAND: &str = "command";

/// What something was, and what it has become. Members named `reason`, `disabled` and `values` go when all is
/// erased of the person whom the record is about; no others may hold what is personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Before.
    pub before: Value,
    /// After.
    pub after: Value,
}

impl Change {
    /// From one thing to another. No secrets.
    #[must_use]
    pub fn of(before: &impl Serialize, after: &impl Serialize) -> Self {
        // What cannot be written as JSON is no reason not to have the line.
        let value = |of: Result<Value, serde_json::Error>| of.unwrap_or_default();
        Self { before: value(serde_json::to_value(before)), after: value(serde_json::to_value(after)) }
    }
}

impl AuditRecord {
    /// A new line, at `now`, of the request under way.
    #[must_use]
    pub fn new(entry: AuditEntry, user_id: Option<UserId>, address: String, now: Timestamp) -> Self {
        let (id, request_id) = (random::id(now), telemetry::request_id());
        let (actor_id, change) = (None, None);
        let (schema, seals) = (SCHEMA, Seals::new());
        Self { id, at: now, entry, user_id, actor_id, change, address, request_id, schema, seals }
    }

    /// Done by `actor` to somebody else.
    #[must_use]
    pub fn by(self, actor: UserId) -> Self {
        Self { actor_id: Some(actor), ..self }
    }

    /// With what one thing that an account says of a person was and has become.
    #[must_use]
    pub fn value(self, name: &str, before: &impl Serialize, after: &impl Serialize) -> Self {
        let Change { before, after } = Change::of(before, after);
        let named = |value| Map::from_iter([(name.to_owned(), value)]);
        Self { change: Some(Change::of_values(&named(before), &named(after))), ..self }
    }

    /// With the code of the answer that refused it, and the limit that did.
    #[must_use]
    pub fn refused(self, code: Code, limit: Option<Limit>) -> Self {
        let mut after = json!({ "code": code.as_str() });
        if let Some(limit) = limit {
            after["limit"] = limit.operation.into();
        }
        self.change(&Value::Null, &after)
    }

    /// With what it was and what it has become. No secrets.
    #[must_use]
    pub fn change(self, before: &impl Serialize, after: &impl Serialize) -> Self {
        Self { change: Some(Change::of(before, after)), ..self }
    }
}

impl Record for AuditRecord {
    const TYPE: &'static str = "audit";

    fn key(&self) -> Key {
        key::audit(self.at.to_zoned(TimeZone::UTC).date(), self.id)
    }

    fn indexes(&self) -> Vec<IndexKey> {
        let target = self.user_id.map(|user| key::audit_by_user(user, self.id));
        let actor = self.actor_id.map(|actor| key::audit_by_actor(actor, self.id));
        target.into_iter().chain(actor).collect()
    }
}

/// The whole log.
#[derive(Debug, Clone)]
pub struct Audit {
    table: Table,
}

impl Audit {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }
}
