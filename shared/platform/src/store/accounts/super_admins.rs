//! The one item that says who the active super admins are. Every change that makes or unmakes one
//! replaces it under the version it was read at, so that of two changes at once the second one sees
//! the first.

use banister_domain::access::{LastSuperAdmin, SuperAdmins};
use banister_domain::account::Account;
use serde::{Deserialize, Serialize};

use crate::table::{Key, Record, Transaction, Versioned, key};

/// The active super admins as kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::store) struct SuperAdminsRecord {
    super_admins: SuperAdmins,
}

impl Record for SuperAdminsRecord {
    const TYPE: &'static str = "super_admins";

    fn key(&self) -> Key {
        key::super_admins()
    }
}

impl SuperAdminsRecord {
    /// Adds to a transaction what becomes of them, `known` as read, when an account becomes `after`;
    /// `stale` is what it means that they have changed meanwhile.
    pub(in crate::store) fn keep<M>(
        transaction: &mut Transaction<M>,
        known: Option<Versioned<Self>>,
        before: Option<&Account>,
        after: &Account,
        stale: M,
    ) -> Result<(), LastSuperAdmin> {
        let version = known.as_ref().map_or(0, |known| known.version);
        let known = known.map(|known| known.value).unwrap_or_default();
        if let Some(super_admins) = known.super_admins.after(before, after)? {
            transaction.create_or_replace(&Self { super_admins }, version, stale);
        }
        Ok(())
    }
}
