//! Long work: done piece by piece, each piece in one transaction with the note of how far it has come.
//! The rule alone: what is next, and whether a message asks for what is next.

mod user_export;

pub use user_export::{ExportedFile, UserExport};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::bulk::BulkUsers;
use crate::id::{JobId, RequestId, UserId};

/// How long after it was asked for an account begins to be erased: longer than a request that was let in
/// before may take, and than indexes lag behind.
pub const ERASING_WAITS: SignedDuration = SignedDuration::from_secs(60);

/// How a job is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobState, example = "queued")]
pub enum State {
    /// Nothing is done yet.
    Queued,
    /// Some of it is done.
    Running,
    /// All of it is done.
    Done,
    /// It cannot go on until an operator has seen to it; or never, where it says why.
    Failed,
}

/// Why a job is over without having been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobFailure, example = "forbidden")]
pub enum Failure {
    /// Whoever asked for it may not have it any more.
    Forbidden,
}

/// What a job does, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// Erases all that is kept of a person.
    EraseUser(Erasure),
    /// Writes accounts into files.
    ExportUsers(UserExport),
    /// Does the same to many accounts.
    BulkUsers(BulkUsers),
}

/// How far an erasure has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Whose.
    pub user_id: UserId,
    /// What is erased next.
    pub step: ErasureStep,
    /// Where in that to go on; at its beginning where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The parts of an erasure, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureStep {
    /// The answers kept for repeated requests, of former addresses too: these lie with the account.
    Receipts,
    /// What lies with the account: sessions, codes, the second factor, former addresses, where permissions
    /// came from.
    Belongings,
    /// The words of the services offered, which are archived.
    Services,
    /// The rules of the calendar.
    Calendar,
    /// The own words and places in bookings made.
    BookingsMade,
    /// The own words in bookings taken.
    BookingsTaken,
    /// The files of photos.
    Photos,
    /// The account itself and its address.
    Account,
    /// What the audit log says of the account: last, since whoever types the address leaves a line until it is
    /// freed.
    AuditAbout,
    /// Whence the audit log says that others were acted upon.
    AuditBy,
}

impl ErasureStep {
    /// Every step, in order.
    pub const ALL: [Self; 10] = [
        Self::Receipts,
        Self::Belongings,
        Self::Services,
        Self::Calendar,
        Self::BookingsMade,
        Self::BookingsTaken,
        Self::Photos,
        Self::Account,
        Self::AuditAbout,
        Self::AuditBy,
    ];

    fn next(self) -> Option<Self> {
        let place = Self::ALL.iter().position(|step| *step == self)?;
        Self::ALL.get(place + 1).copied()
    }
}

impl Erasure {
    /// Of a user, from the beginning.
    #[must_use]
    pub const fn new(user_id: UserId) -> Self {
        Self { user_id, step: ErasureStep::Receipts, cursor: None }
    }

    /// What is left after a piece that ended at `cursor`, or with its step where there is none; nothing
    /// after the last step.
    #[must_use]
    pub fn after(&self, cursor: Option<String>) -> Option<Self> {
        let step = if cursor.is_some() { Some(self.step) } else { self.step.next() };
        step.map(|step| Self { user_id: self.user_id, step, cursor })
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Which.
    pub id: JobId,
    /// What it does.
    #[serde(flatten)]
    pub work: Work,
    /// How it is doing.
    pub state: State,
    /// Why it is over without having been done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// How many pieces are done. A message asks for the piece behind so many.
    pub revision: u32,
    /// How many things were seen to.
    pub done: u64,
    /// Who asked for it.
    pub requested_by: UserId,
    /// In which request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When a piece was last done.
    pub updated_at: Timestamp,
}

impl Job {
    /// Asked for by somebody at `now`.
    #[must_use]
    pub const fn new(
        id: JobId,
        work: Work,
        requested_by: UserId,
        request_id: Option<RequestId>,
        now: Timestamp,
    ) -> Self {
        let (state, failure, revision, done) = (State::Queued, None, 0, 0);
        let (created_at, updated_at) = (now, now);
        Self { id, work, state, failure, revision, done, requested_by, request_id, created_at, updated_at }
    }

    /// Whether the piece behind `revision` pieces is the one to be done.
    #[must_use]
    pub fn waits_for(&self, revision: u32) -> bool {
        !self.is_over() && self.revision == revision
    }

    /// Whether nothing more is done for it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state == State::Done || self.failure.is_some()
    }

    /// With one more piece done, of so many things, and `left` of the work; done where nothing is left.
    #[must_use]
    pub fn advanced(self, items: u32, left: Option<Work>, now: Timestamp) -> Self {
        let state = if left.is_some() { State::Running } else { State::Done };
        let (revision, done) = (self.revision.saturating_add(1), self.done.saturating_add(items.into()));
        let work = left.unwrap_or(self.work);
        Self { work, state, revision, done, updated_at: now, ..self }
    }

    /// Over without having been done; `work` is what is kept of it.
    #[must_use]
    pub fn given_up(self, failure: Failure, work: Work, now: Timestamp) -> Self {
        Self { work, state: State::Failed, failure: Some(failure), updated_at: now, ..self }
    }

    /// Stopped at the piece it is at. The same message goes on with it.
    #[must_use]
    pub fn failed(self, now: Timestamp) -> Self {
        Self { state: State::Failed, updated_at: now, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::BulkOperation;
    use crate::id::Id;

    fn job() -> Job {
        let user = Id::from_parts(1, 1);
        let work = Work::EraseUser(Erasure::new(user));
        Job::new(Id::from_parts(1, 2), work, user, None, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn an_erasure_takes_every_step_once_and_in_order() {
        let Work::EraseUser(mut erasure) = job().work else { panic!("an erasure") };
        let mut steps = vec![erasure.step];
        erasure = erasure.after(Some("here".into())).expect("a step is not through at a cursor");
        assert_eq!((erasure.step, erasure.cursor.as_deref()), (ErasureStep::Receipts, Some("here")));
        while let Some(next) = erasure.after(None) {
            assert_eq!(next.cursor, None);
            steps.push(next.step);
            erasure = next;
        }
        assert_eq!(steps, ErasureStep::ALL);
    }

    #[test]
    fn a_piece_is_asked_for_once() {
        let now = Timestamp::UNIX_EPOCH;
        let queued = job();
        assert!(queued.waits_for(0) && !queued.waits_for(1));
        let running = queued.clone().advanced(3, Some(queued.work.clone()), now);
        assert_eq!((running.state, running.done), (State::Running, 3));
        assert!(!running.waits_for(0) && running.waits_for(1));
        let failed = running.clone().failed(now);
        assert!(failed.state == State::Failed && failed.waits_for(1));
        let done = failed.advanced(1, None, now);
        assert_eq!((done.state, done.done), (State::Done, 4));
        assert!((0..4).all(|revision| !done.waits_for(revision)));
    }

    #[test]
    fn a_job_that_was_given_up_waits_for_nothing() {
        let over = job().given_up(Failure::Forbidden, job().work, Timestamp::UNIX_EPOCH);
        assert_eq!((over.state, over.revision), (State::Failed, 0));
        assert!(over.is_over() && !over.waits_for(0) && !job().is_over());
    }

    #[test]
    fn a_job_reads_back() {
        let text = serde_json::to_value(job()).expect("JSON");
        assert_eq!((&text["kind"], &text["state"]), (&"erase_user".into(), &"queued".into()));
        assert_eq!(serde_json::from_value::<Job>(text).expect("a job"), job());
        let bulk =
            BulkUsers { page: vec![Id::from_parts(1, 3)], ..BulkUsers::new(BulkOperation::Enable, true) };
        let bulk = Job { work: Work::BulkUsers(bulk), ..job() };
        let text = serde_json::to_value(&bulk).expect("JSON");
        assert_eq!((&text["kind"], &text["operation"]), (&"bulk_users".into(), &"enable".into()));
        assert_eq!(serde_json::from_value::<Job>(text).expect("a job"), bulk);
    }
}
