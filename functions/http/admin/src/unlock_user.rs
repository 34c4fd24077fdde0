//! `POST /v1/admin/users/{id}/unlock`: staff let somebody try again.

use axum::extract::State;
use banister_domain::id::UserId;
use banister_platform::http::{ClientAddress, Code, NoContent, Path, Problem, Staff, needs};
use banister_platform::store::Act;

use crate::Admin;

pub(crate) const PROBLEMS: &[Code] = &[Code::AccountErased, Code::EmailTaken, Code::NotFound];

/// Let somebody try again
///
/// Clears the counters of attempts to sign in to the account and to use a code, a second factor or a password of
/// it, from whatever address. A mailed code that was tried five times stays void; what bounds mails stays too.
#[utoipa::path(post, path = "/v1/admin/users/{id}/unlock", params(("id" = UserId, Path, description = "Whose")),
    responses((status = 204, description = "The counters are cleared")))]
pub(crate) async fn unlock_user(
    State(admin): State<Admin>,
    caller: Staff<needs::UserManagement>,
    address: ClientAddress,
    Path(id): Path<UserId>,
) -> Result<NoContent, Problem> {
    let (account, _) = admin.reachable(caller.identity, id).await?;
    let act = Act { by: Some(caller.identity.user_id), address: address.subject(), at: admin.clock.now() };
    admin.accounts.unlock(&account, &act).await?;
    Ok(NoContent)
}
