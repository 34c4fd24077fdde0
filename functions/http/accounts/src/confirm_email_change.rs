//! `POST /v1/me/email/confirm`: whoever got the code at the new address moves the own account there.

use axum::extract::State;
use banister_platform::http::{ClientAddress, Code, Json, NoContent, Problem, SignedIn};
use banister_platform::limit::CONFIRM_EMAIL_CHANGE;
use banister_platform::store::EmailChangeError;
use banister_platform::table::CommitError;
use serde::Deserialize;

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::Busy, Code::EmailTaken, Code::InvalidCode, Code::TooManyRequests];

/// The code from the mail.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmEmailChange {
    /// Eight digits.
    #[schema(example = "40175283")]
    code: String,
}

/// Change the own e-mail address
///
/// With the code that was mailed to the new one: good for ten minutes, once, and for five attempts; the same code again
/// is answered the same. All other sessions of the caller end. This one goes on, but its access token is void within
/// five seconds and its WebSocket connections are closed: refresh the session and connect again. The address that was
/// is told by mail. 409 `email_taken` where the address has got an account since the code was mailed.
#[utoipa::path(post, path = "/v1/me/email/confirm", request_body = ConfirmEmailChange,
    responses((status = 204, description = "The address is the new one")))]
pub(crate) async fn confirm_email_change(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    address: ClientAddress,
    Json(ask): Json<ConfirmEmailChange>,
) -> Result<NoContent, Problem> {
    let now = accounts.clock.now();
    CONFIRM_EMAIL_CHANGE.count(&accounts.table, &caller.user_id.to_string(), now).await?;
    let is_right = |id| accounts.codes.is(id, &ask.code);
    let who = (caller.user_id, caller.session_id);
    match accounts.store.change_email(who, is_right, address.subject(), now).await {
        Ok(()) => {
            accounts.gate.forget(caller.session_id);
            Ok(NoContent)
        }
        Err(CommitError::Refused(EmailChangeError::InvalidCode)) => Err(Problem::new(Code::InvalidCode)),
        Err(CommitError::Refused(EmailChangeError::Taken)) => Err(Problem::new(Code::EmailTaken)),
        Err(CommitError::Refused(EmailChangeError::SignedOut)) => Err(Problem::new(Code::Unauthenticated)),
        Err(CommitError::Contention) => Err(Problem::busy()),
        Err(CommitError::Storage(error)) => Err(error.into()),
    }
}
