//! Places that several customers share, and time that a provider takes for themselves.

use banister_domain::availability::{
    Busy, Calendar, Day, Given, Interval, Refusal, Seats, Wanted, days_touched, release, reserve,
};
use banister_domain::id::{BookingId, ServiceId, VacationId};
use jiff::Timestamp;

fn at(text: &str) -> Timestamp {
    format!("2026-03-{text}:00Z").parse().expect("a timestamp")
}

fn booking(number: u64) -> BookingId {
    BookingId::from_parts(1, number.into())
}

fn seats(count: u16) -> Seats {
    Seats::new(count).expect("seats")
}

/// Seats of service 1 that a booking wants, from one time to another, with no buffers.
fn wants(number: u64, count: u16, from: &str, to: &str) -> Busy {
    let given =
        Given { service: ServiceId::from_parts(1, 1), lead_minutes: 0, tail_minutes: 0, seats: seats(count) };
    let interval = Interval::new(at(from), at(to)).expect("an interval");
    Busy { given: Some(given), ..Busy::firm(interval, booking(number)) }
}

/// Takes one place after the other, of a service with four seats.
fn after(taken: &[Busy]) -> Vec<Day> {
    let mut days: Vec<Day> =
        ["2026-03-02", "2026-03-03"].map(|date| Day::empty(date.parse().expect("a date"))).into();
    for busy in taken {
        let made =
            reserve(at("01T00:00"), days.clone(), Wanted { busy: *busy, capacity: seats(4), beside: None })
                .expect("room");
        for changed in made.days {
            let date = changed.day.date;
            *days.iter_mut().find(|day| day.date == date).expect("a loaded day") = changed.day;
        }
    }
    days
}

fn ask(days: &[Day], busy: Busy, capacity: u16) -> Result<Vec<BookingId>, Refusal> {
    reserve(at("01T00:00"), days.to_vec(), Wanted { busy, capacity: seats(capacity), beside: None })
        .map(|made| made.displaced)
}

#[test]
fn seats_are_shared_until_none_is_left() {
    let (from, to) = ("02T10:00", "02T11:00");
    let days = after(&[wants(1, 1, from, to), wants(2, 2, from, to)]);
    assert_eq!(ask(&days, wants(3, 1, from, to), 4), Ok(vec![]));
    assert_eq!(ask(&days, wants(3, 2, from, to), 4), Err(Refusal::Full { left: 1 }));
    // Fewer seats than when they were taken: nobody else comes in, and nobody is sent away.
    assert_eq!(ask(&days, wants(3, 1, from, to), 2), Err(Refusal::Full { left: 0 }));
    assert_eq!(ask(&days, wants(3, 1, from, to), 1), Err(Refusal::Taken { by: booking(1).into() }));
    let freed = release(days, booking(2)).expect("it is there").remove(0).day;
    assert_eq!(ask(&[freed], wants(3, 3, from, to), 4), Ok(vec![]));
}

#[test]
fn more_seats_than_there_are_fit_nowhere() {
    let refused = ask(&after(&[]), wants(1, 5, "02T10:00", "02T11:00"), 4);
    assert_eq!(refused, Err(Refusal::Full { left: 4 }));
}

#[test]
fn only_the_same_service_at_the_same_time_is_shared() {
    let days = after(&[wants(1, 1, "02T10:00", "02T11:00")]);
    let taken = Err(Refusal::Taken { by: booking(1).into() });
    assert_eq!(ask(&days, wants(2, 1, "02T10:30", "02T11:30"), 4), taken);
    assert_eq!(ask(&days, wants(2, 1, "02T10:00", "02T12:00"), 4), taken);
    let other = wants(2, 1, "02T10:00", "02T11:00");
    let other = Busy {
        given: other.given.map(|given| Given { service: ServiceId::from_parts(1, 2), ..given }),
        ..other
    };
    assert_eq!(ask(&days, other, 4), taken);
    assert_eq!(ask(&days, Busy { given: None, ..other }, 4), taken);
}

#[test]
fn a_shared_place_over_midnight_counts_once() {
    let (from, to) = ("02T23:00", "03T01:00");
    let days = after(&[wants(1, 2, from, to)]);
    assert!(days.iter().all(|day| day.busy.len() == 1));
    assert_eq!(ask(&days, wants(2, 2, from, to), 4), Ok(vec![]));
    assert_eq!(ask(&days, wants(2, 3, from, to), 4), Err(Refusal::Full { left: 2 }));
}

#[test]
fn a_seat_that_nobody_holds_any_longer_is_free() {
    let (from, to) = ("02T10:00", "02T11:00");
    let held = Busy { until: Some(at("01T06:00")), ..wants(1, 4, from, to) };
    let days = after(&[held]);
    assert_eq!(ask(&days, wants(2, 1, from, to), 4), Err(Refusal::Full { left: 0 }));
    let later = reserve(
        at("01T06:00"),
        days,
        Wanted { busy: wants(2, 1, from, to), capacity: seats(4), beside: None },
    );
    assert_eq!(later.map(|made| made.displaced), Ok(vec![booking(1)]));
}

#[test]
fn a_vacation_takes_what_is_booked_and_says_so() {
    let days = after(&[
        wants(1, 1, "02T10:00", "02T11:00"),
        wants(2, 1, "02T23:00", "03T01:00"),
        Busy { until: Some(at("01T00:30")), ..wants(3, 1, "02T12:00", "02T13:00") },
        wants(4, 1, "03T10:00", "03T11:00"),
    ]);
    let (from, to) = (at("02T10:30"), at("03T10:00"));
    let id = VacationId::from_parts(1, 1);
    let away = Busy::firm(Interval::new(from, to).expect("an interval"), id);
    let mut calendar = Calendar::new(days.clone()).expect("each day once");
    let inside = calendar.block(at("01T01:00"), away).expect("it takes it whatever is there");
    let inside: Vec<_> = inside.iter().map(|busy| busy.owner).collect();
    // The third is over as a request, the fourth only touches.
    assert_eq!(inside, [booking(1).into(), booking(2).into()]);
    assert_eq!(calendar.block(at("01T01:00"), away), Err(Refusal::Duplicate));
    let days: Vec<Day> = calendar.into_changes().into_iter().map(|changed| changed.day).collect();
    assert_eq!(days.len(), days_touched(away.interval).len());
    let refused = ask(&days, wants(5, 1, "02T15:00", "02T16:00"), 4);
    assert_eq!(refused, Err(Refusal::Taken { by: id.into() }));
    let back = release(days, id).expect("it is there");
    let back: Vec<Day> = back.into_iter().map(|changed| changed.day).collect();
    assert_eq!(ask(&back, wants(5, 1, "02T15:00", "02T16:00"), 4), Ok(vec![]));
}

#[test]
fn a_vacation_needs_all_its_days() {
    let one = vec![Day::empty("2026-03-02".parse().expect("a date"))];
    let away = Busy::firm(
        Interval::new(at("02T00:00"), at("04T00:00")).expect("an interval"),
        VacationId::from_parts(1, 1),
    );
    let missing = Calendar::new(one).expect("one day").block(at("01T00:00"), away);
    assert_eq!(missing, Err(Refusal::NeedsDays(vec!["2026-03-03".parse().expect("a date")])));
}
