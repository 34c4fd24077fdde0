//! Every zone of the database around every change of its offset of a century, 2000 to 2099, read with a second library
//! (`chrono-tz`): both show the same time at every moment, and the slots are those of the time that the second one shows.

use std::collections::{BTreeMap, BTreeSet};

use banister_domain::availability::{CalendarRules, DurationMinutes, Interval, Seats, Visit, Zone, slots};
use chrono::{DateTime, NaiveDateTime, Offset as _, TimeDelta, TimeZone as _, Timelike as _};
use chrono_tz::Tz;
use jiff::tz::TimeZoneDatabase;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// Zones whose rules were changed between the second library's edition of the database (2025b) and ours (2026e), with
/// the first moment of which the editions say something else: Morocco and western Canada stay on one offset, and Moldova
/// changes at another hour. From there on ours has no second opinion.
const CHANGED_SINCE: [(&str, &str); 13] = [
    ("Africa/Casablanca", "2026-09-20 01:00:00"),
    ("Africa/El_Aaiun", "2026-09-20 01:00:00"),
    ("America/Edmonton", "2026-11-01 08:00:00"),
    ("America/Inuvik", "2026-11-01 08:00:00"),
    ("America/Rainy_River", "2026-11-01 07:00:00"),
    ("America/Vancouver", "2026-11-01 09:00:00"),
    ("America/Winnipeg", "2026-11-01 07:00:00"),
    ("America/Yellowknife", "2026-11-01 08:00:00"),
    ("Canada/Central", "2026-11-01 07:00:00"),
    ("Canada/Mountain", "2026-11-01 08:00:00"),
    ("Canada/Pacific", "2026-11-01 09:00:00"),
    ("Europe/Chisinau", "2022-03-27 00:59:59"),
    ("Europe/Tiraspol", "2022-03-27 00:59:59"),
];

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
/// On either side of a change, in seconds.
const REACH: i64 = 5 * HOUR;

fn year(year: i16) -> i64 {
    jiff::civil::date(year, 1, 1).to_zoned(jiff::tz::TimeZone::UTC).expect("a year").timestamp().as_second()
}

/// Both readings of a zone.
struct Both {
    name: String,
    zone: Zone,
    second: Tz,
    /// The changes of 2000 to 2099, in seconds of the Unix epoch.
    changes: Vec<i64>,
}

impl Both {
    /// All that the second library knows; the names that it does not.
    fn all() -> (Vec<Self>, Vec<String>) {
        let (mut all, mut unknown) = (Vec::new(), Vec::new());
        for name in TimeZoneDatabase::bundled().available() {
            let name = name.as_str().to_owned();
            let Ok(zone) = Zone::parse(&name) else { continue };
            let Ok(second) = name.parse::<Tz>() else {
                unknown.push(name);
                continue;
            };
            let first = Timestamp::from_second(year(2000) - 1).expect("a moment");
            let changes = zone.rules().following(first).map(|change| change.timestamp().as_second());
            let changes = changes.take_while(|at| *at < year(2100)).collect();
            all.push(Self { name, zone, second, changes });
        }
        (all, unknown)
    }

    fn ours(&self, at: i64) -> i64 {
        let at = Timestamp::from_second(at).expect("a moment");
        self.zone.rules().to_offset(at).seconds().into()
    }

    fn theirs(&self, at: i64) -> i64 {
        self.second.offset_from_utc_datetime(&utc(at)).fix().local_minus_utc().into()
    }

    /// What decides whether two zones are one: each change with the offset behind it.
    fn signature(&self) -> Vec<(i64, i64)> {
        self.changes.iter().map(|at| (*at, self.ours(*at))).collect()
    }
}

fn utc(at: i64) -> NaiveDateTime {
    DateTime::from_timestamp(at, 0).expect("a moment").naive_utc()
}

#[test]
fn both_libraries_show_the_same_time() {
    let (all, unknown) = Both::all();
    assert!(all.len() > 590, "{} zones", all.len());
    assert_eq!(unknown, [""; 0], "the second library does not know them");
    let week = 7 * 24 * HOUR;
    let mut different = BTreeMap::new();
    for both in &all {
        // Around each change that we know, and every week: one that only the other knows lasts longer.
        let around = both.changes.iter().flat_map(|at| [at - 1, *at]);
        let weeks = (0..).map(|number| year(2000) + number * week).take_while(|at| *at < year(2100));
        let moments: BTreeSet<i64> = around.chain(weeks).collect();
        let first = moments.into_iter().find(|at| both.ours(*at) != both.theirs(*at));
        different.extend(first.map(|at| (both.name.clone(), utc(at).to_string())));
    }
    let known: BTreeMap<_, _> =
        CHANGED_SINCE.iter().map(|(name, at)| ((*name).to_owned(), (*at).to_owned())).collect();
    assert_eq!(different, known);
    let changes: usize = all.iter().map(|both| both.changes.len()).sum();
    assert!(changes > 40_000, "{changes} changes");
}

/// Open from one minute of each day to another.
#[derive(Clone, Copy)]
struct Plan {
    open: (i64, i64),
    step: i64,
    duration: i64,
}

/// Round the clock, and around the hours at which most zones change.
const PLANS: [Plan; 2] =
    [Plan { open: (0, 1_440), step: 15, duration: 45 }, Plan { open: (70, 250), step: 20, duration: 60 }];

impl Plan {
    fn rules(self, zone: &Zone) -> CalendarRules {
        let wall = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let (start, end) = (wall(self.open.0), wall(self.open.1));
        let weekly = DAYS.map(|day| json!({ "day": day, "start": start, "end": end }));
        let rules = json!({ "time_zone": zone, "weekly": weekly, "slot_step_minutes": self.step,
            "horizon_days": 10, "min_notice_minutes": 0, "buffer_before_minutes": 0, "buffer_after_minutes": 0 });
        serde_json::from_value(rules).expect("rules")
    }

    fn visit(self) -> Visit {
        let minutes = u16::try_from(self.duration).expect("small");
        let duration = DurationMinutes::new(minutes).expect("a duration");
        Visit { duration, service: None, seats: Seats::MIN, capacity: Seats::MIN, max_per_day: None }
    }

    /// The starts by the wall clock of the second library, minute by minute: on the grid of the range, and open until
    /// the end.
    fn starts(self, walls: &[i64]) -> BTreeSet<usize> {
        let open: Vec<bool> = walls.iter().map(|wall| (self.open.0..self.open.1).contains(wall)).collect();
        let duration = usize::try_from(self.duration).expect("small");
        let on_grid = |wall: i64| (wall - self.open.0) % self.step == 0;
        let whole =
            |start: usize| open.get(start..start + duration).is_some_and(|all| all.iter().all(|o| *o));
        (0..walls.len()).filter(|start| on_grid(walls[*start]) && whole(*start)).collect()
    }
}

#[test]
fn slots_are_those_of_the_time_that_the_second_library_shows() {
    let (all, _) = Both::all();
    let (mut seen, mut checked, mut offered) = (BTreeSet::new(), 0_usize, 0_usize);
    for both in all.iter().filter(|both| seen.insert(both.signature())) {
        let changed = CHANGED_SINCE.iter().find(|(name, _)| *name == both.name).map(|(_, since)| {
            NaiveDateTime::parse_from_str(since, "%Y-%m-%d %H:%M:%S").expect("a moment").and_utc().timestamp()
        });
        for at in both.changes.iter().filter(|at| changed.is_none_or(|since| **at + REACH < since)) {
            offered += around(both, *at);
            checked += 1;
        }
    }
    assert!(checked > 12_000, "{checked} changes");
    assert!(offered > 20 * checked, "only {offered} slots around {checked} changes");
}

/// How many slots there are around a change, which must be those of the wall clock.
fn around(both: &Both, change: i64) -> usize {
    let (from, to) = (change - REACH, change + REACH);
    // Longer than the window by the longest visit.
    let walls: Vec<i64> = (0..(to - from) / MINUTE + 60)
        .map(|minute| {
            let local = utc(from + minute * MINUTE) + TimeDelta::seconds(both.theirs(from + minute * MINUTE));
            assert_eq!(local.second(), 0, "offsets of these years are whole minutes");
            i64::from(local.num_seconds_from_midnight()) / MINUTE
        })
        .collect();
    let moment = |at: i64| Timestamp::from_second(at).expect("a moment");
    let window = Interval::new(moment(from), moment(to)).expect("an interval");
    let now = moment(change) - SignedDuration::from_hours(48);
    let mut count = 0;
    for plan in PLANS {
        let found = slots(now, &plan.rules(&both.zone), plan.visit(), window, &[]);
        let found: Vec<i64> = found.iter().map(|slot| slot.starts_at.as_second()).collect();
        let minutes = usize::try_from((to - from) / MINUTE).expect("small");
        let starts = plan.starts(&walls).into_iter().filter(|start| *start < minutes);
        let expected: Vec<i64> =
            starts.map(|start| from + i64::try_from(start).expect("small") * MINUTE).collect();
        assert_eq!(found, expected, "{} around {}, every {} minutes", both.name, utc(change), plan.step);
        count += found.len();
    }
    count
}
