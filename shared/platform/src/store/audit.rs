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
    /// An old refresh token came back; its family was ended.
    RefreshTokenReused,
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
    /// Whose account it concerns.
    pub user_id: UserId,
    /// The address it came from, as a rate limit's subject has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl AuditRecord {
    /// A new line, at `now`.
    #[must_use]
    pub fn new(entry: AuditEntry, user_id: UserId, address: Option<String>, now: Timestamp) -> Self {
        Self { id: random::id(now), at: now, entry, user_id, address }
    }
}

impl Record for AuditRecord {
    const TYPE: &'static str = "audit";

    fn key(&self) -> Key {
        key::audit(self.at.to_zoned(TimeZone::UTC).date(), self.id)
    }

    fn indexes(&self) -> Vec<IndexKey> {
        vec![key::audit_by_user(self.user_id, self.id)]
    }
}
