//! `POST /v1/password-resets/complete`: whoever got the link by mail chooses a new password.

use axum::extract::State;
use banister_domain::account::NewPassword;
use banister_platform::http::{Anyone, ClientAddress, Code, Json, NoContent, Problem};
use banister_platform::identity::reset::ResetToken;
use banister_platform::limit::{Limit, RESET_PASSWORD};
use banister_platform::store::Resetting;
use banister_platform::table::{CommitError, backoff};
use jiff::Timestamp;
use serde::Deserialize;

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::InvalidResetToken, Code::TooManyRequests];

const PER_ADDRESS: Limit = Limit { operation: "reset_password_address", count: 60, seconds: 600 };

/// The token from the link, and the password that is to be.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompletePasswordReset {
    #[schema(example = "0S7YbqBmN5d3hJYb1m0nqgUDzFv3m0y7N3yqQFhW2mQ")]
    token: String,
    new_password: NewPassword,
}

/// Reset the password
///
/// Ends all sessions of the account, confirms its address, and tells its owner by mail. The same request again
/// is answered the same while the link would be good.
#[utoipa::path(post, path = "/v1/password-resets/complete", request_body = CompletePasswordReset,
    responses((status = 204, description = "The password is the new one")))]
pub(crate) async fn complete_password_reset(
    State(accounts): State<Accounts>,
    _: Anyone,
    address: ClientAddress,
    Json(ask): Json<CompletePasswordReset>,
) -> Result<NoContent, Problem> {
    let (now, address) = (accounts.clock.now(), address.subject());
    PER_ADDRESS.count_address(&accounts.table, &address, now).await?;
    let token = ResetToken::parse(&ask.token);
    let mut checked = false;
    for attempt in 0..5 {
        let found = match &token {
            Some(token) => accounts.store.resetting(token, now).await?,
            None => None,
        };
        let Some(found) = found else { return Err(refuse(&accounts, address, now).await?) };
        if attempt == 0 {
            let user = found.account.value.0.id.to_string();
            RESET_PASSWORD.count(&accounts.table, &user, now).await?;
        }
        match set(&accounts, found, (ask.new_password.clone(), &mut checked), &address, now).await? {
            Outcome::Set => return Ok(NoContent),
            Outcome::Used => return Err(refuse(&accounts, address, now).await?),
            Outcome::Stale => tokio::time::sleep(backoff(attempt)).await,
        }
    }
    Err(Problem::busy())
}

/// What came of a token that is good, or was.
enum Outcome {
    /// The password is the one that was asked for.
    Set,
    /// Another one was set with it.
    Used,
    /// Something was changed at this very moment.
    Stale,
}

async fn set(
    accounts: &Accounts,
    found: Resetting,
    (new, checked): (NewPassword, &mut bool),
    address: &str,
    now: Timestamp,
) -> Result<Outcome, Problem> {
    let account = &found.account.value.0;
    let new = new.of(&account.email, &account.first_name, &account.last_name);
    let new = new.map_err(|error| Problem::invalid("/new_password", error.to_string()))?;
    if found.reset.value.used {
        // Perhaps by this very request, the answer to which was lost.
        let same = accounts.matches(&new, &found.credentials.value).await?;
        return Ok(if same { Outcome::Set } else { Outcome::Used });
    }
    // Once, however often it is tried.
    if !std::mem::replace(checked, true) {
        accounts.unbreached(&new, "/new_password").await?;
    }
    let hash = accounts.passwords.hash(new).await.map_err(Problem::internal)?;
    match accounts.store.reset_password(found, &hash, address, now).await {
        Ok(()) => Ok(Outcome::Set),
        Err(CommitError::Refused(_) | CommitError::Contention) => Ok(Outcome::Stale),
        Err(CommitError::Storage(error)) => Err(error.into()),
    }
}

async fn refuse(accounts: &Accounts, address: String, now: Timestamp) -> Result<Problem, Problem> {
    accounts.store.refuse_reset(address, now).await?;
    Ok(Problem::new(Code::InvalidResetToken))
}
