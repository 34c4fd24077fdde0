//! Long work. A job is written with the event that asks for its first piece; each piece is one transaction
//! with the job as it is then and the event that asks for the next one. A piece that is asked for twice
//! finds the job further on, and a crash leaves either all of a piece or nothing of it.

use std::convert::Infallible;

use banister_domain::event::Payload;
use banister_domain::id::JobId;
use banister_domain::job::{Job, Work};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{AuditEntry, AuditRecord, OutboxRecord};
use crate::table::{CommitError, Key, Record, StorageError, Table, Transaction, Versioned, key};

/// A job as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobRecord(pub Job);

impl Record for JobRecord {
    const TYPE: &'static str = "job";

    fn key(&self) -> Key {
        key::job(self.0.id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        match self.0.work {
            Work::EraseUser(_) => None,
            Work::ExportUsers(_) | Work::BulkUsers(_) => self.0.created_at.saturating_add(KEPT).ok(),
        }
    }
}

/// How long a job on many accounts is kept: 30 days. One that never ended names whom somebody looked for.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Why a piece was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceError {
    /// Somebody else did it.
    Done,
    /// Something that it changes was changed since it was read.
    Stale,
}

/// What a piece of a job writes, beside the job.
#[derive(Debug)]
pub struct Piece {
    /// The writes: at most 98.
    pub transaction: Transaction<PieceError>,
    /// How many things it sees to.
    pub items: u32,
    /// Where the next piece begins; none where this was the last one of its kind.
    pub cursor: Option<String>,
}

impl Piece {
    /// Of its kind the only one.
    #[must_use]
    pub fn whole(transaction: Transaction<PieceError>, items: u32) -> Self {
        Self { transaction, items, cursor: None }
    }
}

/// Adds a new job and the event that asks for its first piece.
pub(super) fn begin<M>(
    transaction: &mut Transaction<M>,
    job: &Job,
    exists: M,
    now: Timestamp,
) -> Result<(), StorageError> {
    transaction.create(&JobRecord(job.clone()), exists).put_over(&asked_for(job, now)?);
    Ok(())
}

fn asked_for(job: &Job, now: Timestamp) -> Result<OutboxRecord, StorageError> {
    OutboxRecord::new(Payload::JobContinued { job_id: job.id, revision: job.revision }, now)
}

/// All jobs.
#[derive(Debug, Clone)]
pub struct Jobs {
    table: Table,
}

impl Jobs {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// One job.
    pub async fn get(&self, id: JobId) -> Result<Option<Versioned<Job>>, StorageError> {
        let found = self.table.get::<JobRecord>(&key::job(id)).await?;
        Ok(found.map(|record| record.map(|record| record.0)))
    }

    /// Writes a piece, and how far the job has come with it; `left` is what is left to do.
    pub async fn advance(
        &self,
        job: Versioned<Job>,
        piece: Piece,
        left: Option<Work>,
        now: Timestamp,
    ) -> Result<(), CommitError<PieceError>> {
        let Piece { mut transaction, items, .. } = piece;
        let next = job.map(|job| JobRecord(job.advanced(items, left.clone(), now)));
        transaction.replace(&next, PieceError::Done);
        if left.is_some() {
            transaction.put_over(&asked_for(&next.value.0, now)?);
        }
        transaction.commit(&self.table).await
    }

    /// Writes the last piece of a job, which is `over` with it.
    pub(super) async fn end(
        &self,
        job: Versioned<Job>,
        over: Job,
        mut transaction: Transaction<PieceError>,
    ) -> Result<(), CommitError<PieceError>> {
        transaction.replace(&job.map(|_| JobRecord(over)), PieceError::Done);
        transaction.commit(&self.table).await
    }

    /// Asks again for the piece that a job is at, for one whose message was lost; none where there is no such
    /// job, or it is over. To ask twice does nothing twice. `address` is where that comes from, for the log.
    pub async fn ask_again(
        &self,
        id: JobId,
        address: &str,
        now: Timestamp,
    ) -> Result<Option<Job>, CommitError<Infallible>> {
        let job = self.get(id).await?.filter(|job| !job.value.is_over());
        let Some(Versioned { value: job, .. }) = job else { return Ok(None) };
        let line = AuditRecord::new(AuditEntry::JobContinued, None, address.to_owned(), now);
        let what = json!({ "job": id, "state": job.state, "revision": job.revision });
        let mut transaction = Transaction::new();
        transaction.put_over(&line.change(&json!(null), &what)).put_over(&asked_for(&job, now)?);
        transaction.commit(&self.table).await?;
        Ok(Some(job))
    }

    /// Records that a job cannot go on. The message that it stopped at goes on with it when it is sent again.
    pub async fn fail(&self, job: Versioned<Job>, now: Timestamp) -> Result<(), StorageError> {
        let mut transaction = Transaction::new();
        transaction.replace(&job.map(|job| JobRecord(job.failed(now))), ());
        match transaction.commit(&self.table).await {
            // Somebody else is at it: it goes on.
            Ok(()) | Err(CommitError::Refused(()) | CommitError::Contention) => Ok(()),
            Err(CommitError::Storage(error)) => Err(error),
        }
    }
}
