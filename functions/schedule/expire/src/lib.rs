//! What falls due by the clock: requests past their deadline become expired, and their time is free again;
//! bookings that ended a day ago have taken place. Nothing depends on this being prompt: every reader and the
//! guard compare the time themselves.

use banister_domain::booking::{Actor, Booking};
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::store::{Bookings, ChangeError, Due};
use banister_platform::table::Table;
use banister_platform::table::key::SHARDS;
use banister_platform::telemetry::observe;
use banister_platform::worker::{Failed, Summary, WorkError, guarded};
use jiff::Timestamp;

/// Moves bookings on that time moves on.
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

    /// Moves on what is due, each shard walked once; begins nothing at `deadline` or after. Fails if
    /// any booking could not be read or changed, so that the failure is seen; the next run tries again.
    pub async fn run(&self, deadline: Timestamp) -> Result<Summary, Failed> {
        observe("expire", self.walk(deadline)).await
    }

    async fn walk(&self, deadline: Timestamp) -> Result<Summary, Failed> {
        let late = || self.clock.now() >= deadline;
        let mut summary = Summary::default();
        let now = self.clock.now();
        let shards = Due::ALL.into_iter().flat_map(|due| (0..SHARDS).map(move |shard| (due, shard)));
        for shard in shards {
            let mut after = None;
            loop {
                if late() {
                    return summary.finish();
                }
                let page = match self.bookings.due(shard, now, after).await {
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
                    summary.count(guarded(Box::pin(self.settle(&record.value.0))).await);
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

    async fn settle(&self, listed: &Booking) -> Result<(), WorkError> {
        let now = self.clock.now();
        let Some(command) = listed.overdue(now) else { return Ok(()) };
        match self.bookings.change(listed.id, (command, Actor::Time), None, now).await {
            // Answered, called off or moved on since it was listed: nothing is left to do.
            Ok(_)
            | Err(
                ChangeError::Missing
                | ChangeError::WrongState(_)
                | ChangeError::RefundChanged(_)
                | ChangeError::ProposalChanged(_),
            ) => Ok(()),
            Err(ChangeError::Seen | ChangeError::Busy) => Err(WorkError::Retry("contention".into())),
            Err(ChangeError::Storage(error)) => Err(error.into()),
        }
    }
}
