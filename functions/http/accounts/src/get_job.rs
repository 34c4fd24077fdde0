//! `GET /v1/jobs/{id}`: whoever asked for long work sees how it is doing.

use axum::extract::State;
use banister_domain::id::JobId;
use banister_domain::job::{ExportedFile, Job, State as JobState, UserExport, Work};
use banister_platform::http::{Code, OkJson, Path, Problem, SignedIn};
use banister_platform::objects::key;
use banister_platform::view::{JobFileView, JobView};
use futures_util::future::try_join_all;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound];

/// How long a link to a file is good.
const LINK: SignedDuration = SignedDuration::from_mins(10);
/// How long there are links: the bucket deletes a file a day after it was put, and none was put before the
/// job was asked for.
const LINKED: SignedDuration = SignedDuration::from_hours(24);

/// See how a job is doing
///
/// Of jobs that the caller asked for; all others are not found. Whoever has the own account erased is
/// signed out by that, and cannot ask any more. `files` has links that are good for ten minutes, until a day
/// after the job was asked for, and only as long as the caller has the rights that the job needed.
#[utoipa::path(get, path = "/v1/jobs/{id}", params(("id" = JobId, Path, description = "Which")),
    responses((status = 200, description = "The job", body = JobView)))]
pub(crate) async fn get_job(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    Path(id): Path<JobId>,
) -> Result<OkJson<JobView>, Problem> {
    let now = accounts.clock.now();
    let job = accounts.jobs.get(id).await?.filter(|job| job.value.requested_by == caller.user_id);
    let job = job.ok_or(Problem::new(Code::NotFound))?.value;
    let files = match &job.work {
        Work::ExportUsers(export) if shown(&job, export, &caller, now) => {
            Some(accounts.links(&job, &export.files, now).await?)
        }
        _ => None,
    };
    Ok(OkJson(JobView { files, ..JobView::new(&job) }))
}

fn shown(job: &Job, export: &UserExport, caller: &SignedIn, now: Timestamp) -> bool {
    job.state == JobState::Done
        && now.duration_since(job.created_at) < LINKED - LINK
        && export.is_for(caller.role, caller.permissions)
}

impl Accounts {
    async fn links(
        &self,
        job: &Job,
        files: &[ExportedFile],
        now: Timestamp,
    ) -> Result<Vec<JobFileView>, Problem> {
        let expires_at = now.saturating_add(LINK).unwrap_or(Timestamp::MAX);
        let day = job.created_at.to_zoned(TimeZone::UTC).date();
        let link = async |(place, file): (usize, &ExportedFile)| {
            let key = key::exported(job.id, &file.name);
            let name = format!("users-{day}-{}.csv", place + 1);
            let kept_as = ("text/csv; charset=utf-8; header=present", name.as_str());
            let url = self.private.presign_get(&key, kept_as, LINK.unsigned_abs(), now).await;
            url.map(|url| JobFileView { url, expires_at, rows: file.rows })
        };
        let links = try_join_all(files.iter().enumerate().map(link)).await;
        links.map_err(Problem::internal)
    }
}
