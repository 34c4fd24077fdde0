//! Open hours of the week, by the wall clock.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// Most ranges that a weekly plan may hold.
pub const MAX_RANGES: usize = 50;

/// Why open hours are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHours {
    /// Not a wall clock time.
    #[error("must be a time from 00:00 to 24:00, written HH:MM")]
    Time,
    /// The range ends before it starts, or is empty.
    #[error("the end must be after the start on the same day; split a range that crosses midnight in two")]
    Backwards,
    /// The range shares time with an earlier one of its day.
    #[error("must not overlap another range of the same day")]
    Overlap,
    /// More than [`MAX_RANGES`] ranges.
    #[error("must have at most {MAX_RANGES} ranges")]
    TooMany,
    /// More than [`super::MAX_RANGES_PER_DATE`] ranges on one date.
    #[error("must have at most {} ranges on one date", super::MAX_RANGES_PER_DATE)]
    TooManyOfDate,
    /// More than [`super::MAX_EXCEPTIONS`] dates.
    #[error("must have at most {} dates", super::MAX_EXCEPTIONS)]
    TooManyDates,
    /// The same date a second time.
    #[error("must have each date once")]
    DateTwice,
}

/// Minutes since 00:00 on the wall clock, 0 to 1,440; written `HH:MM`, the last as `24:00`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(u16);

impl WallTime {
    /// Takes 0 to 1,440 minutes.
    pub fn from_minutes(minutes: u16) -> Result<Self, InvalidHours> {
        if minutes <= 1_440 { Ok(Self(minutes)) } else { Err(InvalidHours::Time) }
    }

    /// Minutes since 00:00.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Debug for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for WallTime {
    type Err = InvalidHours;

    fn from_str(text: &str) -> Result<Self, InvalidHours> {
        let &[a, b, b':', c, d] = text.as_bytes() else { return Err(InvalidHours::Time) };
        if ![a, b, c, d].iter().all(u8::is_ascii_digit) {
            return Err(InvalidHours::Time);
        }
        let number = |tens: u8, ones: u8| u16::from(tens - b'0') * 10 + u16::from(ones - b'0');
        let (hour, minute) = (number(a, b), number(c, d));
        if minute < 60 { Self::from_minutes(hour * 60 + minute) } else { Err(InvalidHours::Time) }
    }
}

impl Serialize for WallTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WallTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for WallTime {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"))
            .examples(["09:00"])
            .into()
    }
}
impl utoipa::ToSchema for WallTime {}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "mon")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// Open from `start` until just before `end` on one weekday. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "day": "mon",
    "start": "09:00",
    "end": "17:00",
}))]
pub struct OpenRange {
    day: Weekday,
    start: WallTime,
    #[schema(examples("17:00"))]
    end: WallTime,
}

impl OpenRange {
    /// Makes a range; refuses `start >= end`.
    pub fn new(day: Weekday, start: WallTime, end: WallTime) -> Result<Self, InvalidHours> {
        if start < end { Ok(Self { day, start, end }) } else { Err(InvalidHours::Backwards) }
    }

    /// The weekday.
    #[must_use]
    pub const fn day(&self) -> Weekday {
        self.day
    }

    /// The first open minute.
    #[must_use]
    pub const fn start(&self) -> WallTime {
        self.start
    }

    /// The first closed minute.
    #[must_use]
    pub const fn end(&self) -> WallTime {
        self.end
    }

    fn overlaps(self, other: Self) -> bool {
        self.day == other.day && self.start < other.end && other.start < self.end
    }
}

// Written by hand so that the error stands at `end` (or at whichever bound was read last).
impl<'de> Deserialize<'de> for OpenRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("OpenRange", &["day", "start", "end"], RangeVisitor)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Day,
    Start,
    End,
}

struct RangeVisitor;

impl<'de> Visitor<'de> for RangeVisitor {
    type Value = OpenRange;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with day, start and end")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OpenRange, A::Error> {
        let (mut day, mut start, mut end) = (None, None, None);
        while let Some(field) = map.next_key()? {
            match field {
                Field::Day if day.is_some() => return Err(de::Error::duplicate_field("day")),
                Field::Start if start.is_some() => return Err(de::Error::duplicate_field("start")),
                Field::End if end.is_some() => return Err(de::Error::duplicate_field("end")),
                Field::Day => day = Some(map.next_value()?),
                Field::Start => start = Some(map.next_value_seed(Bound { before: end, after: None })?),
                Field::End => end = Some(map.next_value_seed(Bound { before: None, after: start })?),
            }
        }
        let day = day.ok_or_else(|| de::Error::missing_field("day"))?;
        let start = start.ok_or_else(|| de::Error::missing_field("start"))?;
        let end = end.ok_or_else(|| de::Error::missing_field("end"))?;
        OpenRange::new(day, start, end).map_err(de::Error::custom)
    }
}

struct Bound {
    before: Option<WallTime>,
    after: Option<WallTime>,
}

impl<'de> DeserializeSeed<'de> for Bound {
    type Value = WallTime;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<WallTime, D::Error> {
        let time = WallTime::deserialize(deserializer)?;
        let right = self.before.is_none_or(|end| time < end) && self.after.is_none_or(|start| start < time);
        if right { Ok(time) } else { Err(de::Error::custom(InvalidHours::Backwards)) }
    }
}

/// The open ranges of a week: at most [`MAX_RANGES`], those of one day without overlap. Kept in the
/// order given. Ranges that touch count as one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Weekly(Vec<OpenRange>);

impl Weekly {
    /// Takes ranges that do not overlap.
    pub fn new(ranges: Vec<OpenRange>) -> Result<Self, InvalidHours> {
        if ranges.len() > MAX_RANGES {
            return Err(InvalidHours::TooMany);
        }
        let clear =
            ranges.iter().enumerate().all(|(i, range)| !ranges[..i].iter().any(|r| r.overlaps(*range)));
        if clear { Ok(Self(ranges)) } else { Err(InvalidHours::Overlap) }
    }

    /// The ranges as they were given.
    #[must_use]
    pub fn ranges(&self) -> &[OpenRange] {
        &self.0
    }

    /// Seconds since local midnight `[start, end)`, by weekday from Monday, ascending; ranges that
    /// touch are one.
    pub(super) fn merged(&self) -> [Vec<(i64, i64)>; 7] {
        let mut week: [Vec<(i64, i64)>; 7] = Default::default();
        for range in &self.0 {
            week[range.day as usize].push((i64::from(range.start.0) * 60, i64::from(range.end.0) * 60));
        }
        week.map(super::exceptions::merge)
    }
}

// Written by hand so that the error stands at the range at fault.
impl<'de> Deserialize<'de> for Weekly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(WeeklyVisitor)
    }
}

struct WeeklyVisitor;

impl<'de> Visitor<'de> for WeeklyVisitor {
    type Value = Weekly;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of ranges")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Weekly, A::Error> {
        let mut ranges = Vec::new();
        while let Some(range) = list.next_element_seed(Next(&ranges))? {
            ranges.push(range);
        }
        Ok(Weekly(ranges))
    }
}

struct Next<'a>(&'a [OpenRange]);

impl<'de> DeserializeSeed<'de> for Next<'_> {
    type Value = OpenRange;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<OpenRange, D::Error> {
        if self.0.len() == MAX_RANGES {
            return Err(de::Error::custom(InvalidHours::TooMany));
        }
        let range = OpenRange::deserialize(deserializer)?;
        let clear = !self.0.iter().any(|other| other.overlaps(range));
        if clear { Ok(range) } else { Err(de::Error::custom(InvalidHours::Overlap)) }
    }
}

impl utoipa::PartialSchema for Weekly {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ArrayBuilder::new()
            .items(utoipa::openapi::Ref::from_schema_name("OpenRange"))
            .max_items(Some(MAX_RANGES))
            .into()
    }
}

impl utoipa::ToSchema for Weekly {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        schemas.push(("OpenRange".into(), <OpenRange as utoipa::PartialSchema>::schema()));
        <OpenRange as utoipa::ToSchema>::schemas(schemas);
    }
}
