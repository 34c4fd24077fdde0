use std::collections::BTreeSet;

use jiff::civil::DateTime;
use jiff::tz::TimeZoneDatabase;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::availability::{CalendarRules, Seats};
use crate::booking::{Actor, Command, Request};
use crate::id::{Id, ServiceId, UserId};

const ASKED: &str = "2026-01-05T08:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A booking of an hour that begins then, in a zone.
fn booked(zone: &str, starts_at: Timestamp, minutes: u16) -> Booking {
    let service = json!({ "id": ServiceId::from_parts(1, 16),
        "provider_id": UserId::from_parts(1, 17), "title": "Massage, deep; 1\\2",
        "description": "", "category": "massage", "price": { "amount": 6_500, "currency": "eur" },
        "duration_minutes": minutes, "location_kind": "at_customer", "status": "published", "created_at": ASKED,
        "updated_at": ASKED });
    let request = Request {
        extras: Vec::new(),
        price: None,
        id: Id::from_parts(1, 18),
        customer_id: Id::from_parts(1, 19),
        service: serde_json::from_value(service).unwrap(),
        starts_at,
        seats: Seats::MIN,
        location: Some("12 Harbour Street, Springfield".parse().unwrap()),
        note: Some(
            "Second floor; the bell does not work.\nВторой этаж, звонок не работает, стучите громче 🔔"
                .parse()
                .unwrap(),
        ),
        series: None,
    };
    let rules = CalendarRules::closed(Zone::parse(zone).unwrap());
    request.booking(&rules, at(ASKED)).unwrap()
}

fn of(zone: &str, starts_at: Timestamp, minutes: u16) -> String {
    file(&Event::of(&booked(zone, starts_at, minutes), at(ASKED)))
}

/// A component as somebody else reads it: names, parameters, values, and what is inside.
#[derive(Debug, Default)]
struct Component {
    name: String,
    properties: Vec<(String, String)>,
    inside: Vec<Component>,
}

impl Component {
    /// The one property whose line begins with `name`: its parameters, and its value.
    fn of(&self, name: &str) -> (&str, &str) {
        let mut found = self.properties.iter().filter(|(left, _)| left.split(';').next() == Some(name));
        let (left, value) = found.next().unwrap_or_else(|| panic!("no {name} in {self:?}"));
        assert!(found.next().is_none(), "{name} twice");
        (left[name.len()..].trim_start_matches(';'), value)
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Component> {
        self.inside.iter().filter(move |inside| inside.name == name)
    }
}

fn read(text: &str) -> Component {
    assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']));
    let unfolded = text.replace("\r\n ", "");
    let mut open = vec![Component::default()];
    for line in unfolded.trim_end().split("\r\n") {
        let (left, value) = line.split_once(':').unwrap();
        match left {
            "BEGIN" => open.push(Component { name: value.to_owned(), ..Component::default() }),
            "END" => {
                let done = open.pop().unwrap();
                assert_eq!(done.name, value);
                open.last_mut().unwrap().inside.push(done);
            }
            _ => open.last_mut().unwrap().properties.push((left.to_owned(), value.to_owned())),
        }
    }
    assert_eq!(open.len(), 1);
    open.remove(0).inside.remove(0)
}

fn seconds(offset: &str) -> i64 {
    let (sign, digits) = offset.split_at(1);
    let part = |from: usize| digits.get(from..from + 2).map_or(0, |text| text.parse::<i64>().unwrap());
    let all = part(0) * 3_600 + part(2) * 60 + part(4);
    if sign == "-" { -all } else { all }
}

/// The instant that a date-time of an event names, by the file alone: the observance that began last, told by the
/// clock before it, is the one in force (RFC 5545, 3.6.5).
fn instant(calendar: &Component, (parameters, value): (&str, &str)) -> Timestamp {
    let utc = |local: DateTime, offset: i64| {
        local.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp() - SignedDuration::from_secs(offset)
    };
    if let Some(value) = value.strip_suffix('Z') {
        return utc(value.parse().unwrap(), 0);
    }
    let local: DateTime = value.parse().unwrap();
    let name = parameters.strip_prefix("TZID=").unwrap();
    let mut zones = calendar.all("VTIMEZONE").filter(|zone| zone.of("TZID").1 == name);
    let zone = zones.next().unwrap_or_else(|| panic!("{name} is not described"));
    assert!(zones.next().is_none(), "{name} is described twice");
    let onset = |observance: &&Component| -> DateTime { observance.of("DTSTART").1.parse().unwrap() };
    let begun = zone.inside.iter().filter(|observance| onset(observance) <= local);
    let last = begun.max_by_key(onset).expect("an observance in force");
    utc(local, seconds(last.of("TZOFFSETTO").1))
}

fn assert_right(zone: &str, starts_at: Timestamp, minutes: u16) {
    let text = of(zone, starts_at, minutes);
    let calendar = read(&text);
    let event = calendar.all("VEVENT").next().unwrap();
    let ends_at = starts_at + SignedDuration::from_mins(minutes.into());
    assert_eq!(instant(&calendar, event.of("DTSTART")), starts_at, "{zone}\n{text}");
    assert_eq!(instant(&calendar, event.of("DTEND")), ends_at, "{zone}\n{text}");
}

/// When the clocks of a zone change in a span of years.
fn changes(zone: &str, years: std::ops::Range<i16>) -> Vec<Timestamp> {
    let year = |year| at(&format!("{year}-01-01T00:00:00Z"));
    let zone = Zone::parse(zone).unwrap();
    let changes = zone.rules().following(year(years.start)).map(|change| change.timestamp());
    changes.take_while(|change| *change < year(years.end)).collect()
}

const AROUND: [i64; 9] = [-10_800, -3_600, -1_800, -60, 0, 60, 1_800, 3_600, 7_200];

#[test]
fn every_zone_names_the_booked_instant_around_each_change_of_its_clock() {
    let mut looked_at = 0;
    for name in TimeZoneDatabase::bundled().available() {
        let Ok(zone) = Zone::parse(name.as_str()) else { continue };
        let mut moments = changes(zone.name(), 2026..2028);
        moments.push(at("2026-07-01T00:00:00Z"));
        for (change, around) in moments.iter().flat_map(|change| AROUND.map(|around| (change, around))) {
            assert_right(zone.name(), *change + SignedDuration::from_secs(around), 60);
            looked_at += 1;
        }
    }
    assert!(looked_at > 5_000, "{looked_at}");
}

/// Zones that changed by half an hour, by a day, at midnight, in Ramadan, in winter, or once and never again.
#[test]
fn so_do_odd_zones_in_other_years() {
    let odd = ["Africa/Casablanca", "America/Caracas", "America/St_Johns", "Antarctica/Troll", "Asia/Gaza"];
    let more = ["Asia/Pyongyang", "Asia/Tehran", "Australia/Lord_Howe", "Europe/Dublin", "Pacific/Apia"];
    for zone in odd.into_iter().chain(more) {
        for change in changes(zone, 2000..2051) {
            for around in AROUND {
                assert_right(zone, change + SignedDuration::from_secs(around), 90);
            }
        }
    }
}

proptest! {
    #[test]
    fn and_whatever_zones_and_times_a_feed_has(
        seed in prop::collection::vec((0_usize..600, 1_750_000_000_i64..1_850_000_000, 5_u16..1_440), 1..20),
    ) {
        let zones: Vec<_> =
            TimeZoneDatabase::bundled().available().map(|name| name.as_str().to_owned()).collect();
        let usable = |at: usize| Zone::parse(&zones[at % zones.len()]).unwrap_or(Zone::UTC);
        let events = seed.iter().map(|(zone, start, minutes)| {
            let start = Timestamp::from_second(*start).unwrap();
            Event::of(&booked(usable(*zone).name(), start, *minutes), at(ASKED))
        });
        let events: Vec<_> = events.collect();
        let calendar = read(&feed("Bookings", &events));
        let shown: Vec<_> = calendar.all("VEVENT").collect();
        prop_assert_eq!(shown.len(), events.len());
        for (event, shown) in events.iter().zip(shown) {
            prop_assert_eq!(instant(&calendar, shown.of("DTSTART")), event.starts_at);
            prop_assert_eq!(instant(&calendar, shown.of("DTEND")), event.ends_at);
        }
        let named: BTreeSet<_> = calendar.all("VEVENT").map(|event| event.of("DTSTART").0).collect();
        let described = calendar.all("VTIMEZONE").count();
        prop_assert_eq!(described, named.iter().filter(|zone| !zone.is_empty()).count());
    }
}

/// The hour that comes twice has two bookings, at different instants; the second has no name on that clock.
#[test]
fn the_second_time_of_an_hour_that_comes_twice_is_told_in_utc() {
    let starts = |text: &str| {
        let calendar = read(&of("Europe/Lisbon", at(text), 30));
        let event = calendar.all("VEVENT").next().unwrap();
        let (zone, value) = event.of("DTSTART");
        format!("{zone} {value}")
    };
    assert_eq!(starts("2026-10-25T00:15:00Z"), "TZID=Europe/Lisbon 20261025T011500");
    assert_eq!(starts("2026-10-25T01:15:00Z"), " 20261025T011500Z");
    assert_eq!(starts("2026-10-25T02:15:00Z"), "TZID=Europe/Lisbon 20261025T021500");
}

#[test]
fn the_file_of_a_booking_is_the_one_that_is_kept() {
    let wanted = include_str!("samples/booking.ics").replace('\n', "\r\n");
    assert_eq!(of("Europe/Lisbon", at("2026-03-28T23:30:00Z"), 120), wanted);
    let (first, second) =
        (booked("Asia/Tokyo", at("2026-12-31T20:00:00Z"), 60), booked("UTC", at("2027-01-04T09:00:00Z"), 30));
    let second = Booking { id: Id::from_parts(1, 20), ..second };
    let events = [first, second].map(|booking| Event::of(&booking, at(ASKED)).without_note());
    let wanted = include_str!("samples/feed.ics").replace('\n', "\r\n");
    assert_eq!(feed("Bookings", &events), wanted);
}

#[test]
fn a_change_is_a_later_state_of_the_same_event() {
    let booking = booked("Europe/Lisbon", at("2026-03-10T10:00:00Z"), 60);
    let shown = |booking: &Booking, now: Timestamp| {
        let calendar = read(&file(&Event::of(booking, now)));
        let event = calendar.all("VEVENT").next().unwrap();
        let value = |name| event.of(name).1.to_owned();
        (value("UID"), value("STATUS"), value("SEQUENCE"), value("TRANSP"), value("DTSTAMP"))
    };
    let row = |status: &str, sequence: &str, transparency: &str, stamp: &str| {
        let text = ToOwned::to_owned;
        (booking.id.to_string(), text(status), text(sequence), text(transparency), text(stamp))
    };
    let (asked, later) = (at(ASKED), at(ASKED) + 1.hour());
    let change =
        |booking: &Booking, command, actor| booking.change(command, actor, None, later).unwrap().booking;
    assert_eq!(shown(&booking, asked), row("TENTATIVE", "0", "OPAQUE", "20260105T080000Z"));
    let confirmed = change(&booking, Command::Confirm, Actor::Provider);
    assert_eq!(shown(&confirmed, later), row("CONFIRMED", "1", "OPAQUE", "20260105T090000Z"));
    let cancelled = change(&confirmed, Command::Cancel, Actor::Customer);
    assert_eq!(shown(&cancelled, later), row("CANCELLED", "2", "TRANSPARENT", "20260105T090000Z"));
    // Time did it, a day after it was asked for: the same before and after that was written down.
    let lapsed = row("CANCELLED", "1", "TRANSPARENT", "20260106T080000Z");
    assert_eq!(shown(&booking, at("2026-01-07T00:00:00Z")), lapsed);
    let expired =
        booking.change(Command::Expire, Actor::Time, None, booking.answer_by.unwrap()).unwrap().booking;
    assert_eq!(shown(&expired, at("2026-01-07T00:00:00Z")), lapsed);
    // Nor does it matter who says that it has taken place.
    let over = confirmed.due_at().unwrap();
    let past = row("CONFIRMED", "2", "OPAQUE", &over.strftime("%Y%m%dT%H%M%SZ").to_string());
    assert_eq!(shown(&confirmed, over), past);
    let completed = confirmed.change(Command::Complete, Actor::Time, None, over).unwrap().booking;
    assert_eq!(shown(&completed, over + 1.hour()), past);
}
