//! `DELETE /v1/me`: whoever is signed in, and knows the password, has the account erased.

use axum::extract::State;
use banister_domain::account::{Account, Password};
use banister_platform::http::{AcceptedJson, ClientAddress, Code, Json, Problem, SignedIn};
use banister_platform::store::Act;
use banister_platform::view::JobView;
use serde::Deserialize;

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::Busy, Code::LastSuperAdmin, Code::OpenBookings, Code::TooManyRequests, Code::WrongPassword];

/// Whoever is at the device of somebody who is signed in does not know it.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "password": "correct horse battery" }))]
pub(crate) struct DeleteMe {
    /// The account's.
    password: Password,
}

/// Have the own account erased
///
/// The account is switched off at once and for good, and all its sessions end. A job then erases all that is
/// kept of the person, which takes some minutes; the address can be registered again after that. Bookings
/// stay for the other side, without the own words and addresses in them, with "Deleted user". Bookings that are requested or
/// confirmed and still to come must be settled before: 409 `open_bookings` names up to 20 of them in
/// `booking_ids`.
#[utoipa::path(delete, path = "/v1/me", request_body = DeleteMe,
    responses((status = 202, description = "The account is switched off, and being erased", body = JobView)))]
pub(crate) async fn delete_me(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    address: ClientAddress,
    Json(ask): Json<DeleteMe>,
) -> Result<AcceptedJson<JobView>, Problem> {
    let (now, address, user) = (accounts.clock.now(), address.subject(), caller.user_id);
    let account = accounts.known(user, &ask.password, &address, now).await?;
    let signed_out = || Problem::new(Code::Unauthenticated);
    let act = Act { by: None, address, at: now };
    // Signed out everywhere since the password was asked for: no longer whoever that was.
    let allowed = |current: &Account| {
        let stands = current.epoch == account.epoch && current.email == account.email;
        if stands { Ok(()) } else { Err(signed_out()) }
    };
    let job = accounts.erasures.begin(user, &act, (None, allowed)).await;
    let job = job.map_err(|error| error.into_problem(signed_out()))?;
    accounts.gate.forget(caller.session_id);
    Ok(AcceptedJson(JobView::new(&job)))
}
