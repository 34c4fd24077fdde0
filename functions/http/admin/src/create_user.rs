//! `POST /v1/admin/users`: staff make an account for somebody.

use axum::extract::State;
use banister_domain::access::{Permissions, Reach};
use banister_domain::account::{Account, Email, Locale, Phone, Role, WrittenPhone};
use banister_domain::availability::Zone;
use banister_domain::id::UserId;
use banister_domain::text::PersonName;
use banister_platform::http::{
    ClientAddress, Code, Created, IdempotencyKey, Json, Problem, Replayable, Staff, needs,
};
use banister_platform::random;
use banister_platform::store::{Act, FirstPassword, NewAccount, Once, RegisterError};
use banister_platform::table::CommitError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Admin;
use crate::view::UserView;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::Busy, Code::EmailTaken, Code::IdempotencyKeyReused, Code::InvalidIdempotencyKey];

/// An account for somebody.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "email": "support@example.com",
    "role": "management",
    "first_name": "Support",
    "last_name": "One",
    "phone": "+12015550123",
    "time_zone": "Europe/Lisbon",
    "locale": "en",
}))]
pub(crate) struct CreateUser {
    email: Email,
    /// Below the caller's own.
    role: Role,
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

/// Make an account for somebody
///
/// Without a password: its owner is mailed an invitation, a link to choose one, as `POST /v1/password-resets/complete`
/// takes it. It confirms the address, too, and is good for 72 hours, once, and until all sessions of the account are
/// ended; `POST /v1/admin/users/{id}/confirmation-code` mails another one. Accounts of staff are made by staff of a higher role with
/// the permission `admin_management`, and start with what their role starts with, as far as the caller
/// has that too.
#[utoipa::path(post, path = "/v1/admin/users", request_body = CreateUser,
    params(("Idempotency-Key" = String, Header, description = "Makes a retry safe")),
    responses((status = 201, description = "The account", body = UserView)))]
pub(crate) async fn create_user(
    State(admin): State<Admin>,
    caller: Staff<needs::UserManagement>,
    address: ClientAddress,
    key: IdempotencyKey,
    Json(ask): Json<CreateUser>,
) -> Result<Replayable<Created<UserView>>, Problem> {
    let (now, caller) = (admin.clock.now(), caller.identity);
    if Reach::of(caller.role, caller.permissions, ask.role, false) != Reach::Managed {
        return Err(Problem::new(Code::Forbidden));
    }
    let once = Once::new(caller.user_id.to_string(), "create_user", &key, &ask)?;
    let permissions = ask.role.permissions_from(caller.role, caller.permissions);
    let account = ask.account(random::id(now), permissions, now);
    let view = UserView::new(account.clone(), &admin.viewer, now);
    let act = Act { by: Some(caller.user_id), address: address.subject(), at: now };
    let code_id = random::id(now);
    let password = FirstPassword::Invited(code_id, admin.codes()?.reset_token(code_id));
    let new = NewAccount { account, password, address: act.address.clone() };
    match admin.accounts.create(new, &act, Some((&once, &view))).await {
        Ok(()) => Ok(Replayable::Fresh(Created(view))),
        Err(CommitError::Refused(RegisterError::EmailTaken)) => Err(Problem::new(Code::EmailTaken)),
        Err(CommitError::Refused(RegisterError::Seen)) => {
            once.replay(&admin.table, now).await?.ok_or(Problem::busy())?.answer()
        }
        Err(CommitError::Refused(RegisterError::Stale) | CommitError::Contention) => Err(Problem::busy()),
        Err(CommitError::Storage(error)) => Err(error.into()),
    }
}

impl CreateUser {
    fn account(self, id: UserId, permissions: Permissions, now: Timestamp) -> Account {
        let names = (self.first_name, self.last_name);
        Account {
            permissions,
            phone: self.phone.map(Phone::from),
            time_zone: self.time_zone.unwrap_or(Zone::UTC),
            locale: self.locale.unwrap_or_default(),
            ..Account::new(id, self.email, self.role, names, now)
        }
    }
}
