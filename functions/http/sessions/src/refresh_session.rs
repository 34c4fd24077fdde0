//! `POST /v1/sessions/refresh`: whoever holds the refresh token gets the next pair of tokens.
//!
//! A token that has been used before was stolen, or its thief was faster: the whole family ends.

use axum::extract::State;
use banister_domain::account::AccountStatus;
use banister_platform::http::{Anyone, ClientAddress, Code, Json, OkJson, Problem};
use banister_platform::identity::refresh::RefreshToken;
use banister_platform::store::AuditEntry;
use banister_platform::table::CommitError;
use serde::Deserialize;

use crate::Sessions;
use crate::view::SessionView;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::InvalidRefreshToken];

/// The refresh token.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshSession {
    #[schema(example = "rft_usr_….ses_….…")]
    refresh_token: String,
}

/// Refresh a session
///
/// Both tokens are new; the old refresh token is void. Using it again ends the session.
#[utoipa::path(post, path = "/v1/sessions/refresh", request_body = RefreshSession,
    responses((status = 200, description = "The session with new tokens", body = SessionView)))]
pub(crate) async fn refresh_session(
    State(sessions): State<Sessions>,
    _: Anyone,
    address: ClientAddress,
    Json(ask): Json<RefreshSession>,
) -> Result<OkJson<SessionView>, Problem> {
    let now = sessions.clock.now();
    let invalid = || Problem::new(Code::InvalidRefreshToken);
    let token = RefreshToken::parse(&ask.refresh_token).ok_or_else(invalid)?;
    let (user, id) = (token.user_id, token.session_id);
    let session = sessions.store.get(user, id, now).await?.ok_or_else(invalid)?;
    let account = sessions.accounts.get(user).await?.ok_or_else(invalid)?.value;
    if account.status == AccountStatus::Disabled || !session.value.stands(&account, now) {
        return Err(invalid());
    }
    let next = RefreshToken::issue(user, id);
    if token.matches(&session.value.refresh_hash) {
        // Made first: once the token is void, nothing may fail any more.
        let view = SessionView::new(&sessions, &next, account, now)?;
        match sessions.store.rotate(session, &next, now).await {
            Ok(()) => return Ok(OkJson(view)),
            Err(CommitError::Contention) => return Err(Problem::busy()),
            Err(CommitError::Storage(error)) => return Err(error.into()),
            // Two with the same token: one of them is using it a second time.
            Err(CommitError::Refused(())) => {}
        }
    }
    sessions.store.end(user, id, AuditEntry::RefreshTokenReused, address.subject(), now).await?;
    sessions.gate.forget(id);
    Err(invalid())
}
