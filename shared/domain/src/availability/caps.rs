//! How many bookings a provider takes in a day and a week.
//!
//! A booking counts on the local date on which its service begins. Customers who share a place
//! count as one booking, so whoever joins one that is there is not refused for a limit.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::open::DAY;
use super::slots::local_date;
use super::{BookingCap, Busy, CalendarRules, Interval, Visit};
use crate::id::ServiceId;

/// The Monday of the provider's week in which a visit from `instant` would be counted; none where no
/// limit holds for it. Two bookings of that week must not be decided side by side.
#[must_use]
pub fn counted_week(rules: &CalendarRules, visit: &Visit, instant: Timestamp) -> Option<Date> {
    limited(rules, visit).then(|| week_of(rules, instant))
}

fn week_of(rules: &CalendarRules, instant: Timestamp) -> Date {
    let date = instant.to_zoned(rules.time_zone.rules().clone()).date();
    let back = i64::from(date.weekday().to_monday_zero_offset());
    // Before the first Monday of representable time there is none.
    date.checked_sub(jiff::Span::new().days(back)).unwrap_or(date)
}

/// The limits that hold for a visit, and how far they are used up.
pub(super) struct Caps {
    per_day: Option<usize>,
    per_week: Option<usize>,
    service_per_day: Option<usize>,
    days: BTreeMap<i64, usize>,
    weeks: BTreeMap<i64, usize>,
    service_days: BTreeMap<i64, usize>,
}

/// Where a counted booking lies: those that share a place are equal.
type Place = (ServiceId, Interval);

impl Caps {
    /// Counts what is live. Counts nothing where there is no limit.
    pub(super) fn new<'a>(
        now: Timestamp,
        rules: &CalendarRules,
        visit: &Visit,
        busy: impl IntoIterator<Item = &'a Busy>,
    ) -> Self {
        let cap = |cap: Option<BookingCap>| cap.map(|cap| usize::from(cap.get()));
        let mut caps = Self {
            per_day: cap(rules.max_bookings_per_day),
            per_week: cap(rules.max_bookings_per_week),
            service_per_day: cap(visit.max_per_day),
            days: BTreeMap::new(),
            weeks: BTreeMap::new(),
            service_days: BTreeMap::new(),
        };
        if !limited(rules, visit) {
            return caps;
        }
        // What is held, for a booking or a move, may become one: nobody else gets its place in the count. Vacations
        // and what others have in a room give nothing here.
        let live = busy.into_iter().filter(|busy| busy.is_live(now));
        let places: BTreeSet<Place> = live.filter_map(place).collect();
        for (service, interval) in places {
            let date = local_date(rules, interval.from());
            *caps.days.entry(date).or_default() += 1;
            *caps.weeks.entry(monday(date)).or_default() += 1;
            if Some(service) == visit.service {
                *caps.service_days.entry(date).or_default() += 1;
            }
        }
        caps
    }

    /// Whether one more booking may begin on this local date.
    pub(super) fn allow(&self, date: i64) -> bool {
        let room = |cap: Option<usize>, counted: &BTreeMap<i64, usize>, key: i64| {
            cap.is_none_or(|cap| counted.get(&key).is_none_or(|count| *count < cap))
        };
        room(self.per_day, &self.days, date)
            && room(self.per_week, &self.weeks, monday(date))
            && room(self.service_per_day, &self.service_days, date)
    }
}

/// Whether any limit holds for the visit.
pub(super) fn limited(rules: &CalendarRules, visit: &Visit) -> bool {
    rules.max_bookings_per_day.is_some()
        || rules.max_bookings_per_week.is_some()
        || visit.max_per_day.is_some()
}

/// The whole days, or weeks, that decide about the limits of what begins inside `window`.
pub(super) fn counted_window(rules: &CalendarRules, window: Interval) -> Interval {
    let (first, last) = (local_date(rules, window.from()), local_date(rules, window.to()));
    let (first, last) = match rules.max_bookings_per_week {
        Some(_) => (monday(first), monday(last) + 6),
        None => (first, last),
    };
    // No zone is a day or more from UTC, but for those two that moved across the date line.
    let instant = |day: i64, or| Timestamp::from_second(day.saturating_mul(DAY)).unwrap_or(or);
    let (from, to) = (instant(first - 1, Timestamp::MIN), instant(last + 2, Timestamp::MAX));
    Interval::new(from.min(window.from()), to.max(window.to())).unwrap_or(window)
}

fn place(busy: &Busy) -> Option<Place> {
    Some((busy.given?.service, busy.service_time().unwrap_or(busy.interval)))
}

/// The Monday on or before a date, both in days since 1970-01-01, which was a Thursday.
fn monday(date: i64) -> i64 {
    date - (date + 3).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::availability::interval::floor_second;

    #[test]
    fn weeks_begin_on_mondays() {
        let rules = CalendarRules::closed("Pacific/Auckland".parse().expect("a zone"));
        let week = |text: &str| week_of(&rules, text.parse().expect("an instant")).to_string();
        // In Auckland it is Monday already, and then still Sunday.
        assert_eq!(week("2026-03-08T20:00:00Z"), "2026-03-09");
        assert_eq!(week("2026-03-08T10:59:59Z"), "2026-03-02");
        let day = |text: &str| floor_second(text.parse().expect("an instant")).div_euclid(DAY);
        for (date, first) in
            [("2026-03-09", "2026-03-09"), ("2026-03-15", "2026-03-09"), ("1969-12-31", "1969-12-29")]
        {
            assert_eq!(monday(day(&format!("{date}T00:00:00Z"))), day(&format!("{first}T00:00:00Z")));
        }
    }
}
