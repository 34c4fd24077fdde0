//! Slots against a second, naive reading of the rules: minute by minute, by the wall clock, around
//! every offset change of many zones.

mod case;

use std::collections::{BTreeMap, BTreeSet};

use banister_domain::availability::{
    Busy, CalendarRules, Day, Given, Interval, NotOffered, Refusal, Seats, Slot, Visit, Wanted, Zone,
    days_to_load, days_touched, is_offered, next_slots, reserve, slots,
};
use banister_domain::id::{BookingId, ServiceId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use case::{Case, cases, date_after, service};

const CASES_PER_CHANGE: u32 = 7;
/// Minutes on either side of a change that a case may reach, without the longest service.
const REACH: i64 = 10 * 60;
const LONGEST: i64 = 1_440;

/// Zones that change their offset between 2023 and 2027.
const CHANGING: [&str; 40] = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "America/Anchorage",
    "America/Asuncion",
    "America/Chicago",
    "America/Denver",
    "America/Halifax",
    "America/Havana",
    "America/Los_Angeles",
    "America/Miquelon",
    "America/New_York",
    "America/Nuuk",
    "America/Port-au-Prince",
    "America/Santiago",
    "America/Scoresbysund",
    "America/St_Johns",
    "America/Tijuana",
    "Antarctica/Troll",
    "Asia/Almaty",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Hebron",
    "Asia/Jerusalem",
    "Atlantic/Azores",
    "Atlantic/Bermuda",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/Berlin",
    "Europe/Chisinau",
    "Europe/Dublin",
    "Europe/Kyiv",
    "Europe/Lisbon",
    "Europe/London",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Easter",
    "Pacific/Norfolk",
    "Asia/Nicosia",
];

/// Stranger changes of the past: at midnight, at 00:01, by half an hour, by a whole day.
const PAST: [(&str, i64, i64); 9] = [
    ("America/Caracas", 2007, 2016),
    ("America/Sao_Paulo", 2015, 2019),
    ("America/St_Johns", 2009, 2011),
    ("Asia/Amman", 2020, 2022),
    ("Asia/Pyongyang", 2015, 2018),
    ("Asia/Tehran", 2021, 2022),
    ("Pacific/Apia", 2010, 2012),
    ("Pacific/Kwajalein", 1993, 1993),
    ("Pacific/Tongatapu", 2016, 2017),
];

/// One moment as the wall shows it.
#[derive(Debug, Clone, Copy)]
struct Wall {
    date: Date,
    minute: usize,
}

/// The minutes around a change and what the wall shows at each.
struct Around {
    zone: Zone,
    change: Timestamp,
    first: Timestamp,
    wall: Vec<Wall>,
}

#[test]
fn slots_equal_brute_force_around_the_changes_of_2023_to_2027() {
    let changes: Vec<_> = CHANGING.iter().flat_map(|name| changes(name, 2023, 2027)).collect();
    assert!(changes.len() > 330, "{} changes", changes.len());
    check_all(&changes);
}

#[test]
fn slots_equal_brute_force_around_strange_changes_of_the_past() {
    let changes: Vec<_> = PAST.iter().flat_map(|(name, from, to)| changes(name, *from, *to)).collect();
    check_all(&changes);
}

fn changes(name: &'static str, from: i64, to: i64) -> Vec<(&'static str, Timestamp)> {
    let year = |year: i64| format!("{year}-01-01T00:00:00Z").parse::<Timestamp>().expect("a timestamp");
    let zone = Zone::parse(name).expect("a zone");
    let all = zone.rules().following(year(from)).map(|change| change.timestamp());
    let all: Vec<_> = all.take_while(|change| *change < year(to + 1)).map(|change| (name, change)).collect();
    assert!(!all.is_empty(), "{name} does not change between {from} and {to}");
    all
}

fn check_all(changes: &[(&'static str, Timestamp)]) {
    let (mut offered, mut empty) = (0, 0);
    for (index, (name, change)) in changes.iter().enumerate() {
        let around = Around::new(name, *change);
        let seed = [u8::try_from(index % 251).expect("below 251"); 32];
        let config = Config { cases: CASES_PER_CHANGE, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        let always_open =
            around.check(&Case::always_open()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = std::cell::Cell::new(always_open);
        runner
            .run(&cases(), |case| {
                found.set(found.get() + around.check(&case)?);
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{name} at {change}: {error}"));
        offered += found.get();
        empty += usize::from(found.get() == always_open);
        assert!(always_open > 0, "{name} at {change}: no slot though always open");
    }
    // Comparing nothing with nothing proves little: most changes must have had slots, and many.
    assert!(
        empty * 6 < changes.len(),
        "{empty} of {} changes had no slot but when always open",
        changes.len()
    );
    assert!(offered > 15 * changes.len(), "only {offered} slots for {} changes", changes.len());
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

impl Around {
    fn new(name: &str, change: Timestamp) -> Self {
        let zone = Zone::parse(name).expect("a zone");
        let first = change - minutes(REACH);
        let wall = (0..2 * REACH + LONGEST).map(|minute| {
            let local = zone.rules().to_datetime(first + minutes(minute));
            assert_eq!(local.second(), 0, "offsets of these years are whole minutes");
            let minute =
                u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).expect("a minute");
            Wall { date: local.date(), minute: minute.into() }
        });
        let wall = wall.collect();
        Self { zone, change, first, wall }
    }

    /// Starts to come that the plan, the notice and the horizon allow, whatever is busy.
    fn allowed(&self, case: &Case, now: Timestamp, window: Interval) -> Vec<Timestamp> {
        let today = now.to_zoned(self.zone.rules().clone()).date();
        let last = (0..case.horizon).fold(today, |date, _| date.tomorrow().expect("a date"));
        let dates: BTreeSet<Date> = self.wall.iter().map(|wall| wall.date).collect();
        let plans: BTreeMap<Date, _> =
            dates.into_iter().map(|date| (date, case.plan(date, self.local(self.change)))).collect();
        let open: Vec<bool> = self.wall.iter().map(|wall| plans[&wall.date][wall.minute]).collect();
        let index = |instant: Timestamp| {
            usize::try_from(instant.duration_since(self.first).as_mins()).expect("inside the table")
        };
        let inside = (index(window.from())..index(window.to())).filter(|start| {
            let wall = self.wall[*start];
            let day = &plans[&wall.date][..wall.minute];
            let open_since = day.iter().rev().take_while(|open| **open).count();
            open[*start..*start + usize::from(case.duration)].iter().all(|open| *open)
                && open_since % usize::from(case.step) == 0
                && wall.date <= last
        });
        let starts = inside.map(|start| self.first + minutes(i64::try_from(start).expect("small")));
        starts.filter(|start| *start > now && *start >= now + minutes(case.notice.into())).collect()
    }

    fn local(&self, instant: Timestamp) -> Date {
        instant.to_zoned(self.zone.rules().clone()).date()
    }

    /// Compares; returns how many slots there were.
    fn check(&self, case: &Case) -> Result<usize, TestCaseError> {
        let rules = case.rules(&self.zone, self.local(self.change));
        let visit = case.visit();
        let now = self.change + minutes(case.asked);
        let from = self.change + minutes(case.from);
        let window = Interval::new(from, from + minutes(case.length)).expect("an interval");
        let allowed = self.allowed(case, now, window);
        let mut busy: Vec<Busy> =
            (1..).zip(&case.busy).map(|(id, entry)| self.busy(id, now, entry)).collect();
        if !allowed.is_empty() {
            busy.extend((50..).zip(&case.own).map(|(id, entry)| own(case, &allowed, id, now, *entry)));
        }

        let expected: Vec<Timestamp> =
            allowed.iter().filter(|start| self.free(case, now, &busy, **start)).copied().collect();
        let found = slots(now, &rules, visit, window, &busy);
        let starts: Vec<Timestamp> = found.iter().map(|slot| slot.starts_at).collect();
        prop_assert_eq!(&starts, &expected);
        let length = minutes(case.duration.into());
        prop_assert!(found.iter().all(|slot| slot.ends_at == slot.starts_at + length));

        let loaded: BTreeSet<Date> = days_to_load(&rules, visit, window).into_iter().collect();
        let enough: Vec<Busy> = busy
            .iter()
            .filter(|busy| busy.interval.utc_days().any(|day| loaded.contains(&day)))
            .copied()
            .collect();
        prop_assert_eq!(
            &slots(now, &rules, visit, window, &enough),
            &found,
            "decided by days that are not loaded"
        );

        same_one_by_one(now, &rules, visit, window, &busy, &starts)?;
        same_as_reserve(now, &rules, visit, window, &busy, (&allowed, &starts))?;
        let first: Vec<Slot> = next_slots(now, &rules, visit, from, &busy, found.len());
        prop_assert_eq!(first, found);
        Ok(starts.len())
    }

    /// Whether an allowed start can be had.
    fn free(&self, case: &Case, now: Timestamp, busy: &[Busy], start: Timestamp) -> bool {
        let begins = start - minutes(case.before.into());
        let ends = start + minutes(i64::from(case.duration) + i64::from(case.after));
        let live: Vec<&Busy> =
            busy.iter().filter(|busy| busy.until.is_none_or(|until| until > now)).collect();
        let there = live.iter().filter(|busy| busy.interval.from() < ends && begins < busy.interval.to());
        let mut left = case.seats.0;
        let mut joined = false;
        for busy in there {
            let length = minutes(case.duration.into());
            let same =
                busy.service_time().is_some_and(|time| (time.from(), time.to()) == (start, start + length));
            match busy.given {
                Some(given) if case.seats.0 > 1 && given.service == service() && same => {
                    left = left.saturating_sub(given.seats.get());
                    joined = true;
                }
                _ => return false,
            }
        }
        if left < case.seats.1 {
            return false;
        }
        // Every booking there is, by the start of its service; who shares a place is counted once, and what others have
        // in a room is none.
        let bookings: BTreeSet<_> = live
            .iter()
            .filter_map(|busy| {
                let (given, time) = (busy.given?, busy.service_time()?);
                Some((time.from(), time.to(), given.service))
            })
            .collect();
        let date = self.local(start);
        let monday = |date: Date| date_after(date, -i32::from(date.weekday().to_monday_zero_offset()));
        let of_day = bookings.iter().filter(|(starts, ..)| self.local(*starts) == date);
        let of_week = bookings.iter().filter(|(starts, ..)| monday(self.local(*starts)) == monday(date));
        let of_service = of_day.clone().filter(|(.., given)| *given == service());
        let counts = [of_day.count(), of_week.count(), of_service.count()];
        joined
            || case.caps.iter().zip(counts).all(|(cap, count)| cap.is_none_or(|cap| count < usize::from(cap)))
    }

    fn busy(&self, id: u64, now: Timestamp, (from, length, until): &(i64, i64, Option<i64>)) -> Busy {
        let from = self.change + minutes(*from);
        let interval = Interval::new(from, from + minutes(*length)).expect("an interval");
        let until = until.map(|seconds| now + SignedDuration::from_secs(seconds));
        // Of another service of the provider, or of others in a room that the service needs, too.
        let service = ServiceId::from_parts(7, 9);
        let given = Given { service, lead_minutes: 0, tail_minutes: 0, seats: Seats::MIN };
        let given = (id % 2 == 1).then_some(given);
        Busy { until, given, ..Busy::firm(interval, BookingId::from_parts(id, 0)) }
    }
}

/// A booking of the service itself or another of the provider's, at one of the starts that are allowed.
fn own(
    case: &Case,
    allowed: &[Timestamp],
    id: u64,
    now: Timestamp,
    (start, seats, until, other, buffers): (usize, u16, Option<i64>, bool, Option<(u16, u16)>),
) -> Busy {
    let start = allowed[start % allowed.len()];
    // Those of its time: they may have been others.
    let (before, after) = buffers.unwrap_or((case.before, case.after));
    let ends = start + minutes(i64::from(case.duration) + i64::from(after));
    let interval = Interval::new(start - minutes(before.into()), ends).expect("an interval");
    let given = Given {
        service: if other { ServiceId::from_parts(7, 8) } else { service() },
        lead_minutes: before,
        tail_minutes: after,
        seats: Seats::new(seats).expect("seats"),
    };
    let until = until.map(|seconds| now + SignedDuration::from_secs(seconds));
    Busy { interval, owner: BookingId::from_parts(id, 0).into(), until, given: Some(given) }
}

fn same_one_by_one(
    now: Timestamp,
    rules: &CalendarRules,
    visit: Visit,
    window: Interval,
    busy: &[Busy],
    starts: &[Timestamp],
) -> Result<(), TestCaseError> {
    let near =
        starts.iter().flat_map(|start| [-60, -1, 0, 1, 60].map(|s| *start + SignedDuration::from_secs(s)));
    let spread = (0..).map(|step| window.from() + minutes(step * 37)).take_while(|t| *t < window.to());
    let asked: BTreeSet<Timestamp> = near.take(60).chain(spread).filter(|t| window.contains(*t)).collect();
    for start in asked {
        let answer = is_offered(now, rules, visit, start, busy);
        prop_assert_eq!(answer.is_ok(), starts.binary_search(&start).is_ok(), "{}: {:?}", start, answer);
    }
    Ok(())
}

fn same_as_reserve(
    now: Timestamp,
    rules: &CalendarRules,
    visit: Visit,
    window: Interval,
    busy: &[Busy],
    (allowed, starts): (&[Timestamp], &[Timestamp]),
) -> Result<(), TestCaseError> {
    let mut dates: BTreeSet<Date> = days_to_load(rules, visit, window).into_iter().collect();
    dates.extend(busy.iter().flat_map(|busy| days_touched(busy.interval)));
    let day = |date: Date| {
        let busy = busy.iter().filter(|busy| busy.interval.utc_days().any(|touched| touched == date));
        Day { date, version: 3, busy: busy.copied().collect() }
    };
    let days: Vec<Day> = dates.into_iter().map(day).collect();
    for start in allowed.iter().take(25) {
        let interval = rules.occupied(*start, visit.duration).expect("an interval");
        let given = Given {
            service: service(),
            lead_minutes: rules.buffer_before_minutes.get(),
            tail_minutes: rules.buffer_after_minutes.get(),
            seats: visit.seats,
        };
        let busy_then = Busy { given: Some(given), ..Busy::firm(interval, BookingId::from_parts(99, 0)) };
        let reserved =
            reserve(now, days.clone(), Wanted { busy: busy_then, capacity: visit.capacity, beside: None });
        let answer = is_offered(now, rules, visit, *start, busy);
        prop_assert_eq!(answer.is_ok(), starts.binary_search(start).is_ok(), "{}: {:?}", start, answer);
        let agreed = match answer {
            Ok(()) | Err(NotOffered::CapReached) => reserved.is_ok(),
            Err(NotOffered::Taken) => matches!(reserved, Err(Refusal::Taken { .. })),
            Err(NotOffered::Full) => matches!(reserved, Err(Refusal::Full { .. })),
            Err(_) => false,
        };
        prop_assert!(agreed, "{:?} but {:?}", answer, reserved);
    }
    Ok(())
}
