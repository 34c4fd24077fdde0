//! How staff see what became of many accounts.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use banister_domain::bulk::Counts;
use banister_platform::http::{AcceptedJson, Answer, Located, OkJson, Problem, Replayable};
use banister_platform::store::BulkResultRecord;
use banister_platform::view::{BulkResultView, JobView};
use serde::Serialize;

/// What became of each account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = BulkDone, example = json!({
    "dry_run": false,
    "results": [
        { "user_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "outcome": "changed", "code": null },
        { "user_id": "usr_01KB2Q9C6E8G0J2M4P6S8VXZBD", "outcome": "refused", "code": "not_found" },
    ],
    "counts": { "changed": 1, "unchanged": 0, "refused": 1 },
}))]
pub(crate) struct BulkDoneView {
    /// Whether nothing was changed: each is told of as if it were alone, as it was at that moment.
    dry_run: bool,
    /// In the order of `ids`, or, with a filter, of what was found.
    #[schema(max_items = 100)]
    results: Vec<BulkResultView>,
    /// How many came to what.
    counts: Counts,
}

impl BulkDoneView {
    pub(crate) fn new(dry_run: bool, results: Vec<BulkResultRecord>) -> Self {
        let counts = results.iter().map(|result| result.outcome).fold(Counts::default(), Counts::and);
        Self { dry_run, results: results.into_iter().map(BulkResultView::new).collect(), counts }
    }
}

/// The answer to an act on many accounts.
#[derive(Debug)]
pub(crate) enum BulkAnswer {
    /// It is done.
    Done(Replayable<OkJson<BulkDoneView>>),
    /// A job does it.
    Begun(Located<Replayable<AcceptedJson<JobView>>>),
}

impl BulkAnswer {
    /// What is done, told for the first time or `again`.
    pub(crate) fn done(view: BulkDoneView, again: bool) -> Result<Self, Problem> {
        if !again {
            return Ok(Self::Done(Replayable::Fresh(OkJson(view))));
        }
        let body = serde_json::to_string(&view).map_err(Problem::internal)?;
        Ok(Self::Done(Replayable::Replayed { status: StatusCode::OK, body }))
    }
}

impl Answer for BulkAnswer {}

impl IntoResponse for BulkAnswer {
    fn into_response(self) -> Response {
        match self {
            Self::Done(answer) => answer.into_response(),
            Self::Begun(answer) => answer.into_response(),
        }
    }
}
