//! `POST /v1/sessions`: anyone signs in.

use axum::extract::State;
use banister_domain::account::{Account, AccountStatus, Email, Password, SecondFactorCode};
use banister_domain::id::UserId;
use banister_platform::http::{Anyone, ClientAddress, Code, Created, Json, Problem, UserAgent, present};
use banister_platform::identity::refresh::{HeldToken, RefreshToken};
use banister_platform::limit::{Limit, SECOND_FACTOR, SIGN_IN, SIGN_IN_HERE, Uncounted};
use banister_platform::random;
use banister_platform::store::{AuditEntry, Ending, Presented, Proof, SecondFactorError, SignIn};
use banister_platform::table::{CommitError, backoff};
use jiff::Timestamp;
use serde::Deserialize;

use crate::Sessions;
use crate::view::{SessionView, place};

pub(crate) const PROBLEMS: &[Code] = &[
    Code::AccountDisabled,
    Code::Busy,
    Code::SecondFactorNeeded,
    Code::TooManyRequests,
    Code::WrongCredentials,
    Code::WrongSecondFactor,
];

const PER_ADDRESS: Limit = Limit { operation: "sign_in_address", count: 100, seconds: 300 };

/// Who signs in.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateSession {
    email: Email,
    password: Password,
    /// Of the second factor, where the account has one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<SecondFactorCode>, nullable = false)]
    code: Option<SecondFactorCode>,
    /// The refresh token that the client still has, of whichever account: its session ends with this one's beginning.
    /// What is no such token, or one of a session that has ended, is passed over.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<HeldToken>, nullable = false)]
    replaces: Option<HeldToken>,
}

/// Sign in
///
/// The answer and the work are the same for a wrong password and an unknown address. Where the account has a second factor,
/// the right password alone is answered `second_factor_needed`: send it again with a code of the app or a recovery code.
/// After five wrong codes within 15 minutes no more are tried until these are over. Of staff whose role demands a second factor
/// and who have none, only the operations to set it up take the token. A client that still has a session sends its refresh
/// token along: that session ends as by signing out, once this one has begun and not before.
#[utoipa::path(post, path = "/v1/sessions", request_body = CreateSession,
    responses((status = 201, description = "The session", body = SessionView)))]
pub(crate) async fn create_session(
    State(sessions): State<Sessions>,
    _: Anyone,
    address: ClientAddress,
    agent: UserAgent,
    Json(ask): Json<CreateSession>,
) -> Result<Created<SessionView>, Problem> {
    let place = place(address, &agent);
    let (now, address) = (sessions.clock.now(), address.subject());
    match count(&sessions, &ask.email, &address, now).await {
        Err(Uncounted::Over(over)) => {
            return Err(over.tell(&sessions.table, &ask.email, &address, now).await?);
        }
        counted => counted?,
    }
    let credentials = sessions.accounts.credentials(&ask.email).await?;
    let known = credentials.as_ref().map(|credentials| credentials.user_id);
    let (user_id, hash) = (
        known.unwrap_or_else(|| random::id(now)),
        credentials.and_then(|credentials| credentials.password_hash),
    );
    let right = sessions.passwords.verify(ask.password, hash).await.map_err(Problem::internal)?;
    for attempt in 0..5 {
        // Read in either case, so that an unknown address takes as long.
        let account = sessions.accounts.get(user_id).await?;
        let Some(account) = account.filter(|_| right) else {
            return Err(refuse(&sessions, known, Code::WrongCredentials, address, now).await?);
        };
        if account.value.status != AccountStatus::Active {
            return Err(refuse(&sessions, known, Code::AccountDisabled, address, now).await?);
        }
        if account.value.second_factor && ask.code.is_none() {
            return Err(refuse(&sessions, known, Code::SecondFactorNeeded, address, now).await?);
        }
        let proof = match prove(&sessions, &account.value, ask.code.as_ref(), &address, now).await? {
            Factor::Known(proof) => proof,
            // Turned off at this very moment: look at what the account has become.
            Factor::Gone => continue,
        };
        let replaces = replaced(&sessions, ask.replaces.as_ref(), &account.value, &agent, now).await?;
        let token = RefreshToken::issue(user_id, random::id(now));
        let view = SessionView::new(&sessions, &token, account.value.clone(), now)?;
        let sign_in = SignIn { account: &account, proof: proof.as_ref(), replaces };
        match sessions.store.begin(&token, sign_in, place.clone(), address.clone(), now).await {
            Ok(()) => {
                replaces.inspect(|ended| sessions.gate.forget(ended.session_id));
                return Ok(Created(view));
            }
            Err(CommitError::Storage(error)) => return Err(error.into()),
            // Changed at this very moment, perhaps by signing out everywhere, or the code was used, or the session to
            // be replaced has ended: look at what it has become.
            Err(CommitError::Refused(()) | CommitError::Contention) => {
                tokio::time::sleep(backoff(attempt)).await;
            }
        }
    }
    Err(Problem::busy())
}

/// What is answered where somebody is not signed in, once the audit log has it.
async fn refuse(
    sessions: &Sessions,
    user: Option<UserId>,
    code: Code,
    address: String,
    now: Timestamp,
) -> Result<Problem, Problem> {
    sessions.store.refuse(user, code, address, now).await?;
    Ok(Problem::new(code))
}

/// How an account's second factor stands to what was sent.
enum Factor {
    /// There is none, or its code is right.
    Known(Option<Proof>),
    /// It was turned off meanwhile.
    Gone,
}

async fn prove(
    sessions: &Sessions,
    account: &Account,
    code: Option<&SecondFactorCode>,
    address: &str,
    now: Timestamp,
) -> Result<Factor, Problem> {
    let Some(code) = code.filter(|_| account.second_factor) else { return Ok(Factor::Known(None)) };
    match sessions.factors.prove(account.id, code, address, now).await {
        Ok(proof) => Ok(Factor::Known(Some(proof))),
        Err(CommitError::Refused(SecondFactorError::Wait(seconds))) => {
            Err(Problem::over(SECOND_FACTOR, seconds))
        }
        Err(CommitError::Refused(SecondFactorError::WrongCode)) => Err(Problem::new(Code::WrongSecondFactor)),
        Err(CommitError::Refused(_)) => Ok(Factor::Gone),
        Err(CommitError::Contention) => Err(Problem::busy()),
        Err(CommitError::Storage(error)) => Err(error.into()),
    }
}

/// The session that the client still has, if it stands. Its token is judged as for a refresh: an old one came back
/// after it had been exchanged, so somebody else has the next one.
async fn replaced(
    sessions: &Sessions,
    held: Option<&HeldToken>,
    account: &Account,
    agent: &UserAgent,
    now: Timestamp,
) -> Result<Option<Ending>, Problem> {
    let Some(token) = held.and_then(|held| sessions.refresh.read(held.expose())) else { return Ok(None) };
    let (user_id, session_id) = (token.user_id, token.session_id);
    let Some(session) = sessions.store.get(user_id, session_id, now).await? else { return Ok(None) };
    let stands = if user_id == account.id {
        session.value.stands(account, now)
    } else {
        let owner = sessions.accounts.get(user_id).await?;
        owner.is_some_and(|owner| session.value.stands(&owner.value, now))
    };
    let why = match session.value.judge(&token, agent.0.as_deref(), now) {
        Presented::Current | Presented::Repeated(_) => AuditEntry::SessionEnded,
        Presented::Reused => AuditEntry::RefreshTokenReused,
    };
    Ok(stands.then_some(Ending { user_id, session_id, why }))
}

async fn count(sessions: &Sessions, email: &Email, address: &str, now: Timestamp) -> Result<(), Uncounted> {
    PER_ADDRESS.count_address(&sessions.table, address, now).await?;
    SIGN_IN_HERE.count_from(&sessions.table, email.as_str(), address, now).await?;
    SIGN_IN.count(&sessions.table, email.as_str(), now).await
}
