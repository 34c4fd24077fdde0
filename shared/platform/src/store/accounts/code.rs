//! Codes that were mailed: each attempt is counted before the code is looked at.

use banister_domain::account::{Account, Email, Phone};
use banister_domain::id::{CodeId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AccountRecord, Accounts};
use crate::identity::code::{LIFETIME_MINUTES, MAX_TRIES};
use crate::store::{AuditEntry, AuditRecord};
use crate::table::{CommitError, Key, Record, StorageError, Transaction, Versioned, backoff, key};

/// What a code is for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Confirms the account's address.
    #[default]
    ConfirmEmail,
    /// Confirms the account's number.
    ConfirmPhone {
        /// As it was when the code was made.
        phone: Phone,
    },
    /// Gives the account another address.
    ChangeEmail {
        /// Which.
        email: Email,
        /// The account's epoch when it was asked for; void with another one.
        epoch: u32,
    },
}

/// A code that was mailed. The digits are derived from the id, not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRecord {
    /// Whose.
    pub user_id: UserId,
    /// Which.
    pub id: CodeId,
    /// What for.
    #[serde(default)]
    pub purpose: Purpose,
    /// How often a code was tried.
    pub tries: u32,
    /// Whether it has done what it is for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub used: bool,
    /// From when on it is void.
    pub expires_at: Timestamp,
}

impl Record for CodeRecord {
    const TYPE: &'static str = "code";

    fn key(&self) -> Key {
        match self.purpose {
            Purpose::ConfirmEmail => key::email_code(self.user_id),
            Purpose::ConfirmPhone { .. } => key::phone_code(self.user_id),
            Purpose::ChangeEmail { .. } => key::email_change_code(self.user_id),
        }
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl CodeRecord {
    /// A code made at `now`.
    pub(super) fn new(user_id: UserId, id: CodeId, purpose: Purpose, now: Timestamp) -> Self {
        let expires_at =
            now.saturating_add(SignedDuration::from_mins(LIFETIME_MINUTES)).unwrap_or(Timestamp::MAX);
        Self { user_id, id, purpose, tries: 0, used: false, expires_at }
    }

    /// Whether the code can still be used at `now`.
    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at && self.tries < MAX_TRIES
    }
}

/// Why a code did nothing.
#[derive(Debug)]
pub enum ConfirmError {
    /// Wrong, used or expired code, or no such account: one answer for all.
    InvalidCode,
    /// Another attempt runs right now.
    Stale,
}

/// An account with a code of its own.
pub(super) type Coded = (Versioned<AccountRecord>, Versioned<CodeRecord>);

impl Accounts {
    /// Counts an attempt at the code at `place`, so that parallel guesses are no more than serial ones, and
    /// answers account and code if `is_right` says that the code with this id was typed.
    pub(super) async fn tried(
        &self,
        user: UserId,
        place: &Key,
        is_right: impl Fn(CodeId) -> bool,
        now: Timestamp,
    ) -> Result<Option<Coded>, StorageError> {
        for attempt in 0..5 {
            let Some((account, code)) = self.coded(user, place).await? else { return Ok(None) };
            if !code.value.is_live(now) {
                return Ok(None);
            }
            let tried = code.map(|code| CodeRecord { tries: code.tries + 1, ..code });
            let mut transaction = Transaction::new();
            transaction.replace(&tried, ());
            match transaction.commit(&self.table).await {
                Ok(()) => {
                    // What the attempt wrote is one version on.
                    let written = Versioned { version: tried.version + 1, value: tried.value };
                    return Ok(is_right(written.value.id).then_some((account, written)));
                }
                // Counted by another attempt at this moment. To say so would tell that there is an
                // account: this one waits for its turn.
                Err(CommitError::Refused(()) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
                Err(CommitError::Storage(error)) => return Err(error),
            }
        }
        Ok(None)
    }

    /// An account and its code at `place`, good or not.
    pub(super) async fn coded(&self, user: UserId, place: &Key) -> Result<Option<Coded>, StorageError> {
        let keys = [key::user(user), place.clone()];
        let mut found = self.table.get_all(&keys).await?;
        let account = found.take::<AccountRecord>(&keys[0])?;
        Ok(account.zip(found.take::<CodeRecord>(&keys[1])?))
    }

    /// Leaves an audit line of a code that was wrong, used or too old, and refuses it.
    pub(super) async fn refuse_code(
        &self,
        user: Option<UserId>,
        address: String,
        now: Timestamp,
    ) -> Result<(), CommitError<ConfirmError>> {
        self.table.put(&AuditRecord::new(AuditEntry::CodeRefused, user, address, now)).await?;
        Err(CommitError::Refused(ConfirmError::InvalidCode))
    }

    /// Makes of the account what `change` says, given whether the number that it names is free, and marks
    /// the code used; refused where it says `None`. A change of the account in between is read again; it
    /// must not cost one of the five attempts.
    pub(super) async fn settle(
        &self,
        (mut account, mut code): Coded,
        change: impl Fn(&Account, bool) -> Option<Account>,
        entry: AuditEntry,
        address: String,
        now: Timestamp,
    ) -> Result<(), CommitError<ConfirmError>> {
        let user = account.value.0.id;
        for attempt in 0..5 {
            let free = self.names_free_phone(&account.value.0).await?;
            let Some(after) = change(&account.value.0, free) else {
                return self.refuse_code(Some(user), address, now).await;
            };
            let mut transaction = Transaction::new();
            super::list::index(&mut transaction, Some(&account.value.0), &after);
            super::phone::claim(&mut transaction, &account.value.0, &after, ConfirmError::Stale);
            let place = code.value.key();
            let spent = Versioned { version: code.version, value: code.value.clone() };
            transaction
                .replace(&account.map(|_| AccountRecord(after)), ConfirmError::Stale)
                .replace(&spent.map(|code| CodeRecord { used: true, ..code }), ConfirmError::Stale)
                .put_over(&AuditRecord::new(entry, Some(user), address.clone(), now));
            match transaction.commit(&self.table).await {
                Err(CommitError::Refused(ConfirmError::Stale) | CommitError::Contention) => {}
                outcome => return outcome,
            }
            tokio::time::sleep(backoff(attempt)).await;
            let again = self.coded(user, &place).await?;
            // Used by another attempt in the meantime, or one try later.
            let again = again.filter(|(_, current)| current.value.id == code.value.id);
            (account, code) = again.ok_or(CommitError::Refused(ConfirmError::InvalidCode))?;
        }
        Err(CommitError::Contention)
    }
}
