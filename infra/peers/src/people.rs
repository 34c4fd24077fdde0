//! A customer, a provider and a booking of theirs.

use banister_domain::account::{Account, Role};
use banister_domain::availability::{Interval, Seats, Zone};
use banister_domain::booking::{Actor, Booking, Status};
use banister_domain::event::{BookingRef, Event, Payload};
use banister_domain::id::{BookingId, Id, UserId};
use banister_domain::money::{Currency, Money, Price};
use banister_domain::resource::ResourceIds;
use banister_domain::service::LocationKind;
use jiff::{SignedDuration, Timestamp};

/// The customer's id.
#[must_use]
pub fn customer() -> UserId {
    Id::from_parts(1, 1)
}

/// The provider's id.
#[must_use]
pub fn provider() -> UserId {
    Id::from_parts(1, 2)
}

/// The booking's id.
#[must_use]
pub fn booking_id() -> BookingId {
    Id::from_parts(1, 3)
}

/// An account whose address is confirmed.
///
/// # Panics
/// Where `email` or `name` cannot be one.
#[must_use]
pub fn person(id: UserId, email: &str, name: &str) -> Account {
    let names = (name.parse().expect("a name"), "One".parse().expect("a name"));
    let email = email.parse().expect("an address");
    Account { email_confirmed: true, ..Account::new(id, email, Role::Customer, names, Timestamp::UNIX_EPOCH) }
}

/// A booking that was requested `now` for an hour in two days; to be answered within a day.
///
/// # Panics
/// Where `now` is near the end of time.
#[must_use]
pub fn booking(now: Timestamp) -> Booking {
    let hours = |hours| now.saturating_add(SignedDuration::from_hours(hours)).expect("a moment");
    Booking {
        id: booking_id(),
        customer_id: customer(),
        provider_id: provider(),
        service_id: Id::from_parts(1, 4),
        service_title: "Deep massage".parse().expect("a title"),
        price: Price::try_from(Money::new(12_500, Currency::Usd)).expect("a price"),
        extras: Vec::new(),
        location_kind: LocationKind::Online,
        location: None,
        seats: Seats::MIN,
        note: None,
        starts_at: hours(48),
        ends_at: hours(49),
        time_zone: Zone::UTC,
        local_start: "2026-03-10T10:00:00".parse().expect("a local time"),
        occupies: Interval::new(hours(48), hours(49)).expect("an interval"),
        resource_ids: ResourceIds::NONE,
        status: Status::Requested,
        answer_by: Some(hours(24)),
        terms: banister_domain::booking::Terms::default(),
        refund: None,
        series_id: None,
        refund_at_most: None,
        proposal: None,
        created_at: now,
        updated_at: now,
        revision: 0,
    }
}

/// What an event says of the booking.
#[must_use]
pub fn about(actor: Actor) -> BookingRef {
    BookingRef {
        booking_id: booking_id(),
        customer_id: customer(),
        provider_id: provider(),
        actor,
        series_id: None,
    }
}

/// An event as a message has it.
///
/// # Panics
/// Never: an event is JSON.
#[must_use]
pub fn event(number: u128, occurred_at: Timestamp, payload: Payload) -> String {
    let event = Event { id: Id::from_parts(1, number), occurred_at, payload };
    serde_json::to_string(&event).expect("an event is JSON")
}
