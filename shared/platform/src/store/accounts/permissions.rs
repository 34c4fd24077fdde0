//! What staff may do, who granted it, and when.

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Account;
use banister_domain::id::UserId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountRecord, Accounts};
use crate::store::{AuditEntry, AuditRecord};
use crate::table::{CommitError, Key, Record, StorageError, Transaction, backoff, key};

/// A permission that a member of staff has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Which.
    pub permission: Permission,
    /// Who granted it; none where it came with the role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_by: Option<UserId>,
    /// When.
    pub granted_at: Timestamp,
}

/// The grants of one account. What counts is the set in the account itself, which every request
/// reads; this tells where it came from, and is written with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct GrantsRecord {
    user_id: UserId,
    grants: Vec<Grant>,
}

impl Record for GrantsRecord {
    const TYPE: &'static str = "grants";

    fn key(&self) -> Key {
        key::grants(self.user_id)
    }
}

impl GrantsRecord {
    /// The grants behind the permissions of an account, in the order of the permissions.
    pub(in crate::store) fn behind(known: Option<Self>, account: &Account) -> Vec<Grant> {
        let known = known.map(|record| record.grants).unwrap_or_default();
        grants_of(account, account.permissions, &known, None, account.created_at)
    }
}

/// Why permissions were not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermissionsError {
    /// There is no such account.
    Missing,
    /// Customers and providers have no permissions.
    NotStaff,
    /// They are not what they were taken for.
    Changed,
    /// The account is being erased, or was.
    Erased,
    /// The account was changed at the same time, again and again.
    Stale,
}

impl Accounts {
    /// An account and what was granted to it, in the order of the permissions.
    pub async fn with_grants(&self, user: UserId) -> Result<Option<(Account, Vec<Grant>)>, StorageError> {
        let (account_key, grants_key) = (key::user(user), key::grants(user));
        let mut found = self.table.get_all(&[account_key.clone(), grants_key.clone()]).await?;
        let known = found.take::<GrantsRecord>(&grants_key)?.map(|record| record.value);
        let account = found.take::<AccountRecord>(&account_key)?.map(|record| record.value.0);
        Ok(account.map(|account| {
            let grants = GrantsRecord::behind(known, &account);
            (account, grants)
        }))
    }

    /// Lets a member of staff do what `wanted` makes of what they may do, from now on; `by` is who says
    /// so, none where a command does, and `address` whence. Refused as changed where it says `None`. Answers
    /// the account and its grants.
    pub async fn change_permissions(
        &self,
        user: UserId,
        wanted: impl Fn(&Account, Vec<Grant>) -> Option<Permissions>,
        by: Option<UserId>,
        address: &str,
        now: Timestamp,
    ) -> Result<(Account, Vec<Grant>), CommitError<PermissionsError>> {
        for attempt in 0..5 {
            let (account_key, grants_key) = (key::user(user), key::grants(user));
            let mut found = self.table.get_all(&[account_key.clone(), grants_key.clone()]).await?;
            let account = found.take::<AccountRecord>(&account_key)?;
            let account = account.ok_or(CommitError::Refused(PermissionsError::Missing))?;
            if !account.value.0.role.is_staff() {
                return Err(CommitError::Refused(PermissionsError::NotStaff));
            }
            if account.value.0.status.is_final() {
                return Err(CommitError::Refused(PermissionsError::Erased));
            }
            let known = found.take::<GrantsRecord>(&grants_key)?;
            let version = known.as_ref().map_or(0, |known| known.version);
            let known = known.map(|known| known.value.grants).unwrap_or_default();
            let before = account.value.0.permissions;
            let had = grants_of(&account.value.0, before, &known, None, account.value.0.created_at);
            let wanted = wanted(&account.value.0, had);
            let wanted = wanted.ok_or(CommitError::Refused(PermissionsError::Changed))?;
            let grants = grants_of(&account.value.0, wanted, &known, by, now);
            let changed = account
                .map(|AccountRecord(account)| AccountRecord(Account { permissions: wanted, ..account }));
            let entry = AuditRecord::new(AuditEntry::PermissionsSet, Some(user), address.to_owned(), now);
            let record = GrantsRecord { user_id: user, grants };
            let mut transaction = Transaction::new();
            transaction
                .replace(&changed, PermissionsError::Stale)
                .create_or_replace(&record, version, PermissionsError::Stale)
                .put_over(&AuditRecord { actor_id: by, ..entry }.change(&before, &wanted));
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok((changed.value.0, record.grants)),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Refused(_) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
            }
        }
        Err(CommitError::Refused(PermissionsError::Stale))
    }
}

/// The grants of an account that got its role at `now`.
pub(super) fn of_role(account: &Account, now: Timestamp) -> GrantsRecord {
    let grant = |permission| Grant { permission, granted_by: None, granted_at: now };
    GrantsRecord { user_id: account.id, grants: account.permissions.iter().map(grant).collect() }
}

/// The grants behind `wanted`: those that are known, and new ones by `by` at `now`. What the account
/// has had without a grant on record came with its role, when it was made.
fn grants_of(
    account: &Account,
    wanted: Permissions,
    known: &[Grant],
    by: Option<UserId>,
    now: Timestamp,
) -> Vec<Grant> {
    let grant = |permission| {
        let on_record = known.iter().find(|grant| grant.permission == permission).copied();
        let with_role = || {
            let had = account.permissions.contains(permission);
            had.then_some(Grant { permission, granted_by: None, granted_at: account.created_at })
        };
        on_record.or_else(with_role).unwrap_or(Grant { permission, granted_by: by, granted_at: now })
    };
    wanted.iter().map(grant).collect()
}
