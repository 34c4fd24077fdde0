//! `GET /v1/me`: whoever is signed in reads the own account.

use axum::extract::State;
use banister_platform::http::{Code, OkJson, Problem, SignedIn};
use banister_platform::view::AccountView;

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] = &[];

/// Read the own account
#[utoipa::path(get, path = "/v1/me", responses((status = 200, description = "The account", body = AccountView)))]
pub(crate) async fn get_me(
    State(accounts): State<Accounts>,
    caller: SignedIn,
) -> Result<OkJson<AccountView>, Problem> {
    let account = accounts.store.get(caller.user_id).await?.ok_or(Problem::new(Code::Unauthenticated))?;
    Ok(OkJson(accounts.viewer.account(account.value, accounts.clock.now())))
}
