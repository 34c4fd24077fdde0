//! Search: services and providers by words, place, price, rating, language and free time.

mod ask;
mod free;
mod search_providers;
mod search_services;
mod view;

use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::http::{Area, Cursors};
use banister_platform::search::Shelf;
use banister_platform::store::Calendars;
use banister_platform::table::Table;

/// How long caches may keep what was found, in seconds; not what is free.
const KEPT: u32 = 30;

/// What the endpoints of this area may touch.
#[derive(Clone)]
pub struct Search {
    clock: Clock,
    shelf: Shelf,
    calendars: Calendars,
    cursors: Cursors,
}

impl Search {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let table = Table::from_settings(settings)?;
        Ok(Self {
            shelf: Shelf::new(table.clone(), clock.clone()),
            calendars: Calendars::new(table),
            cursors: Cursors::from_settings(settings)?,
            clock,
        })
    }

    /// Reads all cards before the first request comes. Where that fails, the first request reads them.
    pub async fn load(&self) {
        if let Err(error) = self.shelf.freshen().await {
            tracing::warn!(%error, "the cards were not read in advance");
        }
    }
}

/// The endpoints of this area.
#[must_use]
pub fn area() -> Area<Search> {
    banister_platform::area!("search": Search; search_services, search_providers)
}
