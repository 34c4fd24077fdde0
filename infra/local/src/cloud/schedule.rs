//! EventBridge's part: runs the schedules every minute of the cloud's clock.

use std::sync::Arc;
use std::time::Duration;

use banister_platform::clock::Clock;
use banister_schedule_expire::Expire;
use banister_schedule_sweep::Sweep;
use jiff::SignedDuration;
use tokio::sync::{Mutex, watch};

use crate::s3::S3;

/// As long as a scheduled function may run.
const TIMEOUT: SignedDuration = SignedDuration::from_secs(20);

/// The scheduled functions, and the buckets, whose old objects go by the same clock.
pub(super) struct Schedules {
    clock: Clock,
    functions: Option<(Expire, Sweep, S3)>,
    running: Mutex<()>,
}

impl Schedules {
    pub(super) fn empty(clock: Clock) -> Self {
        Self { clock, functions: None, running: Mutex::new(()) }
    }

    pub(super) fn new(clock: Clock, expire: Expire, sweep: Sweep, buckets: S3) -> Self {
        Self { clock, functions: Some((expire, sweep, buckets)), running: Mutex::new(()) }
    }

    /// Runs every schedule once, and the buckets' lifecycle rules. One run at a time, as each function's next run waits for its last.
    pub(super) async fn run_all(&self) {
        let _one = self.running.lock().await;
        let Some((expire, sweep, buckets)) = &self.functions else { return };
        let deadline = self.clock.now().saturating_add(TIMEOUT).unwrap_or(jiff::Timestamp::MAX);
        for (name, outcome) in [("expire", expire.run(deadline).await), ("sweep", sweep.run(deadline).await)]
        {
            if let Err(error) = outcome {
                tracing::warn!(name, %error, "a schedule failed; its next run tries again");
            }
        }
        if let Err(error) = buckets.expire().await {
            tracing::warn!(%error, "old objects stay until the next run");
        }
    }

    pub(super) async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut minutes = tokio::time::interval(Duration::from_mins(1));
        minutes.tick().await;
        loop {
            tokio::select! {
                _ = minutes.tick() => self.run_all().await,
                () = super::stopped(&mut stop) => return,
            }
        }
    }
}
