//! The spans of days that statistics are told for.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How long each span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "day")]
pub enum Group {
    /// A day.
    #[default]
    Day,
    /// From Monday to Sunday (ISO 8601).
    Week,
    /// A month of the calendar.
    Month,
}

/// A span of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day, included.
    pub to: Date,
}

/// The days asked for are none, or more than 366.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be at most 366 days before `to`, and not after it")]
pub struct RangeError;

/// The most days at once.
const MOST_DAYS: i64 = 366;

/// The spans from `from` to `to`, both included, in order and without a gap. The first and the last are cut
/// where the days asked for begin and end within them.
///
/// # Errors
/// Where `from` is after `to`, or there are more than 366 days.
pub fn periods(from: Date, to: Date, group: Group) -> Result<Vec<Period>, RangeError> {
    let days = to.duration_since(from).as_hours() / 24 + 1;
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(RangeError);
    }
    let mut periods = Vec::new();
    let mut first = from;
    loop {
        let last = last_day(first, group).min(to);
        periods.push(Period { from: first, to: last });
        // The end of representable time ends the spans as well.
        match last.tomorrow() {
            Ok(next) if next <= to => first = next,
            _ => return Ok(periods),
        }
    }
}

/// The last day of the whole span that a day is in.
fn last_day(day: Date, group: Group) -> Date {
    match group {
        Group::Day => day,
        Group::Week => day.saturating_add((7 - day.weekday().to_monday_one_offset()).days()),
        Group::Month => day.last_of_month(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn spans(from: Date, to: Date, group: Group) -> Vec<String> {
        let periods = periods(from, to, group).unwrap();
        periods.iter().map(|Period { from, to }| format!("{from}/{to}")).collect()
    }

    #[test]
    fn a_day_each() {
        let days = spans(date(2026, 2, 27), date(2026, 3, 1), Group::Day);
        assert_eq!(days, ["2026-02-27/2026-02-27", "2026-02-28/2026-02-28", "2026-03-01/2026-03-01"]);
    }

    #[test]
    fn weeks_end_on_sundays_and_are_cut_at_both_ends() {
        // 2026-03-04 is a Wednesday.
        let weeks = spans(date(2026, 3, 4), date(2026, 3, 16), Group::Week);
        assert_eq!(weeks, ["2026-03-04/2026-03-08", "2026-03-09/2026-03-15", "2026-03-16/2026-03-16"]);
    }

    #[test]
    fn months_have_their_own_lengths() {
        let months = spans(date(2028, 1, 31), date(2028, 3, 5), Group::Month);
        assert_eq!(months, ["2028-01-31/2028-01-31", "2028-02-01/2028-02-29", "2028-03-01/2028-03-05"]);
    }

    #[test]
    fn a_leap_year_is_taken_and_a_day_more_is_not() {
        assert_eq!(periods(date(2028, 1, 1), date(2028, 12, 31), Group::Day).unwrap().len(), 366);
        assert_eq!(periods(date(2028, 1, 1), date(2029, 1, 1), Group::Month), Err(RangeError));
        assert_eq!(periods(date(2028, 1, 2), date(2028, 1, 1), Group::Day), Err(RangeError));
        assert_eq!(periods(Date::MAX, Date::MAX, Group::Month).unwrap().len(), 1);
    }
}
