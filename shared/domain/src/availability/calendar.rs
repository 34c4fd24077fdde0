//! The guard against double booking: pure decisions over the loaded days of one provider.
//!
//! The caller reads the days strongly, decides here, and writes every changed day in one
//! transaction, each on condition of its expected version. If the condition fails, it reads and
//! decides again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Busy, ChangedDay, Day, Interval, MAX_BUSY_PER_DAY};
use crate::id::BookingId;

/// Why a change of the calendar is refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A live booking or hold overlaps the place; the earliest one is named.
    #[error("the time is taken by {by}")]
    Taken {
        /// Who has the place.
        by: BookingId,
    },
    /// Not decided: these days must be among the loaded ones.
    #[error("the days {0:?} must be loaded first")]
    NeedsDays(Vec<Date>),
    /// The booking has a place already.
    #[error("the booking is in the calendar already")]
    Duplicate,
    /// The booking has no place in the loaded days.
    #[error("the booking is not in the calendar")]
    Absent,
    /// The day holds [`MAX_BUSY_PER_DAY`] entries.
    #[error("the day {0} is full")]
    DayFull(Date),
    /// The same day was given twice.
    #[error("the day {0} was loaded twice")]
    RepeatedDay(Date),
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
pub fn reserve(now: Timestamp, days: Vec<Day>, wanted: Busy) -> Result<Reservation, Refusal> {
    let mut calendar = Calendar::new(days)?;
    let displaced = calendar.reserve(now, wanted)?;
    Ok(Reservation { days: calendar.into_changes(), displaced })
}

/// Gives a place back: see [`Calendar::release`].
pub fn release(days: Vec<Day>, booking: BookingId) -> Result<Vec<ChangedDay>, Refusal> {
    let mut calendar = Calendar::new(days)?;
    calendar.release(booking)?;
    Ok(calendar.into_changes())
}

/// Makes a hold firm: see [`Calendar::settle`].
pub fn settle(days: Vec<Day>, booking: BookingId) -> Result<Vec<ChangedDay>, Refusal> {
    let mut calendar = Calendar::new(days)?;
    calendar.settle(booking)?;
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

    /// Takes the wanted place if nothing live at `now` overlaps it. Expired holds in its way are
    /// removed from all their days and their bookings returned, by time of making.
    pub fn reserve(&mut self, now: Timestamp, wanted: Busy) -> Result<Vec<BookingId>, Refusal> {
        self.need(wanted.interval.utc_days())?;
        if self.busy.values().flatten().any(|busy| busy.booking == wanted.booking) {
            return Err(Refusal::Duplicate);
        }
        let overlapping = |busy: &&Busy| busy.interval.overlaps(&wanted.interval);
        let (live, expired): (Vec<Busy>, Vec<Busy>) =
            self.busy.values().flatten().filter(overlapping).partition(|busy| busy.is_live(now));
        if let Some(first) = live.iter().min_by_key(|busy| (busy.interval, busy.booking)) {
            return Err(Refusal::Taken { by: first.booking });
        }
        self.need(expired.iter().flat_map(|busy| busy.interval.utc_days()))?;
        let displaced: BTreeSet<BookingId> = expired.iter().map(|busy| busy.booking).collect();
        for date in wanted.interval.utc_days() {
            let kept = self.busy[&date].iter().filter(|busy| !displaced.contains(&busy.booking)).count();
            if kept >= MAX_BUSY_PER_DAY {
                return Err(Refusal::DayFull(date));
            }
        }
        self.busy.values_mut().for_each(|busy| busy.retain(|busy| !displaced.contains(&busy.booking)));
        for date in wanted.interval.utc_days() {
            let busy = self.busy.entry(date).or_default();
            let place = busy.partition_point(|other| other.interval <= wanted.interval);
            busy.insert(place, wanted);
        }
        Ok(displaced.into_iter().collect())
    }

    /// Removes the booking from all its days, which must be loaded.
    pub fn release(&mut self, booking: BookingId) -> Result<(), Refusal> {
        self.find(booking)?;
        self.busy.values_mut().for_each(|busy| busy.retain(|busy| busy.booking != booking));
        Ok(())
    }

    /// Makes the hold of a booking firm. That the hold has not expired is for the caller to see to;
    /// as long as it is in the calendar, nobody else has its place.
    pub fn settle(&mut self, booking: BookingId) -> Result<(), Refusal> {
        self.find(booking)?;
        let entries = self.busy.values_mut().flatten();
        entries.filter(|busy| busy.booking == booking).for_each(|busy| busy.until = None);
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

    fn find(&self, booking: BookingId) -> Result<(), Refusal> {
        let mut entries = self.busy.values().flatten().filter(|busy| busy.booking == booking).peekable();
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
