//! `GET /v1/jobs/{id}`: whoever asked for long work sees how it is doing.

use axum::extract::State;
use banister_domain::id::JobId;
use banister_platform::http::{Code, OkJson, Path, Problem, SignedIn};
use banister_platform::view::JobView;

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound];

/// See how a job is doing
///
/// Of jobs that the caller asked for; all others are not found. Whoever has the own account erased is
/// signed out by that, and cannot ask any more.
#[utoipa::path(get, path = "/v1/jobs/{id}", params(("id" = JobId, Path, description = "Which")),
    responses((status = 200, description = "The job", body = JobView)))]
pub(crate) async fn get_job(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    Path(id): Path<JobId>,
) -> Result<OkJson<JobView>, Problem> {
    let job = accounts.jobs.get(id).await?.filter(|job| job.value.requested_by == caller.user_id);
    Ok(OkJson(JobView::new(&job.ok_or(Problem::new(Code::NotFound))?.value)))
}
