//! How a session is shown to its owner, and where it is used.

use banister_domain::account::Account;
use banister_platform::http::{ClientAddress, Problem, UserAgent};
use banister_platform::identity::refresh::RefreshToken;
use banister_platform::store::Place;
use banister_platform::view::AccountView;
use jiff::Timestamp;
use serde::Serialize;

use crate::Sessions;

/// Where a request comes from, as a session keeps it.
pub(crate) fn place(address: ClientAddress, UserAgent(agent): &UserAgent) -> Place {
    Place { device: agent.clone(), network: address.network() }
}

/// The tokens of a session.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Session, example = json!({
    "access_token": "eyJ0eXAiOiJhdCtqd3Qi…",
    "token_type": "Bearer",
    "expires_in": 900,
    "refresh_token": "rft_usr_….ses_….…",
    "user": {
        "id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
        "email": "customer@example.com",
        "role": "customer",
        "email_confirmed": true,
        "first_name": "Customer",
        "last_name": "One",
        "phone": "+12015550123",
        "phone_confirmed": false,
        "phone_taken": false,
        "bio": null,
        "provider": null,
        "time_zone": "Europe/Lisbon",
        "locale": "en",
        "photo": null,
        "created_at": "2026-03-09T08:00:00Z",
    },
}))]
pub(crate) struct SessionView {
    /// Send it as `Authorization: Bearer …`.
    #[schema(example = "eyJ0eXAiOiJhdCtqd3Qi…")]
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds that the access token is good for.
    #[schema(example = 900)]
    expires_in: i64,
    /// Good once, for the next pair of tokens; keep it safe.
    #[schema(example = "rft_usr_….ses_….…")]
    refresh_token: String,
    /// Who signed in.
    user: AccountView,
}

impl SessionView {
    pub(crate) fn new(
        sessions: &Sessions,
        refresh: &RefreshToken,
        account: Account,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let of = (refresh.user_id, refresh.session_id);
        let token =
            sessions.issuer.issue(of, (account.role, account.epoch), now).map_err(Problem::internal)?;
        Ok(Self {
            access_token: token.text,
            token_type: "Bearer",
            expires_in: token.expires_in,
            refresh_token: sessions.refresh.expose(refresh),
            user: sessions.viewer.account(account, now),
        })
    }
}
