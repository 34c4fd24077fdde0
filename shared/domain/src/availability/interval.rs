//! A stretch of elapsed time.

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The end of an interval must come after its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the end must be after the start")]
pub struct EmptyInterval;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    from: Timestamp,
    to: Timestamp,
}

/// The instants `from <= t < to`. Never empty. Ordered by start, then end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Interval {
    from: Timestamp,
    to: Timestamp,
}

impl Interval {
    /// Makes `[from, to)`; refuses `from >= to`.
    pub fn new(from: Timestamp, to: Timestamp) -> Result<Self, EmptyInterval> {
        if from < to { Ok(Self { from, to }) } else { Err(EmptyInterval) }
    }

    /// The first instant inside.
    #[must_use]
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// The first instant after the end.
    #[must_use]
    pub const fn to(&self) -> Timestamp {
        self.to
    }

    /// Whether the two share an instant. Intervals that only touch do not.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// Whether `instant` is inside.
    #[must_use]
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.from <= instant && instant < self.to
    }

    /// The same interval, begun `before` minutes earlier and ended `after` minutes later. Stops at
    /// the ends of representable time (the years -9999 and 9999).
    #[must_use]
    pub fn extend(&self, before: u16, after: u16) -> Self {
        let minutes = |count: u16| SignedDuration::from_mins(i64::from(count));
        Self {
            from: self.from.checked_sub(minutes(before)).unwrap_or(Timestamp::MIN),
            to: self.to.checked_add(minutes(after)).unwrap_or(Timestamp::MAX),
        }
    }

    /// The UTC dates that have an instant of this interval, in order.
    pub fn utc_days(&self) -> impl Iterator<Item = Date> + use<> {
        // `from < to`, so one nanosecond before `to` is representable and not before `from`.
        let last = self.to.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(self.from);
        let (first, last) = (utc_date(self.from), utc_date(last));
        std::iter::successors(Some(first), |date| date.tomorrow().ok()).take_while(move |date| *date <= last)
    }
}

impl TryFrom<Raw> for Interval {
    type Error = EmptyInterval;

    fn try_from(raw: Raw) -> Result<Self, EmptyInterval> {
        Self::new(raw.from, raw.to)
    }
}

/// Whole seconds since the Unix epoch, rounded down.
pub(super) fn floor_second(instant: Timestamp) -> i64 {
    instant.as_second() - i64::from(instant.subsec_nanosecond() < 0)
}

/// Whole seconds since the Unix epoch, rounded up.
pub(super) fn ceil_second(instant: Timestamp) -> i64 {
    instant.as_second() + i64::from(instant.subsec_nanosecond() > 0)
}

fn utc_date(instant: Timestamp) -> Date {
    Offset::UTC.to_datetime(instant).date()
}
