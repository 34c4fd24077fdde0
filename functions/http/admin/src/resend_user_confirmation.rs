//! `POST /v1/admin/users/{id}/confirmation-code`: staff have another code or invitation mailed to somebody.

use axum::extract::State;
use banister_domain::account::AccountStatus;
use banister_domain::id::UserId;
use banister_platform::http::{Accepted, ClientAddress, Code, Path, Problem, Staff, needs};
use banister_platform::limit::{RESEND, RESEND_HOUR};
use banister_platform::random;
use banister_platform::store::Act;
use banister_platform::table::CommitError;

use crate::Admin;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::AccountErased, Code::Busy, Code::EmailTaken, Code::NotFound, Code::TooManyRequests];

/// Mail somebody another code or invitation
///
/// That confirms the address; the code before it is void. Counts as if the owner had asked. Nothing is mailed where
/// the address is confirmed. Whoever has never had a password is mailed another invitation in its place (see `POST
/// /v1/admin/users`); those before stay good for their time.
#[utoipa::path(post, path = "/v1/admin/users/{id}/confirmation-code",
    params(("id" = UserId, Path, description = "Whose")),
    responses((status = 202, description = "Mailed, if the account is in use and there is an address to confirm or a password to choose")))]
pub(crate) async fn resend_user_confirmation(
    State(admin): State<Admin>,
    caller: Staff<needs::UserManagement>,
    address: ClientAddress,
    Path(id): Path<UserId>,
) -> Result<Accepted, Problem> {
    let (account, credentials) = admin.reachable(caller.identity, id).await?;
    // No mail goes to an account that is off, so none is promised.
    if account.status != AccountStatus::Active {
        return Ok(Accepted);
    }
    let (email, now) = (&account.email, admin.clock.now());
    RESEND.count(&admin.table, email.as_str(), now).await?;
    RESEND_HOUR.count(&admin.table, email.as_str(), now).await?;
    let act = Act { by: Some(caller.identity.user_id), address: address.subject(), at: now };
    let code_id = random::id(now);
    let mailed = if credentials.password_hash.is_none() {
        let token = admin.codes()?.reset_token(code_id);
        admin.accounts.invite(&account, (code_id, &token), &act).await.map_err(settled)
    } else {
        admin.accounts.request_confirmation(email, &act).await.map_err(settled)
    };
    mailed.map(|()| Accepted)
}

fn settled<E>(error: CommitError<E>) -> Problem {
    match error {
        CommitError::Storage(error) => error.into(),
        CommitError::Refused(_) | CommitError::Contention => Problem::busy(),
    }
}
