//! Sessions: signing in, staying in, signing out. The only area that holds the private key.

mod create_session;
mod end_all_sessions;
mod end_current_session;
mod end_session;
mod get_jwks;
mod list_sessions;
mod refresh_session;
mod view;

use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::http::{Area, Cursors, HasGate, Problem};
use banister_platform::identity::password::Passwords;
use banister_platform::identity::refresh::RefreshKey;
use banister_platform::identity::{Gate, Issuer, KeySet};
use banister_platform::store;
use banister_platform::table::Table;
use banister_platform::view::Viewer;

/// What the endpoints of this area may touch.
#[derive(Clone)]
pub struct Sessions {
    gate: Gate,
    clock: Clock,
    table: Table,
    store: store::Sessions,
    accounts: store::Accounts,
    issuer: Issuer,
    keys: KeySet,
    passwords: Passwords,
    factors: store::SecondFactors,
    refresh: RefreshKey,
    viewer: Viewer,
    cursors: Option<Cursors>,
}

impl Sessions {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let table = Table::from_settings(settings)?;
        Ok(Self {
            gate: Gate::from_settings(settings, table.clone(), clock.clone())?,
            store: store::Sessions::new(table.clone()),
            accounts: store::Accounts::new(table.clone()),
            issuer: Issuer::from_settings(settings)?,
            keys: KeySet::from_settings(settings)?,
            passwords: Passwords::from_settings(settings)?,
            factors: store::SecondFactors::from_settings(settings, table.clone())?,
            refresh: RefreshKey::from_settings(settings)?,
            viewer: Viewer::from_settings(settings)?,
            cursors: settings.optional("CURSOR_KEY").map(|_| Cursors::from_settings(settings)).transpose()?,
            clock,
            table,
        })
    }
}

impl Sessions {
    /// What goes on where a page ended. Only the function that lists has its key.
    pub(crate) fn cursors(&self) -> Result<&Cursors, Problem> {
        self.cursors.as_ref().ok_or_else(|| Problem::internal(ConfigError::Missing("CURSOR_KEY")))
    }
}

impl HasGate for Sessions {
    fn gate(&self) -> &Gate {
        &self.gate
    }
}

/// The endpoints of this area.
#[must_use]
pub fn area() -> Area<Sessions> {
    banister_platform::area!("sessions": Sessions; create_session, refresh_session, list_sessions,
        end_session, end_current_session, end_all_sessions, get_jwks)
}
