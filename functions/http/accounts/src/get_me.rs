//! `GET /v1/me`: whoever is signed in reads the own account.

use axum::extract::State;
use banister_platform::http::{Code, Enrolling, Fingerprinted, Problem};
use banister_platform::view::{AccountView, SecondFactorView};

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] = &[];

/// Read the own account
#[utoipa::path(get, path = "/v1/me", responses((status = 200, description = "The account", body = AccountView)))]
pub(crate) async fn get_me(
    State(accounts): State<Accounts>,
    caller: Enrolling,
) -> Result<Fingerprinted<AccountView>, Problem> {
    let found = accounts.factors.of(caller.user_id, caller.role).await?;
    let (account, state) = found.ok_or(Problem::new(Code::Unauthenticated))?;
    let second_factor = Some(SecondFactorView {
        on: account.second_factor,
        required: state.required,
        recovery_codes_left: state.recovery_codes_left,
    });
    let view = accounts.viewer.account(account, accounts.clock.now());
    // What PATCH changes, and no more: the second factor has endpoints of its own.
    let tagged = view.clone();
    Ok(Fingerprinted::of(AccountView { second_factor, ..view }, &tagged))
}
