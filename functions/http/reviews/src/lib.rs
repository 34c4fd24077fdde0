//! Reviews: what the two sides of a booking say of each other, and what all can read of services and providers.

mod answer_review;
mod create_review;
mod get_booking_reviews;
mod list_reviews;
mod view;

use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::http::{Area, Cursors, HasGate};
use banister_platform::identity::Gate;
use banister_platform::store;
use banister_platform::table::Table;

/// What the endpoints of this area may touch.
#[derive(Clone)]
pub struct Reviews {
    gate: Gate,
    clock: Clock,
    table: Table,
    accounts: store::Accounts,
    bookings: store::Bookings,
    store: store::Reviews,
    cursors: Cursors,
}

impl Reviews {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let table = Table::from_settings(settings)?;
        Ok(Self {
            gate: Gate::from_settings(settings, table.clone(), clock.clone())?,
            accounts: store::Accounts::new(table.clone()),
            bookings: store::Bookings::new(table.clone()),
            store: store::Reviews::new(table.clone()),
            cursors: Cursors::from_settings(settings)?,
            clock,
            table,
        })
    }
}

impl HasGate for Reviews {
    fn gate(&self) -> &Gate {
        &self.gate
    }
}

/// The endpoints of this area.
#[must_use]
pub fn area() -> Area<Reviews> {
    banister_platform::area!("reviews": Reviews; create_review, get_booking_reviews, answer_review, list_reviews)
}
