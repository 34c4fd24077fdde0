//! `GET /v1/admin/users/{id}/permissions`: what a member of staff may do, and who said so.

use axum::extract::State;
use banister_domain::id::UserId;
use banister_platform::http::{Code, Fingerprinted, Path, Problem, Staff, needs};

use crate::Admin;
use crate::subject::sees;
use crate::view::PermissionsView;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound];

/// Read the permissions of an account
///
/// Customers and providers have none. To set them, send the `ETag` back as `If-Match`.
#[utoipa::path(get, path = "/v1/admin/users/{id}/permissions", params(("id" = UserId, Path, description = "Whose")),
    responses((status = 200, description = "The permissions, with who granted them and when", body = PermissionsView)))]
pub(crate) async fn get_user_permissions(
    State(admin): State<Admin>,
    caller: Staff<needs::AdminManagement>,
    Path(id): Path<UserId>,
) -> Result<Fingerprinted<PermissionsView>, Problem> {
    let found = admin.accounts.with_grants(id).await?;
    let seen = found.filter(|(account, _)| sees(caller.identity, account));
    let (account, grants) = seen.ok_or(Problem::new(Code::NotFound))?;
    Ok(Fingerprinted::from(PermissionsView::new(&account, grants)))
}
