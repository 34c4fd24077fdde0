//! One thing to ask, and how it is made up.

use banister_domain::availability::{BookingCap, CalendarRules, DurationMinutes, Seats, Visit, Zone};
use banister_domain::id::ServiceId;
use jiff::civil::Date;
use proptest::prelude::*;
use serde_json::json;

use crate::REACH;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Which of the allowed starts, how many seats, the end of the hold, whether it is another service, and the buffers
/// where they were others.
pub(crate) type Own = (usize, u16, Option<i64>, bool, Option<(u16, u16)>);

#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) weekly: Vec<(usize, u16, u16)>,
    pub(crate) step: u16,
    pub(crate) duration: u16,
    pub(crate) before: u16,
    pub(crate) after: u16,
    pub(crate) notice: u16,
    pub(crate) horizon: u16,
    /// Minutes from the change.
    pub(crate) asked: i64,
    pub(crate) from: i64,
    pub(crate) length: i64,
    /// Minutes from the change, length, and seconds from the asking to the end of the hold.
    pub(crate) busy: Vec<(i64, i64, Option<i64>)>,
    /// Days from the change's local date, and the hours of that date.
    pub(crate) exceptions: Vec<(i32, Vec<(u16, u16)>)>,
    /// Most bookings of a day and of a week, and of the service in a day.
    pub(crate) caps: [Option<u16>; 3],
    /// How many seats the service has, and how many are wanted.
    pub(crate) seats: (u16, u16),
    /// Bookings at starts of the service.
    pub(crate) own: Vec<Own>,
}

pub(crate) fn cases() -> impl Strategy<Value = Case> {
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
        3 => proptest::collection::vec(ranges.clone(), 7).prop_map(|week| {
            let days = week.into_iter().enumerate();
            days.flat_map(|(day, ranges)| ranges.into_iter().map(move |(start, end)| (day, start, end))).collect()
        }),
    ];
    let step = prop_oneof![Just(5_u16), Just(15), Just(30), Just(60), 5_u16..=240];
    let duration = prop_oneof![5 => 5_u16..=90, 1 => 5_u16..=1_440];
    let notice = prop_oneof![2 => Just(0_u16), 1 => 0_u16..=2_880];
    let limits = (step, duration, 0_u16..=90, 0_u16..=90, notice, 1_u16..=2);
    let exceptions = proptest::collection::vec((-1_i32..=1, ranges), 0..3);
    let cap = || prop_oneof![9 => Just(None), 1 => (1_u16..=3).prop_map(Some)];
    let seats = prop_oneof![2 => Just((1_u16, 1_u16)), 1 => (2_u16..=4, 1_u16..=2)];
    let buffers = proptest::option::weighted(0.3, (0_u16..=90, 0_u16..=90));
    let own =
        (any::<usize>(), 1_u16..=3, proptest::option::of(-2_i64..=2), proptest::bool::weighted(0.2), buffers);
    let shared = (exceptions, [cap(), cap(), cap()], seats, proptest::collection::vec(own, 0..4));
    let busy = (-REACH..REACH, 1_i64..=180, proptest::option::of(-2_i64..=2));
    let times = (-1_440_i64..=-120, -REACH..0, 1..=REACH, proptest::collection::vec(busy, 0..5));
    (weekly, limits, times, shared).prop_map(|(weekly, limits, (asked, from, to, busy), shared)| {
        let (step, duration, before, after, notice, horizon) = limits;
        let length = to - from;
        let (mut exceptions, caps, seats, own) = shared;
        exceptions.sort_unstable();
        exceptions.dedup_by_key(|(date, _)| *date);
        Case {
            weekly,
            step,
            duration,
            before,
            after,
            notice,
            horizon,
            asked,
            from,
            length,
            busy,
            exceptions,
            caps,
            seats,
            own,
        }
    })
}

impl Case {
    /// Always open, nothing taken, asked a day before.
    pub(crate) fn always_open() -> Self {
        let weekly = (0..7).map(|day| (day, 0, 1_440)).collect();
        let (asked, from, length) = (-1_440, -REACH, 2 * REACH);
        let (step, duration, before, after, notice, horizon) = (30, 45, 0, 0, 0, 3);
        Self {
            weekly,
            step,
            duration,
            before,
            after,
            notice,
            horizon,
            asked,
            from,
            length,
            busy: vec![],
            exceptions: vec![],
            caps: [None; 3],
            seats: (1, 1),
            own: vec![],
        }
    }

    pub(crate) fn visit(&self) -> Visit {
        let seats = |count: u16| Seats::new(count).expect("seats");
        Visit {
            duration: DurationMinutes::new(self.duration).expect("a duration"),
            service: Some(service()),
            seats: seats(self.seats.1),
            capacity: seats(self.seats.0),
            max_per_day: self.caps[2].map(|cap| BookingCap::new(cap).expect("a cap")),
        }
    }

    pub(crate) fn rules(&self, zone: &Zone, change: Date) -> CalendarRules {
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
            "exceptions": self.exceptions.iter().map(|(days, ranges)| json!({
                "date": date_after(change, *days),
                "ranges": ranges.iter().map(|(start, end)| json!({ "start": time(*start), "end": time(*end) })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "max_bookings_per_day": self.caps[0],
            "max_bookings_per_week": self.caps[1],
        });
        serde_json::from_value(rules).expect("rules")
    }

    /// Whether the plan is open on a date, by minute.
    pub(crate) fn plan(&self, date: Date, change: Date) -> [bool; 1_440] {
        let exception = self.exceptions.iter().find(|(days, _)| date_after(change, *days) == date);
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).expect("0 to 6");
        let week =
            self.weekly.iter().filter(|(day, ..)| *day == weekday).map(|(_, start, end)| (*start, *end));
        let ranges = exception.map_or_else(|| week.collect(), |(_, ranges)| ranges.clone());
        let mut plan = [false; 1_440];
        for (start, end) in ranges {
            plan[usize::from(start)..usize::from(end)].fill(true);
        }
        plan
    }
}

pub(crate) fn service() -> ServiceId {
    ServiceId::from_parts(7, 7)
}

pub(crate) fn date_after(date: Date, days: i32) -> Date {
    date.checked_add(jiff::Span::new().days(days)).expect("a date")
}
