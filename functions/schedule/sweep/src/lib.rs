//! The outbox's safety net: what the stream did not get out within a minute is sent from here.

use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::table::key::SHARDS;
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

    /// Relays all that is older than a minute, shard by shard, until nothing is left or `deadline`
    /// is near. Fails if any event could not be sent, so that the failure is seen; the next run
    /// tries again.
    pub async fn run(&self, deadline: Timestamp) -> Result<Summary, Failed> {
        let mut summary = Summary::default();
        for shard in 0..SHARDS {
            loop {
                let now = self.relay.clock.now();
                if now >= deadline {
                    return summary.finish();
                }
                let before = now.saturating_sub(PATIENCE).unwrap_or(Timestamp::MIN);
                let waiting = match self.relay.outbox.older_than(shard, before).await {
                    Ok(waiting) => waiting,
                    Err(error) => {
                        // One shard that cannot be read keeps no other back.
                        summary.count(Err(error.into()));
                        break;
                    }
                };
                let (count, failed) = (waiting.len(), summary.failed);
                for record in waiting {
                    summary.count(guarded(self.relay.relay(record)).await);
                }
                // A failed event stays first in line: leave the shard to the next run.
                if count == 0 || summary.failed > failed {
                    break;
                }
            }
        }
        summary.finish()
    }
}
