//! The time. The only place that reads the system clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use jiff::{SignedDuration, Timestamp};

/// The current time, to the millisecond. Clones share one offset, so that the local cloud can move
/// the time of every function at once and stop it; on AWS neither is ever done.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_millis: Arc<AtomicI64>,
    /// What it reads instead of the system's clock, in milliseconds, once it is stopped.
    stopped_at: Arc<OnceLock<i64>>,
}

impl Clock {
    /// The system's time.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// Now, in whole milliseconds.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn now(&self) -> Timestamp {
        let read = self.stopped_at.get().copied().unwrap_or_else(|| Timestamp::now().as_millisecond());
        let millis = read + self.offset_millis.load(Ordering::Relaxed);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
    }

    /// Moves the time of all clones of this clock.
    pub fn advance(&self, by: SignedDuration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.offset_millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// Stops all clones of this clock at a moment: from now on, time passes only by [`Self::advance`]. The
    /// first moment stands if it is stopped twice.
    pub fn stop_at(&self, moment: Timestamp) {
        let read = moment.as_millisecond() - self.offset_millis.load(Ordering::Relaxed);
        self.stopped_at.get_or_init(|| read);
    }

    /// How far the clock stands from the system's, in milliseconds.
    #[must_use]
    pub fn offset_millis(&self) -> i64 {
        self.offset_millis.load(Ordering::Relaxed)
    }
}
