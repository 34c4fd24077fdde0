//! `PATCH /v1/admin/users/{id}`: staff change what an account says about a person.

use axum::extract::State;
use banister_domain::account::{Account, Locale, Phone, WrittenPhone};
use banister_domain::availability::Zone;
use banister_domain::id::UserId;
use banister_domain::text::PersonName;
use banister_platform::http::{ClientAddress, Code, Json, OkJson, Path, Problem, Staff, needs, present};
use banister_platform::store::{AuditEntry, Change, Edit};
use serde::Deserialize;
use serde_json::json;

use crate::Admin;
use crate::view::UserView;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound, Code::Busy];

/// What changes; a field that is absent stays (JSON Merge Patch, RFC 7396).
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "first_name": "Customer",
    "phone": null,
    "time_zone": "Europe/Lisbon",
}))]
pub(crate) struct UpdateUser {
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

/// Change an account
///
/// Neither its role nor its address, which have ways of their own. The audit log says which fields
/// were changed, and not what stood there.
#[utoipa::path(patch, path = "/v1/admin/users/{id}", request_body(content((UpdateUser = "application/json"), (UpdateUser = "application/merge-patch+json"))),
    params(("id" = UserId, Path, description = "Whose")),
    responses((status = 200, description = "The account after the change", body = UserView)))]
pub(crate) async fn update_user(
    State(admin): State<Admin>,
    caller: Staff<needs::UserManagement>,
    address: ClientAddress,
    Path(id): Path<UserId>,
    Json(ask): Json<UpdateUser>,
) -> Result<OkJson<UserView>, Problem> {
    let decide = |before: &Account| {
        let account = ask.clone().apply(before.clone());
        let fields = changed(before, &account);
        let change = Some(Change::of(&json!(null), &json!({ "fields": fields })));
        let edit = || Edit { account, entry: AuditEntry::AccountChanged, change };
        Ok((!fields.is_empty()).then(edit))
    };
    let account = admin.edit(caller.identity, &address, id, decide).await?;
    Ok(OkJson(UserView::new(account, &admin.viewer, admin.clock.now())))
}

/// The fields in which two accounts differ, of those that can be changed here.
fn changed(before: &Account, after: &Account) -> Vec<&'static str> {
    let fields = [
        ("first_name", before.first_name != after.first_name),
        ("last_name", before.last_name != after.last_name),
        ("phone", before.phone != after.phone),
        ("time_zone", before.time_zone != after.time_zone),
        ("locale", before.locale != after.locale),
    ];
    fields.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
}

impl UpdateUser {
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
