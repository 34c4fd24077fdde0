//! Intervals, the stored form, and the decisions about a provider's days.

use banister_domain::availability::{
    Busy, Calendar, ChangedDay, Day, EmptyInterval, Given, Interval, InvalidBusy, MAX_BUSY_PER_DAY, Refusal,
    Seats, Wanted, days_touched, release, reserve, settle,
};
use banister_domain::id::{BookingId, ServiceId, VacationId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    format!("2026-03-{text}:00Z").parse().expect("a timestamp")
}

fn date(day: i8) -> Date {
    jiff::civil::date(2026, 3, day)
}

fn booking(number: u64) -> BookingId {
    BookingId::from_parts(number, 7)
}

fn span(from: &str, to: &str) -> Interval {
    Interval::new(at(from), at(to)).expect("an interval")
}

fn firm(number: u64, from: &str, to: &str) -> Busy {
    Busy::firm(span(from, to), booking(number))
}

fn hold(number: u64, from: &str, to: &str, until: &str) -> Busy {
    Busy { until: Some(at(until)), ..firm(number, from, to) }
}

fn day(number: i8, version: u64, busy: &[Busy]) -> Day {
    Day { date: date(number), version, busy: busy.to_vec() }
}

fn changed(expected_version: u64, day: Day) -> ChangedDay {
    ChangedDay { expected_version, day }
}

#[test]
fn a_place_is_taken_once() {
    let now = at("01T00:00");
    let first = hold(1, "02T09:00", "02T10:00", "01T12:00");
    let made = reserve(now, vec![Day::empty(date(2))], first).expect("a free place");
    assert_eq!(made.days, [changed(0, day(2, 1, &[first]))]);
    assert_eq!(made.displaced, []);

    let days = vec![made.days[0].day.clone()];
    let taken = Err(Refusal::Taken { by: booking(1).into() });
    for (from, to) in [
        ("02T09:00", "02T10:00"),
        ("02T09:59", "02T12:00"),
        ("02T08:00", "02T09:01"),
        ("02T09:10", "02T09:20"),
        ("02T08:00", "02T12:00"),
    ] {
        assert_eq!(reserve(now, days.clone(), firm(2, from, to)), taken, "{from} {to}");
    }
    let before = firm(2, "02T08:00", "02T09:00");
    let after = firm(3, "02T10:00", "02T11:00");
    let made = reserve(now, days, after).expect("touching is free");
    let made = reserve(now, vec![made.days[0].day.clone()], before).expect("touching is free");
    assert_eq!(made.days, [changed(2, day(2, 3, &[before, first, after]))]);
}

#[test]
fn the_earliest_of_several_is_named() {
    let days = vec![day(2, 1, &[firm(5, "02T11:00", "02T12:00"), firm(6, "02T09:00", "02T10:00")])];
    let refused = reserve(at("01T00:00"), days, firm(7, "02T09:30", "02T11:30"));
    assert_eq!(refused, Err(Refusal::Taken { by: booking(6).into() }));
}

#[test]
fn a_place_over_midnight_stands_in_both_days() {
    let wanted = firm(1, "02T23:30", "03T00:30");
    assert_eq!(days_touched(wanted.interval), [date(2), date(3)]);
    assert_eq!(days_touched(span("02T23:30", "03T00:00")), [date(2)]);
    let days = vec![day(2, 4, &[]), day(3, 8, &[])];
    let made = reserve(at("01T00:00"), days, wanted).expect("a free place");
    assert_eq!(made.days, [changed(4, day(2, 5, &[wanted])), changed(8, day(3, 9, &[wanted]))]);

    let stored: Vec<Day> = made.days.into_iter().map(|changed| changed.day).collect();
    for (from, to, needed) in [("02T22:00", "02T23:31", 2), ("03T00:29", "03T01:00", 3)] {
        let day = stored.iter().find(|day| day.date == date(needed)).cloned().expect("a stored day");
        let refused = reserve(at("01T00:00"), vec![day], firm(2, from, to));
        assert_eq!(refused, Err(Refusal::Taken { by: booking(1).into() }));
    }
    let freed = release(stored, booking(1)).expect("is there");
    assert_eq!(freed, [changed(5, day(2, 6, &[])), changed(9, day(3, 10, &[]))]);
}

#[test]
fn days_that_decide_must_be_loaded() {
    let now = at("01T00:00");
    let over = firm(1, "02T23:30", "04T00:30");
    let refused = reserve(now, vec![Day::empty(date(3))], over);
    assert_eq!(refused, Err(Refusal::NeedsDays(vec![date(2), date(4)])));
    let stored = vec![day(3, 1, &[over])];
    assert_eq!(release(stored.clone(), booking(1)), Err(Refusal::NeedsDays(vec![date(2), date(4)])));
    assert_eq!(settle(stored, booking(1)), Err(Refusal::NeedsDays(vec![date(2), date(4)])));
    let twice = reserve(now, vec![Day::empty(date(3)), day(3, 1, &[])], firm(1, "03T01:00", "03T02:00"));
    assert_eq!(twice, Err(Refusal::RepeatedDay(date(3))));
}

#[test]
fn an_expired_hold_gives_way_and_is_named() {
    let old = hold(1, "02T23:00", "03T01:00", "01T12:00");
    let other = hold(2, "03T05:00", "03T06:00", "01T12:00");
    let wanted = hold(3, "03T00:30", "03T02:00", "02T12:00");
    let third = day(3, 7, &[old, other]);

    let live = reserve(at("01T11:59"), vec![third.clone()], wanted);
    assert_eq!(live, Err(Refusal::Taken { by: booking(1).into() }));
    let blind = reserve(at("01T12:00"), vec![third.clone()], wanted);
    assert_eq!(blind, Err(Refusal::NeedsDays(vec![date(2)])));

    let days = vec![third, day(2, 4, &[old])];
    let made = reserve(at("01T12:00"), days, wanted).expect("the hold has expired");
    assert_eq!(made.displaced, [booking(1)]);
    assert_eq!(made.days, [changed(4, day(2, 5, &[])), changed(7, day(3, 8, &[wanted, other]))]);
}

#[test]
fn a_live_booking_is_told_before_more_days_are_asked_for() {
    let busy = [hold(1, "01T23:00", "02T09:30", "01T12:00"), firm(2, "02T10:00", "02T11:00")];
    let refused = reserve(at("01T12:00"), vec![day(2, 1, &busy)], firm(3, "02T09:00", "02T12:00"));
    assert_eq!(refused, Err(Refusal::Taken { by: booking(2).into() }));
}

#[test]
fn a_booking_has_one_place() {
    let days = vec![day(2, 1, &[hold(1, "02T09:00", "02T10:00", "01T12:00")])];
    for now in ["01T00:00", "01T13:00"] {
        let again = reserve(at(now), days.clone(), firm(1, "02T15:00", "02T16:00"));
        assert_eq!(again, Err(Refusal::Duplicate), "{now}");
    }
    assert_eq!(release(days.clone(), booking(2)), Err(Refusal::Absent));
    assert_eq!(settle(days, booking(2)), Err(Refusal::Absent));
}

#[test]
fn a_settled_hold_blocks_for_good() {
    let held = hold(1, "02T23:00", "03T01:00", "01T12:00");
    let days = vec![day(2, 1, &[held]), day(3, 1, &[held])];
    let settled = settle(days, booking(1)).expect("is there");
    let kept = Busy { until: None, ..held };
    assert_eq!(settled, [changed(1, day(2, 2, &[kept])), changed(1, day(3, 2, &[kept]))]);
    let days: Vec<Day> = settled.into_iter().map(|changed| changed.day).collect();
    let late = reserve(at("02T12:00"), days.clone(), firm(2, "02T23:30", "02T23:45"));
    assert_eq!(late, Err(Refusal::Taken { by: booking(1).into() }));
    assert_eq!(settle(days, booking(1)), Ok(vec![]));
}

#[test]
fn a_refusal_changes_nothing_and_a_move_is_one_change() {
    let days = vec![day(2, 1, &[firm(1, "02T09:00", "02T10:00"), firm(2, "02T11:00", "02T12:00")])];
    let mut calendar = Calendar::new(days).expect("days");
    let refused = calendar.reserve(at("01T00:00"), firm(3, "02T11:30", "02T13:00"));
    assert_eq!(refused, Err(Refusal::Taken { by: booking(2).into() }));
    assert_eq!(calendar.clone().into_changes(), []);

    calendar.release(booking(1)).expect("is there");
    let moved = firm(1, "02T09:30", "02T10:30");
    assert_eq!(calendar.reserve(at("01T00:00"), moved), Ok(vec![]));
    let expected = changed(1, day(2, 2, &[moved, firm(2, "02T11:00", "02T12:00")]));
    assert_eq!(calendar.into_changes(), [expected]);
}

#[test]
fn a_full_day_refuses_and_fits_an_item() {
    let minute = |number: usize| {
        at("02T00:00") + SignedDuration::from_secs(i64::try_from(number).expect("small") * 30)
    };
    let entry = |number: usize| Busy {
        interval: Interval::new(minute(number), minute(number + 1)).expect("an interval"),
        owner: booking(u64::try_from(number).expect("small")).into(),
        until: Some(at("01T12:00")),
        given: Some(Given {
            service: ServiceId::from_parts(1, 1),
            lead_minutes: 240,
            tail_minutes: 240,
            seats: Seats::MAX,
        }),
    };
    let busy: Vec<Busy> = (0..MAX_BUSY_PER_DAY).map(entry).collect();
    let size: usize = busy.iter().map(|busy| busy.to_text().len() + 3).sum();
    assert!(size < 400_000 / 2, "{size} bytes");
    let full = day(2, 1, &busy);
    let all = |busy| Wanted { busy, capacity: Seats::MAX, beside: None };
    let wanted = entry(MAX_BUSY_PER_DAY);
    assert_eq!(reserve(at("01T00:00"), vec![full.clone()], all(wanted)), Err(Refusal::DayFull(date(2))));
    // The place of an expired hold can still be taken: the day does not grow.
    let instead = Busy { owner: booking(9_999).into(), ..entry(5) };
    let made = reserve(at("01T12:00"), vec![full], all(instead)).expect("room for one");
    assert_eq!((made.days[0].day.busy.len(), made.displaced), (MAX_BUSY_PER_DAY, vec![booking(5)]));
}

#[test]
fn the_stored_form() {
    let text = "1772442000/1772445600/1772366400/bkg_00000000010000000000000007";
    let busy = hold(1, "02T09:00", "02T10:00", "01T12:00");
    assert_eq!(busy.to_text(), text);
    assert_eq!(serde_json::to_string(&busy).expect("serialises"), format!("\"{text}\""));
    let id = "bkg_00000000010000000000000007";
    for wrong in [
        String::new(),
        id.into(),
        format!("1/2/{id}"),
        format!("2/2//{id}"),
        format!("2/1//{id}"),
        format!("01/2//{id}"),
        format!("+1/2//{id}"),
        format!("1/2/ /{id}"),
        format!("1.5/2//{id}"),
        format!("1.000000000/2//{id}"),
        format!("1/2.0000000010//{id}"),
        format!("1/99999999999999//{id}"),
        format!("1/2//{id}/"),
        "1/2//usr_00000000010000000000000007".into(),
    ] {
        assert_eq!(Busy::from_text(&wrong), Err(InvalidBusy), "{wrong}");
    }
}

#[test]
fn a_day_survives_json() {
    let stored = day(2, 9, &[firm(1, "02T09:00", "02T10:00"), hold(2, "02T23:00", "03T01:00", "01T12:00")]);
    let json = serde_json::to_string(&stored).expect("serialises");
    assert_eq!(serde_json::from_str::<Day>(&json).expect("a day"), stored);
}

#[test]
fn intervals_in_json_are_checked() {
    let read = serde_json::from_str::<Interval>;
    let right = read(r#"{"from":"2026-03-02T09:00:00Z","to":"2026-03-02T10:00:00Z"}"#).expect("an interval");
    assert_eq!(right, span("02T09:00", "02T10:00"));
    let wrong = read(r#"{"from":"2026-03-02T10:00:00Z","to":"2026-03-02T10:00:00Z"}"#).expect_err("empty");
    assert!(wrong.to_string().starts_with(&EmptyInterval.to_string()), "{wrong}");
}

fn instants() -> impl Strategy<Value = Timestamp> {
    let near = (-200_i64..200).prop_map(|minutes| at("02T00:00") + SignedDuration::from_mins(minutes));
    let fine = (-5_i64..5).prop_map(|nanos| at("02T00:00") + SignedDuration::from_nanos(nanos));
    let any = (Timestamp::MIN.as_nanosecond()..=Timestamp::MAX.as_nanosecond())
        .prop_map(|nanos| Timestamp::from_nanosecond(nanos).expect("in range"));
    prop_oneof![6 => near, 1 => fine, 1 => any, 1 => Just(Timestamp::MIN), 1 => Just(Timestamp::MAX)]
}

fn intervals() -> impl Strategy<Value = Interval> {
    (instants(), instants()).prop_filter_map("empty", |(a, b)| Interval::new(a.min(b), a.max(b)).ok())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn intervals_are_never_empty(a in instants(), b in instants()) {
        prop_assert_eq!(Interval::new(a, b).is_ok(), a < b);
    }

    #[test]
    fn two_intervals_overlap_if_they_share_an_instant(a in intervals(), b in intervals()) {
        // The later start is the first instant that both could share.
        let shared = a.from().max(b.from());
        prop_assert_eq!(a.overlaps(&b), a.contains(shared) && b.contains(shared));
        prop_assert_eq!(a.overlaps(&b), b.overlaps(&a));
        prop_assert!(a.overlaps(&a));
    }

    #[test]
    fn an_interval_holds_its_start_and_not_its_end(a in intervals(), t in instants()) {
        prop_assert!(a.contains(a.from()) && !a.contains(a.to()));
        prop_assert_eq!(a.contains(t), a.from() <= t && t < a.to());
    }

    #[test]
    fn an_extended_interval_overlaps_what_is_nearer(a in intervals(), b in intervals(), before in 0_u16..=240, after in 0_u16..=240) {
        let mins = |count: u16| SignedDuration::from_mins(i64::from(count));
        let wide = a.extend(before, after);
        prop_assert!(wide.from() <= a.from() && a.to() <= wide.to());
        prop_assert_eq!(a.extend(0, 0), a);
        let expected = b.from().duration_since(a.to()) < mins(after) && a.from().duration_since(b.to()) < mins(before);
        prop_assert_eq!(wide.overlaps(&b), expected);
    }

    #[test]
    fn the_days_of_an_interval_are_those_that_overlap_it(from in -3_000_i64..3_000, length in 1_i64..6_000) {
        let from = at("02T00:00") + SignedDuration::from_mins(from);
        let interval = Interval::new(from, from + SignedDuration::from_mins(length)).expect("an interval");
        let midnight = |date: Date| date.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).expect("a date").timestamp();
        let all = std::iter::successors(Some(jiff::civil::date(2026, 2, 20)), |date| date.tomorrow().ok()).take(40);
        let touched = all.filter(|date| {
            let day = Interval::new(midnight(*date), midnight(date.tomorrow().expect("a date"))).expect("a day");
            day.overlaps(&interval)
        });
        prop_assert_eq!(days_touched(interval), touched.collect::<Vec<_>>());
    }

    #[test]
    fn busy_time_survives_its_text(
        interval in intervals(),
        until in proptest::option::of(instants()),
        (millis, random) in (0_u64..1 << 48, any::<u128>()),
        given in proptest::option::of((0..=240_u16, 0..=240_u16, 1..=500_u16)),
        away in any::<bool>(),
    ) {
        let given = given.map(|(lead_minutes, tail_minutes, seats)| {
            let (service, seats) = (ServiceId::from_parts(millis, random ^ 1), Seats::new(seats).expect("seats"));
            Given { service, lead_minutes, tail_minutes, seats }
        });
        let booking = BookingId::from_parts(millis, random).into();
        let owner = if away { VacationId::from_parts(millis, random).into() } else { booking };
        let busy = Busy { interval, owner, until, given };
        let text = busy.to_text();
        prop_assert_eq!(Busy::from_text(&text), Ok(busy), "{}", text);
        let json = serde_json::to_string(&busy).expect("serialises");
        prop_assert_eq!(serde_json::from_str::<Busy>(&json).expect("a busy time"), busy);
    }

    #[test]
    fn text_that_is_read_is_written_the_same(
        from in "[-+]{0,2}0?[0-9]{0,2}([.]([0-9]{9}|0{9}|[0-9+]{0,10}))?",
        until in "([-+]?[0-9]{1,2}([.][0-9]{9})?)?",
        rest in prop_oneof![
            9 => Just(String::new()), 1 => Just("/".to_owned()), 1 => Just(" ".to_owned()),
            9 => "/svc_00000000010000000000000007/[+0]?[0-9]{1,2}/[0-9]{1,2}/[0-9]{1,3}/?",
        ],
    ) {
        let text = format!("{from}/1000/{until}/bkg_00000000010000000000000007{rest}");
        if let Ok(busy) = Busy::from_text(&text) {
            prop_assert_eq!(busy.to_text(), text);
        }
    }
}
