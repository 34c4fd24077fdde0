//! How staff see accounts.

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::{Account, AccountStatus, Role};
use banister_domain::id::UserId;
use banister_platform::store::Grant;
use banister_platform::view::{AccountView, Viewer};
use jiff::Timestamp;
use serde::Serialize;

/// An account as staff see it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = User, example = json!({
    "id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "email": "customer@example.com",
    "role": "customer",
    "email_confirmed": true,
    "first_name": "Customer",
    "last_name": "One",
    "phone": "+12015550123",
    "time_zone": "Europe/Lisbon",
    "locale": "en",
    "photo": null,
    "created_at": "2026-03-09T08:00:00Z",
    "status": "active",
    "permissions": [],
}))]
pub(crate) struct UserView {
    #[serde(flatten)]
    account: AccountView,
    /// In use or switched off.
    status: AccountStatus,
    /// What was granted to a member of staff. A super admin needs none.
    permissions: Permissions,
}

impl UserView {
    pub(crate) fn new(account: Account, viewer: &Viewer, now: Timestamp) -> Self {
        let Account { status, permissions, .. } = account;
        Self { account: viewer.account(account, now), status, permissions }
    }
}

/// A permission that somebody has.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Grant, example = json!({
    "permission": "user_management",
    "granted_by": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "granted_at": "2026-03-09T08:00:00Z",
}))]
pub(crate) struct GrantView {
    /// Which.
    permission: Permission,
    /// Who granted it; `null` where it came with the role.
    granted_by: Option<UserId>,
    /// When.
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    granted_at: Timestamp,
}

/// What a member of staff may do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = StaffPermissions, example = json!({
    "user_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "role": "management",
    "permissions": [{
        "permission": "user_management",
        "granted_by": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDF",
        "granted_at": "2026-03-09T08:00:00Z",
    }],
}))]
pub(crate) struct PermissionsView {
    /// Whose.
    pub(crate) user_id: UserId,
    /// As what. A super admin may do everything, whatever is granted.
    pub(crate) role: Role,
    /// What is granted, in the order of the permissions.
    #[schema(value_type = Vec<GrantView>)]
    pub(crate) permissions: Vec<GrantView>,
}

impl PermissionsView {
    pub(crate) fn new(account: &Account, grants: Vec<Grant>) -> Self {
        let view =
            |Grant { permission, granted_by, granted_at }| GrantView { permission, granted_by, granted_at };
        let permissions = grants.into_iter().map(view).collect();
        Self { user_id: account.id, role: account.role, permissions }
    }
}
