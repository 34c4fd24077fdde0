//! Slots against a second, naive reading of the rules: minute by minute, by the wall clock, around
//! every offset change of many zones.

use std::collections::BTreeSet;

use banister_domain::availability::{
    Busy, CalendarRules, Day, DurationMinutes, Interval, NotOffered, Refusal, Slot, Zone, days_to_load,
    days_touched, is_offered, next_slots, reserve, slots,
};
use banister_domain::id::BookingId;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const CASES_PER_CHANGE: u32 = 5;
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
    weekday: usize,
    minute: usize,
}

/// The minutes around a change and what the wall shows at each.
struct Around {
    zone: Zone,
    change: Timestamp,
    first: Timestamp,
    wall: Vec<Wall>,
}

#[derive(Debug, Clone)]
struct Case {
    weekly: Vec<(usize, u16, u16)>,
    step: u16,
    duration: u16,
    before: u16,
    after: u16,
    notice: u16,
    horizon: u16,
    /// Minutes from the change.
    asked: i64,
    from: i64,
    length: i64,
    /// Minutes from the change, length, and seconds from the asking to the end of the hold.
    busy: Vec<(i64, i64, Option<i64>)>,
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
        empty * 10 < changes.len(),
        "{empty} of {} changes had no slot but when always open",
        changes.len()
    );
    assert!(offered > 15 * changes.len(), "only {offered} slots for {} changes", changes.len());
}

fn cases() -> impl Strategy<Value = Case> {
    let cut = prop_oneof![3 => (0_u16..=48).prop_map(|half| half * 30), 1 => 0_u16..=1_440];
    let ranges = (proptest::collection::btree_set(cut, 0..7), any::<bool>()).prop_map(|(cuts, touching)| {
        let cuts: Vec<u16> = cuts.into_iter().collect();
        let pairs = cuts.windows(2).step_by(if touching { 1 } else { 2 });
        pairs.map(|pair| (pair[0], pair[1])).collect::<Vec<_>>()
    });
    let on_all = |ranges: &[(u16, u16)]| {
        (0..7).flat_map(|day| ranges.iter().map(move |(start, end)| (day, *start, *end))).collect::<Vec<_>>()
    };
    let weekly = prop_oneof![
        2 => Just(on_all(&[(0, 1_440)])),
        2 => ranges.clone().prop_map(move |ranges| on_all(&ranges)),
        3 => proptest::collection::vec(ranges, 7).prop_map(|week| {
            let days = week.into_iter().enumerate();
            days.flat_map(|(day, ranges)| ranges.into_iter().map(move |(start, end)| (day, start, end))).collect()
        }),
    ];
    let step = prop_oneof![Just(5_u16), Just(15), Just(30), Just(60), 5_u16..=240];
    let duration = prop_oneof![5 => 5_u16..=90, 1 => 5_u16..=1_440];
    let notice = prop_oneof![2 => Just(0_u16), 1 => 0_u16..=2_880];
    let limits = (step, duration, 0_u16..=90, 0_u16..=90, notice, 1_u16..=2);
    let busy = (-REACH..REACH, 1_i64..=180, proptest::option::of(-2_i64..=2));
    let times = (-1_440_i64..=-120, -REACH..0, 1..=REACH, proptest::collection::vec(busy, 0..5));
    (weekly, limits, times).prop_map(|(weekly, limits, (asked, from, to, busy))| {
        let (step, duration, before, after, notice, horizon) = limits;
        let length = to - from;
        Case { weekly, step, duration, before, after, notice, horizon, asked, from, length, busy }
    })
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

impl Case {
    /// Always open, nothing taken, asked a day before.
    fn always_open() -> Self {
        let weekly = (0..7).map(|day| (day, 0, 1_440)).collect();
        let (asked, from, length) = (-1_440, -REACH, 2 * REACH);
        let (step, duration, before, after, notice, horizon) = (30, 45, 0, 0, 0, 3);
        Self { weekly, step, duration, before, after, notice, horizon, asked, from, length, busy: vec![] }
    }

    fn rules(&self, zone: &Zone) -> CalendarRules {
        let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let range = |(day, start, end): &(usize, u16, u16)| json!({ "day": DAYS[*day], "start": time(*start), "end": time(*end) });
        let rules = json!({
            "time_zone": zone.name(),
            "weekly": self.weekly.iter().map(range).collect::<Vec<_>>(),
            "buffer_before_minutes": self.before,
            "buffer_after_minutes": self.after,
            "min_notice_minutes": self.notice,
            "horizon_days": self.horizon,
            "slot_step_minutes": self.step,
        });
        serde_json::from_value(rules).expect("rules")
    }

    /// Whether the plan is open, by weekday and minute.
    fn plan(&self) -> Vec<[bool; 1_440]> {
        let mut plan = vec![[false; 1_440]; 7];
        for (day, start, end) in &self.weekly {
            plan[*day][usize::from(*start)..usize::from(*end)].fill(true);
        }
        plan
    }
}

impl Around {
    fn new(name: &str, change: Timestamp) -> Self {
        let zone = Zone::parse(name).expect("a zone");
        let first = change - minutes(REACH);
        let wall = (0..2 * REACH + LONGEST).map(|minute| {
            let local = zone.rules().to_datetime(first + minutes(minute));
            assert_eq!(local.second(), 0, "offsets of these years are whole minutes");
            let weekday = usize::try_from(local.weekday().to_monday_zero_offset()).expect("0 to 6");
            let minute =
                u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).expect("a minute");
            Wall { date: local.date(), weekday, minute: minute.into() }
        });
        let wall = wall.collect();
        Self { zone, change, first, wall }
    }

    /// Starts to come that the plan, the notice and the horizon allow, whatever is busy.
    fn allowed(&self, case: &Case, now: Timestamp, window: Interval) -> Vec<Timestamp> {
        let today = now.to_zoned(self.zone.rules().clone()).date();
        let last = (0..case.horizon).fold(today, |date, _| date.tomorrow().expect("a date"));
        let plan = case.plan();
        let open: Vec<bool> = self.wall.iter().map(|wall| plan[wall.weekday][wall.minute]).collect();
        let index = |instant: Timestamp| {
            usize::try_from(instant.duration_since(self.first).as_mins()).expect("inside the table")
        };
        let inside = (index(window.from())..index(window.to())).filter(|start| {
            let wall = self.wall[*start];
            let day = &plan[wall.weekday][..wall.minute];
            let open_since = day.iter().rev().take_while(|open| **open).count();
            open[*start..*start + usize::from(case.duration)].iter().all(|open| *open)
                && open_since % usize::from(case.step) == 0
                && wall.date <= last
        });
        let starts = inside.map(|start| self.first + minutes(i64::try_from(start).expect("small")));
        starts.filter(|start| *start > now && *start >= now + minutes(case.notice.into())).collect()
    }

    /// Compares; returns how many slots there were.
    fn check(&self, case: &Case) -> Result<usize, TestCaseError> {
        let rules = case.rules(&self.zone);
        let duration = DurationMinutes::new(case.duration).expect("a duration");
        let now = self.change + minutes(case.asked);
        let from = self.change + minutes(case.from);
        let window = Interval::new(from, from + minutes(case.length)).expect("an interval");
        let busy: Vec<Busy> = (1..).zip(&case.busy).map(|(id, entry)| self.busy(id, now, entry)).collect();

        let allowed = self.allowed(case, now, window);
        let free = |start: &&Timestamp| {
            let begins = **start - minutes(case.before.into());
            let ends = **start + minutes(i64::from(case.duration) + i64::from(case.after));
            let mut live = busy.iter().filter(|busy| busy.until.is_none_or(|until| until > now));
            !live.any(|busy| busy.interval.from() < ends && begins < busy.interval.to())
        };
        let expected: Vec<Timestamp> = allowed.iter().filter(free).copied().collect();

        let found = slots(now, &rules, duration, window, &busy);
        let starts: Vec<Timestamp> = found.iter().map(|slot| slot.starts_at).collect();
        prop_assert_eq!(&starts, &expected);
        let length = minutes(case.duration.into());
        prop_assert!(found.iter().all(|slot| slot.ends_at == slot.starts_at + length));

        same_one_by_one(now, &rules, duration, window, &busy, &starts)?;
        same_as_reserve(now, &rules, duration, window, &busy, (&allowed, &starts))?;
        let first: Vec<Slot> = next_slots(now, &rules, duration, from, &busy, found.len());
        prop_assert_eq!(first, found);
        Ok(starts.len())
    }

    fn busy(&self, id: u64, now: Timestamp, (from, length, until): &(i64, i64, Option<i64>)) -> Busy {
        let from = self.change + minutes(*from);
        let interval = Interval::new(from, from + minutes(*length)).expect("an interval");
        let until = until.map(|seconds| now + SignedDuration::from_secs(seconds));
        Busy { interval, booking: BookingId::from_parts(id, 0), until }
    }
}

fn same_one_by_one(
    now: Timestamp,
    rules: &CalendarRules,
    duration: DurationMinutes,
    window: Interval,
    busy: &[Busy],
    starts: &[Timestamp],
) -> Result<(), TestCaseError> {
    let near =
        starts.iter().flat_map(|start| [-60, -1, 0, 1, 60].map(|s| *start + SignedDuration::from_secs(s)));
    let spread = (0..).map(|step| window.from() + minutes(step * 37)).take_while(|t| *t < window.to());
    let asked: BTreeSet<Timestamp> = near.take(60).chain(spread).filter(|t| window.contains(*t)).collect();
    for start in asked {
        let answer = is_offered(now, rules, duration, start, busy);
        prop_assert_eq!(answer.is_ok(), starts.binary_search(&start).is_ok(), "{}: {:?}", start, answer);
    }
    Ok(())
}

fn same_as_reserve(
    now: Timestamp,
    rules: &CalendarRules,
    duration: DurationMinutes,
    window: Interval,
    busy: &[Busy],
    (allowed, starts): (&[Timestamp], &[Timestamp]),
) -> Result<(), TestCaseError> {
    let mut dates: BTreeSet<Date> = days_to_load(rules, duration, window).into_iter().collect();
    dates.extend(busy.iter().flat_map(|busy| days_touched(busy.interval)));
    let day = |date: Date| {
        let busy = busy.iter().filter(|busy| busy.interval.utc_days().any(|touched| touched == date));
        Day { date, version: 3, busy: busy.copied().collect() }
    };
    let days: Vec<Day> = dates.into_iter().map(day).collect();
    for start in allowed.iter().take(25) {
        let interval = rules.occupied(*start, duration).expect("an interval");
        let wanted = Busy { interval, booking: BookingId::from_parts(99, 0), until: None };
        let reserved = reserve(now, days.clone(), wanted);
        let refused = matches!(reserved, Err(Refusal::Taken { .. }));
        prop_assert!(refused || reserved.is_ok(), "{:?}", reserved);
        prop_assert_eq!(refused, starts.binary_search(start).is_err(), "{}", start);
        let answer = is_offered(now, rules, duration, *start, busy);
        prop_assert_eq!(answer, if refused { Err(NotOffered::Taken) } else { Ok(()) });
    }
    Ok(())
}
