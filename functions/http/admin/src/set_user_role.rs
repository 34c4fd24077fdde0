//! `PUT /v1/admin/users/{id}/role`: a member of staff gets another role.

use axum::extract::State;
use banister_domain::account::Role;
use banister_domain::bulk::UserAct;
use banister_domain::id::UserId;
use banister_platform::http::{ClientAddress, Code, Fingerprinted, Json, Path, Problem, Staff, needs};
use serde::Deserialize;

use crate::Admin;
use crate::view::UserView;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::NotFound, Code::AccountErased, Code::RoleFixed, Code::LastSuperAdmin, Code::Busy];

/// The role from now on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "role": "accountant" }))]
pub(crate) struct SetUserRole {
    /// One of staff.
    role: Role,
}

/// Give a member of staff another role
///
/// The caller must be above the role of before and the new one. From a super admin, the new role comes
/// with the permissions that it starts with; from others, with those of them that the account has
/// already. All others are revoked, and all sessions of the account end. Customers and providers never
/// become staff, nor the other way round. The role that the account has already changes nothing.
#[utoipa::path(put, path = "/v1/admin/users/{id}/role", request_body = SetUserRole,
    params(("id" = UserId, Path, description = "Whose")),
    responses((status = 200, description = "The account", body = UserView)))]
pub(crate) async fn set_user_role(
    State(admin): State<Admin>,
    caller: Staff<needs::AdminManagement>,
    address: ClientAddress,
    Path(id): Path<UserId>,
    Json(SetUserRole { role }): Json<SetUserRole>,
) -> Result<Fingerprinted<UserView>, Problem> {
    let what = UserAct::SetRole { role };
    let account = admin.perform(caller.identity, &address, id, &what).await?;
    Ok(Fingerprinted::from(UserView::new(account, &admin.viewer, admin.clock.now())))
}
