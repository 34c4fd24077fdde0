//! `POST /v1/me/email`: whoever is signed in, and knows the password, asks for another address.

use axum::extract::State;
use banister_domain::account::{Email, Password};
use banister_platform::http::{Accepted, ClientAddress, Code, Json, Problem, SignedIn};
use banister_platform::limit::{CHANGE_EMAIL, Limit};
use banister_platform::table::CommitError;
use serde::Deserialize;

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::TooManyRequests, Code::WrongPassword];

/// To one new address, by whomever: nobody's mailbox is filled.
const PER_EMAIL: Limit = Limit { operation: "change_email_to", count: 5, seconds: 3_600 };

/// The password, and the address that is to be.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "password": "correct horse battery", "email": "another@example.com" }))]
pub(crate) struct RequestEmailChange {
    password: Password,
    email: Email,
}

/// Ask for another e-mail address
///
/// Mails a code to the new address and a notice to the one that is. The answer and the work are the same for an address
/// that has an account, whose owner gets a mail instead. Another request voids the code of this one.
#[utoipa::path(post, path = "/v1/me/email", request_body = RequestEmailChange,
    responses((status = 202, description = "Mailed")))]
pub(crate) async fn request_email_change(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    address: ClientAddress,
    Json(ask): Json<RequestEmailChange>,
) -> Result<Accepted, Problem> {
    let (now, address, user) = (accounts.clock.now(), address.subject(), caller.user_id);
    let account = accounts.known(user, &ask.password, &address, now).await?;
    if ask.email == account.email {
        return Err(Problem::invalid("/email", "is the address of the account"));
    }
    CHANGE_EMAIL.count(&accounts.table, &user.to_string(), now).await?;
    PER_EMAIL.count(&accounts.table, ask.email.as_str(), now).await?;
    match accounts.store.request_email_change(&account, ask.email, &address, now).await {
        Ok(()) => Ok(Accepted),
        Err(CommitError::Storage(error)) => Err(error.into()),
        Err(CommitError::Refused(()) | CommitError::Contention) => Err(Problem::busy()),
    }
}
