//! When a series takes place, and what becomes of it.

use jiff::civil::date;
use proptest::prelude::*;

use super::rule::instant;
use super::*;
use crate::availability::Zone;
use crate::booking::{Booking, Command, Status, any_booking};
use crate::id::Id;
use crate::money::{Currency, Money, Price};

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn starts(frequency: Frequency, count: u16, first: &str, zone_name: &str) -> Vec<String> {
    let rule = SeriesRule { frequency, count: SeriesCount::new(count).unwrap() };
    let shown = |start: Option<Timestamp>| start.map_or("none".to_owned(), |start| start.to_string());
    rule.starts(at(first), &zone(zone_name)).into_iter().map(shown).collect()
}

#[test]
fn a_series_keeps_its_time_of_day_over_a_change_of_the_clock() {
    let weekly = starts(Frequency::Weekly, 3, "2026-03-22T09:00:00Z", "Europe/Berlin");
    assert_eq!(weekly, ["2026-03-22T09:00:00Z", "2026-03-29T08:00:00Z", "2026-04-05T08:00:00Z"]);
    let other = starts(Frequency::EveryTwoWeeks, 3, "2026-10-12T08:00:00Z", "Europe/Berlin");
    assert_eq!(other, ["2026-10-12T08:00:00Z", "2026-10-26T09:00:00Z", "2026-11-09T09:00:00Z"]);
}

#[test]
fn a_time_that_does_not_exist_is_told_and_one_that_comes_twice_is_the_first() {
    let skipped = starts(Frequency::Weekly, 3, "2026-03-22T01:30:00Z", "Europe/Berlin");
    assert_eq!(skipped, ["2026-03-22T01:30:00Z", "none", "2026-04-05T00:30:00Z"]);
    let doubled = starts(Frequency::Weekly, 2, "2026-10-18T00:30:00Z", "Europe/Berlin");
    assert_eq!(doubled, ["2026-10-18T00:30:00Z", "2026-10-25T00:30:00Z"]);
    // One that begins at the second of the two begins there.
    let second = starts(Frequency::Weekly, 2, "2026-10-25T01:30:00Z", "Europe/Berlin");
    assert_eq!(second, ["2026-10-25T01:30:00Z", "2026-11-01T01:30:00Z"]);
}

#[test]
fn the_31st_is_the_last_day_of_a_short_month_and_comes_back() {
    let months = starts(Frequency::MonthlyByDate, 5, "2026-12-31T10:00:00Z", "UTC");
    let dates: Vec<_> = months.iter().map(|start| &start[..10]).collect();
    assert_eq!(dates, ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]);
}

#[test]
fn a_weekday_of_the_month_is_counted_and_the_fifth_is_the_last() {
    let second = starts(Frequency::MonthlyByWeekday, 3, "2026-03-10T10:00:00Z", "UTC");
    assert_eq!(second, ["2026-03-10T10:00:00Z", "2026-04-14T10:00:00Z", "2026-05-12T10:00:00Z"]);
    let fifth = starts(Frequency::MonthlyByWeekday, 4, "2026-03-31T10:00:00Z", "UTC");
    let dates: Vec<_> = fifth.iter().map(|start| &start[..10]).collect();
    assert_eq!(dates, ["2026-03-31", "2026-04-28", "2026-05-26", "2026-06-30"]);
}

fn made(count: u16) -> Series {
    let planned = |index: u16| Occurrence {
        starts_at: Some(at("2026-03-10T10:00:00Z")),
        booking_id: Id::from_parts(2, index.into()),
        hold_id: Id::from_parts(3, index.into()),
    };
    let task = Task { doing: booking_all(), ..asked(Command::Cancel, Vec::new()) };
    Series {
        id: Id::from_parts(1, 1),
        customer_id: Id::from_parts(1, 2),
        provider_id: Id::from_parts(1, 3),
        service_id: Id::from_parts(1, 4),
        rule: SeriesRule { frequency: Frequency::Weekly, count: SeriesCount::new(count).unwrap() },
        mode: SeriesMode::Some,
        occurrences: (0..count).map(planned).collect(),
        changes: Vec::new(),
        task: Some(task),
        created_at: at("2026-03-09T08:00:00Z"),
    }
}

fn booking_all() -> Doing {
    Doing::Book(Box::new(WantedBooking {
        duration: crate::availability::DurationMinutes::USUAL,
        seats: crate::availability::Seats::MIN,
        extras: Vec::new(),
        price: Price::try_from(Money::new(100, Currency::Usd)).unwrap(),
        location: None,
        note: None,
    }))
}

fn asked(command: Command, indexes: Vec<u16>) -> Task {
    let (actor_id, at) = (Id::from_parts(1, 2), at("2026-03-09T08:00:00Z"));
    Task { doing: Doing::Command(command, indexes), actor: Actor::Customer, actor_id, reason: None, at }
}

#[test]
fn a_series_does_one_thing_after_the_other() {
    let series = made(3);
    assert_eq!((series.status(), series.booked().count()), (SeriesStatus::Making, 0));
    let cancel = asked(Command::Cancel, vec![0, 2]);
    assert_eq!(series.begin(cancel.clone()), Err(SeriesRefusal::Changing));

    let taken = Refused { index: 1, conflict: Conflict::Taken };
    let (series, told) = series.end(vec![0, 2], vec![taken]);
    assert!(matches!(told, Some(Payload::SeriesChanged(SeriesRef { change: 0, .. }))));
    assert_eq!(series.status(), SeriesStatus::Made);
    assert_eq!(series.booked().map(|(index, _)| index).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(series.index_of(Id::from_parts(2, 2)), Some(2));
    assert_eq!(series.index_of(Id::from_parts(2, 1)), None, "it was not booked");

    let changing = series.begin(cancel).unwrap();
    assert_eq!(changing.status(), SeriesStatus::Changing);
    let (after, told) = changing.end(vec![2], Vec::new());
    assert!(matches!(told, Some(Payload::SeriesChanged(SeriesRef { change: 1, .. }))));
    assert_eq!(after.changes[1].action, SeriesAction::Cancelled);
    assert_eq!(after.end(vec![1], Vec::new()), (after.clone(), None), "nothing is being done to it");
}

#[test]
fn a_series_of_which_nothing_was_booked_failed_and_nobody_is_told() {
    let (series, told) = made(2).end(Vec::new(), vec![Refused { index: 0, conflict: Conflict::Taken }]);
    assert_eq!((series.status(), told), (SeriesStatus::Failed, None));
}

#[test]
fn what_cannot_be_booked_as_a_whole_is_given_back() {
    let whole = Series { mode: SeriesMode::All, ..made(2) };
    let (failed, told) = whole.end(vec![0], vec![Refused { index: 1, conflict: Conflict::Taken }]);
    assert_eq!((failed.status(), told), (SeriesStatus::Failed, None));
    assert_eq!(failed.task.as_ref().map(|task| &task.doing), Some(&Doing::Undo));
    assert_eq!(failed.booked().count(), 0, "what was booked is not its");
    let (over, told) = failed.end(Vec::new(), Vec::new());
    assert_eq!((over.task, over.changes.len(), told), (None, 1, None));
}

#[test]
fn a_series_is_not_changed_for_ever() {
    let mut series = made(2).end(vec![0, 1], Vec::new()).0;
    let moving = || Task { doing: Doing::Move(Vec::new()), ..asked(Command::Cancel, Vec::new()) };
    for _ in 1..MOST_CHANGES {
        series = series.begin(moving()).unwrap().end(vec![0], Vec::new()).0;
    }
    assert_eq!(series.begin(moving()), Err(SeriesRefusal::TooManyChanges));
    let answering = Task { doing: Doing::Answer(SeriesAnswer::Decline, Vec::new()), ..moving() };
    assert_eq!(series.begin(answering), Err(SeriesRefusal::TooManyChanges), "each booking is answered alone");
    assert!(series.begin(asked(Command::Cancel, vec![0])).is_ok(), "it can always be called off");
}

fn booked(index: u16, local: &str, zone: &Zone) -> Booking {
    let local: jiff::civil::DateTime = local.parse().unwrap();
    let starts_at = instant(local, zone).unwrap();
    let id = Id::from_parts(2, index.into());
    Booking { id, starts_at, local_start: local, time_zone: zone.clone(), ..any_booking(Status::Confirmed) }
}

#[test]
fn what_follows_moves_as_many_days_to_the_same_time_of_day() {
    let berlin = zone("Europe/Berlin");
    let bookings =
        ["2026-03-22T10:00", "2026-03-29T10:00", "2026-04-05T11:00"].map(|local| booked(0, local, &berlin));
    let bookings: Vec<_> =
        (0..).zip(bookings).map(|(id, b)| Booking { id: Id::from_parts(2, id), ..b }).collect();
    let all: Vec<(u16, &Booking)> = (0..).zip(&bookings).collect();
    let to = instant(date(2026, 3, 23).at(12, 30, 0, 0), &berlin).unwrap();
    let targets = Target::all(&all, &bookings[0], to, &berlin);
    let shown: Vec<_> = targets.iter().map(|t| (t.index, t.starts_at.unwrap().to_string())).collect();
    // Later: the last one goes first.
    let expected = [(2, "2026-04-06T10:30:00Z"), (1, "2026-03-30T10:30:00Z"), (0, "2026-03-23T11:30:00Z")];
    assert_eq!(shown, expected.map(|(index, at)| (index, at.to_owned())));
    let back = Target::all(&all, &bookings[1], bookings[0].starts_at, &berlin);
    assert_eq!(back.iter().map(|t| t.index).collect::<Vec<_>>(), [0, 1, 2], "earlier: the first one");
}

proptest! {
    /// Whatever the rule: the first is where it was asked for, each is later than the one before, and at the same
    /// time of day in its zone.
    #[test]
    fn starts_rise_and_keep_their_time_of_day(
        seconds in 1_700_000_000_i64..4_000_000_000,
        count in 2_u16..=52,
        frequency in prop::sample::select(vec![
            Frequency::Weekly, Frequency::EveryTwoWeeks, Frequency::MonthlyByDate, Frequency::MonthlyByWeekday,
        ]),
        name in prop::sample::select(vec!["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC"]),
    ) {
        let (first, zone) = (Timestamp::from_second(seconds).unwrap(), zone(name));
        let rule = SeriesRule { frequency, count: SeriesCount::new(count).unwrap() };
        let starts = rule.starts(first, &zone);
        prop_assert_eq!(starts.len(), usize::from(count));
        prop_assert_eq!(starts[0], Some(first));
        let there: Vec<_> = starts.into_iter().flatten().collect();
        prop_assert!(there.is_sorted() && there.windows(2).all(|pair| pair[0] < pair[1]));
        let time = |at: Timestamp| at.to_zoned(zone.rules().clone()).time();
        prop_assert!(there.iter().all(|start| time(*start) == time(first)));
    }
}
