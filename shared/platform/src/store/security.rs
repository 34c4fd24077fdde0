//! The settings of the marketplace that are about security: one item.

use banister_domain::access::SecondFactorRoles;
use serde::{Deserialize, Serialize};

use super::{Act, AuditEntry, AuditRecord};
use crate::table::{CommitError, Key, Record, StorageError, Table, Transaction, Versioned, key};

/// The settings as kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SecurityRecord {
    /// Whose operations demand a second factor.
    pub second_factor_roles: SecondFactorRoles,
}

impl Record for SecurityRecord {
    const TYPE: &'static str = "security_settings";

    fn key(&self) -> Key {
        key::security_settings()
    }
}

/// Reads and sets them.
#[derive(Debug, Clone)]
pub struct Security {
    table: Table,
}

impl Security {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// What they are; version 0 is what they are before anybody sets them.
    pub async fn get(&self) -> Result<Versioned<SecurityRecord>, StorageError> {
        let found = self.table.get(&key::security_settings()).await?;
        Ok(found.unwrap_or(Versioned { value: SecurityRecord::default(), version: 0 }))
    }

    /// Sets them, with an audit line, if they are still at the version of `known`. Answers what they are
    /// then.
    pub async fn set(
        &self,
        known: Versioned<SecurityRecord>,
        after: SecurityRecord,
        act: &Act,
    ) -> Result<Versioned<SecurityRecord>, CommitError<()>> {
        let line = AuditRecord::new(AuditEntry::SecuritySettingsSet, None, act.address.clone(), act.at);
        let line = AuditRecord { actor_id: act.by, ..line }.change(&known.value, &after);
        let mut transaction = Transaction::new();
        transaction.create_or_replace(&after, known.version, ()).put_over(&line);
        transaction.commit(&self.table).await?;
        Ok(Versioned { value: after, version: known.version + 1 })
    }
}
