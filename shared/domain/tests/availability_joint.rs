//! Places taken with a provider and with resources: all of them or none, and never two at once.

use std::collections::BTreeMap;

use banister_domain::availability::{
    Busy, Calendar, CalendarRules, Day, DurationMinutes, Given, Interval, Joint, NotOffered, Refusal, Seats,
    Visit, Wanted, Zone, is_offered, slots,
};
use banister_domain::id::{BookingId, HoldId, ResourceId, ServiceId};
use banister_domain::resource::ResourceIds;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const DAYS: [i8; 3] = [1, 2, 3];

fn midnight() -> Timestamp {
    "2026-03-01T00:00:00Z".parse().expect("a timestamp")
}

fn minutes(count: i64) -> Timestamp {
    midnight() + SignedDuration::from_mins(count)
}

fn room(number: u128) -> ResourceId {
    ResourceId::from_parts(1, number)
}

fn service(number: u64) -> ServiceId {
    ServiceId::from_parts(number, 3)
}

fn rooms(numbers: &[u128]) -> ResourceIds {
    numbers.iter().copied().map(room).collect::<Vec<_>>().try_into().expect("different rooms")
}

fn dates() -> Vec<Date> {
    DAYS.into_iter().map(|day| jiff::civil::date(2026, 3, day)).collect()
}

/// The days that hold these entries.
fn days_of(entries: &[Busy]) -> Vec<Day> {
    let day = |date: Date| {
        let on_it = |busy: &&Busy| busy.interval.utc_days().any(|touched| touched == date);
        Day { date, version: 1, busy: entries.iter().filter(on_it).copied().collect() }
    };
    dates().into_iter().map(day).collect()
}

fn place(owner: u64, from: i64, length: i64, of: u64) -> Busy {
    let interval = Interval::new(minutes(from), minutes(from + length)).expect("an interval");
    let given = Given { service: service(of), lead_minutes: 0, tail_minutes: 0, seats: Seats::MIN };
    Busy { given: Some(given), ..Busy::firm(interval, BookingId::from_parts(owner, 7)) }
}

fn seats(count: u16) -> Seats {
    Seats::new(count).expect("seats")
}

fn joint(own: &[Busy], beside: &[(u128, &[Busy])]) -> Joint<Vec<Day>> {
    let resources = beside.iter().map(|(number, entries)| (room(*number), days_of(entries))).collect();
    Joint { provider: days_of(own), resources }
}

#[test]
fn what_one_resource_refuses_is_taken_nowhere() {
    let taken = place(1, 600, 60, 2);
    let mut calendars = Joint::<Calendar>::new(joint(&[], &[(1, &[]), (2, &[taken])])).expect("days");
    let wanted = place(9, 630, 60, 1);
    let refused = calendars.reserve(midnight(), wanted, &rooms(&[1, 2]));
    assert_eq!(refused, Err(Refusal::Taken { by: taken.owner }));
    assert_eq!(calendars.reserve(midnight(), wanted, &rooms(&[3])), Err(Refusal::NeedsResource(room(3))));
    let nothing = calendars.clone().into_changes();
    assert!(nothing.provider.is_empty() && nothing.resources.values().all(Vec::is_empty));

    assert_eq!(calendars.reserve(midnight(), wanted, &rooms(&[1])), Ok(Vec::new()));
    let changes = calendars.clone().into_changes();
    assert_eq!((changes.provider.len(), changes.resources[&room(1)].len()), (1, 1));
    assert!(changes.resources[&room(2)].is_empty());
    // It has no place in the second room, and so is not given back in the first either.
    assert_eq!(calendars.release(wanted.owner, &rooms(&[1, 2])), Err(Refusal::Absent));
    assert_eq!(calendars.release(wanted.owner, &rooms(&[1])), Ok(()));
    let nothing = calendars.into_changes();
    assert!(nothing.provider.is_empty() && nothing.resources.values().all(Vec::is_empty));
}

#[test]
fn what_expired_is_let_go_wherever_it_is_left() {
    let held =
        Busy { owner: HoldId::from_parts(1, 1).into(), until: Some(midnight()), ..place(1, 600, 60, 1) };
    let mut calendars = Joint::<Calendar>::new(joint(&[held], &[(1, &[])])).expect("days");
    assert_eq!(calendars.let_go(held.owner, &rooms(&[1])), Ok(()));
    assert_eq!(calendars.into_changes().provider.len(), 1);
}

#[test]
fn a_request_is_settled_in_all_its_days() {
    let held = Busy { until: Some(minutes(10)), ..place(1, 1_410, 60, 1) };
    let mut calendars = Joint::<Calendar>::new(joint(&[held], &[(1, &[held])])).expect("days");
    calendars.settle(held.owner, &rooms(&[1])).expect("it is there");
    let changes = calendars.into_changes();
    let all = changes.provider.iter().chain(&changes.resources[&room(1)]);
    let until: Vec<_> = all.flat_map(|changed| &changed.day.busy).map(|busy| busy.until).collect();
    assert_eq!(until, [None; 4], "over midnight, in both");
}

#[test]
fn limits_do_not_count_what_others_have_in_a_room() {
    let mut rules = rules();
    rules.max_bookings_per_day = Some(banister_domain::availability::BookingCap::new(1).expect("one"));
    let others = place(1, 600, 60, 2);
    let start = minutes(720);
    let visit = visit(1);
    let ask = |days: &Joint<Vec<Day>>| {
        let busy: Vec<_> = days.busy(service(1)).collect();
        is_offered(midnight(), &rules, visit, start, &busy)
    };
    assert_eq!(ask(&joint(&[], &[(1, &[others])])), Ok(()));
    let own = place(2, 600, 60, 1);
    assert_eq!(ask(&joint(&[own], &[(1, &[own])])), Err(NotOffered::CapReached));
}

/// Open round the clock, on a grid of half hours.
fn rules() -> CalendarRules {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let weekly = days.map(|day| serde_json::json!({ "day": day, "start": "00:00", "end": "24:00" }));
    let rules = serde_json::json!({ "time_zone": Zone::UTC, "weekly": weekly, "buffer_before_minutes": 0,
        "buffer_after_minutes": 0, "min_notice_minutes": 0, "horizon_days": 2, "slot_step_minutes": 30 });
    serde_json::from_value(rules).expect("rules")
}

fn visit(capacity: u16) -> Visit {
    let duration = DurationMinutes::new(60).expect("an hour");
    Visit { service: Some(service(1)), capacity: seats(capacity), ..Visit::from(duration) }
}

/// Start in half hours, length in half hours, service, and whether it is an expired hold.
type Entry = (i64, i64, u64, bool);

/// Those that stand beside each other, as in the days of one holder; numbered from `first` on.
fn standing(entries: &[Entry], first: u64) -> Vec<Busy> {
    let mut kept: Vec<Busy> = Vec::new();
    for (number, (start, length, of, expired)) in (first..).zip(entries) {
        let length = if *of == 1 { 2 } else { *length };
        let busy = place(number, start * 30, length * 30, *of);
        let busy = if *expired { Busy { until: Some(midnight()), ..busy } } else { busy };
        if kept.iter().all(|other| !other.interval.overlaps(&busy.interval)) {
            kept.push(busy);
        }
    }
    kept
}

/// By its definition: whether the wanted place can be had with this holder, and the seats of others in it.
fn fits(entries: &[Busy], wanted: &Busy, capacity: u16) -> bool {
    let live = entries.iter().filter(|busy| busy.until.is_none() && busy.interval.overlaps(&wanted.interval));
    let mut left = capacity;
    for other in live {
        let same =
            other.given.map(|given| given.service) == Some(service(1)) && other.interval == wanted.interval;
        if !same || left <= 1 {
            return false;
        }
        left -= 1;
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// What is offered is what is reserved, and both are what each holder by itself would allow.
    #[test]
    fn slots_are_what_reserve_accepts(
        own in proptest::collection::vec((0_i64..90, 1_i64..5, 1_u64..4, any::<bool>()), 0..6),
        blue in proptest::collection::vec((0_i64..90, 1_i64..5, 1_u64..4, any::<bool>()), 0..6),
        green in proptest::collection::vec((0_i64..90, 1_i64..5, 2_u64..4, any::<bool>()), 0..6),
        needed in prop_oneof![Just(vec![]), Just(vec![1_u128]), Just(vec![1, 2])],
        capacity in 1_u16..=2,
    ) {
        let (own, blue, green) = (standing(&own, 10), standing(&blue, 30), standing(&green, 50));
        // What a room has of this service, its provider has too: at the same time or not at all.
        let given_here = blue.iter().filter(|busy| busy.given.map(|given| given.service) == Some(service(1)));
        let own: Vec<Busy> = own
            .into_iter()
            .filter(|busy| given_here.clone().all(|other| !other.interval.overlaps(&busy.interval)))
            .chain(given_here.clone().copied())
            .collect();
        let held: Vec<(u128, &[Busy])> =
            [(1, &blue[..]), (2, &green[..])].into_iter().filter(|(number, _)| needed.contains(number)).collect();
        let days = joint(&own, &held);
        let busy: Vec<_> = days.busy(service(1)).collect();
        let (rules, visit, now) = (rules(), visit(capacity), midnight());
        let window = Interval::new(minutes(0), minutes(45 * 60)).expect("a window");
        let listed: Vec<_> =
            slots(now, &rules, visit, window, &busy).into_iter().map(|slot| slot.starts_at).collect();
        for start in (1..90).map(|half| half * 30) {
            let wanted = place(99, start, 60, 1);
            let mut calendars = Joint::<Calendar>::new(days.clone()).expect("days");
            let wish = Wanted { busy: wanted, capacity: seats(capacity), beside: None };
            let reserved = calendars.reserve(now, wish, &rooms(&needed));
            let offered = is_offered(now, &rules, visit, minutes(start), &busy);
            prop_assert_eq!(offered.is_ok(), reserved.is_ok(), "{}: {:?} {:?}", start, offered, reserved);
            prop_assert_eq!(offered.is_ok(), listed.contains(&minutes(start)), "{}", start);
            let each = std::iter::once(&own[..]).chain(held.iter().map(|(_, entries)| *entries));
            let all_fit = each.into_iter().all(|entries| fits(entries, &wanted, capacity));
            prop_assert_eq!(offered.is_ok(), all_fit, "{}: {:?}", start, offered);
            if reserved.is_ok() {
                let changes = calendars.into_changes();
                let has = |days: &[banister_domain::availability::ChangedDay]| {
                    days.iter().flat_map(|changed| &changed.day.busy).any(|busy| busy.owner == wanted.owner)
                };
                prop_assert!(has(&changes.provider) && held.iter().all(|(id, _)| has(&changes.resources[&room(*id)])));
            }
        }
    }

    /// Whatever two providers do with two rooms: a place is in all days that it took, and nobody has a room twice.
    #[test]
    fn nobody_ever_has_a_room_twice(
        steps in proptest::collection::vec((0_usize..2, 0_usize..4, 0_i64..60, 1_i64..5, 0_u8..4), 1..40),
    ) {
        let (mut own, mut beside) = ([Vec::new(), Vec::new()], BTreeMap::from([(1_u128, Vec::new()), (2, Vec::new())]));
        let mut made: Vec<(usize, Busy, ResourceIds)> = Vec::new();
        for (number, (provider, needed, start, length, what)) in (1_u64..).zip(steps) {
            let taken = rooms([&[][..], &[1], &[2], &[1, 2]][needed]);
            let all = joint(&own[provider], &[(1, &beside[&1]), (2, &beside[&2])]);
            let mut calendars = Joint::<Calendar>::new(all).expect("days");
            let done = if what == 0 && !made.is_empty() {
                let at = usize::try_from(number).expect("at most 40") % made.len();
                let (whose, busy, resources) = made[at].clone();
                if whose != provider {
                    continue;
                }
                made.remove(at);
                calendars.release(busy.owner, &resources)
            } else {
                let busy = place(number, start * 30, length * 30, provider as u64 + 1);
                let done = calendars.reserve(midnight(), busy, &taken);
                if done.is_ok() {
                    made.push((provider, busy, taken));
                }
                done.map(|displaced| assert_eq!(displaced, []))
            };
            if done.is_err() {
                prop_assert!(matches!(done, Err(Refusal::Taken { .. })), "{:?}", done);
                continue;
            }
            let changes = calendars.into_changes();
            let write = |entries: &mut Vec<Busy>, days: Vec<banister_domain::availability::ChangedDay>| {
                for changed in days {
                    let date = changed.day.date;
                    entries.retain(|busy| busy.interval.utc_days().all(|day| day != date));
                    entries.extend(changed.day.busy);
                }
                entries.sort_by_key(|busy| (busy.interval, busy.owner));
                entries.dedup();
            };
            write(&mut own[provider], changes.provider);
            for (id, days) in changes.resources {
                let number = if id == room(1) { 1 } else { 2 };
                write(beside.get_mut(&number).expect("a room"), days);
            }
            for number in [1_u128, 2] {
                let entries = &beside[&number];
                let mut wanted: Vec<_> =
                    made.iter().filter(|(.., taken)| taken.contains(room(number))).map(|(_, busy, _)| *busy).collect();
                wanted.sort_by_key(|busy| (busy.interval, busy.owner));
                prop_assert_eq!(entries, &wanted, "room {}", number);
                let twice = entries.windows(2).find(|pair| pair[0].interval.overlaps(&pair[1].interval));
                prop_assert!(twice.is_none(), "{:?}", twice);
            }
        }
    }
}
