//! Who runs the admins: there must always be somebody.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountStatus, Role};
use crate::id::UserId;

/// There would be no active super admin left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there must be another active super admin")]
pub struct LastSuperAdmin;

/// The super admins that are active. Once there is one, there always is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SuperAdmins(BTreeSet<UserId>);

impl SuperAdmins {
    /// Who they are once an account has become `after`; it was `before`, or not there. `None` where
    /// that changes nothing. The last one cannot go.
    pub fn after(&self, before: Option<&Account>, after: &Account) -> Result<Option<Self>, LastSuperAdmin> {
        if is_one(after) {
            return Ok((!self.0.contains(&after.id))
                .then(|| Self(self.0.iter().copied().chain([after.id]).collect())));
        }
        let was_one = before.is_some_and(is_one);
        let rest: BTreeSet<_> = self.0.iter().copied().filter(|id| *id != after.id).collect();
        if was_one && rest.is_empty() {
            return Err(LastSuperAdmin);
        }
        Ok((rest.len() < self.0.len()).then_some(Self(rest)))
    }
}

fn is_one(account: &Account) -> bool {
    account.role == Role::SuperAdmin && account.status == AccountStatus::Active
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::id::Id;

    fn account(id: u8, role: Role, status: AccountStatus) -> Account {
        let id: UserId = Id::from_parts(1, id.into());
        let account = json!({ "id": id, "email": "staff@example.com", "role": role, "status": status,
            "epoch": 0, "email_confirmed": true, "first_name": "Super", "last_name": "Admin",
            "time_zone": "UTC", "locale": "en", "created_at": "2026-03-09T08:00:00Z" });
        serde_json::from_value(account).unwrap()
    }

    #[test]
    fn the_last_one_stays() {
        let [one, two] = [1, 2].map(|id| account(id, Role::SuperAdmin, AccountStatus::Active));
        let off = |account: &Account| Account { status: AccountStatus::Disabled, ..account.clone() };
        let lower = |account: &Account| Account { role: Role::Admin, ..account.clone() };
        let nobody = SuperAdmins::default();
        let first = nobody.after(None, &one).unwrap().unwrap();
        assert_eq!(first.after(Some(&one), &one), Ok(None));
        assert_eq!(first.after(Some(&one), &off(&one)), Err(LastSuperAdmin));
        assert_eq!(first.after(Some(&one), &lower(&one)), Err(LastSuperAdmin));
        // One who was never written down is none to count on.
        assert_eq!(nobody.after(Some(&one), &off(&one)), Err(LastSuperAdmin));
        let both = first.after(Some(&lower(&two)), &two).unwrap().unwrap();
        let second = both.after(Some(&one), &off(&one)).unwrap().unwrap();
        assert_eq!(second, nobody.after(None, &two).unwrap().unwrap());
        assert_eq!(second.after(Some(&off(&one)), &off(&one)), Ok(None));
        assert_eq!(second.after(Some(&two), &lower(&two)), Err(LastSuperAdmin));
    }

    proptest! {
        #[test]
        fn they_are_exactly_the_active_ones(
            steps in prop::collection::vec((0_u8..4, 0_usize..6, any::<bool>()), 0..60),
        ) {
            let mut accounts: Vec<Option<Account>> = vec![None; 4];
            let mut known = SuperAdmins::default();
            for (id, role, active) in steps {
                let status = if active { AccountStatus::Active } else { AccountStatus::Disabled };
                let wanted = account(id, Role::ALL[role], status);
                let place = &mut accounts[usize::from(id)];
                if let Ok(changed) = known.after(place.as_ref(), &wanted) {
                    known = changed.unwrap_or(known);
                    *place = Some(wanted);
                } else {
                    prop_assert_eq!(known.0.len(), 1);
                }
                let active: BTreeSet<_> =
                    accounts.iter().flatten().filter(|account| is_one(account)).map(|account| account.id).collect();
                prop_assert_eq!(&known.0, &active);
            }
        }
    }
}
