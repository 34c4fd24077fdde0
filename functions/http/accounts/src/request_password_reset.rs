//! `POST /v1/password-resets`: anyone has a link mailed that lets the owner of an address choose a new
//! password.

use axum::extract::State;
use banister_domain::account::Email;
use banister_platform::http::{Accepted, Anyone, ClientAddress, Code, Json, Problem};
use banister_platform::limit::Limit;
use banister_platform::random;
use banister_platform::table::CommitError;
use serde::Deserialize;

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::TooManyRequests];

/// As for registering: many may share one address.
const PER_ADDRESS: Limit = Limit { operation: "request_reset_address", count: 20, seconds: 3_600 };
/// Whether the address has an account or not.
const PER_ACCOUNT: Limit = Limit { operation: "request_reset_account", count: 1, seconds: 60 };
const PER_ACCOUNT_HOUR: Limit = Limit { operation: "request_reset_account_hour", count: 5, seconds: 3_600 };

/// Whose password it is.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestPasswordReset {
    email: Email,
}

/// Ask for a link to reset the password
///
/// The link is good for 30 minutes, once, and until all sessions of the account are ended. The answer and the
/// work are the same for an address without an account, to which nothing is mailed.
#[utoipa::path(post, path = "/v1/password-resets", request_body = RequestPasswordReset,
    responses((status = 202, description = "Mailed, if the address has an account")))]
pub(crate) async fn request_password_reset(
    State(accounts): State<Accounts>,
    _: Anyone,
    address: ClientAddress,
    Json(ask): Json<RequestPasswordReset>,
) -> Result<Accepted, Problem> {
    let (now, address) = (accounts.clock.now(), address.subject());
    PER_ADDRESS.count_address(&accounts.table, &address, now).await?;
    PER_ACCOUNT.count(&accounts.table, ask.email.as_str(), now).await?;
    PER_ACCOUNT_HOUR.count(&accounts.table, ask.email.as_str(), now).await?;
    let id = random::id(now);
    let token = accounts.codes.reset_token(id);
    match accounts.store.request_reset(&ask.email, (id, &token), &address, now).await {
        Ok(()) => Ok(Accepted),
        Err(CommitError::Storage(error)) => Err(error.into()),
        Err(CommitError::Refused(()) | CommitError::Contention) => Err(Problem::busy()),
    }
}
