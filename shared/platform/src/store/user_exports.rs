//! Exports of accounts: how they begin, and how they end (decision 29).

use axum::http::StatusCode;
use banister_domain::account::UserFilter;
use banister_domain::id::UserId;
use banister_domain::job::{Failure, Job, UserExport, Work};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{AuditEntry, AuditRecord, JOB, Jobs, Once, PieceError, jobs};
use crate::random;
use crate::table::{CommitError, Table, Transaction, Versioned};
use crate::telemetry;

/// Begins and ends exports of accounts.
#[derive(Debug, Clone)]
pub struct UserExports {
    table: Table,
    jobs: Jobs,
}

/// Somebody has begun this export before: there is a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun;

impl UserExports {
    /// In this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { jobs: Jobs::new(table.clone()), table }
    }

    /// Begins an export that `by` asks for from `address`, with an audit line, and a receipt with what
    /// `view` shows of the job.
    pub async fn begin<V: Serialize>(
        &self,
        export: UserExport,
        (by, address): (UserId, String),
        (once, view): (&Once, impl FnOnce(&Job) -> V),
        now: Timestamp,
    ) -> Result<V, CommitError<Begun>> {
        let said = json!({ "filter": told(&export.filter), "staff_too": export.staff_too });
        let job = Job::new(random::id(now), Work::ExportUsers(export), by, telemetry::request_id(), now);
        let view = view(&job);
        let line = AuditRecord::new(AuditEntry::UsersExported, None, address, now).by(by);
        let mut transaction = Transaction::new();
        once.record(&mut transaction, StatusCode::ACCEPTED, &view, now, Begun)?;
        jobs::begin(&mut transaction, &job, Begun, now)?;
        transaction.put_over(&line.change(&json!({ "job_id": job.id }), &said));
        transaction.commit(&self.table).await.map(|()| view)
    }

    /// Ends an export that is written whole, its last piece of so many accounts.
    pub async fn finish(
        &self,
        job: Versioned<Job>,
        export: UserExport,
        items: u32,
        now: Timestamp,
    ) -> Result<(), CommitError<PieceError>> {
        let said = json!({ "rows": export.rows(), "files": export.files.len(),
            "unreadable": export.unreadable });
        let work = Work::ExportUsers(export.closed());
        let over = Job { work, ..job.value.clone().advanced(items, None, now) };
        self.end(job, over, &said, now).await
    }

    /// Ends an export that whoever asked for it may not have any more.
    pub async fn refuse(
        &self,
        job: Versioned<Job>,
        export: UserExport,
        now: Timestamp,
    ) -> Result<(), CommitError<PieceError>> {
        let work = Work::ExportUsers(export.closed());
        let over = job.value.clone().given_up(Failure::Forbidden, work, now);
        self.end(job, over, &json!({ "failure": Failure::Forbidden }), now).await
    }

    async fn end(
        &self,
        job: Versioned<Job>,
        over: Job,
        said: &Value,
        now: Timestamp,
    ) -> Result<(), CommitError<PieceError>> {
        let line = AuditRecord::new(AuditEntry::UsersExportEnded, None, JOB.to_owned(), now);
        let line = AuditRecord { request_id: over.request_id, ..line.by(over.requested_by) };
        let mut transaction = Transaction::new();
        transaction.put_over(&line.change(&json!({ "job_id": over.id }), said));
        self.jobs.end(job, over, transaction).await
    }
}

/// A filter as the audit log has it: without the texts that tell of a person, since nothing takes them from
/// there when that person is erased.
fn told(filter: &UserFilter) -> Value {
    let mut told = serde_json::to_value(filter).unwrap_or_default();
    for name in ["email", "q"] {
        if let Some(value) = told.get_mut(name) {
            *value = true.into();
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_has_no_words_about_a_person() {
        let filter = |value: Value| told(&serde_json::from_value(value).expect("a filter"));
        let found = filter(json!({ "q": "robin", "role": "customer" }));
        assert_eq!(found, json!({ "q": true, "role": "customer" }));
        assert_eq!(filter(json!({ "email": "robin@example.com" })), json!({ "email": true }));
        assert_eq!(filter(json!({})), json!({}));
    }
}
