//! Who may do what: the permissions of staff, and who stands above whom.

mod second_factor;
mod super_admins;

pub use second_factor::SecondFactorRoles;
pub use super_admins::{LastSuperAdmin, SuperAdmins};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::account::Role;

/// What a member of staff may be allowed to do, each by itself.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(example = "user_management")]
pub enum Permission {
    /// See and change customers and providers.
    UserManagement,
    /// See and archive the services of all providers.
    ServiceManagement,
    /// See and cancel all bookings.
    BookingManagement,
    /// See all payments, and refund them.
    PaymentManagement,
    /// Decide on withdrawals.
    WithdrawalManagement,
    /// See and decide on documents.
    DocumentManagement,
    /// See what was earned, paid and owed.
    FinancialReports,
    /// Change how the marketplace works.
    SystemSettings,
    /// See and change staff of a lower rank, and read the audit log.
    AdminManagement,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 9] = [
        Self::UserManagement,
        Self::ServiceManagement,
        Self::BookingManagement,
        Self::PaymentManagement,
        Self::WithdrawalManagement,
        Self::DocumentManagement,
        Self::FinancialReports,
        Self::SystemSettings,
        Self::AdminManagement,
    ];

    /// The name in JSON and the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserManagement => "user_management",
            Self::ServiceManagement => "service_management",
            Self::BookingManagement => "booking_management",
            Self::PaymentManagement => "payment_management",
            Self::WithdrawalManagement => "withdrawal_management",
            Self::DocumentManagement => "document_management",
            Self::FinancialReports => "financial_reports",
            Self::SystemSettings => "system_settings",
            Self::AdminManagement => "admin_management",
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// Some permissions; in JSON a list without repeats, in the order of [`Permission::ALL`]. Reading leaves
/// out what is none, so a request takes a list of [`Permission`] instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u16);

impl Permissions {
    /// No permission.
    pub const NONE: Self = Self(0);

    /// Each permission.
    #[must_use]
    pub fn all() -> Self {
        Permission::ALL.into_iter().collect()
    }

    /// Whether this one is among them.
    #[must_use]
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.contains(*permission))
    }

    /// Those that are here and in `other`.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are here and not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | permission.bit()))
    }
}
impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // One that a later release knows must not make the account unreadable to this one.
        let names = Vec::<String>::deserialize(deserializer)?;
        let known = |name: &String| Permission::ALL.into_iter().find(|known| known.as_str() == name);
        Ok(names.iter().filter_map(known).collect())
    }
}
impl utoipa::PartialSchema for Permissions {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ArrayBuilder::new()
            .items(utoipa::openapi::Ref::from_schema_name("Permission"))
            .examples([serde_json::json!(["booking_management", "user_management"])])
            .into()
    }
}
impl utoipa::ToSchema for Permissions {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        schemas.push(("Permission".into(), <Permission as utoipa::PartialSchema>::schema()));
    }
}

impl Role {
    /// The roles of those who work here.
    pub const STAFF: [Self; 4] = [Self::Management, Self::Accountant, Self::Admin, Self::SuperAdmin];

    /// Whether it is a role of those who work here.
    #[must_use]
    pub const fn is_staff(self) -> bool {
        !matches!(self, Self::Customer | Self::Provider)
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Customer | Self::Provider => 0,
            Self::Management | Self::Accountant => 1,
            Self::Admin => 2,
            Self::SuperAdmin => 3,
        }
    }

    /// Whether somebody of this role may act on the account of somebody else of the role `other`:
    /// on those of a lower rank, and a super admin on everybody. Permissions come on top.
    #[must_use]
    pub const fn is_above(self, other: Self) -> bool {
        self.rank() > other.rank() || matches!(self, Self::SuperAdmin)
    }

    /// The permission to see and change accounts of this role.
    #[must_use]
    pub const fn managed_by(self) -> Permission {
        if self.is_staff() { Permission::AdminManagement } else { Permission::UserManagement }
    }

    /// What a new account of this role may do, until a super admin says otherwise.
    #[must_use]
    pub fn starting_permissions(self) -> Permissions {
        use Permission as P;
        let some: &[Permission] = match self {
            // A super admin needs none to be written down.
            Self::Customer | Self::Provider | Self::SuperAdmin => &[],
            Self::Management => &[P::ServiceManagement, P::BookingManagement],
            Self::Accountant => {
                &[P::PaymentManagement, P::WithdrawalManagement, P::DocumentManagement, P::FinancialReports]
            }
            Self::Admin => {
                &[P::UserManagement, P::ServiceManagement, P::BookingManagement, P::DocumentManagement]
            }
        };
        some.iter().copied().collect()
    }

    /// What a new account of this role starts with when somebody of the role `maker` makes it who was
    /// `granted` so much: nobody hands out what they may not do themselves.
    #[must_use]
    pub fn permissions_from(self, maker: Self, granted: Permissions) -> Permissions {
        let held = Permission::ALL.into_iter().filter(|permission| maker.may(granted, *permission)).collect();
        self.starting_permissions().and(held)
    }

    /// Whether somebody of this role to whom `granted` was granted may do what needs `permission`.
    /// Customers and providers never, whatever was granted to them; super admins always.
    #[must_use]
    pub const fn may(self, granted: Permissions, permission: Permission) -> bool {
        match self {
            Self::Customer | Self::Provider => false,
            Self::Management | Self::Accountant | Self::Admin => granted.contains(permission),
            Self::SuperAdmin => true,
        }
    }
}

/// How far a member of staff reaches on somebody's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Not even that it exists.
    Hidden,
    /// What it is.
    Seen,
    /// To change it.
    Managed,
}

impl Reach {
    /// How far somebody of `role` with what was `granted` reaches on an account of the role `other`,
    /// `own` if it is theirs. Nobody manages their own account here, so that nobody raises themselves.
    #[must_use]
    pub const fn of(role: Role, granted: Permissions, other: Role, own: bool) -> Self {
        if !role.may(granted, other.managed_by()) {
            Self::Hidden
        } else if own || !role.is_above(other) {
            Self::Seen
        } else {
            Self::Managed
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_those_of_json() {
        for permission in Permission::ALL {
            assert_eq!(serde_json::to_value(permission).unwrap(), permission.as_str());
        }
        let all = serde_json::to_value(Permissions::all()).unwrap();
        assert_eq!(all.as_array().map(Vec::len), Some(9));
    }

    #[test]
    fn a_set_is_a_list_in_order_without_repeats() {
        let text = json!(["admin_management", "user_management", "admin_management"]);
        let set: Permissions = serde_json::from_value(text).unwrap();
        assert_eq!(serde_json::to_value(set).unwrap(), json!(["user_management", "admin_management"]));
        let newer: Permissions = serde_json::from_value(json!(["everything", "user_management"])).unwrap();
        assert_eq!(serde_json::to_value(newer).unwrap(), json!(["user_management"]));
        assert_eq!(set.without(set), Permissions::NONE);
    }

    #[test]
    fn nobody_is_above_an_equal_but_super_admins() {
        use Role::{Accountant, Admin, Customer, Management, Provider, SuperAdmin};
        let below =
            |role: Role| Role::ALL.into_iter().filter(|other| role.is_above(*other)).collect::<Vec<_>>();
        assert_eq!(below(Customer), []);
        assert_eq!(below(Provider), []);
        assert_eq!(below(Management), [Customer, Provider]);
        assert_eq!(below(Accountant), [Customer, Provider]);
        assert_eq!(below(Admin), [Customer, Provider, Management, Accountant]);
        assert_eq!(below(SuperAdmin), Role::ALL);
    }

    #[test]
    fn accounts_are_managed_from_above_and_with_the_permission_of_their_kind() {
        let both: Permissions =
            [Permission::UserManagement, Permission::AdminManagement].into_iter().collect();
        for role in Role::ALL {
            for other in Role::ALL {
                for granted in
                    [Permissions::NONE, both, both.without([other.managed_by()].into_iter().collect())]
                {
                    let allowed =
                        role == Role::SuperAdmin || (role.is_staff() && granted.contains(other.managed_by()));
                    let wanted = match (allowed, role.is_above(other)) {
                        (false, _) => Reach::Hidden,
                        (true, false) => Reach::Seen,
                        (true, true) => Reach::Managed,
                    };
                    assert_eq!(Reach::of(role, granted, other, false), wanted, "{role:?} on {other:?}");
                    assert_ne!(Reach::of(role, granted, other, true), Reach::Managed, "{role:?}");
                }
            }
        }
    }

    #[test]
    fn nobody_hands_out_what_they_do_not_have() {
        let starting = Role::Accountant.starting_permissions();
        assert_eq!(Role::Accountant.permissions_from(Role::SuperAdmin, Permissions::NONE), starting);
        assert_eq!(Role::Accountant.permissions_from(Role::Admin, Permissions::NONE), Permissions::NONE);
        let one = [Permission::FinancialReports, Permission::UserManagement].into_iter().collect();
        let handed: Permissions = [Permission::FinancialReports].into_iter().collect();
        assert_eq!(Role::Accountant.permissions_from(Role::Admin, one), handed);
    }

    #[test]
    fn only_staff_may_by_permission() {
        for permission in Permission::ALL {
            for role in Role::ALL {
                assert_eq!(role.may(Permissions::all(), permission), role.is_staff(), "{role:?}");
                assert_eq!(role.may(Permissions::NONE, permission), role == Role::SuperAdmin, "{role:?}");
            }
        }
    }
}
