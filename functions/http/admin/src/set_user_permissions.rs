//! `PUT /v1/admin/users/{id}/permissions`: a super admin grants and revokes.

use axum::extract::State;
use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Account;
use banister_domain::id::UserId;
use banister_platform::http::{ClientAddress, Code, Fingerprinted, Json, Path, Problem, Seen, SuperAdmin};
use banister_platform::store::{Grant, PermissionsError};
use banister_platform::table::CommitError;
use serde::Deserialize;

use crate::Admin;
use crate::view::PermissionsView;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::NotFound, Code::AccountErased, Code::NotStaff, Code::Busy, Code::Stale, Code::IfMatchRequired];

/// All that somebody may do from now on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "permissions": ["booking_management", "user_management"] }))]
pub(crate) struct SetPermissions {
    /// What is not in it is revoked.
    #[schema(value_type = Permissions)]
    permissions: Vec<Permission>,
}

/// Grant and revoke permissions
///
/// Nobody sets the own ones. Takes effect within five seconds, also where the user is signed in. What was granted before keeps
/// the name of who granted it. `If-Match` names the `ETag` with which the permissions were read: of two who set them at
/// once, the second one is told.
#[utoipa::path(put, path = "/v1/admin/users/{id}/permissions", request_body = SetPermissions,
    params(("id" = UserId, Path, description = "Whose"),
        ("If-Match" = String, Header, description = "The ETag of what was read")),
    responses((status = 200, description = "The permissions", body = PermissionsView)))]
pub(crate) async fn set_user_permissions(
    State(admin): State<Admin>,
    caller: SuperAdmin,
    address: ClientAddress,
    Path(id): Path<UserId>,
    seen: Seen,
    Json(ask): Json<SetPermissions>,
) -> Result<Fingerprinted<PermissionsView>, Problem> {
    if id == caller.user_id {
        return Err(Problem::new(Code::Forbidden).detail("Nobody sets the own permissions."));
    }
    let (now, address) = (admin.clock.now(), address.subject());
    let wanted: Permissions = ask.permissions.into_iter().collect();
    let wanted = |account: &Account, grants: Vec<Grant>| {
        seen.check(&PermissionsView::new(account, grants)).ok().map(|()| wanted)
    };
    let set = admin.accounts.change_permissions(id, wanted, Some(caller.user_id), &address, now).await;
    match set {
        Ok((account, grants)) => Ok(Fingerprinted::from(PermissionsView::new(&account, grants))),
        Err(CommitError::Refused(PermissionsError::Missing)) => Err(Problem::new(Code::NotFound)),
        Err(CommitError::Refused(PermissionsError::NotStaff)) => Err(Problem::new(Code::NotStaff)),
        Err(CommitError::Refused(PermissionsError::Changed)) => Err(Problem::new(Code::Stale)),
        Err(CommitError::Refused(PermissionsError::Erased)) => Err(Problem::new(Code::AccountErased)),
        Err(CommitError::Refused(PermissionsError::Stale) | CommitError::Contention) => Err(Problem::busy()),
        Err(CommitError::Storage(error)) => Err(error.into()),
    }
}
