//! `POST /v1/me/phone/confirm`: whoever is signed in confirms the own telephone number.

use axum::extract::State;
use banister_platform::http::{ClientAddress, Code, Json, NoContent, Problem, SignedIn};
use banister_platform::limit::CONFIRM_PHONE;
use banister_platform::store::ConfirmError;
use banister_platform::table::CommitError;
use serde::Deserialize;

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::InvalidCode, Code::TooManyRequests];

/// The code from the mail.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmPhone {
    /// Eight digits.
    #[schema(example = "40175283")]
    code: String,
}

/// Confirm the own telephone number
///
/// With the code that was mailed when the number was set. It is good for ten minutes, once, for five attempts and for
/// that number; the same code again is answered the same, for an answer may be lost.
#[utoipa::path(post, path = "/v1/me/phone/confirm", request_body = ConfirmPhone,
    responses((status = 204, description = "Confirmed")))]
pub(crate) async fn confirm_phone(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    address: ClientAddress,
    Json(ask): Json<ConfirmPhone>,
) -> Result<NoContent, Problem> {
    let now = accounts.clock.now();
    CONFIRM_PHONE.count(&accounts.table, &caller.user_id.to_string(), now).await?;
    let is_right = |id| accounts.codes.is(id, &ask.code);
    match accounts.store.confirm_phone(caller.user_id, is_right, address.subject(), now).await {
        Ok(()) => Ok(NoContent),
        Err(CommitError::Refused(ConfirmError::InvalidCode)) => Err(Problem::new(Code::InvalidCode)),
        Err(CommitError::Refused(ConfirmError::Stale) | CommitError::Contention) => Err(Problem::busy()),
        Err(CommitError::Storage(error)) => Err(error.into()),
    }
}
