//! Bookings.

use banister_domain::id::{BookingId, HoldId, SeriesId, ServiceId, UserId, WaitlistEntryId};
use banister_domain::statistics::Side;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Index, IndexKey, Key, at, key, moment, shard};

/// Key of a booking.
#[must_use]
pub fn booking(id: BookingId) -> Key {
    key(format!("BOOKING#{id}"), "BOOKING")
}

/// Where a booking stands in the lists of its two sides.
#[must_use]
pub fn booking_lists(
    customer: UserId,
    provider: UserId,
    starts_at: Timestamp,
    id: BookingId,
) -> Vec<IndexKey> {
    let place = format!("{}#{id}", moment(starts_at));
    vec![
        at(Index::Gsi1, bookings_of_customer(customer), place.clone()),
        at(Index::Gsi2, bookings_of_provider(provider), place),
    ]
}

/// Where a booking stands among those waiting for an answer.
#[must_use]
pub fn booking_due(answer_by: Timestamp, id: BookingId) -> IndexKey {
    let id = id.to_string();
    at(Index::Gsi3, bookings_due(shard(&id)), format!("{}#{id}", moment(answer_by)))
}

/// Where a booking stands among those that take place, by when nobody can say otherwise any more.
#[must_use]
pub fn booking_completing(completes_at: Timestamp, id: BookingId) -> IndexKey {
    let id = id.to_string();
    at(Index::Gsi3, bookings_completing(shard(&id)), format!("{}#{id}", moment(completes_at)))
}

/// Partition in GSI3 of one shard of the bookings that take place.
#[must_use]
pub fn bookings_completing(shard: u8) -> String {
    format!("COMPLETING#{shard}")
}

/// Partition in GSI1 of a customer's bookings.
#[must_use]
pub fn bookings_of_customer(customer: UserId) -> String {
    format!("CUSTOMER#{customer}")
}

/// Partition in GSI2 of a provider's bookings.
#[must_use]
pub fn bookings_of_provider(provider: UserId) -> String {
    format!("PROVIDER#{provider}")
}

/// Partition in GSI3 of one shard of the bookings waiting for an answer, by deadline.
#[must_use]
pub fn bookings_due(shard: u8) -> String {
    format!("DUE#{shard}")
}

/// Where the first line of a booking's history stands among the bookings of all, by the UTC day of its
/// start. Only a move of the booking writes it anew.
#[must_use]
pub fn booking_made(starts_at: Timestamp, id: BookingId) -> IndexKey {
    let day = starts_at.to_zoned(TimeZone::UTC).date();
    at(Index::Gsi1, bookings_on(day), format!("{}#{id}", moment(starts_at)))
}

/// Partition in GSI1 of the bookings that start on a UTC day.
#[must_use]
pub fn bookings_on(day: Date) -> String {
    format!("BOOKINGS#{day}")
}

/// Key of a customer's hold.
#[must_use]
pub fn hold(customer: UserId, id: HoldId) -> Key {
    key(format!("USER#{customer}"), format!("HOLD#{id}"))
}

/// Key of a customer's wait for a place.
#[must_use]
pub fn waitlist_entry(customer: UserId, id: WaitlistEntryId) -> Key {
    key(format!("USER#{customer}"), format!("{WAITS}{id}"))
}

/// Sort keys of a customer's waits begin with this.
pub const WAITS: &str = "WAIT#";

/// Key of what says that a customer has an offer of a provider.
#[must_use]
pub fn waitlist_offer(customer: UserId, provider: UserId) -> Key {
    key(format!("USER#{customer}"), format!("OFFER#{provider}"))
}

/// Key of a place in the line of those who wait for a provider.
#[must_use]
pub fn waitlist_place(provider: UserId, id: WaitlistEntryId) -> Key {
    key(waitlist(provider), id.to_string())
}

/// Partition of those who wait for a provider, longest first.
#[must_use]
pub fn waitlist(provider: UserId) -> String {
    format!("WAITLIST#{provider}")
}

/// Where a wait stands by when the schedule sees to it.
#[must_use]
pub fn wait_due(due_at: Timestamp, id: WaitlistEntryId) -> IndexKey {
    let id = id.to_string();
    at(Index::Gsi3, waits_due_in(shard(&id)), format!("{}#{id}", moment(due_at)))
}

/// Partition in GSI3 of one shard of the waits that are not over.
#[must_use]
pub fn waits_due_in(shard: u8) -> String {
    format!("WAITING#{shard}")
}

/// Key of a line of a booking's history.
#[must_use]
pub fn booking_history(id: BookingId, revision: u32) -> Key {
    key(format!("BOOKING#{id}"), format!("{HISTORY}{revision:010}"))
}

/// Sort keys of the lines of a booking's history begin with this.
pub const HISTORY: &str = "HISTORY#";

/// Key of a series.
#[must_use]
pub fn series(id: SeriesId) -> Key {
    key(format!("SERIES#{id}"), "SERIES")
}

/// Where a series stands to which something is being done, by when somebody else does it.
#[must_use]
pub fn series_unfinished(due_at: Timestamp, id: SeriesId) -> IndexKey {
    let id = id.to_string();
    at(Index::Gsi3, series_unfinished_in(shard(&id)), format!("{}#{id}", moment(due_at)))
}

/// Partition in GSI3 of one shard of the series to which something is being done.
#[must_use]
pub fn series_unfinished_in(shard: u8) -> String {
    format!("UNFINISHED#{shard}")
}

/// Key of what the sides of a booking say of each other.
#[must_use]
pub fn reviews(id: BookingId) -> Key {
    key(format!("BOOKING#{id}"), REVIEWS)
}

/// Sort key of what the sides of a booking say of each other.
pub const REVIEWS: &str = "REVIEWS";

/// Where a review that customers may read stands: with its service and with its provider.
#[must_use]
pub fn review_lists(
    service: ServiceId,
    provider: UserId,
    published_at: Timestamp,
    id: BookingId,
) -> Vec<IndexKey> {
    let place = format!("{}#{id}", moment(published_at));
    vec![
        at(Index::Gsi1, reviews_of_service(service), place.clone()),
        at(Index::Gsi2, reviews_of_provider(provider), place),
    ]
}

/// Where reviews that wait for their booking's other side stand, by when they are published without it.
#[must_use]
pub fn reviews_sealed(open_until: Timestamp, id: BookingId) -> IndexKey {
    let id = id.to_string();
    at(Index::Gsi3, reviews_sealed_in(shard(&id)), format!("{}#{id}", moment(open_until)))
}

/// Partition in GSI1 of what customers say of a service.
#[must_use]
pub fn reviews_of_service(service: ServiceId) -> String {
    format!("REVIEWS#{service}")
}

/// Partition in GSI2 of what customers say of a provider.
#[must_use]
pub fn reviews_of_provider(provider: UserId) -> String {
    format!("REVIEWS#{provider}")
}

/// Partition in GSI3 of one shard of the reviews that wait.
#[must_use]
pub fn reviews_sealed_in(shard: u8) -> String {
    format!("SEALED#{shard}")
}

/// Key of what the ratings of a service add up to.
#[must_use]
pub fn service_rating(service: ServiceId) -> Key {
    key(format!("SERVICE#{service}"), "RATING")
}

/// Key of what the ratings of a user as a side of bookings add up to.
#[must_use]
pub fn user_rating(side: Side) -> Key {
    key(format!("RATING#{}#{}", side.as_str(), side.user_id()), "RATING")
}
