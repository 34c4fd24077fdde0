//! `DELETE /v1/me/totp`: whoever is signed in, and knows both factors, turns the second one off.

use axum::extract::State;
use banister_platform::http::{ClientAddress, Code, Enrolling, Json, NoContent, Problem};

use crate::Accounts;
use crate::second_factor::{BothFactors, refused};

pub(crate) const PROBLEMS: &[Code] = &[
    Code::Busy,
    Code::InvalidCode,
    Code::SecondFactorOff,
    Code::SecondFactorRequiredByRole,
    Code::TooManyRequests,
    Code::WrongPassword,
];

/// Turn the second factor off
///
/// Not where the caller's role demands it. All other sessions of the caller end. This one goes on, but its access token is
/// void within five seconds and its WebSocket connections are closed: refresh the session. The owner is told by mail.
#[utoipa::path(delete, path = "/v1/me/totp", request_body = BothFactors,
    responses((status = 204, description = "It is off")))]
pub(crate) async fn remove_totp(
    State(accounts): State<Accounts>,
    caller: Enrolling,
    address: ClientAddress,
    Json(ask): Json<BothFactors>,
) -> Result<NoContent, Problem> {
    let (who, address, now) = ((caller.user_id, caller.session_id), address.subject(), accounts.clock.now());
    if accounts.demanded(caller.role).await? {
        return Err(Problem::new(Code::SecondFactorRequiredByRole));
    }
    accounts.known(caller.user_id, &ask.password, &address, now).await?;
    accounts.factors.turn_off(who, &ask.code, &address, now).await.map_err(refused)?;
    accounts.gate.forget(caller.session_id);
    Ok(NoContent)
}
