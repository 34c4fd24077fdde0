//! `POST /v1/me/totp/confirm`: whoever is signed in turns the second factor on.

use axum::extract::State;
use banister_domain::account::SecondFactorCode;
use banister_platform::http::{ClientAddress, Code, Enrolling, Json, OkJson, Problem};
use serde::Deserialize;

use crate::Accounts;
use crate::second_factor::{RecoveryCodesView, refused};

pub(crate) const PROBLEMS: &[Code] =
    &[Code::Busy, Code::InvalidCode, Code::SecondFactorOn, Code::TooManyRequests];

/// What the app shows.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "code": "492039" }))]
pub(crate) struct ConfirmTotp {
    code: SecondFactorCode,
}

/// Turn the second factor on
///
/// From now on signing in takes a code of the app, or one of the recovery codes, each of which is good once. They are
/// shown here and never again. All other sessions of the caller end. This one goes on, but its access token is void within
/// five seconds and its WebSocket connections are closed: refresh the session. The owner is told by mail.
#[utoipa::path(post, path = "/v1/me/totp/confirm", request_body = ConfirmTotp,
    responses((status = 200, description = "It is on", body = RecoveryCodesView)))]
pub(crate) async fn confirm_totp(
    State(accounts): State<Accounts>,
    caller: Enrolling,
    address: ClientAddress,
    Json(ask): Json<ConfirmTotp>,
) -> Result<OkJson<RecoveryCodesView>, Problem> {
    let (who, address, now) = ((caller.user_id, caller.session_id), address.subject(), accounts.clock.now());
    let codes = accounts.factors.confirm(who, &ask.code, &address, now).await.map_err(refused)?;
    accounts.gate.forget(caller.session_id);
    Ok(OkJson(RecoveryCodesView::new(&codes)))
}
