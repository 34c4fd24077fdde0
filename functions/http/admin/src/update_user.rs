//! `PATCH /v1/admin/users/{id}`: staff change what an account says about a person.

use axum::extract::State;
use banister_domain::account::Account;
use banister_domain::id::UserId;
use banister_platform::http::{ClientAddress, Code, Fingerprinted, Json, Path, Problem, Seen, Staff, needs};
use banister_platform::profile::{UpdateProfile, changed};
use banister_platform::store::{AuditEntry, Edit};

use crate::Admin;
use crate::view::UserView;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::NotFound, Code::AccountErased, Code::PhoneTaken, Code::Busy, Code::Stale, Code::IfMatchRequired];

/// Change an account
///
/// Neither its role nor its address, which have ways of their own. The audit log says which fields
/// were changed, and what stood and stands there until the person is erased. A number that has another account is refused (409 `phone_taken`) where
/// the address is confirmed; one that is set here is confirmed by nobody. `If-Match` names the `ETag` with which the account
/// was read: of two who change it at once, the second one is told.
#[utoipa::path(patch, path = "/v1/admin/users/{id}", request_body(content((UpdateProfile = "application/json"), (UpdateProfile = "application/merge-patch+json"))),
    params(("id" = UserId, Path, description = "Whose"),
        ("If-Match" = String, Header, description = "The ETag of what was read")),
    responses((status = 200, description = "The account after the change", body = UserView)))]
pub(crate) async fn update_user(
    State(admin): State<Admin>,
    caller: Staff<needs::UserManagement>,
    address: ClientAddress,
    Path(id): Path<UserId>,
    seen: Seen,
    Json(ask): Json<UpdateProfile>,
) -> Result<Fingerprinted<UserView>, Problem> {
    let now = admin.clock.now();
    let decide = |before: &Account| {
        seen.check(&UserView::new(before.clone(), &admin.viewer, now))?;
        let account = ask.clone().apply(before.clone())?;
        let change = changed(before, &account);
        Ok(change.map(|change| Edit { account, entry: AuditEntry::AccountChanged, change: Some(change) }))
    };
    let account = admin.edit(caller.identity, &address, id, decide).await?;
    Ok(Fingerprinted::from(UserView::new(account, &admin.viewer, now)))
}
