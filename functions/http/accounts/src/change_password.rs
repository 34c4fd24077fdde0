//! `PUT /v1/me/password`: whoever is signed in, and knows the password, changes it.

use axum::extract::State;
use banister_domain::account::{NewPassword, Password};
use banister_platform::http::{ClientAddress, Code, Enrolling, Json, NoContent, Problem};
use banister_platform::limit::{CHANGE_PASSWORD, Limit};
use banister_platform::store::SetPasswordError;
use banister_platform::table::CommitError;
use serde::Deserialize;

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::TooManyRequests, Code::WrongPassword];

const PER_ADDRESS: Limit = Limit { operation: "change_password_address", count: 100, seconds: 300 };

/// The password that is, and the one that is to be.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "current_password": "correct horse battery",
    "new_password": "another fine password",
}))]
pub(crate) struct ChangePassword {
    current_password: Password,
    new_password: NewPassword,
}

/// Change the own password
///
/// All other sessions of the caller end. This one goes on, but its access token is void within five seconds and
/// its WebSocket connections are closed: refresh the session and connect again. The owner is told by mail. A request that comes again changes nothing more.
#[utoipa::path(put, path = "/v1/me/password", request_body = ChangePassword,
    responses((status = 204, description = "The password is the new one")))]
pub(crate) async fn change_password(
    State(accounts): State<Accounts>,
    caller: Enrolling,
    address: ClientAddress,
    Json(ask): Json<ChangePassword>,
) -> Result<NoContent, Problem> {
    let (now, address, user) = (accounts.clock.now(), address.subject(), caller.user_id);
    PER_ADDRESS.count_address(&accounts.table, &address, now).await?;
    CHANGE_PASSWORD.count(&accounts.table, &user.to_string(), now).await?;
    let signed_out = || Problem::new(Code::Unauthenticated);
    let account = accounts.store.get(user).await?.ok_or_else(signed_out)?.value;
    let new = ask.new_password.of(&account.email, &account.first_name, &account.last_name);
    let new = new.map_err(|error| Problem::invalid("/new_password", error.to_string()))?;
    let credentials = accounts.store.password(&account.email).await?;
    let credentials =
        credentials.filter(|credentials| credentials.value.user_id == user).ok_or_else(signed_out)?;
    if !accounts.matches(&ask.current_password, &credentials.value).await? {
        // It may have been changed by this very request, the answer to which was lost.
        if accounts.matches(&new, &credentials.value).await? {
            return Ok(NoContent);
        }
        accounts.store.refuse_password(user, address, now).await?;
        return Err(Problem::new(Code::WrongPassword).field_at("/current_password", "is not the password"));
    }
    accounts.unbreached(&new, "/new_password").await?;
    let hash = accounts.passwords.hash(new).await.map_err(Problem::internal)?;
    match accounts.store.change_password(caller.session_id, credentials, &hash, &address, now).await {
        Ok(()) => {
            accounts.gate.forget(caller.session_id);
            Ok(NoContent)
        }
        Err(CommitError::Refused(SetPasswordError::SignedOut)) => Err(signed_out()),
        Err(CommitError::Refused(SetPasswordError::Stale) | CommitError::Contention) => Err(Problem::busy()),
        Err(CommitError::Storage(error)) => Err(error.into()),
    }
}
