//! Availability: providers' calendars, and the free slots of services.

mod get_calendar;
mod list_slots;
mod set_calendar;

use banister_domain::availability::CalendarRules;
use banister_domain::id::UserId;
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::http::{Area, Code, HasGate, Problem};
use banister_platform::identity::Gate;
use banister_platform::store;
use banister_platform::table::{Table, Versioned};

/// What the endpoints of this area may touch.
#[derive(Clone)]
pub struct Availability {
    gate: Gate,
    clock: Clock,
    accounts: store::Accounts,
    services: store::Services,
    store: store::Calendars,
}

impl Availability {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let table = Table::from_settings(settings)?;
        Ok(Self {
            gate: Gate::from_settings(settings, table.clone(), clock.clone())?,
            accounts: store::Accounts::new(table.clone()),
            services: store::Services::new(table.clone()),
            store: store::Calendars::new(table),
            clock,
        })
    }
}

impl Availability {
    /// A provider's rules; of whoever has set none, those of a calendar that is never open, at version 0.
    async fn rules(&self, provider: UserId) -> Result<Versioned<CalendarRules>, Problem> {
        if let Some(rules) = self.store.rules(provider).await? {
            return Ok(rules);
        }
        let account = self.accounts.get(provider).await?.ok_or(Problem::new(Code::Unauthenticated))?;
        Ok(Versioned { value: CalendarRules::closed(account.value.time_zone), version: 0 })
    }
}

impl HasGate for Availability {
    fn gate(&self) -> &Gate {
        &self.gate
    }
}

/// The endpoints of this area.
#[must_use]
pub fn area() -> Area<Availability> {
    banister_platform::area!("availability": Availability; get_calendar, set_calendar, list_slots)
}
