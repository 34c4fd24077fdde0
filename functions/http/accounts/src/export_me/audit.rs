//! What an export shows of the audit log: to the person what concerns the person, and of others nothing but
//! that it was them.

use banister_domain::id::{AuditId, RequestId, UserId};
use banister_platform::store::{AuditEntry, AuditRecord, COMMAND, Change, JOB};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Author {
    /// The person: signed in, or with something that only the person had.
    Owner,
    /// Staff.
    Staff,
    /// An operator's command.
    Operator,
    /// The system.
    Job,
    /// Somebody who had not shown to be the person, and may have been.
    Anybody,
}

/// A record of what concerns the account.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "aud_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "at": "2026-03-09T08:00:00Z",
    "entry": "session_created",
    "by": "owner",
    "before": null,
    "after": null,
    "address": "198.51.100.7",
    "request_id": "req_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
}))]
pub(super) struct ExportedRecord {
    id: AuditId,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What was done.
    entry: AuditEntry,
    /// By whom.
    by: Author,
    /// What was before, where something was changed.
    before: Option<Value>,
    /// What it has become. Words of staff only where the person was told them.
    after: Option<Value>,
    /// Whence, where the person did it; of an IPv6 address its /64.
    address: Option<String>,
    /// In which request, where the person made it.
    request_id: Option<RequestId>,
}

impl From<AuditRecord> for ExportedRecord {
    fn from(record: AuditRecord) -> Self {
        let by = author(&record);
        let AuditRecord { id, at, entry, change, address, request_id, .. } = record;
        let change = change.map(|change| if shown(entry) { change } else { change.without_words() });
        let (before, after) = change.map(|Change { before, after }| (before, after)).unzip();
        let own = by == Author::Owner;
        let (address, request_id) = (Some(address).filter(|_| own), request_id.filter(|_| own));
        Self { id, at, entry, by, before, after, address, request_id }
    }
}

/// A record of what the person did to somebody else, without what it made of them.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "aud_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "at": "2026-03-09T08:00:00Z",
    "entry": "permissions_set",
    "target_id": "usr_01KB2Q9C6E8G0J2M4P6S8VXZBD",
    "address": "198.51.100.7",
    "request_id": "req_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
}))]
pub(super) struct ExportedDeed {
    id: AuditId,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What was done.
    entry: AuditEntry,
    /// To whose account.
    target_id: Option<UserId>,
    /// Whence; of an IPv6 address its /64.
    address: String,
    /// In which request.
    request_id: Option<RequestId>,
}

impl From<AuditRecord> for ExportedDeed {
    fn from(record: AuditRecord) -> Self {
        let AuditRecord { id, at, entry, user_id: target_id, address, request_id, .. } = record;
        Self { id, at, entry, target_id, address, request_id }
    }
}

fn author(record: &AuditRecord) -> Author {
    match record.address.as_str() {
        COMMAND => Author::Operator,
        // Also by a job.
        _ if record.actor_id.is_some() => Author::Staff,
        JOB => Author::Job,
        _ if proves(record.entry) => Author::Owner,
        _ => Author::Anybody,
    }
}

/// Whether what nobody else did was done by the person, and not by somebody who knew no more than the address.
fn proves(entry: AuditEntry) -> bool {
    use AuditEntry as E;
    match entry {
        E::EmailConfirmed
        | E::SessionCreated
        | E::SessionEnded
        | E::AllSessionsEnded
        | E::PasswordChanged
        | E::PasswordReset
        | E::PhoneSet
        | E::PhoneConfirmed
        | E::EmailChangeRequested
        | E::EmailChanged
        | E::SecondFactorOn
        | E::SecondFactorOff
        | E::RecoveryCodeUsed
        | E::RecoveryCodesRenewed
        | E::DataExported
        | E::CalendarFeedMade
        | E::CalendarFeedRevoked
        | E::AccountErasing => true,
        // Anybody registers with any address, and types what they like.
        E::AccountRegistered
        | E::RefreshTokenReused
        | E::SignInRefused
        | E::CodeRefused
        | E::ConfirmationRequested
        | E::PasswordRefused
        | E::PasswordResetRequested
        | E::SecondFactorRefused
        // Staff do these, commands and jobs.
        | E::AccountUnlocked
        | E::KeysRotated
        | E::AccountDisabled
        | E::AccountEnabled
        | E::RoleSet
        | E::AccountCreated
        | E::AccountInvited
        | E::UsersExported
        | E::UsersExportEnded
        | E::BulkRequested
        | E::AccountChanged
        | E::PermissionsSet
        | E::ServiceArchived
        | E::ServiceRestored
        | E::BookingCancelled
        | E::BookingRescheduled
        | E::BookingMade
        | E::ResourceMade
        | E::ResourceChanged
        | E::ReviewHidden
        | E::ReviewShown
        | E::SecuritySettingsSet
        | E::UsersReindexed
        | E::AuditLinked
        | E::CardsRebuilt
        | E::CountersRebuilt
        | E::JobContinued
        | E::AccountErased => false,
    }
}

/// Whether the person sees what is said of them: words of staff that were mailed to them, and what the account
/// itself said. All others are for staff.
fn shown(entry: AuditEntry) -> bool {
    use AuditEntry as E;
    let mailed =
        matches!(entry, E::ServiceArchived | E::BookingCancelled | E::BookingRescheduled | E::BookingMade);
    mailed || matches!(entry, E::AccountChanged | E::PhoneSet | E::EmailChanged)
}
