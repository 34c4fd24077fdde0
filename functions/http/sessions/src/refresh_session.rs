//! `POST /v1/sessions/refresh`: whoever holds the refresh token gets the next pair of tokens.
//!
//! Within a minute the same device may send the same token again, since an answer can be lost, and is
//! answered the same. Else a token that has been used before was stolen, or its thief was faster: the
//! whole family ends.

use axum::extract::State;
use banister_domain::account::{AccountStatus, session_end};
use banister_platform::http::{Anyone, ClientAddress, Code, Json, OkJson, Problem, UserAgent};
use banister_platform::store::{AuditEntry, Presented, ReplacedToken};
use banister_platform::table::{CommitError, backoff};
use serde::Deserialize;

use crate::Sessions;
use crate::view::{SessionView, place};

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
/// Both tokens are new; the old refresh token is void. Using it again ends the session, except from the same
/// device (as its `User-Agent` says) within a minute: this is answered with the same new refresh token, for
/// an answer may be lost. Where the session ends, its owner is told by mail, once. However often it is refreshed, a session
/// ends 90 days after it was begun, one of staff after 30.
#[utoipa::path(post, path = "/v1/sessions/refresh", request_body = RefreshSession,
    responses((status = 200, description = "The session with new tokens", body = SessionView)))]
pub(crate) async fn refresh_session(
    State(sessions): State<Sessions>,
    _: Anyone,
    address: ClientAddress,
    agent: UserAgent,
    Json(ask): Json<RefreshSession>,
) -> Result<OkJson<SessionView>, Problem> {
    let invalid = || Problem::new(Code::InvalidRefreshToken);
    // Not one of ours: nothing is read, and nobody's session ends.
    let token = sessions.refresh.read(&ask.refresh_token).ok_or_else(invalid)?;
    let (user, id) = (token.user_id, token.session_id);
    let mut void = false;
    for attempt in 0..5 {
        let session = sessions.store.get(user, id, sessions.clock.now()).await?.ok_or_else(invalid)?;
        let account = sessions.accounts.get(user).await?.ok_or_else(invalid)?.value;
        // By now, not by when the request came: the grace begins when the token is replaced.
        let now = sessions.clock.now();
        if account.status != AccountStatus::Active {
            return Err(invalid());
        }
        if !session.value.stands(&account, now) {
            // The password may have been changed between the two reads, which moved both on: that shows in
            // another look.
            if std::mem::replace(&mut void, true) {
                return Err(invalid());
            }
            continue;
        }
        match session.value.judge(&token, agent.0.as_deref(), now) {
            // Begun before sessions had an end, and over by it.
            Presented::Current if session_end(account.role, session.value.created_at, now) <= now => {
                return Err(invalid());
            }
            Presented::Current => {
                let (replaced, next) = ReplacedToken::of(&token, agent.0.clone());
                // Made first: once the token is void, nothing may fail any more.
                let family = (session, account.role);
                let view = SessionView::new(&sessions, &next, account, now)?;
                match sessions.store.rotate(family, (replaced, &next), place(address, &agent), now).await {
                    Ok(()) => return Ok(OkJson(view)),
                    Err(CommitError::Storage(error)) => return Err(error.into()),
                    // The same token came twice at once: see what became of the session.
                    Err(CommitError::Refused(()) | CommitError::Contention) => {
                        tokio::time::sleep(backoff(attempt)).await;
                    }
                }
            }
            Presented::Repeated(next) => {
                return SessionView::new(&sessions, &next, account, now).map(OkJson);
            }
            Presented::Reused => {
                let why = AuditEntry::RefreshTokenReused;
                sessions.store.end(user, id, why, address.subject(), now).await?;
                sessions.gate.forget(id);
                return Err(invalid());
            }
        }
    }
    Err(Problem::busy())
}
