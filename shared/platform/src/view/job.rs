//! How long work is shown.

use banister_domain::bulk::{BulkOperation, BulkUsers, Counts, Outcome};
use banister_domain::id::{JobId, UserId};
use banister_domain::job::{self, Job, Work};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::http::{AcceptedJson, Located, Replayable};
use crate::store::BulkResultRecord;

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "erase_user")]
pub enum JobKind {
    /// Erases all that is kept of a person.
    EraseUser,
    /// Writes accounts into files.
    ExportUsers,
    /// Does the same to many accounts.
    BulkUsers,
}

/// A file that a job has written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = JobFile, example = json!({
    "url": "https://banister-dev-private.s3.eu-central-1.amazonaws.com/exports/job_01KB2Q7S3H8Z6W4V5N9RXTMCDE/1-0123456789abcdef.csv?X-Amz-Expires=600",
    "expires_at": "2026-03-09T08:13:10Z",
    "rows": 1234,
}))]
pub struct JobFileView {
    /// Where to get it, without signing in: whoever knows it has the file.
    pub url: String,
    /// When that ends; the job then shows another.
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:13:10Z")]
    pub expires_at: Timestamp,
    /// How many things are in it.
    pub rows: u32,
}

/// How far an act on many accounts has come.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = BulkProgress, example = json!({
    "operation": "disable",
    "dry_run": false,
    "counts": { "changed": 120, "unchanged": 3, "refused": 2 },
    "cut_short": false,
}))]
pub struct BulkProgressView {
    /// What is done.
    pub operation: BulkOperation,
    /// Whether it is only told what would be done.
    pub dry_run: bool,
    /// How many accounts came to what so far.
    pub counts: Counts,
    /// Whether the search for accounts ended early, since the caller may not do it any more.
    pub cut_short: bool,
}

/// A job as whoever asked for it sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Job, example = json!({
    "id": "job_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "kind": "erase_user",
    "state": "running",
    "failure": null,
    "user_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "bulk": null,
    "done": 42,
    "files": null,
    "unreadable": null,
    "created_at": "2026-03-09T08:00:00Z",
    "updated_at": "2026-03-09T08:03:10Z",
}))]
pub struct JobView {
    /// The job's id.
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// How it is doing.
    pub state: job::State,
    /// Why it is over without having been done.
    pub failure: Option<job::Failure>,
    /// Whom it is about; `null` where that is many.
    pub user_id: Option<UserId>,
    /// How far an act on many accounts has come; `null` for other work.
    pub bulk: Option<BulkProgressView>,
    /// How many things it has seen to so far.
    pub done: u64,
    /// What it has written, in order; only once it is done, and for a day from when it was asked for.
    pub files: Option<Vec<JobFileView>>,
    /// How many accounts so far are in no file since what is kept of them does not read; `null` for other work.
    pub unreadable: Option<u64>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    pub created_at: Timestamp,
    /// When a piece of it was last done.
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:03:10Z")]
    pub updated_at: Timestamp,
}

/// What became of an account, one of many.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = BulkResult, example = json!({
    "user_id": "usr_01KB2Q9C6E8G0J2M4P6S8VXZBD",
    "outcome": "refused",
    "code": "not_found",
}))]
pub struct BulkResultView {
    /// Whose.
    pub user_id: UserId,
    /// What became of it; with `dry_run`, what would.
    pub outcome: Outcome,
    /// Why it was refused: the code of the problem that the operation for one account answers; `internal` where
    /// what is kept of the account does not read.
    pub code: Option<String>,
}

impl BulkResultView {
    /// Of what is kept.
    #[must_use]
    pub fn new(result: BulkResultRecord) -> Self {
        let BulkResultRecord { user_id, outcome, code, .. } = result;
        Self { user_id, outcome, code }
    }
}

impl BulkProgressView {
    const fn new(bulk: &BulkUsers) -> Self {
        let BulkUsers { operation, dry_run, counts, cut_short, .. } = *bulk;
        Self { operation, dry_run, counts, cut_short }
    }
}

impl JobView {
    /// Of a job.
    #[must_use]
    pub fn new(job: &Job) -> Self {
        let (mut user_id, mut bulk, mut unreadable) = (None, None, None);
        let kind = match &job.work {
            Work::EraseUser(erasure) => {
                user_id = Some(erasure.user_id);
                JobKind::EraseUser
            }
            Work::ExportUsers(export) => {
                unreadable = Some(export.unreadable);
                JobKind::ExportUsers
            }
            Work::BulkUsers(work) => {
                bulk = Some(BulkProgressView::new(work));
                JobKind::BulkUsers
            }
        };
        Self {
            id: job.id,
            kind,
            state: job.state,
            failure: job.failure,
            user_id,
            bulk,
            done: job.done,
            files: None,
            unreadable,
            created_at: job.created_at,
            updated_at: job.updated_at,
        }
    }

    /// The answer of having begun a job, now or by an earlier request, with where to look for it.
    pub fn begun(answer: Replayable<AcceptedJson<Self>>) -> Located<Replayable<AcceptedJson<Self>>> {
        #[derive(Deserialize)]
        struct Told {
            id: JobId,
        }
        let id = match &answer {
            Replayable::Fresh(AcceptedJson(view)) => Some(view.id),
            Replayable::Replayed { body, .. } => serde_json::from_str(body).ok().map(|Told { id }: Told| id),
        };
        Located { location: id.map(|id| format!("/v1/jobs/{id}")).unwrap_or_default(), answer }
    }
}
