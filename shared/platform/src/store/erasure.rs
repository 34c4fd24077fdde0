//! Erasing all that is kept of a person. It begins with the account being switched off for good, in the
//! transaction that makes the job; each step of the job is one kind of thing (decision 23).

mod bookings;
mod log;
mod own;

use banister_domain::access::LastSuperAdmin;
use banister_domain::account::Account;
use banister_domain::event::Payload;
use banister_domain::id::{BookingId, UserId};
use banister_domain::job::{Erasure, ErasureStep, Job, Work};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::accounts::SuperAdminsRecord;
use super::{AccountRecord, Act, AuditEntry, Bookings, OutboxRecord, Piece, ReceiptRecord, jobs};
use crate::http::{Code, Problem};
use crate::random;
use crate::table::{CommitError, Page, Query, Record as _, StorageError, Table, Transaction, backoff, key};
use crate::telemetry;

/// How many open bookings a refusal names.
const MOST_NAMED: usize = 20;

/// Why nothing is erased.
#[derive(Debug, Clone)]
pub enum EraseError<E> {
    /// There is no such account.
    Missing,
    /// It is being erased, or was.
    Erased,
    /// It may not be.
    Refused(E),
    /// These bookings are still to come, or others beside them.
    OpenBookings(Vec<BookingId>),
    /// There would be no active super admin left.
    LastSuperAdmin,
    /// The account was changed at the same time, again and again.
    Stale,
}

impl CommitError<EraseError<Problem>> {
    /// The problem for the client; `missing` where there is no such account.
    #[must_use]
    pub fn into_problem(self, missing: Problem) -> Problem {
        match self {
            Self::Refused(EraseError::Missing) => missing,
            Self::Refused(EraseError::Erased) => Problem::new(Code::AccountErased),
            Self::Refused(EraseError::Refused(problem)) => problem,
            Self::Refused(EraseError::OpenBookings(ids)) => {
                Problem::new(Code::OpenBookings).with("booking_ids", ids)
            }
            Self::Refused(EraseError::LastSuperAdmin) => Problem::new(Code::LastSuperAdmin),
            Self::Refused(EraseError::Stale) | Self::Contention => Problem::busy(),
            Self::Storage(error) => error.into(),
        }
    }
}

/// Erases people.
#[derive(Debug, Clone)]
pub struct Erasures {
    table: Table,
    bookings: Bookings,
}

impl Erasures {
    /// From this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { bookings: Bookings::new(table.clone()), table }
    }

    /// Switches an account off for good, with an audit line of `act`, and begins the job that erases all
    /// that is kept of the person, if `allowed` says nothing against it.
    pub async fn begin<E>(
        &self,
        user: UserId,
        act: &Act,
        (why, allowed): (Option<String>, impl Fn(&Account) -> Result<(), E>),
    ) -> Result<Job, CommitError<EraseError<E>>> {
        let refused = |error| Err(CommitError::Refused(error));
        for attempt in 0..5 {
            let keys = [key::user(user), key::super_admins()];
            let mut found = self.table.get_all(&keys).await?;
            let Some(before) = found.take::<AccountRecord>(&keys[0])? else {
                return refused(EraseError::Missing);
            };
            if let Err(error) = allowed(&before.value.0) {
                return refused(EraseError::Refused(error));
            }
            if before.value.0.status.is_final() {
                return refused(EraseError::Erased);
            }
            let open = self.open_bookings(user, act.at).await?;
            if !open.is_empty() {
                return refused(EraseError::OpenBookings(open));
            }
            let work = Work::EraseUser(Erasure::new(user));
            let by = act.by.unwrap_or(user);
            let job = Job::new(random::id(act.at), work, by, telemetry::request_id(), act.at);
            let mut transaction = Transaction::new();
            let (old, after) =
                (before.value.0.clone(), before.map(|record| AccountRecord(record.0.erasing())));
            SuperAdminsRecord::keep(&mut transaction, found.take(&keys[1])?, Some(&old), &after.value.0, ())
                .map_err(|LastSuperAdmin| CommitError::Refused(EraseError::LastSuperAdmin))?;
            jobs::begin(&mut transaction, &job, (), act.at)?;
            let line = act.line(AuditEntry::AccountErasing, user);
            let said = json!({ "job_id": job.id, "reason": why });
            let ended = Payload::SessionsEnded { user_id: user, session_id: None };
            transaction
                .replace(&after, ())
                .put_over(&line.change(&json!({ "status": old.status }), &said))
                .put_over(&OutboxRecord::new(ended, act.at)?);
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(job),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Refused(()) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
            }
        }
        refused(EraseError::Stale)
    }

    /// The next piece of an erasure. Photos have files: their piece is for whoever reaches those.
    pub async fn piece(&self, erasure: &Erasure, now: Timestamp) -> Result<Piece, StorageError> {
        let user = erasure.user_id;
        let after = erasure.cursor.as_deref();
        match erasure.step {
            ErasureStep::Belongings => self.belongings(user, now).await,
            ErasureStep::Receipts => self.receipts(user, after).await,
            ErasureStep::Services => self.services(user, after).await,
            ErasureStep::Calendar => self.calendar(user).await,
            ErasureStep::BookingsMade | ErasureStep::BookingsTaken => {
                self.words_in_bookings(user, erasure.step, after, now).await
            }
            ErasureStep::AuditAbout | ErasureStep::AuditBy => {
                self.lines(user, erasure.step, after, now).await
            }
            ErasureStep::Photos => Ok(Piece::whole(Transaction::new(), 0)),
            ErasureStep::Account => self.account(user, now).await,
        }
    }

    /// Deletes the receipts that `subject` has of answers that speak of any of these ids.
    async fn forget_answers(&self, subject: &str, ids: &[String]) -> Result<(), StorageError> {
        let mut query = Query::all(None, key::receipts(subject), 100);
        loop {
            let page = whole(self.table.query::<ReceiptRecord>(query.clone()).await?)?;
            for (receipt, _) in page.items {
                if ids.iter().any(|id| receipt.value.speaks_of(id)) {
                    self.table.delete(&receipt.value.key()).await?;
                }
            }
            match page.last {
                Some(position) => query.after = Some(position),
                None => return Ok(()),
            }
        }
    }
}

/// How old an answer can be that is still kept: a day, and what DynamoDB takes to delete what expired.
const ANSWERS_KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);

/// All that a query found, or why it is not known to be all: what cannot be read cannot be erased.
fn whole<R>(page: Page<R>) -> Result<Page<R>, StorageError> {
    if page.unreadable == 0 {
        Ok(page)
    } else {
        Err(StorageError::Malformed("items to be erased do not read".into()))
    }
}

fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}
