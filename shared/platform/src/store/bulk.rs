//! Acts on many accounts: what a job is to do to whom, and what became of each account. That is written in
//! the transaction that changes the account, so that each is told of once and truly (decision 28).

use std::collections::BTreeMap;

use axum::http::StatusCode;
use banister_domain::account::UserFilter;
use banister_domain::bulk::{BulkUsers, Outcome, UserAct, UserIds};
use banister_domain::id::{JobId, UserId};
use banister_domain::job::{Job, Work};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Act, AuditEntry, AuditRecord, Change, Once, jobs};
use crate::random;
use crate::table::{CommitError, Key, Position, Query, Record, StorageError, Table, Transaction, key};
use crate::telemetry;

/// How long it is told what became of an account: 30 days.
const TOLD: SignedDuration = SignedDuration::from_hours(24 * 30);

/// On which accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whom {
    /// On these.
    Ids(UserIds),
    /// On those that the filter finds when the work comes to them.
    Filter(UserFilter),
}

/// What a job is to do to whom, as kept until the job is over: it has words of staff in it, and what accounts
/// are looked for by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkOrderRecord {
    /// Whose order.
    pub job_id: JobId,
    /// What is done.
    pub act: UserAct,
    /// To whom.
    pub whom: Whom,
    /// Whether the caller could see accounts of staff when it was asked for.
    pub staff_too: bool,
    /// When it may be forgotten, for a job that is never over.
    pub expires_at: Timestamp,
}

impl Record for BulkOrderRecord {
    const TYPE: &'static str = "bulk_order";

    fn key(&self) -> Key {
        key::bulk_order(self.job_id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl BulkOrderRecord {
    /// The order of a job, made at `now`.
    #[must_use]
    pub fn new(job_id: JobId, (act, whom): (UserAct, Whom), staff_too: bool, now: Timestamp) -> Self {
        Self { job_id, act, whom, staff_too, expires_at: told_until(now) }
    }
}

/// What became of one account of many, or would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkResultRecord {
    /// In which act.
    pub job_id: JobId,
    /// Of whom.
    pub user_id: UserId,
    /// What.
    pub outcome: Outcome,
    /// Why not, where it was refused: a problem's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Until when it is told.
    pub expires_at: Timestamp,
}

impl Record for BulkResultRecord {
    const TYPE: &'static str = "bulk_result";

    fn key(&self) -> Key {
        key::bulk_result(self.job_id, self.user_id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl BulkResultRecord {
    /// What became of a user at `now`.
    #[must_use]
    pub fn new(job_id: JobId, user_id: UserId, outcome: Outcome, now: Timestamp) -> Self {
        Self { job_id, user_id, outcome, code: None, expires_at: told_until(now) }
    }
}

fn told_until(now: Timestamp) -> Timestamp {
    now.saturating_add(TOLD).unwrap_or(Timestamp::MAX)
}

/// Some accounts that an act is done to at once, as its receipt has them: what is asked again goes on with
/// the same ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtOnce {
    /// Below which what became of them is kept. There is no such job.
    pub id: JobId,
    /// Which, in the order that they are told of.
    pub user_ids: Vec<UserId>,
}

/// Everything about acts on many accounts.
#[derive(Debug, Clone)]
pub struct Bulks {
    table: Table,
}

impl Bulks {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// A new job that does `act`, or tells what it would come to, for `by`, who asks in the request under way.
    #[must_use]
    pub fn job(act: &UserAct, dry_run: bool, by: UserId, now: Timestamp) -> Job {
        let work = Work::BulkUsers(BulkUsers::new(act.operation(), dry_run));
        Job::new(random::id(now), work, by, telemetry::request_id(), now)
    }

    /// Writes down whom an act is done to at once, with an audit line of its own, before it is done;
    /// refused where the same request has done so.
    pub async fn begin_at_once(
        &self,
        (once, at_once): (&Once, &AtOnce),
        (asked, dry_run): (&UserAct, bool),
        act: &Act,
    ) -> Result<(), CommitError<()>> {
        let mut transaction = Transaction::new();
        once.record(&mut transaction, StatusCode::OK, at_once, act.at, ())?;
        transaction.put_over(&line(asked, dry_run, &json!(at_once.user_ids.len()), act));
        transaction.commit(&self.table).await
    }

    /// Begins a job that does what `order` says, with an audit line of its own; `view` is the answer.
    /// Refused where the same request has done so.
    pub async fn begin_job(
        &self,
        (once, view): (&Once, &impl Serialize),
        (job, order): (&Job, &BulkOrderRecord),
        act: &Act,
    ) -> Result<(), CommitError<()>> {
        let Work::BulkUsers(BulkUsers { dry_run, .. }) = job.work else {
            return Err(StorageError::Malformed("the job has no such order".into()).into());
        };
        let mut transaction = Transaction::new();
        once.record(&mut transaction, StatusCode::ACCEPTED, view, act.at, ())?;
        jobs::begin(&mut transaction, job, (), act.at)?;
        let whom = match &order.whom {
            Whom::Ids(ids) => json!(ids.as_slice().len()),
            Whom::Filter(filter) => json!(members(filter)),
        };
        transaction.create(order, ()).put_over(&line(&order.act, dry_run, &whom, act));
        transaction.commit(&self.table).await
    }

    /// What a job is to do; none once it is over.
    pub async fn order(&self, job: JobId) -> Result<Option<BulkOrderRecord>, StorageError> {
        let found = self.table.get::<BulkOrderRecord>(&key::bulk_order(job)).await?;
        Ok(found.map(|order| order.value))
    }

    /// What became of those of these users, at most 100, whom it is known of.
    pub async fn known(
        &self,
        job: JobId,
        users: &[UserId],
    ) -> Result<BTreeMap<UserId, BulkResultRecord>, StorageError> {
        if users.is_empty() {
            return Ok(BTreeMap::new());
        }
        let keys: Vec<_> = users.iter().map(|user| key::bulk_result(job, *user)).collect();
        let mut found = self.table.get_all(&keys).await?;
        let mut known = BTreeMap::new();
        for (user, key) in users.iter().zip(&keys) {
            if let Some(result) = found.take::<BulkResultRecord>(key)? {
                known.insert(*user, result.value);
            }
        }
        Ok(known)
    }

    /// Tells what became of a user, if nobody has; answers what is told.
    pub async fn tell(
        &self,
        result: BulkResultRecord,
    ) -> Result<BulkResultRecord, CommitError<StorageError>> {
        let mut transaction = Transaction::new();
        transaction.create(&result, ());
        match transaction.commit(&self.table).await {
            Ok(()) => Ok(result),
            Err(CommitError::Refused(())) => Ok(self.told(result.job_id, result.user_id).await?),
            Err(CommitError::Contention) => Err(CommitError::Contention),
            Err(CommitError::Storage(error)) => Err(error.into()),
        }
    }

    /// What is told of a user of whom something is.
    pub async fn told(&self, job: JobId, user: UserId) -> Result<BulkResultRecord, StorageError> {
        let found = self.table.get::<BulkResultRecord>(&key::bulk_result(job, user)).await?;
        let missing = || StorageError::Malformed("what became of a user is not there any more".into());
        found.map(|result| result.value).ok_or_else(missing)
    }

    /// A page of what became of the users of a job, in the order of their ids, and where the next one
    /// begins.
    pub async fn list(
        &self,
        job: JobId,
        limit: u16,
        after: Option<Position>,
        now: Timestamp,
    ) -> Result<(Vec<BulkResultRecord>, Option<Position>), StorageError> {
        let query = Query::beginning(key::job(job).pk, key::BULK_RESULTS, limit);
        let page = self.table.query::<BulkResultRecord>(Query { after, ..query }).await?;
        let told = page.items.into_iter().map(|(result, _)| result.value);
        Ok((told.filter(|result| result.expires_at > now).collect(), page.last))
    }
}

/// The audit line of the act itself. Each account that it changes has its own, with the words about it.
fn line(asked: &UserAct, dry_run: bool, users: &serde_json::Value, act: &Act) -> AuditRecord {
    let mut after = json!({ "operation": asked.operation(), "dry_run": dry_run, "users": users });
    if let UserAct::SetRole { role } = asked {
        after["role"] = json!(role);
    }
    let line = AuditRecord::new(AuditEntry::BulkRequested, None, act.address.clone(), act.at);
    AuditRecord { actor_id: act.by, change: Some(Change::of(&json!(null), &after)), ..line }
}

/// By what a filter looks, without what it looks for: that may be somebody's name.
fn members(filter: &UserFilter) -> Vec<String> {
    let value = serde_json::to_value(filter).unwrap_or_default();
    value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}
