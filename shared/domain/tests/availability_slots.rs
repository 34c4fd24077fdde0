//! Offered starts, by table: what each rule means, and what zone changes do to it.

use banister_domain::availability::{
    Busy, CalendarRules, DurationMinutes, Given, Interval, InvalidWindow, NotOffered, Seats, Slot, Zone,
    days_to_load, is_offered, is_still_offered, next_slots, search_window, slots, window_of_dates,
};
use banister_domain::id::{BookingId, ServiceId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

fn zone(name: &str) -> Zone {
    Zone::parse(name).expect("a zone")
}

fn minutes(count: u16) -> DurationMinutes {
    DurationMinutes::new(count).expect("a duration")
}

/// Open every day in the ranges given; no buffers, no notice, the widest horizon.
fn daily(zone: &str, ranges: &[(&str, &str)], step: u16) -> CalendarRules {
    let all = DAYS.iter().flat_map(|day| ranges.iter().map(move |(start, end)| (day, start, end)));
    let weekly: Vec<_> =
        all.map(|(day, start, end)| json!({ "day": day, "start": start, "end": end })).collect();
    rules(&json!({
        "time_zone": zone, "weekly": weekly, "buffer_before_minutes": 0, "buffer_after_minutes": 0,
        "min_notice_minutes": 0, "horizon_days": 365, "slot_step_minutes": step,
    }))
}

fn rules(value: &serde_json::Value) -> CalendarRules {
    serde_json::from_value(value.clone()).expect("rules")
}

fn with(rules: &CalendarRules, field: &str, value: u16) -> CalendarRules {
    let mut changed = serde_json::to_value(rules).expect("serialises");
    changed[field] = json!(value);
    self::rules(&changed)
}

fn taken(from: &str, to: &str, until: Option<&str>) -> Busy {
    let interval = Interval::new(at(from), at(to)).expect("an interval");
    let service = ServiceId::from_parts(1, 2);
    let given = Given { service, lead_minutes: 0, tail_minutes: 0, seats: Seats::MIN };
    Busy { until: until.map(at), given: Some(given), ..Busy::firm(interval, BookingId::from_parts(1, 1)) }
}

/// The starts on the local dates given, as local date and time with offset.
fn starts(rules: &CalendarRules, duration: u16, from: &str, to: &str) -> Vec<String> {
    let window = window_of_dates(date(from), date(to), &rules.time_zone).expect("a window");
    let now = window.from() - SignedDuration::from_hours(48);
    let all = slots(now, rules, minutes(duration), window, &[]);
    all.iter().map(|slot| local(slot, &rules.time_zone)).collect()
}

fn local(slot: &Slot, zone: &Zone) -> String {
    slot.starts_at.to_zoned(zone.rules().clone()).strftime("%d %H:%M%:z").to_string()
}

#[test]
fn the_last_start_ends_with_the_range() {
    let rules = daily("Europe/Lisbon", &[("09:00", "10:30")], 30);
    assert_eq!(starts(&rules, 60, "2026-01-05", "2026-01-05"), ["05 09:00+00:00", "05 09:30+00:00"]);
    assert_eq!(starts(&rules, 90, "2026-01-05", "2026-01-05"), ["05 09:00+00:00"]);
    assert!(starts(&rules, 95, "2026-01-05", "2026-01-05").is_empty());
}

#[test]
fn the_grid_begins_with_each_range_and_touching_ranges_are_one() {
    let apart = daily("UTC", &[("09:10", "10:10"), ("10:15", "11:15")], 45);
    assert_eq!(
        starts(&apart, 15, "2026-01-05", "2026-01-05").join(" "),
        "05 09:10+00:00 05 09:55+00:00 05 10:15+00:00 05 11:00+00:00"
    );
    let touching = daily("UTC", &[("10:10", "11:15"), ("09:10", "10:10")], 45);
    assert_eq!(
        starts(&touching, 15, "2026-01-05", "2026-01-05").join(" "),
        "05 09:10+00:00 05 09:55+00:00 05 10:40+00:00"
    );
}

#[test]
fn a_service_may_run_over_midnight_when_both_sides_are_open() {
    let rules = daily("Asia/Kathmandu", &[("22:00", "24:00"), ("00:00", "01:00")], 60);
    let night = starts(&rules, 120, "2026-01-05", "2026-01-05");
    assert_eq!(night, ["05 22:00+05:45", "05 23:00+05:45"]);
}

#[test]
fn zone_changes_skip_and_repeat_wall_time() {
    let night = [("00:00", "04:00")];
    let cases = [
        // One hour forward, one hour back.
        ("Europe/Berlin", 60, "2026-03-29", "29 00:00+01:00 29 01:00+01:00 29 03:00+02:00"),
        (
            "Europe/Berlin",
            60,
            "2026-10-25",
            "25 00:00+02:00 25 01:00+02:00 25 02:00+02:00 25 02:00+01:00 25 03:00+01:00",
        ),
        // Half an hour.
        (
            "Australia/Lord_Howe",
            30,
            "2026-10-04",
            "04 00:00+10:30 04 00:30+10:30 04 01:00+10:30 04 01:30+10:30 04 02:30+11:00 04 03:00+11:00 04 03:30+11:00",
        ),
        (
            "Australia/Lord_Howe",
            60,
            "2026-04-05",
            "05 00:00+11:00 05 01:00+11:00 05 02:00+10:30 05 03:00+10:30",
        ),
        // The day begins at 01:00.
        ("America/Sao_Paulo", 60, "2018-11-04", "04 01:00-02:00 04 02:00-02:00 04 03:00-02:00"),
        ("Africa/Cairo", 60, "2026-04-24", "24 01:00+03:00 24 02:00+03:00 24 03:00+03:00"),
        ("Asia/Beirut", 60, "2026-03-29", "29 01:00+03:00 29 02:00+03:00 29 03:00+03:00"),
        (
            "America/Havana",
            60,
            "2026-11-01",
            "01 00:00-04:00 01 00:00-05:00 01 01:00-05:00 01 02:00-05:00 01 03:00-05:00",
        ),
    ];
    for (zone, step, day, expected) in cases {
        let rules = daily(zone, &night, step);
        assert_eq!(starts(&rules, 30, day, day).join(" "), expected, "{zone} {day}");
    }
}

#[test]
fn a_repeated_last_hour_is_offered_twice() {
    let rules = daily("America/Sao_Paulo", &[("22:00", "24:00")], 60);
    let expected = "17 22:00-02:00 17 23:00-02:00 17 23:00-03:00";
    assert_eq!(starts(&rules, 60, "2018-02-17", "2018-02-17").join(" "), expected);
}

#[test]
fn a_skipped_day_offers_nothing_and_does_not_interrupt() {
    let rules = daily("Pacific/Apia", &[("00:00", "24:00")], 240);
    let expected = "29 16:00-10:00 29 20:00-10:00 31 00:00+14:00 31 04:00+14:00";
    let all = starts(&rules, 480, "2011-12-29", "2011-12-31").join(" ");
    assert!(all.contains(expected), "{all}");
    let window = window_of_dates(date("2011-12-30"), date("2011-12-30"), &rules.time_zone);
    assert_eq!(window, Err(InvalidWindow::Skipped));
}

#[test]
fn elapsed_time_counts_for_the_service_when_the_clock_jumps() {
    let rules = daily("Europe/Berlin", &[("01:00", "04:00")], 60);
    assert_eq!(starts(&rules, 120, "2026-03-29", "2026-03-29"), ["29 01:00+01:00"]);
    assert!(starts(&rules, 180, "2026-03-29", "2026-03-29").is_empty());
    assert_eq!(starts(&rules, 240, "2026-10-25", "2026-10-25"), ["25 01:00+02:00"]);
}

#[test]
fn offsets_with_seconds_keep_to_whole_wall_minutes() {
    let rules = daily("Africa/Monrovia", &[("09:00", "10:00")], 30);
    let window = window_of_dates(date("1971-06-01"), date("1971-06-01"), &rules.time_zone).expect("a window");
    let found = slots(window.from() - SignedDuration::from_hours(1), &rules, minutes(30), window, &[]);
    let starts: Vec<_> = found.iter().map(|slot| slot.starts_at).collect();
    assert_eq!(starts, [at("1971-06-01T09:44:30Z"), at("1971-06-01T10:14:30Z")]);
}

#[test]
fn notice_is_elapsed_time() {
    // 24 hours before 2026-03-29T12:00 in Berlin the wall clock said 11:00.
    let rules = with(&daily("Europe/Berlin", &[("12:00", "13:00")], 30), "min_notice_minutes", 1_440);
    let start = at("2026-03-29T10:00:00Z");
    let ask = |now: &str| is_offered(at(now), &rules, minutes(30), start, &[]);
    assert_eq!(ask("2026-03-28T10:00:00Z"), Ok(()));
    assert_eq!(ask("2026-03-28T10:00:00.000000001Z"), Err(NotOffered::TooSoon));
}

#[test]
fn a_start_is_always_to_come() {
    let rules = daily("UTC", &[("12:00", "13:00")], 30);
    let start = at("2026-03-02T12:00:00Z");
    let ask = |now: &str| is_offered(at(now), &rules, minutes(30), start, &[]);
    assert_eq!(ask("2026-03-02T11:59:59.999Z"), Ok(()));
    assert_eq!(ask("2026-03-02T12:00:00Z"), Err(NotOffered::TooSoon));
}

#[test]
fn the_horizon_counts_local_dates() {
    let rules = with(&daily("Pacific/Auckland", &[("09:00", "10:00")], 30), "horizon_days", 1);
    // Already the 2nd in Auckland.
    let now = at("2026-06-01T12:00:00Z");
    assert_eq!(is_offered(now, &rules, minutes(30), at("2026-06-02T21:00:00Z"), &[]), Ok(()));
    assert_eq!(
        is_offered(now, &rules, minutes(30), at("2026-06-03T21:00:00Z"), &[]),
        Err(NotOffered::TooFar)
    );
    let found = next_slots(now, &rules, minutes(60), now, &[], 9);
    assert_eq!(
        found.iter().map(|slot| local(slot, &rules.time_zone)).collect::<Vec<_>>(),
        ["02 09:00+12:00", "03 09:00+12:00"]
    );
}

#[test]
fn a_service_may_end_beyond_the_horizon_and_the_window() {
    let rules = with(&daily("UTC", &[("00:00", "24:00")], 240), "horizon_days", 1);
    let window = window_of_dates(date("2026-06-02"), date("2026-06-02"), &rules.time_zone).expect("a window");
    let found = slots(at("2026-06-01T12:00:00Z"), &rules, minutes(1_440), window, &[]);
    assert_eq!(found.len(), 6);
    assert_eq!(found[5].ends_at, at("2026-06-03T20:00:00Z"));
}

#[test]
fn the_reason_is_told() {
    let rules =
        with(&with(&daily("UTC", &[("09:00", "17:00")], 30), "min_notice_minutes", 60), "horizon_days", 2);
    let now = at("2026-06-01T12:00:00Z");
    let busy = [taken("2026-06-02T12:00:00Z", "2026-06-02T13:00:00Z", None)];
    let cases = [
        ("2026-06-01T12:30:00Z", Err(NotOffered::TooSoon)),
        ("2026-06-01T13:00:00Z", Ok(())),
        ("2026-06-03T16:30:00Z", Ok(())),
        ("2026-06-04T09:00:00Z", Err(NotOffered::TooFar)),
        ("9999-12-30T22:00:00Z", Err(NotOffered::TooFar)),
        ("2026-06-02T08:30:00Z", Err(NotOffered::OutsideHours)),
        ("2026-06-02T17:00:00Z", Err(NotOffered::OutsideHours)),
        ("2026-06-02T16:45:00Z", Err(NotOffered::OutsideHours)),
        ("2026-06-02T09:15:00Z", Err(NotOffered::OffGrid)),
        ("2026-06-02T09:30:01Z", Err(NotOffered::OffGrid)),
        ("2026-06-02T09:30:00.5Z", Err(NotOffered::OffGrid)),
        ("2026-06-02T11:30:00Z", Ok(())),
        ("2026-06-02T12:00:00Z", Err(NotOffered::Taken)),
        ("2026-06-02T12:30:00Z", Err(NotOffered::Taken)),
        ("2026-06-02T13:00:00Z", Ok(())),
    ];
    for (start, expected) in cases {
        assert_eq!(is_offered(now, &rules, minutes(30), at(start), &busy), expected, "{start}");
    }
}

#[test]
fn buffers_keep_their_side() {
    let rules = with(&daily("UTC", &[("09:00", "17:00")], 30), "buffer_before_minutes", 20);
    let rules = with(&rules, "buffer_after_minutes", 40);
    let now = at("2026-06-01T00:00:00Z");
    let start = at("2026-06-02T12:00:00Z");
    let ask = |from, to| is_offered(now, &rules, minutes(60), start, &[taken(from, to, None)]);
    assert_eq!(ask("2026-06-02T11:00:00Z", "2026-06-02T11:40:00Z"), Ok(()));
    assert_eq!(ask("2026-06-02T11:00:00Z", "2026-06-02T11:40:00.1Z"), Err(NotOffered::Taken));
    assert_eq!(ask("2026-06-02T13:40:00Z", "2026-06-02T14:00:00Z"), Ok(()));
    assert_eq!(ask("2026-06-02T13:39:59.9Z", "2026-06-02T14:00:00Z"), Err(NotOffered::Taken));
    // The opening hours hold for the service, not for its buffers.
    assert_eq!(is_offered(now, &rules, minutes(60), at("2026-06-02T09:00:00Z"), &[]), Ok(()));
    assert_eq!(is_offered(now, &rules, minutes(60), at("2026-06-02T16:00:00Z"), &[]), Ok(()));
    let occupied = rules.occupied(start, minutes(60)).expect("an interval");
    assert_eq!((occupied.from(), occupied.to()), (at("2026-06-02T11:40:00Z"), at("2026-06-02T13:40:00Z")));
}

#[test]
fn an_expired_hold_is_free_from_the_instant_it_ends() {
    let rules = daily("UTC", &[("09:00", "17:00")], 30);
    let hold = [taken("2026-06-02T12:00:00Z", "2026-06-02T13:00:00Z", Some("2026-06-01T10:00:00Z"))];
    let ask = |now| is_offered(at(now), &rules, minutes(30), at("2026-06-02T12:00:00Z"), &hold);
    assert_eq!(ask("2026-06-01T09:59:59.999999999Z"), Err(NotOffered::Taken));
    assert_eq!(ask("2026-06-01T10:00:00Z"), Ok(()));
}

#[test]
fn what_was_held_keeps_its_notice_and_its_horizon_and_no_places_that_expired_since() {
    let rules = with(&daily("UTC", &[("09:00", "17:00")], 30), "min_notice_minutes", 60);
    let rules = with(&with(&rules, "horizon_days", 1), "max_bookings_per_day", 1);
    let other = [taken("2026-06-02T09:00:00Z", "2026-06-02T10:00:00Z", Some("2026-06-02T08:55:00Z"))];
    let (start, asked) = (at("2026-06-02T10:00:00Z"), at("2026-06-02T08:50:00Z"));
    let ask = |asked, now: &str| is_still_offered(asked, at(now), &rules, minutes(30), start, &other);
    assert_eq!(ask(asked, "2026-06-02T08:54:59Z"), Err(NotOffered::CapReached));
    // Its notice is over by the clock, and was kept when it was asked for.
    assert_eq!(ask(asked, "2026-06-02T09:30:00Z"), Ok(()));
    assert_eq!(ask(at("2026-06-02T09:30:00Z"), "2026-06-02T09:30:00Z"), Err(NotOffered::TooSoon));
    assert_eq!(ask(at("2026-05-31T23:59:59Z"), "2026-06-02T09:30:00Z"), Err(NotOffered::TooFar));
    // The clock of whoever held it may have been ahead: who is there is said by the one that decides.
    assert_eq!(ask(at("2026-06-02T08:55:10Z"), "2026-06-02T08:54:50Z"), Err(NotOffered::CapReached));
}

#[test]
fn the_next_slots_skip_what_is_taken_and_stop_at_the_horizon() {
    let rules = with(&daily("UTC", &[("09:00", "10:00")], 30), "horizon_days", 3);
    let now = at("2026-06-01T12:00:00Z");
    let busy = [
        taken("2026-06-03T09:00:00Z", "2026-06-03T09:30:00Z", None),
        taken("2026-06-02T00:00:00Z", "2026-06-02T09:15:00Z", None),
    ];
    let find = |count| next_slots(now, &rules, minutes(30), at("2026-05-01T00:00:00Z"), &busy, count);
    let times: Vec<_> = find(9).iter().map(|slot| slot.starts_at).collect();
    let all = ["02T09:30", "03T09:30", "04T09:00", "04T09:30"].map(|time| at(&format!("2026-06-{time}:00Z")));
    assert_eq!(times, all);
    assert_eq!(find(2).len(), 2);
    assert_eq!(next_slots(now, &rules, minutes(30), at("2026-07-01T00:00:00Z"), &busy, 9), []);
    assert_eq!(search_window(now, &rules, at("2026-07-01T00:00:00Z")), None);
}

#[test]
fn a_closed_calendar_and_the_edges_of_time_offer_nothing() {
    let window = Interval::new(Timestamp::MIN, Timestamp::MAX).expect("all time");
    let now = at("2026-06-01T12:00:00Z");
    assert_eq!(slots(now, &CalendarRules::closed(Zone::UTC), minutes(5), window, &[]), []);
    let open = daily("Pacific/Kiritimati", &[("00:00", "24:00")], 5);
    assert_eq!(slots(Timestamp::MAX, &open, minutes(5), window, &[]), []);
    assert!(is_offered(Timestamp::MAX, &open, minutes(5), Timestamp::MAX, &[]).is_err());
    let far = slots(Timestamp::MIN, &open, minutes(1_440), window, &[]);
    assert!(far.iter().all(|slot| slot.starts_at < slot.ends_at));
    // All time is cut down to what is to come and the horizon: today but for this very moment, which
    // is its midnight, and 365 dates of 288 starts.
    assert_eq!(slots(at("2026-06-01T10:00:00Z"), &open, minutes(5), window, &[]).len(), 366 * 288 - 1);
}

#[test]
fn windows_of_dates() {
    let cases = [
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"),
        ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z"),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"),
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"),
        // 23:30 was followed by 00:30.
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00Z", "1919-04-01T04:00:00Z"),
    ];
    for (name, day, from, to) in cases {
        let window = window_of_dates(date(day), date(day), &zone(name)).expect("a window");
        assert_eq!((window.from(), window.to()), (at(from), at(to)), "{name} {day}");
    }
}

#[test]
fn windows_of_dates_are_bounded() {
    let window = |from, to| window_of_dates(date(from), date(to), &Zone::UTC);
    assert_eq!(window("2026-01-02", "2026-01-01"), Err(InvalidWindow::Backwards));
    assert_eq!(window("2026-01-01", "2026-03-04"), Err(InvalidWindow::TooLong));
    assert_eq!(window("-009999-01-01", "9999-12-31"), Err(InvalidWindow::TooLong));
    assert_eq!(window("9999-12-31", "9999-12-31"), Err(InvalidWindow::OutOfRange));
    let month = window("2026-01-01", "2026-03-03").expect("62 days");
    assert_eq!((month.from(), month.to()), (at("2026-01-01T00:00:00Z"), at("2026-03-04T00:00:00Z")));
}

#[test]
fn the_days_to_load_reach_as_far_as_a_service_with_buffers() {
    let rules = with(&daily("UTC", &[("00:00", "24:00")], 30), "buffer_before_minutes", 30);
    let rules = with(&rules, "buffer_after_minutes", 30);
    let window = |from, to| Interval::new(at(from), at(to)).expect("an interval");
    let load = |from, to| days_to_load(&rules, minutes(60), window(from, to));
    assert_eq!(load("2026-06-02T00:30:00Z", "2026-06-02T22:30:00Z"), [date("2026-06-02")]);
    let around = [date("2026-06-01"), date("2026-06-02"), date("2026-06-03")];
    assert_eq!(load("2026-06-02T00:29:00Z", "2026-06-02T22:31:00Z"), around);
}
