//! How often something is tried that others change at the same time.

use std::time::Duration;

use tokio::time::Instant;

use crate::table::backoff;

/// How long a lost race is decided again. Each loss means that somebody else won, so only a
/// provider's day that very many want at once takes longer than this.
const PATIENCE: Duration = Duration::from_secs(15);

/// A race for something that others want too: pauses longer and longer before each new try.
#[derive(Debug)]
pub struct Race {
    attempts: u32,
    end: Instant,
}

impl Race {
    /// At its beginning.
    #[must_use]
    pub fn new() -> Self {
        Self { attempts: 0, end: Instant::now() + PATIENCE }
    }

    /// Whether there is another try; waits before all but the first.
    pub async fn goes_on(&mut self) -> bool {
        if self.attempts > 0 {
            tokio::time::sleep(backoff(self.attempts - 1)).await;
        }
        self.attempts += 1;
        Instant::now() < self.end
    }

    /// Whether a try was lost already.
    #[must_use]
    pub fn lost(&self) -> bool {
        self.attempts > 1
    }
}

impl Default for Race {
    fn default() -> Self {
        Self::new()
    }
}
