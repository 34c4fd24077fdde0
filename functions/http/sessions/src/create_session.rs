//! `POST /v1/sessions`: anyone signs in.

use axum::extract::State;
use banister_domain::account::{AccountStatus, Email, Password};
use banister_platform::http::{Anyone, ClientAddress, Code, Created, Json, Problem};
use banister_platform::identity::refresh::RefreshToken;
use banister_platform::limit::Limit;
use banister_platform::random;
use banister_platform::table::CommitError;
use serde::Deserialize;

use crate::Sessions;
use crate::view::SessionView;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::AccountDisabled, Code::Busy, Code::TooManyRequests, Code::WrongCredentials];

const PER_ACCOUNT: Limit = Limit { operation: "sign_in_account", count: 10, seconds: 300 };
const PER_ADDRESS: Limit = Limit { operation: "sign_in_address", count: 100, seconds: 300 };

/// Who signs in.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateSession {
    email: Email,
    password: Password,
}

/// Sign in
///
/// The answer and the work are the same for a wrong password and an unknown address.
#[utoipa::path(post, path = "/v1/sessions", request_body = CreateSession,
    responses((status = 201, description = "The session", body = SessionView)))]
pub(crate) async fn create_session(
    State(sessions): State<Sessions>,
    _: Anyone,
    address: ClientAddress,
    Json(ask): Json<CreateSession>,
) -> Result<Created<SessionView>, Problem> {
    let (now, address) = (sessions.clock.now(), address.subject());
    PER_ADDRESS.count(&sessions.table, &address, now).await?;
    PER_ACCOUNT.count(&sessions.table, ask.email.as_str(), now).await?;
    let (user_id, hash) = match sessions.accounts.credentials(&ask.email).await? {
        Some(credentials) => (credentials.user_id, Some(credentials.password_hash)),
        None => (random::id(now), None),
    };
    let right = sessions.passwords.verify(ask.password, hash).await.map_err(Problem::internal)?;
    // Read in either case, so that an unknown address takes as long.
    let account = sessions.accounts.get(user_id).await?;
    let Some(account) = account.filter(|_| right) else {
        return Err(Problem::new(Code::WrongCredentials));
    };
    if account.value.status == AccountStatus::Disabled {
        return Err(Problem::new(Code::AccountDisabled));
    }
    let token = RefreshToken::issue(user_id, random::id(now));
    let view = SessionView::new(&sessions, &token, account.value, now)?;
    sessions.store.begin(&token, address, now).await.map_err(|error| match error {
        CommitError::Storage(error) => Problem::from(error),
        CommitError::Refused(()) | CommitError::Contention => Problem::new(Code::Busy).retry_after(1),
    })?;
    Ok(Created(view))
}
