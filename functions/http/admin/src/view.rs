//! How staff see accounts.

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::{Account, AccountStatus, Role};
use banister_domain::id::{AuditId, RequestId, UserId};
use banister_domain::text::Reason;
use banister_platform::store::{AuditEntry, AuditRecord, Grant, SecurityRecord};
use banister_platform::view::{AccountView, Viewer};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

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
    "phone_confirmed": false,
    "phone_taken": false,
    "bio": null,
    "provider": null,
    "time_zone": "Europe/Lisbon",
    "locale": "en",
    "photo": null,
    "created_at": "2026-03-09T08:00:00Z",
    "status": "active",
    "disabled_reason": null,
    "disabled_at": null,
    "permissions": [],
    "second_factor_on": false,
}))]
pub(crate) struct UserView {
    /// What its owner sees, too.
    #[serde(flatten)]
    account: AccountView,
    /// In use or switched off.
    status: AccountStatus,
    /// Why it was switched off, where staff did so.
    disabled_reason: Option<Reason>,
    /// When staff switched it off.
    #[schema(value_type = Option<String>, format = DateTime, example = json!(null))]
    disabled_at: Option<Timestamp>,
    /// What was granted to a member of staff. A super admin needs none.
    permissions: Permissions,
    /// Whether signing in takes a second factor.
    second_factor_on: bool,
}

impl UserView {
    pub(crate) fn new(account: Account, viewer: &Viewer, now: Timestamp) -> Self {
        let (status, permissions) = (account.status, account.permissions);
        let second_factor_on = account.second_factor;
        let disabled = account.disabled.clone();
        let disabled_at = disabled.as_ref().map(|disabled| disabled.at);
        let disabled_reason = disabled.map(|disabled| disabled.reason);
        let account = viewer.account(account, now);
        Self { account, status, disabled_reason, disabled_at, permissions, second_factor_on }
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

/// A record of the audit log.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = AuditRecord, example = json!({
    "id": "aud_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "at": "2026-03-09T08:00:00Z",
    "entry": "permissions_set",
    "target_id": "usr_01KB2Q9C6E8G0J2M4P6S8VXZBD",
    "actor_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "before": [],
    "after": ["booking_management"],
    "address": "198.51.100.7",
    "request_id": "req_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
}))]
pub(crate) struct AuditView {
    /// The record's id.
    id: AuditId,
    /// When it was done.
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    at: Timestamp,
    /// What was done.
    entry: AuditEntry,
    /// To whose account; `null` where there is no such account.
    target_id: Option<UserId>,
    /// By whom, where that is somebody else than `target_id`.
    actor_id: Option<UserId>,
    /// What was before, where something was changed.
    before: Option<Value>,
    /// What it has become.
    after: Option<Value>,
    /// Whence: an IPv4 address, the /64 of an IPv6 address, `unknown`, `command` where an operator's
    /// command did it, `job` where a job did, or `erased` where whoever did it was erased.
    #[schema(example = "198.51.100.7")]
    address: String,
    /// In which request, as its answer had it in `X-Request-Id`.
    request_id: Option<RequestId>,
}

impl AuditView {
    pub(crate) fn new(record: AuditRecord) -> Self {
        let AuditRecord { id, at, entry, user_id, actor_id, change, address, request_id, .. } = record;
        let (before, after) = change.map(|change| (change.before, change.after)).unzip();
        Self { id, at, entry, target_id: user_id, actor_id, before, after, address, request_id }
    }
}

/// The settings about security.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SecuritySettings, example = json!({ "second_factor_roles": ["accountant", "admin", "super_admin"] }))]
pub(crate) struct SecuritySettingsView {
    /// Roles of staff that must have a second factor; super admins are always among them.
    second_factor_roles: Vec<Role>,
}

impl SecuritySettingsView {
    pub(crate) fn new(settings: &SecurityRecord) -> Self {
        Self { second_factor_roles: settings.second_factor_roles.as_slice().to_vec() }
    }
}
