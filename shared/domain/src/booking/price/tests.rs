use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::booking::{Actor, Status, state};
use crate::id::{ServiceId, UserId};
use crate::money::Currency;

fn eur(minor: i64) -> Price {
    Price::try_from(Money::new(minor, Currency::Eur)).expect("a price")
}

/// Of 65 euros, with stones (15, at most 2) and oil (nothing, at most 100).
fn service() -> Service {
    let made = Timestamp::UNIX_EPOCH;
    serde_json::from_value(json!({
        "id": ServiceId::from_parts(1, 1), "provider_id": UserId::from_parts(1, 2), "title": "Massage",
        "description": "", "category": "massage", "price": eur(6_500), "duration_minutes": 60,
        "location_kind": "online", "seats": 5, "status": "published", "created_at": made, "updated_at": made,
        "extras": [
            { "code": "stones", "title": "Hot stones", "price": eur(1_500), "max_quantity": 2 },
            { "code": "oil", "title": "Oil", "price": eur(0), "max_quantity": 100 },
            { "code": "gold", "title": "Gold", "price": eur(Price::MAX_MINOR), "max_quantity": 100 },
        ],
    }))
    .expect("a service")
}

fn wanted(extras: &[(&str, u16)]) -> Vec<WantedExtra> {
    let extra = |&(code, quantity): &(&str, u16)| {
        serde_json::from_value(json!({ "code": code, "quantity": quantity })).expect("an extra")
    };
    extras.iter().map(extra).collect()
}

fn seats(count: u16) -> Seats {
    Seats::new(count).expect("seats")
}

/// A booking of so many seats with these extras.
fn booked(count: u16, extras: &[(&str, u16)]) -> Booking {
    let (price, extras) = price(&service(), seats(count), &wanted(extras)).expect("a price");
    Booking { price, extras, seats: seats(count), ..state::tests::booking(Status::Confirmed) }
}

#[test]
fn lines_add_up_to_the_price() {
    for count in 1..=5 {
        for stones in 0..=2 {
            for oil in [0, 1, 100] {
                let extras: Vec<_> =
                    [("stones", stones), ("oil", oil)].into_iter().filter(|(_, count)| *count > 0).collect();
                let booking = booked(count, &extras);
                // Extras are of the booking, not of each seat.
                assert_eq!(booking.price, eur(6_500 * i64::from(count) + 1_500 * i64::from(stones)));
                let lines = booking.line_items();
                let first = (lines[0].kind, &lines[0].code, lines[0].unit_price, lines[0].quantity);
                assert_eq!(first, (LineKind::Service, &None, eur(6_500), count));
                let quantities: Vec<_> = lines[1..].iter().map(|line| line.quantity).collect();
                assert_eq!(quantities, extras.iter().map(|(_, quantity)| *quantity).collect::<Vec<_>>());
                let sum = lines.iter().map(|line| line.amount.money().minor).sum::<i64>();
                assert_eq!(sum, booking.price.money().minor, "{count} {extras:?}");
                for line in lines {
                    assert_eq!(line.unit_price.times(line.quantity), Ok(line.amount));
                }
            }
        }
    }
}

#[test]
fn what_is_not_to_be_had_is_refused_where_it_is_asked_for() {
    let of = |extras: &[(&str, u16)]| price(&service(), seats(1), &wanted(extras)).map(|(price, _)| price);
    assert_eq!(of(&[("stones", 2)]), Ok(eur(9_500)));
    assert_eq!(of(&[("oil", 1), ("stone", 1)]), Err(Unbookable::Extra(1, InvalidExtra::Unknown)));
    assert_eq!(of(&[("stones", 3)]), Err(Unbookable::Extra(0, InvalidExtra::TooMany(2))));
    let twice = of(&[("stones", 1), ("oil", 1), ("stones", 1)]);
    assert_eq!(twice, Err(Unbookable::Extra(2, InvalidExtra::Repeated)));
    assert_eq!(of(&[("gold", 1)]), Err(Unbookable::ExtrasTooDear));
    assert_eq!(of(&[("gold", 100)]), Err(Unbookable::ExtrasTooDear));
    let free = Service { price: eur(0), ..service() };
    assert_eq!(
        price(&free, seats(1), &wanted(&[("gold", 1)])).map(|(price, _)| price),
        Ok(eur(Price::MAX_MINOR))
    );
}

#[test]
fn a_booking_from_before_there_were_extras_has_one_line() {
    let old = serde_json::to_value(booked(3, &[])).expect("JSON");
    assert!(old.get("extras").is_none(), "{old}");
    let booking: Booking = serde_json::from_value(old).expect("a booking");
    let lines = booking.line_items();
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].unit_price, lines[0].quantity, lines[0].amount), (eur(6_500), 3, eur(19_500)));
}

#[test]
fn an_erased_provider_named_nothing() {
    let erased = booked(1, &[("stones", 1)]).without_words_of(Actor::Provider);
    let text = serde_json::to_string(&(erased.line_items(), &erased)).expect("JSON");
    assert!(!text.to_lowercase().contains("stones") && text.contains("Deleted service"), "{text}");
    assert_eq!(erased.price, eur(8_000));
}
