//! Work that keeps a processor busy, beside the other work of the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering::SeqCst};

use tokio::task::JoinError;

/// Computes, and knows of what was given up and goes on all the same; clones know the same.
#[derive(Debug, Clone, Default)]
pub struct Processor {
    overruns: Arc<AtomicUsize>,
}

impl Processor {
    /// Computes in a thread of its own. A thread cannot be stopped: where its outcome is no longer
    /// awaited, it goes on beside whatever comes next.
    ///
    /// # Errors
    /// It panicked, or the runtime ends.
    pub async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let state = Arc::new(AtomicU8::new(RUNNING));
        let _awaiting = Awaiting { state: Arc::clone(&state), overruns: Arc::clone(&self.overruns) };
        let running = Running { state, overruns: Arc::clone(&self.overruns) };
        let outcome = tokio::task::spawn_blocking(move || {
            let _running = running;
            work()
        });
        outcome.await
    }

    /// Whether something that was given up goes on: nothing else should be begun, and the process should
    /// end ([`end_if_overrun`](crate::lambda::end_if_overrun)).
    pub fn is_overrun(&self) -> bool {
        self.overruns.load(SeqCst) > 0
    }
}

const RUNNING: u8 = 0;
const GIVEN_UP: u8 = 1;
const ENDED: u8 = 2;

/// Is dropped with the future that awaits a computation.
struct Awaiting {
    state: Arc<AtomicU8>,
    overruns: Arc<AtomicUsize>,
}

impl Drop for Awaiting {
    fn drop(&mut self) {
        // First, so that the thread has something to take away.
        self.overruns.fetch_add(1, SeqCst);
        if self.state.compare_exchange(RUNNING, GIVEN_UP, SeqCst, SeqCst).is_err() {
            self.overruns.fetch_sub(1, SeqCst);
        }
    }
}

/// Is dropped when a computation ends, by panic too.
struct Running {
    state: Arc<AtomicU8>,
    overruns: Arc<AtomicUsize>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.state.swap(ENDED, SeqCst) == GIVEN_UP {
            self.overruns.fetch_sub(1, SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn what_ends_in_time_leaves_nothing() {
        let processor = Processor::default();
        assert_eq!(processor.compute(|| 1 + 1).await.ok(), Some(2));
        assert!(processor.compute(|| panic!("as asked")).await.is_err_and(|error| error.is_panic()));
        assert!(!processor.is_overrun());
    }

    #[tokio::test]
    async fn what_is_given_up_is_known_until_it_ends() {
        let processor = Processor::default();
        let (end, told) = mpsc::channel::<()>();
        let work = processor.compute(move || told.recv().is_ok());
        assert!(tokio::time::timeout(Duration::from_millis(10), work).await.is_err());
        assert!(processor.is_overrun() && processor.clone().is_overrun());
        end.send(()).expect("it still waits");
        let ended = async {
            while processor.is_overrun() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), ended).await.expect("it ends");
    }
}
