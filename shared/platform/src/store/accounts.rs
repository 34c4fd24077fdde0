//! Accounts, their credentials, and the codes that confirm their addresses.

use axum::http::StatusCode;
use banister_domain::account::{Account, Email};
use banister_domain::event::Payload;
use banister_domain::id::{CodeId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AuditEntry, AuditRecord, Once, OutboxRecord};
use crate::identity::code;
use crate::random;
use crate::table::key::{self, IndexKey};
use crate::table::{CommitError, Key, Record, StorageError, Table, Transaction, Versioned};

/// An account as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountRecord(pub Account);

impl Record for AccountRecord {
    const TYPE: &'static str = "user";

    fn key(&self) -> Key {
        key::user(self.0.id)
    }

    fn indexes(&self) -> Vec<IndexKey> {
        vec![key::user_by_role(self.0.role, self.0.id)]
    }
}

/// What signing in needs, in one read; its key makes the address unique.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialsRecord {
    /// The address.
    pub email: Email,
    /// Whose.
    pub user_id: UserId,
    /// PHC string.
    pub password_hash: String,
}

impl Record for CredentialsRecord {
    const TYPE: &'static str = "credentials";

    fn key(&self) -> Key {
        key::credentials(&self.email)
    }
}

/// A code that was mailed. The digits are derived from the id, not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRecord {
    /// Whose.
    pub user_id: UserId,
    /// Which.
    pub id: CodeId,
    /// How often a code was tried.
    pub tries: u32,
    /// From when on it is void.
    pub expires_at: Timestamp,
}

impl Record for CodeRecord {
    const TYPE: &'static str = "code";

    fn key(&self) -> Key {
        key::email_code(self.user_id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// An account to be made.
pub struct NewAccount {
    /// The account.
    pub account: Account,
    /// PHC string of its password.
    pub password_hash: String,
    /// Where the request came from.
    pub address: String,
}

/// Why an account was not made.
#[derive(Debug)]
pub enum RegisterError {
    /// The address has an account.
    EmailTaken,
    /// The request was answered before.
    Seen,
}

/// Why an address was not confirmed.
#[derive(Debug)]
pub enum ConfirmError {
    /// Wrong, used or expired code, or no such account: one answer for all.
    InvalidCode,
    /// Another attempt runs right now.
    Stale,
}

/// All accounts.
#[derive(Debug, Clone)]
pub struct Accounts {
    table: Table,
}

impl Accounts {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// One account.
    pub async fn get(&self, id: UserId) -> Result<Option<Versioned<Account>>, StorageError> {
        let found = self.table.get::<AccountRecord>(&key::user(id)).await?;
        Ok(found.map(|record| record.map(|record| record.0)))
    }

    /// Several accounts, in any order; those that do not exist are left out.
    pub async fn get_all(&self, ids: &[UserId]) -> Result<Vec<Account>, StorageError> {
        let keys: Vec<_> = ids.iter().copied().map(key::user).collect();
        let mut found = self.table.get_all(&keys).await?;
        let records = keys.iter().filter_map(|key| found.take::<AccountRecord>(key).transpose());
        records.map(|record| record.map(|record| record.value.0)).collect()
    }

    /// What signing in with an address needs.
    pub async fn credentials(&self, email: &Email) -> Result<Option<CredentialsRecord>, StorageError> {
        let found = self.table.get::<CredentialsRecord>(&key::credentials(email)).await?;
        Ok(found.map(|record| record.value))
    }

    /// Makes an account with a code to confirm its address, the event that mails it, an audit line
    /// and the receipt, all in one transaction.
    pub async fn register(
        &self,
        new: NewAccount,
        receipt: Option<(&Once, &impl Serialize)>,
        now: Timestamp,
    ) -> Result<(), CommitError<RegisterError>> {
        let NewAccount { account, password_hash, address } = new;
        let (user_id, email) = (account.id, account.email.clone());
        let minutes = SignedDuration::from_mins(code::LIFETIME_MINUTES);
        let code = CodeRecord {
            user_id,
            id: random::id(now),
            tries: 0,
            expires_at: now.saturating_add(minutes).unwrap_or(Timestamp::MAX),
        };
        let mut transaction = Transaction::new();
        // First, so that a repeated request is told apart from another one for the same address.
        if let Some((once, body)) = receipt {
            once.record(&mut transaction, StatusCode::CREATED, body, now, RegisterError::Seen)?;
        }
        transaction
            .create(&CredentialsRecord { email, user_id, password_hash }, RegisterError::EmailTaken)
            .create(&AccountRecord(account), RegisterError::EmailTaken)
            .put_over(&OutboxRecord::new(Payload::AccountRegistered { user_id, code_id: code.id }, now)?)
            .put_over(&code)
            .put_over(&AuditRecord::new(AuditEntry::AccountRegistered, user_id, Some(address), now));
        transaction.commit(&self.table).await
    }

    /// What an attempt to register a taken address leaves: the event that tells its owner, if there
    /// is one to be told, and the receipt, so that a repeated request looks the same as for a new
    /// address.
    pub async fn register_again(
        &self,
        owner: Option<UserId>,
        receipt: Option<(&Once, &impl Serialize)>,
        now: Timestamp,
    ) -> Result<(), CommitError<RegisterError>> {
        if owner.is_none() && receipt.is_none() {
            return Ok(());
        }
        let mut transaction = Transaction::new();
        if let Some((once, body)) = receipt {
            once.record(&mut transaction, StatusCode::CREATED, body, now, RegisterError::Seen)?;
        }
        if let Some(user_id) = owner {
            transaction.put_over(&OutboxRecord::new(Payload::RegistrationRepeated { user_id }, now)?);
        }
        transaction.commit(&self.table).await
    }

    /// Confirms an address if `is_right` says that the code with this id was typed. The attempt is
    /// counted before the code is looked at, so that parallel guesses are no more than serial ones.
    pub async fn confirm_email(
        &self,
        email: &Email,
        is_right: impl FnOnce(CodeId) -> bool,
        address: String,
        now: Timestamp,
    ) -> Result<(), CommitError<ConfirmError>> {
        let invalid = || CommitError::Refused(ConfirmError::InvalidCode);
        let user_id = match self.credentials(email).await? {
            Some(credentials) => credentials.user_id,
            // The same reads for an address without an account.
            None => random::id(now),
        };
        let keys = [key::user(user_id), key::email_code(user_id)];
        let mut found = self.table.get_all(&keys).await?;
        let account = found.take::<AccountRecord>(&keys[0])?;
        let code = found.take::<CodeRecord>(&keys[1])?;
        let (Some(account), Some(code)) = (account, code) else { return Err(invalid()) };
        if code.value.expires_at <= now || code.value.tries >= code::MAX_TRIES {
            return Err(invalid());
        }
        let tried = code.map(|code| CodeRecord { tries: code.tries + 1, ..code });
        let mut attempt = Transaction::new();
        attempt.replace(&tried, ConfirmError::Stale);
        attempt.commit(&self.table).await?;
        if !is_right(tried.value.id) {
            return Err(invalid());
        }
        let confirmed = account.map(|record| AccountRecord(Account { email_confirmed: true, ..record.0 }));
        let mut transaction = Transaction::new();
        transaction
            .replace(&confirmed, ConfirmError::Stale)
            .remove(&keys[1], tried.version + 1, ConfirmError::Stale)
            .put_over(&AuditRecord::new(AuditEntry::EmailConfirmed, user_id, Some(address), now));
        transaction.commit(&self.table).await
    }

    /// Writes a changed account if nobody else has changed it since it was read; false if so.
    pub async fn save(&self, account: Versioned<Account>) -> Result<bool, StorageError> {
        let mut transaction = Transaction::new();
        transaction.replace(&account.map(AccountRecord), ());
        match transaction.commit(&self.table).await {
            Ok(()) => Ok(true),
            Err(CommitError::Refused(()) | CommitError::Contention) => Ok(false),
            Err(CommitError::Storage(error)) => Err(error),
        }
    }
}
