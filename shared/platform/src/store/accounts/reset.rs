//! Links that let the owner of an address choose a new password.

use banister_domain::account::{AccountStatus, Email};
use banister_domain::event::Payload;
use banister_domain::id::{CodeId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AccountRecord, Accounts, CredentialsRecord};
use crate::identity::reset::{LIFETIME_MINUTES, ResetToken};
use crate::random;
use crate::store::{AuditEntry, AuditRecord, OutboxRecord};
use crate::table::{CommitError, Key, Record, StorageError, Transaction, Versioned, key};

/// A token that was mailed, by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetRecord {
    /// Hash of the token.
    pub hash: String,
    /// Whose.
    pub user_id: UserId,
    /// The account's epoch when it was asked for; void with another one.
    pub epoch: u32,
    /// Whether a password was set with it.
    pub used: bool,
    /// From when on it is void.
    pub expires_at: Timestamp,
}

impl Record for ResetRecord {
    const TYPE: &'static str = "reset";

    fn key(&self) -> Key {
        key::reset(&self.hash)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// A token with all that it changes.
#[derive(Clone)]
pub struct Resetting {
    /// The token.
    pub reset: Versioned<ResetRecord>,
    /// Whose.
    pub account: Versioned<AccountRecord>,
    /// What the account is signed in to with.
    pub credentials: Versioned<CredentialsRecord>,
}

impl ResetRecord {
    /// Of a token that is good for so long, for an account with this epoch.
    pub(super) fn new(
        token: &ResetToken,
        (user_id, epoch): (UserId, u32),
        minutes: i64,
        now: Timestamp,
    ) -> Self {
        let expires_at = now.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX);
        Self { hash: token.hash(), user_id, epoch, used: false, expires_at }
    }

    /// Used: good for the same request again, and no longer than any link.
    pub(super) fn used_at(self, now: Timestamp) -> Self {
        let soon = now.saturating_add(SignedDuration::from_mins(LIFETIME_MINUTES)).unwrap_or(Timestamp::MAX);
        Self { used: true, expires_at: self.expires_at.min(soon), ..self }
    }
}

impl Accounts {
    /// Keeps a token, derived from `code_id`, and the event that mails it. The same reads and writes for an
    /// address without an account, whose token nobody gets: the worker that mails finds no reader.
    pub async fn request_reset(
        &self,
        email: &Email,
        (code_id, token): (CodeId, &ResetToken),
        address: &str,
        now: Timestamp,
    ) -> Result<(), CommitError<()>> {
        let known = self.credentials(email).await?.map(|credentials| credentials.user_id);
        let user_id = known.unwrap_or_else(|| random::id(now));
        let account = self.get(user_id).await?;
        let epoch = account.map_or(0, |account| account.value.epoch);
        let record = ResetRecord::new(token, (user_id, epoch), LIFETIME_MINUTES, now);
        let entry = AuditEntry::PasswordResetRequested;
        let mut transaction = Transaction::new();
        transaction
            .create(&record, ())
            .put_over(&AuditRecord::new(entry, known, address.to_owned(), now))
            .put_over(&OutboxRecord::new(Payload::PasswordResetRequested { user_id, code_id }, now)?);
        transaction.commit(&self.table).await
    }

    /// What a token changes, if it is still good or was used within its life. Another password since it
    /// was asked for, or anything else that ends all sessions, has voided it.
    pub async fn resetting(
        &self,
        token: &ResetToken,
        now: Timestamp,
    ) -> Result<Option<Resetting>, StorageError> {
        let reset = self.table.get::<ResetRecord>(&key::reset(&token.hash())).await?;
        let Some(reset) = reset.filter(|reset| now < reset.value.expires_at) else { return Ok(None) };
        let user = reset.value.user_id;
        let Some(account) = self.table.get::<AccountRecord>(&key::user(user)).await? else { return Ok(None) };
        let Some(credentials) = self.password(&account.value.0.email).await? else { return Ok(None) };
        let stands = account.value.0.status == AccountStatus::Active && credentials.value.user_id == user;
        let current = reset.value.used || reset.value.epoch == account.value.0.epoch;
        Ok((stands && current).then_some(Resetting { reset, account, credentials }))
    }

    /// Leaves an audit line of a token that was wrong, used or too old.
    pub async fn refuse_reset(&self, address: String, now: Timestamp) -> Result<(), StorageError> {
        self.table.put(&AuditRecord::new(AuditEntry::CodeRefused, None, address, now)).await
    }
}
