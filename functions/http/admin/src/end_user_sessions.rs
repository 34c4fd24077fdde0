//! `DELETE /v1/admin/users/{id}/sessions`: staff sign somebody out everywhere.

use axum::extract::State;
use banister_domain::bulk::UserAct;
use banister_domain::id::UserId;
use banister_platform::http::{ClientAddress, Code, NoContent, Path, Problem, Staff, needs};

use crate::Admin;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound, Code::AccountErased, Code::Busy];

/// Sign somebody out everywhere
///
/// Ends all sessions of the account: its refresh tokens are void at once, its access tokens within
/// five seconds, and its WebSocket connections are closed. Its owner can sign in again.
#[utoipa::path(delete, path = "/v1/admin/users/{id}/sessions",
    params(("id" = UserId, Path, description = "Whose")),
    responses((status = 204, description = "Signed out everywhere")))]
pub(crate) async fn end_user_sessions(
    State(admin): State<Admin>,
    caller: Staff<needs::UserManagement>,
    address: ClientAddress,
    Path(id): Path<UserId>,
) -> Result<NoContent, Problem> {
    admin.perform(caller.identity, &address, id, &UserAct::EndSessions).await?;
    Ok(NoContent)
}
