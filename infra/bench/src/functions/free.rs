//! The work of `search_services` where a time is asked for: the calendars of as many providers as are looked into for
//! a page. All that the function does but Lambda's part, in a thread of its own, of which alone the CPU time is told.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use banister_domain::availability::{Busy, CalendarRules, Given, Interval, Seats, window_of_dates};
use banister_domain::id::BookingId;
use banister_http_search::{Search, area};
use banister_local::cloud::{Cloud, Options};
use banister_platform::clock::Clock;
use banister_platform::config::Settings;
use banister_platform::store::{DayRecord, RulesRecord};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::BenchError;
use crate::load::search::market::{fill, import, item, service_id, user};
use crate::machine;
use crate::report::Figures;
use crate::spread::{median, millis};

/// Providers, each with one service: as many as are looked into for a page.
const PROVIDERS: u64 = 50;
/// The longest time within which something free is looked for; only the last of these days has anything.
const DAYS: i32 = 31;
/// Bookings of each of the other days, and the column that has the figure.
const A_DAY: [(u16, &str); 2] = [(1, "free_ms"), (5, "full_ms")];
/// The hours of each day that are open.
const OPEN: std::ops::Range<i8> = 9..17;
/// Kept free behind each booking.
const BUFFER: u16 = 15;
/// Questions before the first one that counts.
const WARM: usize = 5;
/// Questions of which the median is told.
const TIMES: usize = 101;

/// The figures of each number of bookings.
///
/// # Errors
/// Where an answer does not have all providers, each free on the last day.
pub(super) async fn measure() -> Result<Vec<(String, Figures)>, BenchError> {
    let mut rows = Vec::new();
    for (a_day, column) in A_DAY {
        let bookings = i32::from(a_day) * (DAYS - 1);
        let name = format!("search_services, {PROVIDERS} providers of {bookings} bookings in {DAYS} days");
        println!("functions: {name}");
        let cloud = Cloud::start(Options { password_memory_kib: Some(16), ..Options::default() }).await?;
        let month = Month::after(cloud.clock.now())?;
        fill(&cloud, PROVIDERS, PROVIDERS).await?;
        import(cloud.table.database(), month.items(a_day)?.into_iter())?;
        cloud.quiet().await.map_err(|error| wrong(&error))?;
        let (settings, clock) = (cloud.settings("local-bench"), cloud.clock.clone());
        let asking = tokio::task::spawn_blocking(move || ask(&settings, &clock, &month));
        let took = asking.await.map_err(|error| wrong(&error))??;
        rows.push((name, [(column.to_owned(), took)].into()));
        cloud.stop().await;
    }
    Ok(rows)
}

fn wrong(error: &dyn std::fmt::Display) -> BenchError {
    BenchError::Unexpected(format!("search_services: {error}"))
}

/// The CPU time of this thread for one question.
fn ask(settings: &Settings, clock: &Clock, month: &Month) -> Result<f64, BenchError> {
    // As the function has it; the table is on other threads.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let search = Search::from_settings(settings, clock.clone()).map_err(|error| wrong(&error))?;
        search.load().await;
        let function = area().into_router(search);
        let path = format!(
            "/v1/search/services?free_from={}&free_to={}&limit={PROVIDERS}",
            month.window.from(),
            month.window.to()
        );
        let mut times = Vec::with_capacity(TIMES);
        for number in 0..WARM + TIMES {
            let before = machine::own_cpu()?;
            let answer = answer(&function, &path).await?;
            let spent = machine::own_cpu()?.saturating_sub(before);
            month.check(&answer)?;
            if number >= WARM {
                times.push(spent);
            }
        }
        Ok(median(times).map_or(0.0, millis))
    })
}

async fn answer(function: &Router, path: &str) -> Result<Vec<u8>, BenchError> {
    let request = Request::get(path).body(Body::empty()).map_err(|error| wrong(&error))?;
    let response = function.clone().oneshot(request).await.map_err(|error| wrong(&error))?;
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
    Ok(body.map_err(|error| wrong(&error))?.to_vec())
}

/// The days that are asked for, as long as can be, and the calendar that all have.
struct Month {
    rules: CalendarRules,
    window: Interval,
    dates: Vec<Date>,
}

impl Month {
    /// From tomorrow on.
    fn after(now: Timestamp) -> Result<Self, BenchError> {
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let time = |hour: i8| format!("{hour:02}:00");
        let weekly = days.map(|day| json!({ "day": day, "start": time(OPEN.start), "end": time(OPEN.end) }));
        let rules: CalendarRules = serde_json::from_value(json!({
            "time_zone": "UTC", "weekly": weekly, "buffer_before_minutes": 0, "buffer_after_minutes": BUFFER,
            "min_notice_minutes": 60, "horizon_days": 60, "slot_step_minutes": 5,
        }))?;
        let tomorrow = rules.time_zone.rules().to_datetime(now).date().saturating_add(1.day());
        let dates: Vec<_> = (0..DAYS).map(|ahead| tomorrow.saturating_add(ahead.days())).collect();
        let last = dates.last().copied().unwrap_or(tomorrow);
        let window = window_of_dates(tomorrow, last, &rules.time_zone).map_err(|error| wrong(&error))?;
        Ok(Self { rules, window, dates })
    }

    /// The rules and the days of all providers.
    fn items(&self, a_day: u16) -> Result<Vec<Value>, BenchError> {
        let mut items = Vec::new();
        for number in 0..PROVIDERS {
            let provider_id = user(number);
            items.push(item(&RulesRecord { provider_id, rules: self.rules.clone(), vacations: Vec::new() })?);
            for date in self.dates.iter().take(self.dates.len() - 1) {
                let busy = self.busy(number, *date, a_day)?;
                items.push(item(&DayRecord { provider_id, date: *date, busy })?);
            }
        }
        Ok(items)
    }

    /// So many bookings that nothing of a day is free: one behind the other, each with its buffer.
    fn busy(&self, provider: u64, date: Date, a_day: u16) -> Result<Vec<Busy>, BenchError> {
        let open = window_of_dates(date, date, &self.rules.time_zone).map_err(|error| wrong(&error))?;
        let opens = open.from() + SignedDuration::from_hours(OPEN.start.into());
        let minutes = i64::from(OPEN.end - OPEN.start) * 60 / i64::from(a_day);
        let booking = |number: u16| {
            let starts_at = opens + SignedDuration::from_mins(minutes * i64::from(number));
            let interval = Interval::new(starts_at, starts_at + SignedDuration::from_mins(minutes));
            let interval = interval.map_err(|error| wrong(&error))?;
            let given = Given {
                service: service_id(provider),
                lead_minutes: 0,
                tail_minutes: BUFFER,
                seats: Seats::MIN,
            };
            let millis = u64::try_from(starts_at.as_millisecond()).unwrap_or(0);
            let owner = BookingId::from_parts(millis, provider.into());
            Ok(Busy { given: Some(given), ..Busy::firm(interval, owner) })
        };
        (0..a_day).map(booking).collect()
    }

    /// All providers are in the answer, free when the last day opens.
    fn check(&self, answer: &[u8]) -> Result<(), BenchError> {
        let answer: Value = serde_json::from_slice(answer)?;
        let last = self.dates.last().map(|date| format!("{date}T{:02}:00:00Z", OPEN.start));
        let items = answer["items"].as_array().into_iter().flatten();
        let free = items.filter(|found| found["next_free"].as_str() == last.as_deref()).count();
        if u64::try_from(free).ok() == Some(PROVIDERS) {
            return Ok(());
        }
        Err(wrong(&format!("{free} of {PROVIDERS} are free at {last:?}, and not before: {answer}")))
    }
}

#[cfg(test)]
mod tests {
    use banister_domain::availability::{DurationMinutes, slots};

    use super::*;

    #[test]
    fn only_the_last_day_has_anything_free() {
        let now: Timestamp = "2031-03-01T12:34:56Z".parse().unwrap();
        let month = Month::after(now).unwrap();
        let hour = DurationMinutes::new(60).unwrap();
        let days = (month.window.to() - month.window.from()).total(jiff::Unit::Hour).unwrap() / 24.0;
        assert!((days - 31.0).abs() < 1e-9, "{days}");
        for (a_day, _) in A_DAY {
            let full = month.dates.iter().take(30).map(|date| month.busy(7, *date, a_day).unwrap());
            let busy: Vec<_> = full.flatten().collect();
            assert_eq!(busy.len(), usize::from(a_day) * 30);
            assert!(busy.is_sorted_by(|one, next| one.interval.to() <= next.interval.from()));
            let found = slots(now, &month.rules, hour, month.window, &busy);
            let dates: Vec<_> = found.iter().map(|slot| slot.starts_at.to_string()).collect();
            assert_eq!(dates.first().map(String::as_str), Some("2031-04-01T09:00:00Z"), "{a_day}");
        }
        assert_eq!(month.items(5).unwrap().len(), 50 * 31);
    }

    #[test]
    fn an_answer_that_lacks_a_provider_is_refused() {
        let month = Month::after("2031-03-01T12:34:56Z".parse().unwrap()).unwrap();
        let answer = |count: usize, free: &str| {
            json!({ "items": vec![json!({ "next_free": free }); count] }).to_string().into_bytes()
        };
        assert!(month.check(&answer(50, "2031-04-01T09:00:00Z")).is_ok());
        assert!(month.check(&answer(49, "2031-04-01T09:00:00Z")).is_err());
        assert!(month.check(&answer(50, "2031-03-31T09:00:00Z")).is_err());
    }
}
