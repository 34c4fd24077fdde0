//! `POST /v1/admin/users/{id}/disable`: staff switch an account off.

use axum::extract::State;
use banister_domain::bulk::UserAct;
use banister_domain::id::UserId;
use banister_domain::text::Reason;
use banister_platform::http::{ClientAddress, Code, Fingerprinted, Json, Path, Problem, Staff, needs};
use serde::Deserialize;

use crate::Admin;
use crate::view::UserView;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound, Code::AccountErased, Code::LastSuperAdmin, Code::Busy];

/// Why the account is switched off.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "Sent spam to providers." }))]
pub(crate) struct DisableUser {
    /// Shown to staff, and kept in the audit log.
    reason: Reason,
}

/// Switch an account off
///
/// Ends all its sessions: its refresh tokens are void at once, its access tokens within five seconds,
/// and its WebSocket connections are closed. One that is off already stays as it is. Nobody disables
/// the own account or one that is not below.
#[utoipa::path(post, path = "/v1/admin/users/{id}/disable", request_body = DisableUser,
    params(("id" = UserId, Path, description = "Whose")),
    responses((status = 200, description = "The account", body = UserView)))]
pub(crate) async fn disable_user(
    State(admin): State<Admin>,
    caller: Staff<needs::UserManagement>,
    address: ClientAddress,
    Path(id): Path<UserId>,
    Json(ask): Json<DisableUser>,
) -> Result<Fingerprinted<UserView>, Problem> {
    let what = UserAct::Disable { reason: ask.reason };
    let account = admin.perform(caller.identity, &address, id, &what).await?;
    Ok(Fingerprinted::from(UserView::new(account, &admin.viewer, admin.clock.now())))
}
