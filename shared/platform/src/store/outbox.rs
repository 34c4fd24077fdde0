//! Events on their way out: written in the transaction of their cause, deleted once relayed.

use banister_domain::event::{Event, Payload};
use banister_domain::id::EventId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::random;
use crate::table::{Key, Page, Position, Query, Record, StorageError, Table, key};

/// An event waiting to be relayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRecord {
    /// Its id, also inside the event.
    pub id: EventId,
    /// The event as JSON: what goes into the queue, unchanged.
    pub event: String,
}

impl Record for OutboxRecord {
    const TYPE: &'static str = "outbox";

    fn key(&self) -> Key {
        key::outbox(self.id)
    }
}

impl OutboxRecord {
    /// A new event, at `now`.
    pub fn new(payload: Payload, now: Timestamp) -> Result<Self, StorageError> {
        let event = Event { id: random::id(now), occurred_at: now, payload };
        let text =
            serde_json::to_string(&event).map_err(|error| StorageError::Malformed(error.to_string()))?;
        Ok(Self { id: event.id, event: text })
    }
}

/// The outbox as the relay and the sweep see it.
#[derive(Debug, Clone)]
pub struct Outbox {
    table: Table,
}

impl Outbox {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// A page of up to 25 events of one shard made before `before`, oldest first.
    pub async fn older_than(
        &self,
        shard: u8,
        before: Timestamp,
        after: Option<Position>,
    ) -> Result<Page<OutboxRecord>, StorageError> {
        let last: EventId =
            banister_domain::id::Id::from_parts(u64::try_from(before.as_millisecond()).unwrap_or(0), 0);
        let all = Query::all(None, key::outbox_shard(shard), 25);
        self.table.query(Query { to: last.to_string(), after, ..all }).await
    }

    /// Forgets an event that has been relayed; forgetting it twice is no error.
    pub async fn remove(&self, id: EventId) -> Result<(), StorageError> {
        self.table.delete(&key::outbox(id)).await
    }
}
