//! The guard against double booking: pure decisions over the loaded days of one provider.
//!
//! The caller reads the days strongly, decides here, and writes every changed day in one
//! transaction, each on condition of its expected version. If the condition fails, it reads and
//! decides again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Busy, ChangedDay, Day, Interval, MAX_BUSY_PER_DAY, Owner, Seats};
use crate::id::{BookingId, ResourceId};

/// Why a change of the calendar is refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Something live overlaps the place; the earliest is named.
    #[error("the time is taken by {by}")]
    Taken {
        /// Whose the place is.
        by: Owner,
    },
    /// Others share the place, and fewer seats are left than are wanted.
    #[error("only {left} seats are left")]
    Full {
        /// How many are left.
        left: u16,
    },
    /// Not decided: these days must be among the loaded ones.
    #[error("the days {0:?} must be loaded first")]
    NeedsDays(Vec<Date>),
    /// Not decided: the days of this resource must be loaded, too.
    #[error("the days of {0} must be loaded first")]
    NeedsResource(ResourceId),
    /// The owner has a place already.
    #[error("the owner is in the calendar already")]
    Duplicate,
    /// The owner has no place in the loaded days.
    #[error("the owner is not in the calendar")]
    Absent,
    /// The day holds [`MAX_BUSY_PER_DAY`] entries.
    #[error("the day {0} is full")]
    DayFull(Date),
    /// The same day was given twice.
    #[error("the day {0} was loaded twice")]
    RepeatedDay(Date),
}

/// A place that somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The place as it would be kept.
    pub busy: Busy,
    /// How many seats its service has at one time.
    pub capacity: Seats,
    /// Whose places are not in its way: of a booking that may move there.
    pub beside: Option<Owner>,
}

impl From<Busy> for Wanted {
    /// A place that is shared with nobody.
    fn from(busy: Busy) -> Self {
        Self { busy, capacity: Seats::MIN, beside: None }
    }
}

/// A place taken, and what it takes to write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// The days to be written, by date.
    pub days: Vec<ChangedDay>,
    /// Bookings whose expired holds had to go: to be moved to `expired` in the same transaction.
    pub displaced: Vec<BookingId>,
}

/// The UTC dates that must be loaded to decide about the interval.
#[must_use]
pub fn days_touched(interval: Interval) -> Vec<Date> {
    interval.utc_days().collect()
}

/// Takes a place: see [`Calendar::reserve`].
pub fn reserve(now: Timestamp, days: Vec<Day>, wanted: impl Into<Wanted>) -> Result<Reservation, Refusal> {
    let mut calendar = Calendar::new(days)?;
    let displaced = calendar.reserve(now, wanted)?;
    Ok(Reservation { days: calendar.into_changes(), displaced })
}

/// Gives a place back: see [`Calendar::release`].
pub fn release(days: Vec<Day>, owner: impl Into<Owner>) -> Result<Vec<ChangedDay>, Refusal> {
    let mut calendar = Calendar::new(days)?;
    calendar.release(owner)?;
    Ok(calendar.into_changes())
}

/// Makes a hold firm: see [`Calendar::settle`].
pub fn settle(days: Vec<Day>, owner: impl Into<Owner>) -> Result<Vec<ChangedDay>, Refusal> {
    let mut calendar = Calendar::new(days)?;
    calendar.settle(owner)?;
    Ok(calendar.into_changes())
}

/// Loaded days of one provider, and the changes made to them so far. Several changes may be made
/// before writing (a booking that moves is released and reserved).
#[derive(Debug, Clone)]
pub struct Calendar {
    loaded: BTreeMap<Date, Day>,
    busy: BTreeMap<Date, Vec<Busy>>,
}

impl Calendar {
    /// Starts from the days as they were read; a day that is not stored is [`Day::empty`].
    pub fn new(days: Vec<Day>) -> Result<Self, Refusal> {
        let mut loaded = BTreeMap::new();
        for day in days {
            if let Some(twice) = loaded.insert(day.date, day) {
                return Err(Refusal::RepeatedDay(twice.date));
            }
        }
        let busy = loaded.iter().map(|(date, day)| (*date, day.busy.clone())).collect();
        Ok(Self { loaded, busy })
    }

    /// Takes the wanted place if nothing live at `now` overlaps it; other seats of the same service at
    /// the same time do not, as long as there are enough for all. Expired holds in its way are removed
    /// from all their days and their bookings returned, by time of making.
    pub fn reserve(&mut self, now: Timestamp, wanted: impl Into<Wanted>) -> Result<Vec<BookingId>, Refusal> {
        let Wanted { busy: wanted, capacity, beside } = wanted.into();
        self.need(wanted.interval.utc_days())?;
        if self.busy.values().flatten().any(|busy| busy.owner == wanted.owner) {
            return Err(Refusal::Duplicate);
        }
        let overlapping =
            |busy: &&Busy| busy.interval.overlaps(&wanted.interval) && Some(busy.owner) != beside;
        let (live, expired): (Vec<Busy>, Vec<Busy>) =
            self.busy.values().flatten().filter(overlapping).partition(|busy| busy.is_live(now));
        admit(&live, &wanted, capacity)?;
        self.need(expired.iter().flat_map(|busy| busy.interval.utc_days()))?;
        let displaced: BTreeSet<Owner> = expired.iter().map(|busy| busy.owner).collect();
        for date in wanted.interval.utc_days() {
            let kept = self.busy[&date].iter().filter(|busy| !displaced.contains(&busy.owner)).count();
            if kept >= MAX_BUSY_PER_DAY {
                return Err(Refusal::DayFull(date));
            }
        }
        self.put(wanted, &displaced);
        Ok(displaced.into_iter().filter_map(Owner::booking).collect())
    }

    /// Takes time whatever is in it, also of a day that is full, and says what is there, live at `now` and not
    /// over, by time: of services without their buffers.
    pub fn block(&mut self, now: Timestamp, wanted: Busy) -> Result<Vec<Busy>, Refusal> {
        self.need(wanted.interval.utc_days())?;
        if self.busy.values().flatten().any(|busy| busy.owner == wanted.owner) {
            return Err(Refusal::Duplicate);
        }
        let time = |busy: &Busy| busy.service_time().unwrap_or(busy.interval);
        let inside = self.busy.values().flatten().filter(|busy| {
            busy.is_live(now) && time(busy).overlaps(&wanted.interval) && time(busy).to() > now
        });
        let inside: BTreeMap<_, _> = inside.map(|busy| ((busy.interval, busy.owner), *busy)).collect();
        self.put(wanted, &BTreeSet::new());
        Ok(inside.into_values().collect())
    }

    /// Removes the owner from all its days, which must be loaded.
    pub fn release(&mut self, owner: impl Into<Owner>) -> Result<(), Refusal> {
        let owner = owner.into();
        self.find(owner)?;
        self.busy.values_mut().for_each(|busy| busy.retain(|busy| busy.owner != owner));
        Ok(())
    }

    /// Makes the hold of an owner firm. That the hold has not expired is for the caller to see to;
    /// as long as it is in the calendar, nobody else has its place.
    pub fn settle(&mut self, owner: impl Into<Owner>) -> Result<(), Refusal> {
        let owner = owner.into();
        self.find(owner)?;
        let entries = self.busy.values_mut().flatten();
        entries.filter(|busy| busy.owner == owner).for_each(|busy| busy.until = None);
        Ok(())
    }

    /// The days that differ from what was read, by date, each one version on.
    #[must_use]
    pub fn into_changes(self) -> Vec<ChangedDay> {
        let Self { mut loaded, busy } = self;
        let changed = busy.into_iter().filter_map(|(date, busy)| {
            let old = loaded.remove(&date)?;
            let day = Day { date, version: old.version + 1, busy };
            (day.busy != old.busy).then_some(ChangedDay { expected_version: old.version, day })
        });
        changed.collect()
    }

    /// Writes the place into its days in the stead of the displaced ones.
    fn put(&mut self, wanted: Busy, displaced: &BTreeSet<Owner>) {
        self.busy.values_mut().for_each(|busy| busy.retain(|busy| !displaced.contains(&busy.owner)));
        for date in wanted.interval.utc_days() {
            let busy = self.busy.entry(date).or_default();
            let place = busy.partition_point(|other| other.interval <= wanted.interval);
            busy.insert(place, wanted);
        }
    }

    fn find(&self, owner: Owner) -> Result<(), Refusal> {
        let mut entries = self.busy.values().flatten().filter(|busy| busy.owner == owner).peekable();
        if entries.peek().is_none() {
            return Err(Refusal::Absent);
        }
        self.need(entries.flat_map(|busy| busy.interval.utc_days()))
    }

    fn need(&self, dates: impl Iterator<Item = Date>) -> Result<(), Refusal> {
        let missing: BTreeSet<Date> = dates.filter(|date| !self.busy.contains_key(date)).collect();
        if missing.is_empty() { Ok(()) } else { Err(Refusal::NeedsDays(missing.into_iter().collect())) }
    }
}

/// Whether the wanted place can stand beside what is live and overlaps it.
fn admit(live: &[Busy], wanted: &Busy, capacity: Seats) -> Result<(), Refusal> {
    let shared = |busy: &&Busy| capacity > Seats::MIN && busy.shares_with(wanted);
    let others = live.iter().filter(|busy| !shared(busy));
    if let Some(first) = others.min_by_key(|busy| (busy.interval, busy.owner)) {
        return Err(Refusal::Taken { by: first.owner });
    }
    // A place over midnight stands in two days, and counts once.
    let companions: BTreeMap<Owner, u16> = live.iter().map(|busy| (busy.owner, busy.seats())).collect();
    let left = companions.values().fold(capacity.get(), |left, seats| left.saturating_sub(*seats));
    if wanted.seats() <= left { Ok(()) } else { Err(Refusal::Full { left }) }
}
