//! What every worker is made of: one item at a time, a failure that fails that item only, and the
//! batch's answer to Lambda.

mod batch;
mod processor;

use std::panic::AssertUnwindSafe;

pub use batch::{Consumer, read_event, run_batch};
pub use processor::Processor;

use futures_util::FutureExt as _;

/// Why an item was not done.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// It may work later: the item comes again.
    #[error("{0}")]
    Retry(String),
    /// It never will: the item goes to the dead-letter queue, with this reason in the log.
    #[error("poison: {0}")]
    Poison(String),
}

impl From<crate::table::StorageError> for WorkError {
    fn from(error: crate::table::StorageError) -> Self {
        match error {
            // A missing right is mended by an operator; the work must still be there then.
            crate::table::StorageError::Unavailable(_) | crate::table::StorageError::Rejected(_) => {
                Self::Retry(error.to_string())
            }
            crate::table::StorageError::Malformed(_) => Self::Poison(error.to_string()),
        }
    }
}

impl From<crate::queue::QueueError> for WorkError {
    fn from(error: crate::queue::QueueError) -> Self {
        Self::Retry(error.to_string())
    }
}

/// Does the work of one item; a panic in it is a failure of this item only.
pub async fn guarded(work: impl Future<Output = Result<(), WorkError>>) -> Result<(), WorkError> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.unwrap_or_else(|_| Err(WorkError::Retry("panicked".into())))
}

/// What a run of a schedule did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Items done.
    pub done: usize,
    /// Items that failed and will be tried again.
    pub failed: usize,
}

/// A run that did not do all it should have.
#[derive(Debug, thiserror::Error)]
#[error("{} of {} items failed", .0.failed, .0.failed + .0.done)]
pub struct Failed(pub Summary);

impl Summary {
    /// Counts one item, and logs why it failed.
    pub fn count(&mut self, outcome: Result<(), WorkError>) {
        match outcome {
            Ok(()) => self.done += 1,
            Err(error) => {
                tracing::error!(%error, "item failed");
                self.failed += 1;
            }
        }
    }

    /// The run's outcome.
    pub fn finish(self) -> Result<Self, Failed> {
        if self.failed == 0 { Ok(self) } else { Err(Failed(self)) }
    }
}
