//! Dates on which a provider keeps other hours than those of the week.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::{InvalidHours, WallTime};
use crate::text;

/// Most dates that may have hours of their own; as many as a calendar's item has room for.
pub const MAX_EXCEPTIONS: usize = 200;

/// Most ranges of one date.
pub const MAX_RANGES_PER_DATE: usize = 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRange {
    start: WallTime,
    end: WallTime,
}

/// Open from `start` until just before `end`. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "RawRange")]
#[schema(example = json!({ "start": "10:00", "end": "14:00" }))]
pub struct DateRange {
    start: WallTime,
    #[schema(examples("14:00"))]
    end: WallTime,
}

impl DateRange {
    /// Makes a range; refuses `start >= end`.
    pub fn new(start: WallTime, end: WallTime) -> Result<Self, InvalidHours> {
        if start < end { Ok(Self { start, end }) } else { Err(InvalidHours::Backwards) }
    }
}

impl TryFrom<RawRange> for DateRange {
    type Error = InvalidHours;

    fn try_from(RawRange { start, end }: RawRange) -> Result<Self, InvalidHours> {
        Self::new(start, end)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawException {
    #[serde(deserialize_with = "strict")]
    date: Date,
    ranges: Vec<DateRange>,
}

/// The hours of one date, in the stead of its weekday's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "RawException")]
#[schema(example = json!({ "date": "2026-12-24", "ranges": [{ "start": "10:00", "end": "14:00" }] }))]
pub struct DateException {
    /// Which date, by the provider's calendar.
    #[schema(value_type = String, format = Date, examples("2026-12-24"))]
    date: Date,
    /// When it is open, at most 10 ranges without overlap; none where it is closed.
    #[schema(max_items = 10)]
    ranges: Vec<DateRange>,
}

impl DateException {
    /// The hours of a date; none for a closed one.
    pub fn new(date: Date, ranges: Vec<DateRange>) -> Result<Self, InvalidHours> {
        if ranges.len() > MAX_RANGES_PER_DATE {
            return Err(InvalidHours::TooManyOfDate);
        }
        let mut sorted = ranges.clone();
        sorted.sort_unstable();
        let clear = sorted.windows(2).all(|pair| pair[0].end <= pair[1].start);
        if clear { Ok(Self { date, ranges }) } else { Err(InvalidHours::Overlap) }
    }

    /// Which date.
    #[must_use]
    pub const fn date(&self) -> Date {
        self.date
    }
}

impl TryFrom<RawException> for DateException {
    type Error = InvalidHours;

    fn try_from(RawException { date, ranges }: RawException) -> Result<Self, InvalidHours> {
        Self::new(date, ranges)
    }
}

/// The dates with hours of their own: at most [`MAX_EXCEPTIONS`], each once. Kept in the order given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<DateException>")]
pub struct Exceptions(Vec<DateException>);

impl TryFrom<Vec<DateException>> for Exceptions {
    type Error = InvalidHours;

    fn try_from(exceptions: Vec<DateException>) -> Result<Self, InvalidHours> {
        if exceptions.len() > MAX_EXCEPTIONS {
            return Err(InvalidHours::TooManyDates);
        }
        let dates: std::collections::BTreeSet<Date> = exceptions.iter().map(DateException::date).collect();
        if dates.len() < exceptions.len() { Err(InvalidHours::DateTwice) } else { Ok(Self(exceptions)) }
    }
}

impl Exceptions {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The exceptions as they were given.
    #[must_use]
    pub fn dates(&self) -> &[DateException] {
        &self.0
    }

    /// Seconds since local midnight `[start, end)`, by days since 1970-01-01, ascending; ranges that
    /// touch are one.
    pub(super) fn merged(&self) -> BTreeMap<i64, Vec<(i64, i64)>> {
        let day = |exception: &DateException| {
            let ranges = exception.ranges.iter();
            let seconds = |time: WallTime| i64::from(time.minutes()) * 60;
            (days(exception.date), merge(ranges.map(|r| (seconds(r.start), seconds(r.end))).collect()))
        };
        self.0.iter().map(day).collect()
    }
}

impl utoipa::PartialSchema for Exceptions {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ArrayBuilder::new()
            .items(utoipa::openapi::Ref::from_schema_name("DateException"))
            .max_items(Some(MAX_EXCEPTIONS))
            .into()
    }
}

impl utoipa::ToSchema for Exceptions {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        schemas.push(("DateException".into(), <DateException as utoipa::PartialSchema>::schema()));
        <DateException as utoipa::ToSchema>::schemas(schemas);
    }
}

/// Ranges in order, with those that touch made one.
pub(super) fn merge(mut ranges: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    ranges.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if last.1 == range.0 => last.1 = range.1,
            _ => merged.push(range),
        }
    }
    merged
}

fn strict<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    text::date(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

/// Days since 1970-01-01.
fn days(date: Date) -> i64 {
    date.duration_since(jiff::civil::date(1970, 1, 1)).as_hours().div_euclid(24)
}
