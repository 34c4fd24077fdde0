//! `PATCH /v1/me`: whoever is signed in changes the own account.

use axum::extract::State;
use banister_domain::account::{Account, Locale, Phone, WrittenPhone};
use banister_domain::availability::Zone;
use banister_domain::text::PersonName;
use banister_platform::http::{Code, Json, OkJson, Problem, SignedIn, present};
use banister_platform::table::backoff;
use banister_platform::view::AccountView;
use serde::Deserialize;

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy];

/// What changes; a field that is absent stays (JSON Merge Patch, RFC 7396).
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "first_name": "Customer",
    "phone": null,
    "time_zone": "Europe/Lisbon",
}))]
pub(crate) struct UpdateMe {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PersonName>)]
    first_name: Option<PersonName>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PersonName>)]
    last_name: Option<PersonName>,
    /// `null` removes it.
    #[expect(clippy::option_option, reason = "absent, null and a value are three things (RFC 7396)")]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Phone>)]
    phone: Option<Option<WrittenPhone>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Zone>)]
    time_zone: Option<Zone>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Locale>)]
    locale: Option<Locale>,
}

/// Change the own account
#[utoipa::path(patch, path = "/v1/me", request_body(content((UpdateMe = "application/json"), (UpdateMe = "application/merge-patch+json"))),
    responses((status = 200, description = "The account after the change", body = AccountView)))]
pub(crate) async fn update_me(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    Json(ask): Json<UpdateMe>,
) -> Result<OkJson<AccountView>, Problem> {
    for attempt in 0..5 {
        let account = accounts.store.get(caller.user_id).await?.ok_or(Problem::new(Code::Unauthenticated))?;
        if let Some(changed) = accounts.store.save(account, |account| ask.clone().apply(account)).await? {
            return Ok(OkJson(accounts.viewer.account(changed, accounts.clock.now())));
        }
        tokio::time::sleep(backoff(attempt)).await;
    }
    Err(Problem::busy())
}

impl UpdateMe {
    fn apply(self, account: Account) -> Account {
        Account {
            first_name: self.first_name.unwrap_or(account.first_name),
            last_name: self.last_name.unwrap_or(account.last_name),
            phone: self.phone.map_or(account.phone, |phone| phone.map(Phone::from)),
            time_zone: self.time_zone.unwrap_or(account.time_zone),
            locale: self.locale.unwrap_or(account.locale),
            ..account
        }
    }
}
