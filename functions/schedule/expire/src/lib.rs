//! Requests past their deadline become expired, and their time is free again. Nothing depends on
//! this being prompt: every reader and the guard compare the deadline themselves.

use banister_domain::booking::{Actor, Command};
use banister_domain::id::BookingId;
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::store::{Bookings, ChangeError};
use banister_platform::table::Table;
use banister_platform::table::key::SHARDS;
use banister_platform::worker::{Failed, Summary, WorkError, guarded};
use jiff::Timestamp;

/// Expires unanswered requests.
#[derive(Clone)]
pub struct Expire {
    bookings: Bookings,
    clock: Clock,
}

impl Expire {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        Ok(Self { bookings: Bookings::new(Table::from_settings(settings)?), clock })
    }

    /// Expires all that is due, shard by shard, until nothing is left or `deadline` is near. Fails
    /// if any booking could not be changed, so that the failure is seen; the next run tries again.
    pub async fn run(&self, deadline: Timestamp) -> Result<Summary, Failed> {
        let mut summary = Summary::default();
        for shard in 0..SHARDS {
            let mut last = Vec::new();
            loop {
                let now = self.clock.now();
                if now >= deadline {
                    return summary.finish();
                }
                let due = match self.bookings.due(shard, now).await {
                    Ok(due) => due,
                    Err(error) => {
                        // One shard that cannot be read keeps no other back.
                        summary.count(Err(error.into()));
                        break;
                    }
                };
                // The index lags: the same answer twice is what it has not caught up with yet.
                if due.is_empty() || due == last {
                    break;
                }
                for id in &due {
                    summary.count(guarded(self.expire(*id, now)).await);
                }
                last = due;
            }
        }
        summary.finish()
    }

    async fn expire(&self, id: BookingId, now: Timestamp) -> Result<(), WorkError> {
        match self.bookings.change(id, (Command::Expire, Actor::Time), None, None, now).await {
            // Answered or expired in the meantime: nothing is left to do.
            Ok(_) | Err(ChangeError::Missing | ChangeError::WrongState(_)) => Ok(()),
            Err(ChangeError::Seen | ChangeError::Busy) => Err(WorkError::Retry("contention".into())),
            Err(ChangeError::Storage(error)) => Err(error.into()),
        }
    }
}
