//! `POST /v1/sessions`: anyone signs in.

use axum::extract::State;
use banister_domain::account::{Account, AccountStatus, Email, Password, SecondFactorCode};
use banister_platform::http::{Anyone, ClientAddress, Code, Created, Json, Problem, UserAgent, present};
use banister_platform::identity::refresh::RefreshToken;
use banister_platform::limit::{Limit, SECOND_FACTOR, SIGN_IN, SIGN_IN_HERE};
use banister_platform::random;
use banister_platform::store::{Proof, SecondFactorError};
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
}

/// Sign in
///
/// The answer and the work are the same for a wrong password and an unknown address. Where the account has a second factor,
/// the right password alone is answered `second_factor_needed`: send it again with a code of the app or a recovery code.
/// After five wrong codes within 15 minutes no more are tried until these are over. Of staff whose role demands a second factor
/// and who have none, only the operations to set it up take the token.
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
    count(&sessions, &ask.email, &address, now).await?;
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
            sessions.store.refuse(known, address, now).await?;
            return Err(Problem::new(Code::WrongCredentials));
        };
        if account.value.status != AccountStatus::Active {
            return Err(Problem::new(Code::AccountDisabled));
        }
        let proof = match prove(&sessions, &account.value, ask.code.as_ref(), &address, now).await? {
            Factor::Known(proof) => proof,
            // Turned off at this very moment: look at what the account has become.
            Factor::Gone => continue,
        };
        let token = RefreshToken::issue(user_id, random::id(now));
        let view = SessionView::new(&sessions, &token, account.value.clone(), now)?;
        match sessions
            .store
            .begin(&token, (&account, proof.as_ref()), place.clone(), address.clone(), now)
            .await
        {
            Ok(()) => return Ok(Created(view)),
            Err(CommitError::Storage(error)) => return Err(error.into()),
            // Changed at this very moment, perhaps by signing out everywhere, or the code was used: look at what
            // it has become.
            Err(CommitError::Refused(()) | CommitError::Contention) => {
                tokio::time::sleep(backoff(attempt)).await;
            }
        }
    }
    Err(Problem::busy())
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
    if !account.second_factor {
        return Ok(Factor::Known(None));
    }
    let code = code.ok_or(Problem::new(Code::SecondFactorNeeded))?;
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

async fn count(sessions: &Sessions, email: &Email, address: &str, now: Timestamp) -> Result<(), Problem> {
    PER_ADDRESS.count(&sessions.table, address, now).await?;
    SIGN_IN_HERE.count_from(&sessions.table, email.as_str(), address, now).await?;
    SIGN_IN.count(&sessions.table, email.as_str(), now).await
}
