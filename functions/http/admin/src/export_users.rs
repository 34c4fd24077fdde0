//! `POST /v1/admin/users/export`: staff have accounts written into files.

use axum::extract::State;
use banister_domain::account::{Contradiction, UserFilter};
use banister_domain::job::UserExport;
use banister_platform::http::{
    AcceptedJson, ClientAddress, Code, IdempotencyKey, Json, Located, Problem, Replayable, Staff, needs,
};
use banister_platform::store::{Begun, Once};
use banister_platform::table::CommitError;
use banister_platform::view::JobView;
use serde::{Deserialize, Serialize};

use crate::Admin;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::Busy, Code::IdempotencyKeyReused, Code::InvalidIdempotencyKey, Code::InvalidInput];

/// Which accounts.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "filter": { "role": "customer", "confirmed": true } }))]
pub(crate) struct ExportUsers {
    /// Those that `GET /v1/admin/users` lists with the same fields; all that the caller may see where empty.
    filter: UserFilter,
}

/// Have accounts written into files
///
/// A job reads the accounts, a file of CSV for up to 40,000 that it looks at, and `GET /v1/jobs/{id}` has the
/// links when it is done. Accounts made after the request are left out. Those of staff are among them for
/// staff with the permission `admin_management` only. The audit log has who asked for what.
#[utoipa::path(post, path = "/v1/admin/users/export", request_body = ExportUsers,
    params(("Idempotency-Key" = String, Header, description = "Makes a retry safe")),
    responses((status = 202, description = "The job that writes them", body = JobView,
        headers(("Location" = String, description = "Where the job is")))))]
pub(crate) async fn export_users(
    State(admin): State<Admin>,
    caller: Staff<needs::UserManagement>,
    address: ClientAddress,
    key: IdempotencyKey,
    Json(ask): Json<ExportUsers>,
) -> Result<Located<Replayable<AcceptedJson<JobView>>>, Problem> {
    let (now, caller) = (admin.clock.now(), caller.identity);
    let contradiction =
        |Contradiction { field, detail }| Problem::invalid(&format!("/filter/{field}"), detail);
    ask.filter.check().map_err(contradiction)?;
    let once = Once::new(caller.user_id.to_string(), "export_users", &key, &ask)?;
    let export = UserExport::new(ask.filter, caller.role, caller.permissions);
    let by = (caller.user_id, address.subject());
    let answer = match admin.exports.begin(export, by, (&once, JobView::new), now).await {
        Ok(view) => Replayable::Fresh(AcceptedJson(view)),
        Err(CommitError::Refused(Begun)) => {
            once.replay(&admin.table, now).await?.ok_or(Problem::busy())?.answer()?
        }
        Err(CommitError::Contention) => return Err(Problem::busy()),
        Err(CommitError::Storage(error)) => return Err(error.into()),
    };
    Ok(JobView::begun(answer))
}
