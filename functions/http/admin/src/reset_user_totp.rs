//! `DELETE /v1/admin/users/{id}/totp`: staff turn off a second factor that was lost.

use axum::extract::State;
use banister_domain::account::Account;
use banister_domain::id::UserId;
use banister_platform::http::{ClientAddress, Code, NoContent, Path, Problem, Staff, needs};
use banister_platform::store::Edit;

use crate::Admin;

pub(crate) const PROBLEMS: &[Code] = &[Code::AccountErased, Code::Busy, Code::NotFound];

/// Turn off somebody's second factor
///
/// For somebody who has lost the app and the recovery codes. Ends all sessions of the account, and its owner is told by
/// mail. Where the role demands a second factor, its owner must set up another one first after signing in.
#[utoipa::path(delete, path = "/v1/admin/users/{id}/totp",
    params(("id" = UserId, Path, description = "Whose")),
    responses((status = 204, description = "It is off")))]
pub(crate) async fn reset_user_totp(
    State(admin): State<Admin>,
    caller: Staff<needs::UserManagement>,
    address: ClientAddress,
    Path(id): Path<UserId>,
) -> Result<NoContent, Problem> {
    let decide = |account: &Account| Ok(Edit::without_second_factor(account));
    admin.edit(caller.identity, &address, id, decide).await?;
    Ok(NoContent)
}
