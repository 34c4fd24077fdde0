//! `GET /v1/jobs/{id}/results`: whoever asked for work on many accounts sees what became of each.

use axum::extract::State;
use banister_domain::access::Permission;
use banister_domain::id::JobId;
use banister_domain::job::Work;
use banister_platform::http::{Code, ListOf, OkJson, PageSize, Path, Problem, Query, SignedIn};
use banister_platform::view::BulkResultView;
use serde::Deserialize;

use crate::Accounts;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound, Code::InvalidCursor, Code::InvalidInput];

/// Which page.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ResultsQuery {
    /// Items a page, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, example = 20)]
    limit: PageSize,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// See what a job came to
///
/// Of jobs on many accounts that the caller asked for; all others are not found, and other jobs have no
/// results. In the order in which the accounts were made, those that the job has seen to so far; each is told of
/// for 30 days.
#[utoipa::path(get, path = "/v1/jobs/{id}/results",
    params(("id" = JobId, Path, description = "Which"), ResultsQuery),
    responses((status = 200, description = "A page of results", body = ListOf<BulkResultView>)))]
pub(crate) async fn list_job_results(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    Path(id): Path<JobId>,
    Query(query): Query<ResultsQuery>,
) -> Result<OkJson<ListOf<BulkResultView>>, Problem> {
    let job = accounts.jobs.get(id).await?.filter(|job| job.value.requested_by == caller.user_id);
    let job = job.ok_or(Problem::new(Code::NotFound))?;
    // Of whom is told here, only who may still know of accounts is told.
    let needed = matches!(job.value.work, Work::BulkUsers(_)).then_some(Permission::UserManagement);
    if needed.is_some_and(|needed| !caller.role.may(caller.permissions, needed)) {
        return Err(Problem::new(Code::NotFound));
    }
    let scope = ("list_job_results", caller.user_id, id);
    let after = query.cursor.as_ref().map(|cursor| accounts.cursors.read(cursor, &scope)).transpose()?;
    let now = accounts.clock.now();
    let (results, last) = accounts.bulks.list(id, query.limit.get(), after, now).await?;
    let next_cursor = last.and_then(|position| accounts.cursors.write(&position, &scope));
    Ok(OkJson(ListOf { items: results.into_iter().map(BulkResultView::new).collect(), next_cursor }))
}
