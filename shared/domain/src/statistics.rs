//! What is counted of the marketplace, and how much of it each thing is. Nothing here counts up or down: a
//! thing says what it counts for as it stands, and what changes the counters is the difference to what it
//! counted for before. So they can be made again from the things alone.

mod period;
mod side;

pub use period::{Group, Period, RangeError, periods};
pub use side::Side;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::account::{Account, AccountStatus, Role};
use crate::booking::{self, Booking};
use crate::money::Currency;
use crate::service::{Service, ServiceStatus};

/// One counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counter {
    /// Accounts of a role in a state.
    Users(Role, AccountStatus),
    /// Services in a state.
    Services(ServiceStatus),
    /// Bookings in a state.
    Bookings(booking::Status),
    /// Prices of bookings that are agreed or took place, and what is kept of others, in minor units.
    Booked(Currency),
}

impl Counter {
    /// Every counter.
    pub fn all() -> impl Iterator<Item = Self> {
        let of_role = |role| AccountStatus::ALL.into_iter().map(move |status| Self::Users(role, status));
        let users = Role::ALL.into_iter().flat_map(of_role);
        let services = ServiceStatus::ALL.into_iter().map(Self::Services);
        let bookings = booking::Status::ALL.into_iter().map(Self::Bookings);
        users.chain(services).chain(bookings).chain(Currency::ALL.iter().copied().map(Self::Booked))
    }
}

/// The name in the table, such as `users.customer.active`.
impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Users(role, status) => write!(f, "users.{}.{}", role.as_str(), status.as_str()),
            Self::Services(status) => write!(f, "services.{}", status.as_str()),
            Self::Bookings(status) => write!(f, "bookings.{}", status.as_str()),
            Self::Booked(currency) => write!(f, "booked.{}", currency.code()),
        }
    }
}

/// A text names no counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such counter")]
pub struct UnknownCounter;

impl FromStr for Counter {
    type Err = UnknownCounter;

    fn from_str(text: &str) -> Result<Self, UnknownCounter> {
        Self::all().find(|counter| counter.to_string() == text).ok_or(UnknownCounter)
    }
}

/// What some counters stand at. A counter that is not there stands at 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts(BTreeMap<Counter, i64>);

impl Counts {
    /// What a counter stands at.
    #[must_use]
    pub fn get(&self, counter: Counter) -> i64 {
        self.0.get(&counter).copied().unwrap_or(0)
    }

    /// Counts up, or down where `amount` is below zero.
    pub fn add(&mut self, counter: Counter, amount: i64) {
        let sum = self.get(counter).saturating_add(amount);
        if sum == 0 {
            self.0.remove(&counter);
        } else {
            self.0.insert(counter, sum);
        }
    }

    /// Adds all of the other.
    pub fn add_all(&mut self, other: &Self) {
        other.iter().for_each(|(counter, amount)| self.add(counter, amount));
    }

    /// Takes all of the other away.
    pub fn take_all(&mut self, other: &Self) {
        other.iter().for_each(|(counter, amount)| self.add(counter, amount.saturating_neg()));
    }

    /// Whether every counter stands at 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The counters that do not stand at 0.
    pub fn iter(&self) -> impl Iterator<Item = (Counter, i64)> + '_ {
        self.0.iter().map(|(counter, amount)| (*counter, *amount))
    }
}

impl FromIterator<(Counter, i64)> for Counts {
    fn from_iter<I: IntoIterator<Item = (Counter, i64)>>(counters: I) -> Self {
        let mut counts = Self::default();
        counters.into_iter().for_each(|(counter, amount)| counts.add(counter, amount));
        counts
    }
}

/// An object with a member for each counter that is not 0.
impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(counter, amount)| (counter.to_string(), amount)))
    }
}

/// Leaves out counters that are not known any more.
impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = BTreeMap::<String, i64>::deserialize(deserializer)?;
        Ok(members.into_iter().filter_map(|(name, amount)| Some((name.parse().ok()?, amount))).collect())
    }
}

/// What a thing counts for, on the day (UTC) on which it was made, and for those whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// The day.
    pub day: Date,
    /// What is counted there.
    pub counts: Counts,
    /// Whose own counts it is in as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sides: Vec<Side>,
}

impl Contribution {
    fn made(at: Timestamp, counts: impl IntoIterator<Item = (Counter, i64)>) -> Self {
        Self {
            day: at.to_zoned(TimeZone::UTC).date(),
            counts: counts.into_iter().collect(),
            sides: Vec::new(),
        }
    }

    fn of(self, sides: impl IntoIterator<Item = Side>) -> Self {
        Self { sides: sides.into_iter().collect(), ..self }
    }

    /// Of an account.
    #[must_use]
    pub fn of_account(account: &Account) -> Self {
        Self::made(account.created_at, [(Counter::Users(account.role, account.status), 1)])
    }

    /// Of a service: also its provider's.
    #[must_use]
    pub fn of_service(service: &Service) -> Self {
        Self::made(service.created_at, [(Counter::Services(service.status), 1)])
            .of([Side::Provider(service.provider_id)])
    }

    /// Of a booking: itself, and its price while it is agreed, what the provider keeps of one that was called off
    /// or to which nobody came; also both sides'.
    #[must_use]
    pub fn of_booking(booking: &Booking) -> Self {
        let price = booking.price.money();
        let booked = match booking.status {
            booking::Status::Confirmed | booking::Status::Completed => price.minor,
            booking::Status::Cancelled | booking::Status::NoShow => {
                booking.refund.map_or(0, |refund| refund.kept.minor)
            }
            booking::Status::Requested | booking::Status::Declined | booking::Status::Expired => 0,
        };
        let booked = (booked > 0).then_some((Counter::Booked(price.currency), booked));
        Self::made(booking.created_at, [(Counter::Bookings(booking.status), 1)].into_iter().chain(booked))
            .of([Side::Customer(booking.customer_id), Side::Provider(booking.provider_id)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_has_a_name_of_its_own_and_is_read_back() {
        let mut names: Vec<_> = Counter::all().map(|counter| counter.to_string()).collect();
        let known = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), known);
        for counter in Counter::all() {
            assert_eq!(counter.to_string().parse(), Ok(counter));
        }
        assert_eq!("users.customer".parse::<Counter>(), Err(UnknownCounter));
    }

    #[test]
    fn what_is_added_and_taken_again_leaves_nothing() {
        let some: Counts =
            [(Counter::Bookings(booking::Status::Confirmed), 2), (Counter::Booked(Currency::Usd), 25_000)]
                .into_iter()
                .collect();
        let mut counts = Counts::default();
        counts.add_all(&some);
        counts.add_all(&some);
        assert_eq!(counts.get(Counter::Booked(Currency::Usd)), 50_000);
        counts.take_all(&some);
        assert_eq!(counts, some);
        counts.take_all(&some);
        assert!(counts.is_empty());
    }

    #[test]
    fn counts_are_written_by_name_and_unknown_names_are_left_out() {
        let counts: Counts =
            [(Counter::Users(Role::Provider, AccountStatus::Active), 3)].into_iter().collect();
        let text = serde_json::to_string(&counts).unwrap();
        assert_eq!(text, r#"{"users.provider.active":3}"#);
        let read: Counts =
            serde_json::from_str(r#"{"users.provider.active":3,"users.robot.active":4}"#).unwrap();
        assert_eq!(read, counts);
    }
}
