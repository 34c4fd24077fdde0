//! `DELETE /v1/admin/users/{id}`: staff have an account erased.

use axum::extract::State;
use banister_domain::account::Account;
use banister_domain::id::UserId;
use banister_domain::text::Reason;
use banister_platform::http::{AcceptedJson, ClientAddress, Code, Json, Path, Problem, Staff, needs};
use banister_platform::store::Act;
use banister_platform::view::JobView;
use serde::Deserialize;

use crate::Admin;
use crate::subject::manages;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::NotFound, Code::AccountErased, Code::LastSuperAdmin, Code::OpenBookings, Code::Busy];

/// Why the account is erased.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "Asked for it in a letter." }))]
pub(crate) struct DeleteUser {
    /// Kept in the audit log until all is erased.
    reason: Reason,
}

/// Have an account erased
///
/// As `DELETE /v1/me`, which see: the account is switched off at once and for good, and a job erases all
/// that is kept of the person. Nobody erases the own account here or one that is not below. There is no
/// way back.
#[utoipa::path(delete, path = "/v1/admin/users/{id}", request_body = DeleteUser,
    params(("id" = UserId, Path, description = "Whose")),
    responses((status = 202, description = "The account is switched off, and being erased", body = JobView)))]
pub(crate) async fn delete_user(
    State(admin): State<Admin>,
    caller: Staff<needs::UserManagement>,
    address: ClientAddress,
    Path(id): Path<UserId>,
    Json(ask): Json<DeleteUser>,
) -> Result<AcceptedJson<JobView>, Problem> {
    let act = Act { by: Some(caller.identity.user_id), address: address.subject(), at: admin.clock.now() };
    let allowed = |account: &Account| manages(caller.identity, account);
    let job = admin.erasures.begin(id, &act, (Some(ask.reason.into()), allowed)).await;
    let job = job.map_err(|error| error.into_problem(Problem::new(Code::NotFound)))?;
    Ok(AcceptedJson(JobView::new(&job)))
}
