//! Rate limits, counted in the table before the work. Where the table does not answer, the caller
//! is refused: a limit that opens under load is none.

use banister_domain::account::{LOCK, MAX_FAILURES};
use jiff::{SignedDuration, Timestamp};

use crate::http::Problem;
use crate::table::{Table, key};

/// At most `count` attempts of an operation in each window of `seconds`, per subject.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// The operation, as part of the counter's key and as the policy's name in `RateLimit`: plain ASCII.
    pub operation: &'static str,
    /// Attempts allowed in a window.
    pub count: u32,
    /// Length of a window in seconds; windows begin at multiples of it since the Unix epoch.
    pub seconds: i64,
}

/// How the limit on wrong codes of a second factor, which is kept beside the codes themselves, is told.
pub const SECOND_FACTOR: Limit =
    Limit { operation: "second_factor", count: MAX_FAILURES, seconds: LOCK.as_secs() };

impl Limit {
    /// Counts one attempt of `subject`, or answers 429 with the time to wait.
    pub async fn count(self, table: &Table, subject: &str, now: Timestamp) -> Result<(), Problem> {
        let window = now.as_second().div_euclid(self.seconds) * self.seconds;
        let key = key::limit(self.operation, subject, window);
        let over = now.saturating_add(SignedDuration::from_secs(self.seconds)).unwrap_or(Timestamp::MAX);
        if table.count_up_to(&key, self.count, over).await? {
            return Ok(());
        }
        let wait = u32::try_from(window + self.seconds - now.as_second()).unwrap_or(1).max(1);
        Err(Problem::over(self, wait))
    }
}
