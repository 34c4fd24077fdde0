//! `POST /v1/admin/users/{id}/confirmation-code`: staff have another code mailed to somebody.

use axum::extract::State;
use banister_domain::id::UserId;
use banister_platform::http::{Accepted, ClientAddress, Code, Path, Problem, Staff, needs};
use banister_platform::limit::{RESEND, RESEND_HOUR};
use banister_platform::store::Act;
use banister_platform::table::CommitError;

use crate::Admin;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::AccountErased, Code::Busy, Code::EmailTaken, Code::NotFound, Code::TooManyRequests];

/// Mail somebody another code
///
/// That confirms the address; the code before it is void. Counts as if the owner had asked. Nothing is mailed where
/// the address is confirmed.
#[utoipa::path(post, path = "/v1/admin/users/{id}/confirmation-code",
    params(("id" = UserId, Path, description = "Whose")),
    responses((status = 202, description = "Mailed, if there is an address to confirm")))]
pub(crate) async fn resend_user_confirmation(
    State(admin): State<Admin>,
    caller: Staff<needs::UserManagement>,
    address: ClientAddress,
    Path(id): Path<UserId>,
) -> Result<Accepted, Problem> {
    let (account, now) = (admin.reachable(caller.identity, id).await?, admin.clock.now());
    RESEND.count(&admin.table, account.email.as_str(), now).await?;
    RESEND_HOUR.count(&admin.table, account.email.as_str(), now).await?;
    let act = Act { by: Some(caller.identity.user_id), address: address.subject(), at: now };
    match admin.accounts.request_confirmation(&account.email, &act).await {
        Ok(()) => Ok(Accepted),
        Err(CommitError::Storage(error)) => Err(error.into()),
        Err(CommitError::Refused(_) | CommitError::Contention) => Err(Problem::busy()),
    }
}
