//! Chat: so far the ticket that opens a WebSocket.

mod create_chat_ticket;

use std::sync::Arc;

use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::http::{Area, HasGate};
use banister_platform::identity::Gate;
use banister_platform::store::Connections;
use banister_platform::table::Table;

/// What the endpoints of this area may touch.
#[derive(Clone)]
pub struct Chat {
    gate: Gate,
    clock: Clock,
    table: Table,
    connections: Connections,
    /// Where the WebSocket API is.
    url: Arc<str>,
}

impl Chat {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let table = Table::from_settings(settings)?;
        Ok(Self {
            gate: Gate::from_settings(settings, table.clone(), clock.clone())?,
            connections: Connections::new(table.clone()),
            url: settings.required("SOCKET_URL")?.into(),
            clock,
            table,
        })
    }
}

impl HasGate for Chat {
    fn gate(&self) -> &Gate {
        &self.gate
    }
}

/// The endpoints of this area.
#[must_use]
pub fn area() -> Area<Chat> {
    banister_platform::area!("chat": Chat; create_chat_ticket)
}
