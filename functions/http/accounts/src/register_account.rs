//! `POST /v1/accounts`: anyone registers as a customer or a provider.
//!
//! The answer is the same whether the address is new or not: an address that has an account gets a
//! mail that says so, and nothing is changed.

use axum::extract::State;
use banister_domain::account::WrittenPhone;
use banister_domain::account::{Account, Email, Locale, NewPassword, OpenRole, Phone};
use banister_domain::availability::Zone;
use banister_domain::id::UserId;
use banister_domain::text::PersonName;
use banister_platform::http::{
    Anyone, ClientAddress, Code, Created, Json, OptionalIdempotencyKey, Problem, Replayable, withheld,
};
use banister_platform::limit::{Limit, Uncounted};
use banister_platform::random;
use banister_platform::store::{FirstPassword, NewAccount, Once, RegisterError};
use banister_platform::table::CommitError;
use banister_platform::view::AccountView;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::Busy, Code::IdempotencyKeyReused, Code::InvalidIdempotencyKey, Code::TooManyRequests];

const PER_ADDRESS: Limit = Limit { operation: "register", count: 20, seconds: 3_600 };
/// Whether the address has an account or not, so that both cost the same.
const MAILED: Limit = Limit { operation: "register_mailed", count: 4, seconds: 86_400 };

/// A new account.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "email": "customer@example.com",
    "password": "correct horse battery",
    "role": "customer",
    "first_name": "Customer",
    "last_name": "One",
    "phone": "+12015550123",
    "time_zone": "Europe/Lisbon",
    "locale": "en",
}))]
pub(crate) struct RegisterAccount {
    email: Email,
    #[serde(serialize_with = "withheld")]
    password: NewPassword,
    role: OpenRole,
    first_name: PersonName,
    last_name: PersonName,
    /// A US number.
    #[schema(value_type = Option<Phone>)]
    phone: Option<WrittenPhone>,
    /// IANA zone for times in mails; UTC if not given.
    time_zone: Option<Zone>,
    /// Language of mails; English if not given.
    locale: Option<Locale>,
}

/// Register
///
/// Makes an account and mails a code that confirms the address. If the address has an account
/// already, the answer looks the same and its owner gets a mail. A registration that was not
/// confirmed while its code was good has lapsed: registering again replaces it and mails a new code.
#[utoipa::path(post, path = "/v1/accounts", request_body = RegisterAccount,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe")),
    responses((status = 201, description = "The account", body = AccountView)))]
pub(crate) async fn register_account(
    State(accounts): State<Accounts>,
    _: Anyone,
    address: ClientAddress,
    OptionalIdempotencyKey(key): OptionalIdempotencyKey,
    Json(ask): Json<RegisterAccount>,
) -> Result<Replayable<Created<AccountView>>, Problem> {
    let (now, address) = (accounts.clock.now(), address.subject());
    PER_ADDRESS.count_address(&accounts.table, &address, now).await?;
    let subject = ask.email.to_string();
    let password = ask.password.clone().of(&ask.email, &ask.first_name, &ask.last_name);
    let password = password.map_err(|error| Problem::invalid("/password", error.to_string()))?;
    let asked = (&ask, accounts.codes.seal(password.expose()));
    let once = key.map(|key| Once::new(subject, "register_account", &key, &asked)).transpose()?;
    if let Err(known) = accounts.unbreached(&password, "/password").await {
        // The same request may have been taken before: nobody told then.
        let taken = match &once {
            Some(once) => once.replay(&accounts.table, now).await?,
            None => None,
        };
        return taken.ok_or(known)?.answer();
    }
    let password_hash = accounts.passwords.hash(password).await.map_err(Problem::internal)?;
    let account = ask.account(random::id(now), now);
    let view = accounts.viewer.account(account.clone(), now);
    let email = account.email.clone();
    let new = NewAccount { account, password: FirstPassword::Chosen(password_hash), address };
    let receipt = once.as_ref().map(|once| (once, &view));
    let quiet = mailed_often(&accounts, &email, now).await?;
    let mut outcome = accounts.store.register(new.clone(), quiet, receipt, now).await;
    if let Err(CommitError::Refused(RegisterError::EmailTaken)) = outcome {
        // Somebody else was quicker.
        outcome = accounts.store.register(new, quiet, receipt, now).await;
    }
    match (outcome, once) {
        (Ok(()), _) => Ok(Replayable::Fresh(Created(view))),
        (Err(CommitError::Storage(error)), _) => Err(error.into()),
        (Err(CommitError::Refused(RegisterError::Seen)), Some(once)) => {
            once.replay(&accounts.table, now).await?.ok_or(Problem::busy())?.answer()
        }
        (Err(CommitError::Refused(_) | CommitError::Contention), _) => Err(Problem::busy()),
    }
}

/// Whether the address got so many mails that there is no other one. The answer must not differ.
async fn mailed_often(accounts: &Accounts, email: &Email, now: Timestamp) -> Result<bool, Problem> {
    match MAILED.count(&accounts.table, email.as_str(), now).await {
        Ok(()) => Ok(false),
        Err(Uncounted::Over(_)) => Ok(true),
        Err(Uncounted::Storage(error)) => Err(error.into()),
    }
}

impl RegisterAccount {
    fn account(self, id: UserId, now: Timestamp) -> Account {
        let names = (self.first_name, self.last_name);
        Account {
            phone: self.phone.map(Phone::from),
            time_zone: self.time_zone.unwrap_or(Zone::UTC),
            locale: self.locale.unwrap_or_default(),
            ..Account::new(id, self.email, self.role.into(), names, now)
        }
    }
}
