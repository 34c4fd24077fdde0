//! `PATCH /v1/admin/users/{id}`: staff change what an account says about a person.

use axum::extract::State;
use banister_domain::account::Account;
use banister_domain::id::UserId;
use banister_platform::http::{ClientAddress, Code, Json, OkJson, Path, Problem, Staff, needs};
use banister_platform::profile::{UpdateProfile, changed};
use banister_platform::store::{AuditEntry, Change, Edit};
use serde_json::json;

use crate::Admin;
use crate::view::UserView;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound, Code::AccountErased, Code::PhoneTaken, Code::Busy];

/// Change an account
///
/// Neither its role nor its address, which have ways of their own. The audit log says which fields
/// were changed, and not what stood there. A number that has another account is refused (409 `phone_taken`) where
/// the address is confirmed; one that is set here is confirmed by nobody.
#[utoipa::path(patch, path = "/v1/admin/users/{id}", request_body(content((UpdateProfile = "application/json"), (UpdateProfile = "application/merge-patch+json"))),
    params(("id" = UserId, Path, description = "Whose")),
    responses((status = 200, description = "The account after the change", body = UserView)))]
pub(crate) async fn update_user(
    State(admin): State<Admin>,
    caller: Staff<needs::UserManagement>,
    address: ClientAddress,
    Path(id): Path<UserId>,
    Json(ask): Json<UpdateProfile>,
) -> Result<OkJson<UserView>, Problem> {
    let decide = |before: &Account| {
        let account = ask.clone().apply(before.clone())?;
        let fields = changed(before, &account);
        let change = Some(Change::of(&json!(null), &json!({ "fields": fields })));
        let edit = || Edit { account, entry: AuditEntry::AccountChanged, change };
        Ok((!fields.is_empty()).then(edit))
    };
    let account = admin.edit(caller.identity, &address, id, decide).await?;
    Ok(OkJson(UserView::new(account, &admin.viewer, admin.clock.now())))
}
