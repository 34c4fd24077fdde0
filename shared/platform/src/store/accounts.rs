//! Accounts, their credentials, and the codes that confirm their addresses.

mod confirm;
mod edit;
mod list;
mod password;
mod permissions;
mod photo;
mod register;
mod reset;
mod super_admins;

pub use confirm::ConfirmError;
pub use edit::{Act, Edit, EditError};
pub use list::{Among, ListAccounts};
pub use password::SetPasswordError;
pub use permissions::{Grant, PermissionsError};
pub use photo::PhotoError;
pub use register::{NewAccount, RegisterError};
pub use reset::{ResetRecord, Resetting};

use banister_domain::account::{Account, Email};
use banister_domain::id::{CodeId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::identity::code::{LIFETIME_MINUTES, MAX_TRIES};
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
        key::user_lists(self.0.role, self.0.id)
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
    /// Whether it has confirmed the address.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub used: bool,
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

impl CodeRecord {
    /// A code made at `now`.
    fn new(user_id: UserId, id: CodeId, now: Timestamp) -> Self {
        let expires_at =
            now.saturating_add(SignedDuration::from_mins(LIFETIME_MINUTES)).unwrap_or(Timestamp::MAX);
        Self { user_id, id, tries: 0, used: false, expires_at }
    }

    /// Whether the code can still be used at `now`.
    fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at && self.tries < MAX_TRIES
    }
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

    /// Writes what `change` makes of an account, if nobody else has changed it since it was read; `None`
    /// if so. Role and status stay: they are for [`Self::edit`].
    pub async fn save(
        &self,
        account: Versioned<Account>,
        change: impl FnOnce(Account) -> Account,
    ) -> Result<Option<Account>, StorageError> {
        let before = account.value.clone();
        let changed = account.map(|account| AccountRecord(change(account)));
        let mut transaction = Transaction::new();
        transaction.replace(&changed, ());
        list::index(&mut transaction, Some(&before), &changed.value.0);
        match transaction.commit(&self.table).await {
            Ok(()) => Ok(Some(changed.value.0)),
            Err(CommitError::Refused(()) | CommitError::Contention) => Ok(None),
            Err(CommitError::Storage(error)) => Err(error),
        }
    }
}
