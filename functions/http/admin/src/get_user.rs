//! `GET /v1/admin/users/{id}`: staff read an account.

use axum::extract::State;
use banister_domain::id::UserId;
use banister_platform::http::{Code, Fingerprinted, Path, Problem, Staff, needs};

use crate::Admin;
use crate::view::UserView;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound];

/// Read an account
///
/// Accounts of staff are shown to staff with the permission `admin_management` only. To change it, send the `ETag` back
/// as `If-Match`.
#[utoipa::path(get, path = "/v1/admin/users/{id}", params(("id" = UserId, Path, description = "Whose")),
    responses((status = 200, description = "The account", body = UserView)))]
pub(crate) async fn get_user(
    State(admin): State<Admin>,
    caller: Staff<needs::UserManagement>,
    Path(id): Path<UserId>,
) -> Result<Fingerprinted<UserView>, Problem> {
    let account = admin.seen(caller.identity, id).await?;
    Ok(Fingerprinted::from(UserView::new(account.value, &admin.viewer, admin.clock.now())))
}
