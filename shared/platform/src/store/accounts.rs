//! Accounts, their credentials, and the codes that confirm their addresses.

mod code;
mod confirm;
mod edit;
mod email;
mod invite;
mod list;
mod password;
mod permissions;
mod phone;
mod photo;
mod register;
mod reindex;
mod reset;
mod super_admins;

pub use code::{CodeRecord, ConfirmError, Purpose};
pub use edit::{Act, Beside, Edit, EditError, Edited};
pub use email::EmailChangeError;
pub use list::{AccountPage, Among, ListAccounts, Listed};
pub use password::SetPasswordError;
pub use permissions::{Grant, PermissionsError};
pub use photo::PhotoError;
pub use register::{FirstPassword, NewAccount, RegisterError};
pub use reindex::Reindexed;
pub use reset::{ResetRecord, Resetting};

pub(super) use email::FormerEmailRecord;
pub(super) use list::index;
pub(super) use permissions::GrantsRecord;
pub(super) use phone::claim;
pub(super) use super_admins::SuperAdminsRecord;

use banister_domain::account::{Account, Email};
use banister_domain::event::Payload;
use banister_domain::id::{CodeId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::{AuditEntry, AuditRecord, OutboxRecord};
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
    /// PHC string; none until the owner of an account that staff made has chosen a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
}

impl Record for CredentialsRecord {
    const TYPE: &'static str = "credentials";

    fn key(&self) -> Key {
        key::credentials(&self.email)
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

    /// Writes what the owner makes of an account, if nobody else has changed it since it was read. With
    /// `code`, one that confirms its number is mailed, in place of the last one. Role and status stay: they
    /// are for [`Self::edit`].
    pub async fn save(
        &self,
        account: Versioned<Account>,
        after: Account,
        code: Option<(CodeId, String)>,
        now: Timestamp,
    ) -> Result<Account, CommitError<SaveAccountError>> {
        if !self.may_hold(&account.value, &after).await? {
            return Err(CommitError::Refused(SaveAccountError::PhoneTaken));
        }
        let before = account.value.clone();
        let mut transaction = Transaction::new();
        // First, so that the same request at the same moment is not told that the number is somebody else's.
        transaction.replace(&account.map(|_| AccountRecord(after.clone())), SaveAccountError::Stale);
        list::index(&mut transaction, Some(&before), &after);
        phone::claim(&mut transaction, &before, &after, SaveAccountError::PhoneTaken);
        if let (Some((id, address)), Some(phone)) = (code, &after.phone) {
            let last = self.table.get::<CodeRecord>(&key::phone_code(after.id)).await?;
            let purpose = Purpose::ConfirmPhone { phone: phone.clone() };
            let record = CodeRecord::new(after.id, id, purpose, now);
            let mail = Payload::PhoneConfirmationRequested { user_id: after.id, code_id: id };
            let line = AuditRecord::new(AuditEntry::PhoneSet, Some(after.id), address, now);
            transaction
                .create_or_replace(&record, last.map_or(0, |last| last.version), SaveAccountError::Stale)
                .put_over(&line.value("phone", &before.phone, &after.phone))
                .put_over(&OutboxRecord::new(mail, now)?);
        }
        transaction.commit(&self.table).await.map(|()| after)
    }
}

/// Why an account was not saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveAccountError {
    /// Its number is somebody else's.
    PhoneTaken,
    /// It was changed since it was read.
    Stale,
}
