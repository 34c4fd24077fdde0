//! `POST /v1/me/totp`: whoever is signed in, and knows the password, gets the secret for an
//! authenticator app.

use axum::extract::State;
use banister_domain::account::Password;
use banister_platform::http::{ClientAddress, Code, Created, Enrolling, Json, Problem};
use banister_platform::identity::second_factor::SecondFactorKeys;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Accounts;
use crate::second_factor::refused;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::Busy, Code::SecondFactorOn, Code::TooManyRequests, Code::WrongPassword];

/// The account's password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "password": "correct horse battery" }))]
pub(crate) struct SetUpTotp {
    password: Password,
}

/// What an app needs.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = TotpSetup, example = json!({
    "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    "uri": "otpauth://totp/Banister:customer%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Banister&algorithm=SHA1&digits=6&period=30",
    "expires_at": "2026-03-09T08:10:00Z",
}))]
pub(crate) struct TotpSetup {
    /// The secret in base32, to be typed.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    /// The same for a QR code.
    #[schema(
        example = "otpauth://totp/Banister:customer%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Banister&algorithm=SHA1&digits=6&period=30"
    )]
    uri: String,
    /// Until when it waits to be confirmed.
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:10:00Z")]
    expires_at: Timestamp,
}

/// Begin to set up a second factor
///
/// Answers the secret for an authenticator app (TOTP, RFC 6238: SHA-1, six digits, 30 seconds). Nothing changes until
/// it is confirmed with a code within ten minutes; asked again, it is another secret.
#[utoipa::path(post, path = "/v1/me/totp", request_body = SetUpTotp,
    responses((status = 201, description = "The secret", body = TotpSetup)))]
pub(crate) async fn set_up_totp(
    State(accounts): State<Accounts>,
    caller: Enrolling,
    address: ClientAddress,
    Json(ask): Json<SetUpTotp>,
) -> Result<Created<TotpSetup>, Problem> {
    let now = accounts.clock.now();
    let account = accounts.known(caller.user_id, &ask.password, &address.subject(), now).await?;
    let secret = SecondFactorKeys::issue();
    let expires_at = accounts.factors.begin(account.id, &secret, now).await.map_err(refused)?;
    Ok(Created(TotpSetup { uri: secret.uri(&account.email), secret: secret.base32(), expires_at }))
}
