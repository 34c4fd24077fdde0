//! Which roles of staff must have a second factor.

use serde::{Deserialize, Serialize};

use crate::account::Role;

/// Roles of staff whose operations demand a second factor; super admins are always among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecondFactorRoles(Vec<Role>);

impl SecondFactorRoles {
    /// These, in the order of [`Role::STAFF`], and super admins; none where one of them is not of staff.
    #[must_use]
    pub fn new(roles: &[Role]) -> Option<Self> {
        let demanded = |role: &Role| *role == Role::SuperAdmin || roles.contains(role);
        let all_staff = roles.iter().all(|role| role.is_staff());
        all_staff.then(|| Self(Role::STAFF.into_iter().filter(demanded).collect()))
    }

    /// Whether whoever has this role must have one.
    #[must_use]
    pub fn demand(&self, role: Role) -> bool {
        role == Role::SuperAdmin || (role.is_staff() && self.0.contains(&role))
    }

    /// Each of them.
    #[must_use]
    pub fn as_slice(&self) -> &[Role] {
        &self.0
    }
}

impl Default for SecondFactorRoles {
    fn default() -> Self {
        Self(vec![Role::SuperAdmin])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn super_admins_always_and_customers_never() {
        assert_eq!(SecondFactorRoles::new(&[]), Some(SecondFactorRoles::default()));
        let both = SecondFactorRoles::new(&[Role::Admin, Role::Management, Role::Admin]).unwrap();
        assert_eq!(both.as_slice(), [Role::Management, Role::Admin, Role::SuperAdmin]);
        for role in Role::ALL {
            let demanded = matches!(role, Role::Management | Role::Admin | Role::SuperAdmin);
            assert_eq!(both.demand(role), demanded, "{role:?}");
            assert_eq!(SecondFactorRoles(Vec::new()).demand(role), role == Role::SuperAdmin);
            assert_eq!(SecondFactorRoles::new(&[role]).is_some(), role.is_staff());
        }
    }
}
