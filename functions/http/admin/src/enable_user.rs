//! `POST /v1/admin/users/{id}/enable`: staff switch an account on again.

use axum::extract::State;
use banister_domain::bulk::UserAct;
use banister_domain::id::UserId;
use banister_domain::text::Reason;
use banister_platform::http::{ClientAddress, Code, Fingerprinted, Json, Path, Problem, Staff, needs};
use serde::Deserialize;

use crate::Admin;
use crate::view::UserView;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound, Code::AccountErased, Code::EmailTaken, Code::Busy];

/// Why the account is switched on again.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "It was a mistake." }))]
pub(crate) struct EnableUser {
    /// Kept in the audit log.
    reason: Reason,
}

/// Switch an account on again
///
/// Its owner has to sign in anew. One that is on already stays as it is. A registration that lapsed
/// and whose address was registered anew stays off.
#[utoipa::path(post, path = "/v1/admin/users/{id}/enable", request_body = EnableUser,
    params(("id" = UserId, Path, description = "Whose")),
    responses((status = 200, description = "The account", body = UserView)))]
pub(crate) async fn enable_user(
    State(admin): State<Admin>,
    caller: Staff<needs::UserManagement>,
    address: ClientAddress,
    Path(id): Path<UserId>,
    Json(ask): Json<EnableUser>,
) -> Result<Fingerprinted<UserView>, Problem> {
    let what = UserAct::Enable { reason: ask.reason };
    let account = admin.perform(caller.identity, &address, id, &what).await?;
    Ok(Fingerprinted::from(UserView::new(account, &admin.viewer, admin.clock.now())))
}
