//! `POST /v1/me/totp/recovery-codes`: whoever is signed in, and knows both factors, gets new recovery
//! codes.

use axum::extract::State;
use banister_platform::http::{ClientAddress, Code, Enrolling, Json, OkJson, Problem};

use crate::Accounts;
use crate::second_factor::{BothFactors, RecoveryCodesView, refused};

pub(crate) const PROBLEMS: &[Code] =
    &[Code::Busy, Code::InvalidCode, Code::SecondFactorOff, Code::TooManyRequests, Code::WrongPassword];

/// Replace the recovery codes
///
/// Those that were left are void. The new ones are shown here and never again.
#[utoipa::path(post, path = "/v1/me/totp/recovery-codes", request_body = BothFactors,
    responses((status = 200, description = "The new codes", body = RecoveryCodesView)))]
pub(crate) async fn renew_recovery_codes(
    State(accounts): State<Accounts>,
    caller: Enrolling,
    address: ClientAddress,
    Json(ask): Json<BothFactors>,
) -> Result<OkJson<RecoveryCodesView>, Problem> {
    let (user, address, now) = (caller.user_id, address.subject(), accounts.clock.now());
    accounts.known(user, &ask.password, &address, now).await?;
    let codes = accounts.factors.renew(user, &ask.code, &address, now).await.map_err(refused)?;
    Ok(OkJson(RecoveryCodesView::new(&codes)))
}
