//! What falls due by the clock: requests past their deadline become expired, and their time is free again;
//! bookings that ended a day ago have taken place; what one side said of the other is published where nobody can say
//! more; what was begun with a series and not ended goes on;
//! offers to those who wait are handed on, and what the clock has freed is looked for. Nothing depends on this being prompt: every reader and the guard compare the time themselves.

use banister_domain::booking::{Actor, Booking};
use banister_domain::id::{BookingId, SeriesId, UserId, WaitlistEntryId};
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::store::{
    BookingRecord, Bookings, ChangeError, Due, ReviewError, Reviews, ReviewsRecord, SeriesError,
    SeriesRecord, SeriesStore, WaitError, Waitlist, WaitlistRecord,
};
use banister_platform::table::key::SHARDS;
use banister_platform::table::{Page, Position, StorageError, Table};
use banister_platform::telemetry::observe;
use banister_platform::worker::{Failed, Summary, WorkError, guarded};
use jiff::Timestamp;

/// Moves bookings on that time moves on.
#[derive(Clone)]
pub struct Expire {
    bookings: Bookings,
    reviews: Reviews,
    series: SeriesStore,
    waitlist: Waitlist,
    clock: Clock,
}

impl Expire {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let table = Table::from_settings(settings)?;
        let (bookings, reviews) = (Bookings::new(table.clone()), Reviews::new(table.clone()));
        let (series, waitlist) = (SeriesStore::new(table.clone()), Waitlist::new(table));
        Ok(Self { bookings, reviews, series, waitlist, clock })
    }

    /// Moves on what is due, each shard walked once; begins nothing at `deadline` or after. Fails if
    /// any booking could not be read or changed, so that the failure is seen; the next run tries again.
    pub async fn run(&self, deadline: Timestamp) -> Result<Summary, Failed> {
        observe("expire", self.walk(deadline)).await
    }

    async fn walk(&self, deadline: Timestamp) -> Result<Summary, Failed> {
        let mut summary = Summary::default();
        let now = self.clock.now();
        let kinds = Due::ALL.into_iter().map(Kind::Booking).chain([Kind::Reviews, Kind::Series, Kind::Waits]);
        for (kind, shard) in kinds.flat_map(|kind| (0..SHARDS).map(move |shard| (kind, shard))) {
            self.walk_shard((kind, shard), now, deadline, &mut summary).await;
        }
        summary.finish()
    }

    async fn walk_shard(
        &self,
        shard: (Kind, u8),
        now: Timestamp,
        deadline: Timestamp,
        summary: &mut Summary,
    ) {
        let late = || self.clock.now() >= deadline;
        let mut after = None;
        while !late() {
            let page = match self.read(shard, now, after).await {
                Ok(page) => page,
                // One shard that cannot be read keeps no other back.
                Err(error) => return summary.count(Err(error.into())),
            };
            summary.failed += page.unreadable;
            for item in page.items {
                if late() {
                    return;
                }
                summary.count(guarded(Box::pin(self.see_to(item))).await);
            }
            // Behind the page, not from the start again: what failed keeps nothing back.
            after = page.last;
            if after.is_none() {
                return;
            }
        }
    }

    async fn read(
        &self,
        (kind, shard): (Kind, u8),
        now: Timestamp,
        after: Option<Position>,
    ) -> Result<Overdue, StorageError> {
        Ok(match kind {
            Kind::Booking(due) => {
                let page = self.bookings.due((due, shard), now, after).await?;
                Overdue::of(page, |BookingRecord(booking)| Item::Booking(Box::new(booking)))
            }
            Kind::Reviews => {
                let page = self.reviews.due(shard, now, after).await?;
                Overdue::of(page, |ReviewsRecord(reviews)| Item::Reviews(reviews.booking_id))
            }
            Kind::Series => {
                let page = self.series.due(shard, now, after).await?;
                Overdue::of(page, |SeriesRecord(series)| Item::Series(series.id))
            }
            Kind::Waits => {
                let page = self.waitlist.due(shard, now, after).await?;
                Overdue::of(page, |WaitlistRecord(entry)| Item::Wait(entry.customer_id, entry.id))
            }
        })
    }

    async fn see_to(&self, item: Item) -> Result<(), WorkError> {
        match item {
            Item::Booking(booking) => self.settle(&booking).await,
            Item::Reviews(id) => self.publish(id).await,
            Item::Series(id) => self.finish(id).await,
            Item::Wait(customer, id) => self.attend(customer, id).await,
        }
    }

    async fn publish(&self, id: BookingId) -> Result<(), WorkError> {
        match self.reviews.publish(id, self.clock.now()).await {
            Ok(()) | Err(ReviewError::Refused(_)) => Ok(()),
            Err(ReviewError::Seen | ReviewError::Busy) => Err(WorkError::Retry("contention".into())),
            Err(ReviewError::Storage(error)) => Err(error.into()),
        }
    }

    async fn finish(&self, id: SeriesId) -> Result<(), WorkError> {
        match self.series.finish(id, self.clock.now()).await {
            Ok(_) | Err(SeriesError::Missing) => Ok(()),
            Err(SeriesError::Storage(error)) => Err(error.into()),
            Err(SeriesError::Refused(_) | SeriesError::Seen | SeriesError::Busy) => {
                Err(WorkError::Retry("contention".into()))
            }
        }
    }

    async fn attend(&self, customer: UserId, id: WaitlistEntryId) -> Result<(), WorkError> {
        match self.waitlist.attend(customer, id, self.clock.now()).await {
            Ok(()) | Err(WaitError::Missing | WaitError::Wrong(_)) => Ok(()),
            Err(WaitError::Busy) => Err(WorkError::Retry("contention".into())),
            Err(WaitError::Storage(error)) => Err(error.into()),
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

/// What falls due.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Booking(Due),
    Reviews,
    Series,
    Waits,
}

/// One thing that did.
enum Item {
    Booking(Box<Booking>),
    /// Of this booking.
    Reviews(BookingId),
    Series(SeriesId),
    /// Of this customer.
    Wait(UserId, WaitlistEntryId),
}

/// A page of such things.
struct Overdue {
    items: Vec<Item>,
    unreadable: usize,
    last: Option<Position>,
}

impl Overdue {
    fn of<R>(page: Page<R>, item: impl Fn(R) -> Item) -> Self {
        let items = page.items.into_iter().map(|(record, _)| item(record.value)).collect();
        Self { items, unreadable: page.unreadable, last: page.last }
    }
}
