//! What falls due by the clock: requests past their deadline become expired, and their time is free again;
//! bookings that ended a day ago have taken place; what one side said of the other is published where nobody can say
//! more. Nothing depends on this being prompt: every reader and the guard compare the time themselves.

use banister_domain::booking::{Actor, Booking};
use banister_domain::id::BookingId;
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::store::{Bookings, ChangeError, Due, ReviewError, Reviews};
use banister_platform::table::Table;
use banister_platform::table::key::SHARDS;
use banister_platform::telemetry::observe;
use banister_platform::worker::{Failed, Summary, WorkError, guarded};
use jiff::Timestamp;

/// Moves bookings on that time moves on.
#[derive(Clone)]
pub struct Expire {
    bookings: Bookings,
    reviews: Reviews,
    clock: Clock,
}

impl Expire {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let table = Table::from_settings(settings)?;
        Ok(Self { bookings: Bookings::new(table.clone()), reviews: Reviews::new(table), clock })
    }

    /// Moves on what is due, each shard walked once; begins nothing at `deadline` or after. Fails if
    /// any booking could not be read or changed, so that the failure is seen; the next run tries again.
    pub async fn run(&self, deadline: Timestamp) -> Result<Summary, Failed> {
        observe("expire", self.walk(deadline)).await
    }

    async fn walk(&self, deadline: Timestamp) -> Result<Summary, Failed> {
        let mut summary = Summary::default();
        let now = self.clock.now();
        self.walk_bookings(now, deadline, &mut summary).await;
        self.walk_reviews(now, deadline, &mut summary).await;
        summary.finish()
    }

    fn late(&self, deadline: Timestamp) -> bool {
        self.clock.now() >= deadline
    }

    async fn walk_bookings(&self, now: Timestamp, deadline: Timestamp, summary: &mut Summary) {
        let shards = Due::ALL.into_iter().flat_map(|due| (0..SHARDS).map(move |shard| (due, shard)));
        for shard in shards {
            let mut after = None;
            loop {
                if self.late(deadline) {
                    return;
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
                    if self.late(deadline) {
                        return;
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
    }

    async fn walk_reviews(&self, now: Timestamp, deadline: Timestamp, summary: &mut Summary) {
        for shard in 0..SHARDS {
            let mut after = None;
            loop {
                if self.late(deadline) {
                    return;
                }
                let page = match self.reviews.due(shard, now, after).await {
                    Ok(page) => page,
                    Err(error) => {
                        summary.count(Err(error.into()));
                        break;
                    }
                };
                summary.failed += page.unreadable;
                for (record, _) in page.items {
                    if self.late(deadline) {
                        return;
                    }
                    summary.count(guarded(Box::pin(self.publish(record.value.0.booking_id))).await);
                }
                after = page.last;
                if after.is_none() {
                    break;
                }
            }
        }
    }

    async fn publish(&self, id: BookingId) -> Result<(), WorkError> {
        match self.reviews.publish(id, self.clock.now()).await {
            Ok(()) | Err(ReviewError::Refused(_)) => Ok(()),
            Err(ReviewError::Seen | ReviewError::Busy) => Err(WorkError::Retry("contention".into())),
            Err(ReviewError::Storage(error)) => Err(error.into()),
        }
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
