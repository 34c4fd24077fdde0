//! `PATCH /v1/me`: whoever is signed in changes the own account.

use axum::extract::State;
use banister_domain::account::{Account, Phone};
use banister_platform::http::{ClientAddress, Code, Fingerprinted, Json, OptionalSeen, Problem, SignedIn};
use banister_platform::limit::Limit;
use banister_platform::profile::UpdateProfile;
use banister_platform::random;
use banister_platform::store::SaveAccountError;
use banister_platform::table::{CommitError, backoff};
use banister_platform::view::AccountView;

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::Busy, Code::EmailNotConfirmed, Code::PhoneTaken, Code::Stale, Code::TooManyRequests];

/// The answer tells whether a number has an account: nobody asks for many.
const PHONES: Limit = Limit { operation: "set_phone", count: 5, seconds: 86_400 };

/// Change the own account
///
/// A telephone number needs a confirmed e-mail address and is refused if it has another account. A code that confirms
/// it is mailed; the same number once more has another code mailed, unless it is confirmed. With `If-Match`, nothing
/// changes unless the account is what was read with that `ETag`.
#[utoipa::path(patch, path = "/v1/me", request_body(content((UpdateProfile = "application/json"), (UpdateProfile = "application/merge-patch+json"))),
    params(("If-Match" = Option<String>, Header, description = "The ETag of what was read")),
    responses((status = 200, description = "The account after the change", body = AccountView)))]
pub(crate) async fn update_me(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    address: ClientAddress,
    seen: OptionalSeen,
    Json(ask): Json<UpdateProfile>,
) -> Result<Fingerprinted<AccountView>, Problem> {
    let (now, phone, mut counted) = (accounts.clock.now(), ask.phone(), false);
    for attempt in 0..5 {
        let account = accounts.store.get(caller.user_id).await?.ok_or(Problem::new(Code::Unauthenticated))?;
        seen.check(&accounts.viewer.account(account.value.clone(), now))?;
        let after = ask.clone().apply(account.value.clone())?;
        let code = wants_code(&account.value, phone.as_ref());
        if code && !account.value.email_confirmed {
            return Err(Problem::new(Code::EmailNotConfirmed));
        }
        if code && !std::mem::replace(&mut counted, true) {
            PHONES.count(&accounts.table, &caller.user_id.to_string(), now).await?;
        }
        if after == account.value && !code {
            return Ok(Fingerprinted::from(accounts.viewer.account(after, now)));
        }
        let code = code.then(|| (random::id(now), address.subject()));
        match accounts.store.save(account, after, code, now).await {
            Ok(changed) => return Ok(Fingerprinted::from(accounts.viewer.account(changed, now))),
            Err(CommitError::Refused(SaveAccountError::PhoneTaken)) => {
                return Err(Problem::new(Code::PhoneTaken).field_at("/phone", "has another account"));
            }
            Err(CommitError::Refused(SaveAccountError::Stale) | CommitError::Contention) => {
                tokio::time::sleep(backoff(attempt)).await;
            }
            Err(CommitError::Storage(error)) => return Err(error.into()),
        }
    }
    Err(Problem::busy())
}

/// Whether the number that is asked for has still to be confirmed.
fn wants_code(account: &Account, phone: Option<&Phone>) -> bool {
    use banister_domain::account::PhoneStatus::Confirmed;
    let confirmed = account.phone_status == Confirmed && account.phone.as_ref() == phone;
    phone.is_some() && !confirmed
}
