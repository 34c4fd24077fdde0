//! The rules of a zone as a file says them (RFC 5545, 3.6.5): one component for each time that the clock changes.
//! Rules by which it changes every year would say the same shorter, and be wrong wherever they do not hold.

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::line::Lines;
use super::{Zone, civil};

/// Further back no change of the clock is named: what held since then is said to begin where the years do. Older
/// ones can be of local mean time, whose offsets have seconds.
const YEAR: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Writes the rules that hold in the years of `first` and `last` (UTC), and between.
pub(super) fn write(lines: &mut Lines, zone: &Zone, first: Timestamp, last: Timestamp) {
    let rules = zone.rules();
    let (from, to) = (year_of(first, 0), year_of(last, 1));
    lines.property("BEGIN", "VTIMEZONE");
    lines.property("TZID", zone.name());
    let moment = Timestamp::from_nanosecond(from.as_nanosecond() + 1).unwrap_or(from);
    let before = rules.preceding(moment).next().map(|change| change.timestamp());
    match before.filter(|before| from.duration_since(*before) <= YEAR) {
        Some(change) => observance(lines, rules, change, offset_before(rules, change)),
        None => observance(lines, rules, from, rules.to_offset(from)),
    }
    let within = rules.following(from).map(|change| change.timestamp());
    for change in within.take_while(|change| *change < to) {
        observance(lines, rules, change, offset_before(rules, change));
    }
    lines.property("END", "VTIMEZONE");
}

/// What holds from `at` on, where `before` held until then; `at` is told by the clock before the change.
fn observance(lines: &mut Lines, rules: &TimeZone, at: Timestamp, before: Offset) {
    let info = rules.to_offset_info(at);
    let kind = if info.dst().is_dst() { "DAYLIGHT" } else { "STANDARD" };
    lines.property("BEGIN", kind);
    lines.property("DTSTART", &civil(before.to_datetime(at)));
    lines.property("TZOFFSETFROM", &offset(before));
    lines.property("TZOFFSETTO", &offset(info.offset()));
    lines.property("TZNAME", info.abbreviation());
    lines.property("END", kind);
}

fn offset_before(rules: &TimeZone, change: Timestamp) -> Offset {
    rules.to_offset(change.saturating_sub(1.nanosecond()).unwrap_or(change))
}

/// An offset from UTC (3.3.14).
fn offset(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    let text = format!("{sign}{:02}{:02}", seconds / 3_600, seconds / 60 % 60);
    if seconds.is_multiple_of(60) { text } else { format!("{text}{:02}", seconds % 60) }
}

/// When the year of `at` begins in UTC, or the one so many years after it.
fn year_of(at: Timestamp, later: i16) -> Timestamp {
    let date = Offset::UTC.to_datetime(at).date();
    let begins = date.first_of_year().checked_add(later.years());
    let begins = begins.ok().and_then(|date| Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok());
    begins.unwrap_or(if later > 0 { Timestamp::MAX } else { at })
}
