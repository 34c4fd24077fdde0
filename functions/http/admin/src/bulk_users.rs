//! `POST /v1/admin/users/bulk`: staff do the same to many accounts.

use axum::extract::State;
use axum::http::StatusCode;
use banister_domain::access::Permission;
use banister_domain::account::{Role, UserFilter};
use banister_domain::bulk::{MOST_AT_ONCE, UserAct};
use banister_domain::id::UserId;
use banister_platform::http::{
    AcceptedJson, ClientAddress, Code, IdempotencyKey, Json, Problem, Replayable, Staff, needs,
};
use banister_platform::identity::Identity;
use banister_platform::random;
use banister_platform::staff_acts::{Actor, BulkAct};
use banister_platform::store::{
    AccountPage, Act, AtOnce, BulkOrderRecord, Bulks, ListAccounts, Once, Replay, Whom,
};
use banister_platform::table::CommitError;
use banister_platform::view::JobView;

use crate::Admin;
use crate::bulk_ask::BulkUsers;
use crate::bulk_view::{BulkAnswer, BulkDoneView};

pub(crate) const PROBLEMS: &[Code] =
    &[Code::InvalidInput, Code::IdempotencyKeyReused, Code::InvalidIdempotencyKey, Code::Busy];

/// How many pages of 100 accounts are looked through for a filter while the caller waits.
const LOOKED_THROUGH: usize = 5;

/// Do the same to many accounts
///
/// To each account, exactly what the operation for one account does, by the same rules: an account that the
/// caller may not know of is refused with `not_found`, as one that does not exist. `set_role` takes the
/// permission `admin_management` too. Up to 100 accounts are seen to at once; more, or a filter that finds more
/// or looks through more than 500, become a job, which tells what became of each at
/// `GET /v1/jobs/{id}/results`. A request that broke off (409 `busy`, 5xx) is finished by the same one again.
#[utoipa::path(post, path = "/v1/admin/users/bulk", request_body = BulkUsers,
    params(("Idempotency-Key" = String, Header, description = "Makes a retry safe")),
    responses((status = 200, description = "What became of each", body = BulkDoneView),
        (status = 202, description = "A job does it", body = JobView,
            headers(("Location" = String, description = "The job")))))]
pub(crate) async fn bulk_users(
    State(admin): State<Admin>,
    caller: Staff<needs::UserManagement>,
    address: ClientAddress,
    key: IdempotencyKey,
    Json(ask): Json<BulkUsers>,
) -> Result<BulkAnswer, Problem> {
    let (caller, act) = (caller.identity, admin.act(caller.identity, &address));
    let (what, whom, dry_run) = ask.checked()?;
    if let Some(needed) = what.needs().iter().find(|needed| !Actor::from(caller).may(**needed)) {
        let needed = needed.as_str();
        return Err(Problem::new(Code::Forbidden).detail(format!("This needs the permission {needed}.")));
    }
    let once = Once::new(caller.user_id.to_string(), "bulk_users", &key, &ask)?;
    let bulk = Bulk { admin: &admin, caller, act, once, what, whom, dry_run };
    if let Some(replay) = bulk.once.replay(&admin.table, bulk.act.at).await? {
        return bulk.again(replay).await;
    }
    let begun = match bulk.few().await? {
        Some(users) => bulk.at_once(users).await?,
        None => bulk.as_job().await?,
    };
    if let Some(answer) = begun {
        return Ok(answer);
    }
    // The same request, sent twice: the other one was faster.
    let replay = bulk.once.replay(&admin.table, bulk.act.at).await?.ok_or(Problem::busy())?;
    bulk.again(replay).await
}

/// One request.
struct Bulk<'a> {
    admin: &'a Admin,
    caller: Identity,
    act: Act,
    once: Once,
    what: UserAct,
    whom: Whom,
    dry_run: bool,
}

impl Bulk<'_> {
    /// Who they are, if they are few enough to be seen to at once.
    async fn few(&self) -> Result<Option<Vec<UserId>>, Problem> {
        let users = match &self.whom {
            Whom::Ids(ids) => Some(ids.as_slice().to_vec()),
            Whom::Filter(filter) => self.found(filter).await?,
        };
        Ok(users.filter(|users| users.len() <= MOST_AT_ONCE))
    }

    /// All that the filter finds, if that is known after some pages.
    async fn found(&self, filter: &UserFilter) -> Result<Option<Vec<UserId>>, Problem> {
        let wanted = ListAccounts::oldest_first(filter, self.staff_too());
        let (mut users, mut after) = (Vec::new(), None);
        for _ in 0..LOOKED_THROUGH {
            let AccountPage { accounts, last } = self.admin.accounts.list(&wanted, 100, after).await?;
            for listed in accounts {
                // Found by another name on the page before.
                if !users.contains(&listed.id) {
                    users.push(listed.id);
                }
            }
            if last.is_none() {
                return Ok(Some(users));
            }
            if users.len() > MOST_AT_ONCE {
                return Ok(None);
            }
            after = last;
        }
        Ok(None)
    }

    /// Whether accounts of staff are looked for too.
    fn staff_too(&self) -> bool {
        let asked = match &self.whom {
            Whom::Filter(filter) => filter.role.is_none_or(Role::is_staff),
            Whom::Ids(_) => false,
        };
        asked && Actor::from(self.caller).may(Permission::AdminManagement)
    }

    /// Does it while the caller waits; none where the same request began it before.
    async fn at_once(&self, user_ids: Vec<UserId>) -> Result<Option<BulkAnswer>, Problem> {
        let at_once = AtOnce { id: random::id(self.act.at), user_ids };
        let begun = (&self.once, &at_once);
        match self.admin.bulks.begin_at_once(begun, (&self.what, self.dry_run), &self.act).await {
            Ok(()) => self.done(at_once, false).await.map(Some),
            Err(CommitError::Refused(())) => Ok(None),
            Err(CommitError::Contention) => Err(Problem::busy()),
            Err(CommitError::Storage(error)) => Err(error.into()),
        }
    }

    /// Has a job do it; none where the same request began it before.
    async fn as_job(&self) -> Result<Option<BulkAnswer>, Problem> {
        let now = self.act.at;
        let job = Bulks::job(&self.what, self.dry_run, self.caller.user_id, now);
        let order =
            BulkOrderRecord::new(job.id, (self.what.clone(), self.whom.clone()), self.staff_too(), now);
        let view = JobView::new(&job);
        match self.admin.bulks.begin_job((&self.once, &view), (&job, &order), &self.act).await {
            Ok(()) => Ok(Some(BulkAnswer::Begun(JobView::begun(Replayable::Fresh(AcceptedJson(view)))))),
            Err(CommitError::Refused(())) => Ok(None),
            Err(CommitError::Contention) => Err(Problem::busy()),
            Err(CommitError::Storage(error)) => Err(error.into()),
        }
    }

    /// Sees to those of whom nothing is told yet, and tells of all.
    async fn done(&self, at_once: AtOnce, again: bool) -> Result<BulkAnswer, Problem> {
        let among = match &self.whom {
            Whom::Filter(filter) => Some(ListAccounts::oldest_first(filter, self.staff_too())),
            Whom::Ids(_) => None,
        };
        let bulk = BulkAct {
            job_id: at_once.id,
            among: among.as_ref(),
            actor: Some(self.caller.into()),
            what: &self.what,
            dry_run: self.dry_run,
            act: self.act.clone(),
            request_id: None,
        };
        let results = self.admin.acts.see_to(&bulk, &at_once.user_ids).await?;
        BulkAnswer::done(BulkDoneView::new(self.dry_run, results), again)
    }

    /// What the same request before was told, or is told now that it is finished.
    async fn again(&self, replay: Replay) -> Result<BulkAnswer, Problem> {
        match replay {
            Replay::Answer(StatusCode::OK, body) => {
                let at_once = serde_json::from_str(&body).map_err(Problem::internal)?;
                self.done(at_once, true).await
            }
            replay => Ok(BulkAnswer::Begun(JobView::begun(replay.answer()?))),
        }
    }
}
