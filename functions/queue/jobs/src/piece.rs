//! One message: the piece of a job that it asks for.

use banister_domain::account::Role;
use banister_domain::event::Payload;
use banister_domain::id::UserId;
use banister_domain::job::{ERASING_WAITS, Erasure, ErasureStep, Job, Work};
use banister_platform::objects::key::{self, Square};
use banister_platform::store::{Piece, PieceError};
use banister_platform::table::{CommitError, Versioned};
use banister_platform::worker::{WorkError, read_event};
use futures_util::future::try_join_all;
use jiff::Timestamp;

use crate::JobsWorker;

impl JobsWorker {
    /// Does the piece that the event in `body` asks for, if it is still to be done.
    pub(crate) async fn run(&self, body: &str) -> Result<(), WorkError> {
        let Payload::JobContinued { job_id, revision } = read_event(body)?.payload else {
            return Err(WorkError::Poison("an event that is not for this queue".into()));
        };
        let Some(job) = self.jobs.get(job_id).await? else {
            return Err(WorkError::Poison("there is no such job".into()));
        };
        if !job.value.waits_for(revision) {
            tracing::info!(job = %job_id, revision, "done before");
            return Ok(());
        }
        let done = match job.value.work.clone() {
            Work::EraseUser(erasure) => self.erase_user(job.clone(), erasure).await,
            Work::ExportUsers(export) => self.export_users(job.clone(), export).await,
            Work::BulkUsers(bulk) => self.bulk_users(job.clone(), bulk).await,
        };
        if let Err(WorkError::Poison(_)) = done {
            self.jobs.fail(job, self.clock.now()).await?;
        }
        done
    }

    async fn erase_user(&self, job: Versioned<Job>, erasure: Erasure) -> Result<(), WorkError> {
        let now = self.clock.now();
        let since = if self.may_just_have_been_booked(&erasure).await? {
            job.value.updated_at
        } else {
            job.value.created_at
        };
        if now.duration_since(since) < ERASING_WAITS {
            return Err(WorkError::Retry("requests may still be under way".into()));
        }
        if erasure.step == ErasureStep::Photos {
            self.remove_photos(erasure.user_id).await?;
        }
        let piece = self.erasures.piece(&erasure, now).await?;
        let left = erasure.after(piece.cursor.clone()).map(Work::EraseUser);
        self.advance(job, piece, left, now).await
    }

    /// Writes a piece, and how far the job has come with it.
    pub(crate) async fn advance(
        &self,
        job: Versioned<Job>,
        piece: Piece,
        left: Option<Work>,
        now: Timestamp,
    ) -> Result<(), WorkError> {
        let (id, revision, items, over) = (job.value.id, job.value.revision, piece.items, left.is_none());
        settled(self.jobs.advance(job, piece, left, now).await)?;
        tracing::info!(job = %id, revision, items, over, "a piece is done");
        Ok(())
    }

    /// Whether bookings are about to be looked for of a provider who could be booked until the step before.
    async fn may_just_have_been_booked(&self, erasure: &Erasure) -> Result<bool, WorkError> {
        if erasure.step != ErasureStep::BookingsTaken || erasure.cursor.is_some() {
            return Ok(false);
        }
        let account = self.accounts.get(erasure.user_id).await?;
        Ok(account.is_some_and(|account| account.value.role == Role::Provider))
    }

    /// Removes the files of all photos: the account has been without one since it was switched off, and
    /// gets none. An upload that comes later than that is removed by the worker who examines it.
    async fn remove_photos(&self, user: UserId) -> Result<(), WorkError> {
        let account = self.accounts.get(user).await?;
        let retired = account.map(|account| account.value.photo.retired().to_vec()).unwrap_or_default();
        for id in retired {
            let keys = Square::ALL.map(|square| key::photo(id, square));
            try_join_all(keys.iter().map(|key| self.public.remove(key))).await?;
        }
        Ok(())
    }
}

/// What writing a piece comes to.
pub(crate) fn settled(written: Result<(), CommitError<PieceError>>) -> Result<(), WorkError> {
    match written {
        // By the same message, delivered twice.
        Ok(()) | Err(CommitError::Refused(PieceError::Done)) => Ok(()),
        Err(CommitError::Refused(PieceError::Stale) | CommitError::Contention) => {
            Err(WorkError::Retry("something was changed at the same time".into()))
        }
        Err(CommitError::Storage(error)) => Err(error.into()),
    }
}
