//! The work of `list_slots` at its largest: 31 days of a provider who is booked all over, between storage and
//! answer, without what is around it.

use std::hint::black_box;

use banister_domain::availability::{Busy, CalendarRules, DurationMinutes, Interval, slots, window_of_dates};
use banister_domain::id::BookingId;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::BenchError;
use crate::machine;
use crate::report::Figures;
use crate::spread::{median, millis};

/// The row.
pub(super) const NAME: &str = "list_slots, 31 days with 1,000 bookings";

const BOOKINGS: usize = 1_000;
const FROM: Date = Date::constant(2031, 3, 1);
const TO: Date = Date::constant(2031, 3, 31);
/// Of a booking.
const MINUTES: u16 = 30;
/// From the start of one booking of a day to that of the next: with its buffers, one takes 40.
const APART: i64 = 42;

/// Calls of which one time is taken.
const CALLS: u32 = 10;
/// Times of which the median is told.
const TIMES: usize = 301;

/// What is asked.
struct Month {
    now: Timestamp,
    rules: CalendarRules,
    duration: DurationMinutes,
    window: Interval,
    busy: Vec<Busy>,
}

impl Month {
    /// Open round the clock, on the finest grid that there is, in a month in which the zone's offset changes.
    /// Bookings follow each other from each midnight on, so that all of the rest of a day is free.
    fn new() -> Result<Self, BenchError> {
        let unexpected = |error: &dyn std::fmt::Display| BenchError::Unexpected(format!("{NAME}: {error}"));
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let weekly = days.map(|day| json!({ "day": day, "start": "00:00", "end": "24:00" }));
        let rules: CalendarRules = serde_json::from_value(json!({
            "time_zone": "Europe/Lisbon", "weekly": weekly, "buffer_before_minutes": 5,
            "buffer_after_minutes": 5, "min_notice_minutes": 120, "horizon_days": 60, "slot_step_minutes": 5,
        }))?;
        let duration = DurationMinutes::new(MINUTES).map_err(|error| unexpected(&error))?;
        let window = window_of_dates(FROM, TO, &rules.time_zone).map_err(|error| unexpected(&error))?;
        let dates: Vec<_> = FROM.series(jiff::Span::new().days(1)).take_while(|date| *date <= TO).collect();
        let mut busy = Vec::with_capacity(BOOKINGS);
        for (number, id) in (0..BOOKINGS).zip(0_u128..) {
            let day =
                window_of_dates(dates[number % dates.len()], dates[number % dates.len()], &rules.time_zone);
            let before = i64::try_from(number / dates.len()).unwrap_or(i64::MAX).saturating_mul(APART);
            let starts_at =
                day.map_err(|error| unexpected(&error))?.from() + SignedDuration::from_mins(before);
            let interval = rules.occupied(starts_at, duration).map_err(|error| unexpected(&error))?;
            busy.push(Busy::firm(interval, BookingId::from_parts(0, id)));
        }
        // As storage has them.
        busy.sort_unstable_by_key(|busy| busy.interval);
        Ok(Self { now: window.from() - SignedDuration::from_hours(24), rules, duration, window, busy })
    }

    /// How many slots are found.
    fn count(&self) -> usize {
        slots(self.now, &self.rules, self.duration, self.window, black_box(&self.busy)).len()
    }
}

/// The CPU time of this thread for one call.
pub(super) fn measure() -> Result<Figures, BenchError> {
    let month = Month::new()?;
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let before = machine::own_cpu()?;
        for _ in 0..CALLS {
            black_box(month.count());
        }
        times.push(machine::own_cpu()?.saturating_sub(before) / CALLS);
    }
    Ok([("slots_ms".to_owned(), median(times).map_or(0.0, millis))].into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_month_is_booked_all_over_and_has_free_places_every_day() {
        let month = Month::new().unwrap();
        assert_eq!(month.busy.len(), 1_000);
        let starts: Vec<_> = month.busy.iter().map(|busy| busy.interval).collect();
        assert!(starts.is_sorted_by(|one, next| one.to() < next.from()), "none touches the next");
        let hours = (month.window.to() - month.window.from()).total(jiff::Unit::Hour).unwrap();
        assert!((hours - (31.0 * 24.0 - 1.0)).abs() < 1e-9, "an hour is skipped: {hours}");
        let found = slots(month.now, &month.rules, month.duration, month.window, &month.busy);
        let zone = month.rules.time_zone.rules();
        let mut dates: Vec<_> = found.iter().map(|slot| zone.to_datetime(slot.starts_at).date()).collect();
        dates.dedup();
        assert!(dates.len() >= 30, "{dates:?}");
        assert_eq!(month.count(), found.len());
    }
}
