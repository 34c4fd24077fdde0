//! The log of security-relevant acts, written in the transaction of the act.

use banister_domain::id::{AuditId, UserId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::random;
use crate::table::key::{self, IndexKey};
use crate::table::{Key, Record};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// Somebody tried to sign in with a wrong password, or to an account that does not exist.
    SignInRefused,
    /// A code was wrong, used or too old, or there was none.
    CodeRefused,
    /// An account was switched off.
    AccountDisabled,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Which.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub entry: AuditEntry,
    /// Whose account it concerns; none where there is no such account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The address it came from, as a rate limit's subject has it.
    pub address: String,
}

impl AuditRecord {
    /// A new line, at `now`.
    #[must_use]
    pub fn new(entry: AuditEntry, user_id: Option<UserId>, address: String, now: Timestamp) -> Self {
        Self { id: random::id(now), at: now, entry, user_id, address }
    }
}

impl Record for AuditRecord {
    const TYPE: &'static str = "audit";

    fn key(&self) -> Key {
        key::audit(self.at.to_zoned(TimeZone::UTC).date(), self.id)
    }

    fn indexes(&self) -> Vec<IndexKey> {
        self.user_id.map(|user| key::audit_by_user(user, self.id)).into_iter().collect()
    }
}
