//! `POST /v1/email-confirmations`: anyone who got the code by mail confirms the address.

use axum::extract::State;
use banister_domain::account::Email;
use banister_platform::http::{Anyone, ClientAddress, Code, Json, NoContent, Problem};
use banister_platform::limit::{CONFIRM_EMAIL, CONFIRM_EMAIL_HERE, Limit};
use banister_platform::store::ConfirmError;
use banister_platform::table::CommitError;
use serde::Deserialize;

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::InvalidCode, Code::TooManyRequests];

const PER_ADDRESS: Limit = Limit { operation: "confirm_address", count: 60, seconds: 600 };

/// The code from the mail.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmEmail {
    email: Email,
    /// Eight digits.
    #[schema(example = "40175283")]
    code: String,
}

/// Confirm the e-mail address
///
/// A code is good for ten minutes, once, and for five attempts; the same code again is answered the same,
/// for an answer may be lost. The answer is the same for a wrong code, an old one and an address without an
/// account.
#[utoipa::path(post, path = "/v1/email-confirmations", request_body = ConfirmEmail,
    responses((status = 204, description = "Confirmed")))]
pub(crate) async fn confirm_email(
    State(accounts): State<Accounts>,
    _: Anyone,
    address: ClientAddress,
    Json(ask): Json<ConfirmEmail>,
) -> Result<NoContent, Problem> {
    let (now, address) = (accounts.clock.now(), address.subject());
    PER_ADDRESS.count_address(&accounts.table, &address, now).await?;
    CONFIRM_EMAIL_HERE.count_from(&accounts.table, ask.email.as_str(), &address, now).await?;
    CONFIRM_EMAIL.count(&accounts.table, ask.email.as_str(), now).await?;
    let is_right = |id| accounts.codes.is(id, &ask.code);
    match accounts.store.confirm_email(&ask.email, is_right, address, now).await {
        Ok(()) => Ok(NoContent),
        Err(CommitError::Refused(ConfirmError::InvalidCode)) => Err(Problem::new(Code::InvalidCode)),
        Err(CommitError::Refused(ConfirmError::Stale) | CommitError::Contention) => Err(Problem::busy()),
        Err(CommitError::Storage(error)) => Err(error.into()),
    }
}
