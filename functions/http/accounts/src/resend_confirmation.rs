//! `POST /v1/email-confirmations/resend`: anyone has another code mailed that confirms an address.

use axum::extract::State;
use banister_domain::account::Email;
use banister_platform::http::{Accepted, Anyone, ClientAddress, Code, Json, Problem};
use banister_platform::limit::{Limit, RESEND, RESEND_HOUR};
use banister_platform::store::Act;
use banister_platform::table::CommitError;
use serde::Deserialize;

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::TooManyRequests];

const PER_ADDRESS: Limit = Limit { operation: "resend_address", count: 20, seconds: 3_600 };

/// Which address.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResendConfirmation {
    email: Email,
}

/// Ask for another code
///
/// The code before it is void. The answer and the work are the same for an address that is confirmed or has no
/// account, to which nothing is mailed.
#[utoipa::path(post, path = "/v1/email-confirmations/resend", request_body = ResendConfirmation,
    responses((status = 202, description = "Mailed, if there is an address to confirm")))]
pub(crate) async fn resend_confirmation(
    State(accounts): State<Accounts>,
    _: Anyone,
    address: ClientAddress,
    Json(ask): Json<ResendConfirmation>,
) -> Result<Accepted, Problem> {
    let (now, address) = (accounts.clock.now(), address.subject());
    PER_ADDRESS.count_address(&accounts.table, &address, now).await?;
    RESEND.count(&accounts.table, ask.email.as_str(), now).await?;
    RESEND_HOUR.count(&accounts.table, ask.email.as_str(), now).await?;
    match accounts.store.request_confirmation(&ask.email, &Act { by: None, address, at: now }).await {
        Ok(()) => Ok(Accepted),
        Err(CommitError::Storage(error)) => Err(error.into()),
        Err(CommitError::Refused(_) | CommitError::Contention) => Err(Problem::busy()),
    }
}
