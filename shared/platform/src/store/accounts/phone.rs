//! Who has which telephone number. The claim is an item of the number's own, written with the account, so
//! that of two who want it at once one gets it.

use banister_domain::account::{Account, Phone, PhoneStatus};
use banister_domain::id::{CodeId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::code::{ConfirmError, Purpose};
use super::{Accounts, CodeRecord};
use crate::store::AuditEntry;
use crate::table::{CommitError, Key, Record, StorageError, Transaction, key};

/// That a number is somebody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PhoneRecord {
    phone: Phone,
    user_id: UserId,
}

impl Record for PhoneRecord {
    const TYPE: &'static str = "phone";

    fn key(&self) -> Key {
        key::phone(&self.phone)
    }
}

/// Adds to a transaction what changes about the number that is held when an account becomes `after`; `taken`
/// is what it means that somebody else holds it.
pub(in crate::store) fn claim<M>(
    transaction: &mut Transaction<M>,
    before: &Account,
    after: &Account,
    taken: M,
) {
    let (old, new) = (before.held_phone(), after.held_phone());
    if old == new {
        return;
    }
    if let Some(phone) = new {
        transaction.create(&PhoneRecord { phone: phone.clone(), user_id: after.id }, taken);
    }
    if let Some(phone) = old {
        transaction.delete(&key::phone(phone));
    }
}

impl Accounts {
    /// Whether nobody else holds the number that an account is about to hold.
    pub(super) async fn may_hold(&self, before: &Account, after: &Account) -> Result<bool, StorageError> {
        match after.held_phone() {
            Some(phone) if before.held_phone() != Some(phone) => self.is_free(phone).await,
            _ => Ok(true),
        }
    }

    /// Whether the number that was only named, if one was, can be held.
    pub(super) async fn names_free_phone(&self, account: &Account) -> Result<bool, StorageError> {
        match &account.phone {
            Some(phone) if account.phone_status == PhoneStatus::Named => self.is_free(phone).await,
            _ => Ok(true),
        }
    }

    async fn is_free(&self, phone: &Phone) -> Result<bool, StorageError> {
        Ok(self.table.get::<PhoneRecord>(&key::phone(phone)).await?.is_none())
    }

    /// Confirms the number of whoever is signed in, if `is_right` says that the code with this id was typed.
    pub async fn confirm_phone(
        &self,
        user: UserId,
        is_right: impl Fn(CodeId) -> bool,
        address: String,
        now: Timestamp,
    ) -> Result<(), CommitError<ConfirmError>> {
        let tried = self.tried(user, &key::phone_code(user), is_right, now).await?;
        let Some((account, code)) = tried else { return self.refuse_code(Some(user), address, now).await };
        let Purpose::ConfirmPhone { phone } = &code.value.purpose else {
            return self.refuse_code(Some(user), address, now).await;
        };
        let phone = phone.clone();
        let confirmed = |account: &Account| {
            account.phone.as_ref() == Some(&phone) && account.phone_status == PhoneStatus::Confirmed
        };
        if code.value.used && confirmed(&account.value.0) {
            return Ok(());
        }
        let change = |account: &Account, _| {
            let account = account.clone();
            let same = account.held_phone() == Some(&phone);
            same.then_some(Account { phone_status: PhoneStatus::Confirmed, ..account })
        };
        self.settle((account, code), change, AuditEntry::PhoneConfirmed, address, now).await
    }

    /// The number that a mailed code confirms; none where the code has been replaced.
    pub async fn phone_to_confirm(&self, user: UserId, code: CodeId) -> Result<Option<Phone>, StorageError> {
        let found = self.table.get::<CodeRecord>(&key::phone_code(user)).await?;
        Ok(found.filter(|found| found.value.id == code).and_then(|found| match found.value.purpose {
            Purpose::ConfirmPhone { phone } => Some(phone),
            _ => None,
        }))
    }
}
