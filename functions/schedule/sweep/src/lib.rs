//! The outbox's safety net: what the stream did not get out within a minute is sent from here.

use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::table::key::SHARDS;
use banister_platform::telemetry::observe;
use banister_platform::worker::{Failed, Summary, guarded};
use banister_stream_relay::Relay;
use jiff::{SignedDuration, Timestamp};

/// How long an event may wait for the stream.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// Relays events that stayed behind.
#[derive(Clone)]
pub struct Sweep {
    relay: Relay,
}

impl Sweep {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        Ok(Self { relay: Relay::from_settings(settings, clock)? })
    }

    /// Relays what is older than a minute, each shard walked once; begins nothing at `deadline` or
    /// after. Fails if any event could not be read or sent, so that the failure is seen; the next run
    /// tries again.
    pub async fn run(&self, deadline: Timestamp) -> Result<Summary, Failed> {
        observe("sweep", self.walk(deadline)).await
    }

    async fn walk(&self, deadline: Timestamp) -> Result<Summary, Failed> {
        let late = || self.relay.clock.now() >= deadline;
        let mut summary = Summary::default();
        let before = self.relay.clock.now().saturating_sub(PATIENCE).unwrap_or(Timestamp::MIN);
        for shard in 0..SHARDS {
            let mut after = None;
            loop {
                if late() {
                    return summary.finish();
                }
                let page = match self.relay.outbox.older_than(shard, before, after).await {
                    Ok(page) => page,
                    Err(error) => {
                        // One shard that cannot be read keeps no other back.
                        summary.count(Err(error.into()));
                        break;
                    }
                };
                summary.failed += page.unreadable;
                for (record, _) in page.items {
                    if late() {
                        return summary.finish();
                    }
                    summary.count(guarded(self.relay.relay(record.value)).await);
                }
                // Behind the page, not from the start again: what failed keeps nothing back.
                after = page.last;
                if after.is_none() {
                    break;
                }
            }
        }
        summary.finish()
    }
}
