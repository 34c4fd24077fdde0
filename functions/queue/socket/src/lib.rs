//! The queue worker that tells WebSocket connections of bookings that changed, and closes the
//! connections of sessions that are over and those that had to make room for newer ones.
//!
//! Each message is one event ([`banister_domain::event::Event`]). What is told is read when it is
//! sent, so that late, repeated and reordered messages all tell the latest; clients keep the highest
//! revision. Nobody is told anything whose session, account or epoch does not stand any more.

mod errand;
mod push;

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::queue::Queue;
use banister_platform::socket::Sockets;
use banister_platform::store::{Bookings, Connections};
use banister_platform::table::Table;
use banister_platform::worker::{Consumer, WorkError, run_batch};
use jiff::Timestamp;
use tokio::sync::Semaphore;

/// Connections at work at a time, over all messages of a batch.
const CONNECTIONS_AT_A_TIME: usize = 10;

/// The worker; clones share what it is made of.
#[derive(Clone)]
pub struct SocketWorker {
    bookings: Bookings,
    connections: Connections,
    sockets: Sockets,
    dead_letters: Queue,
    clock: Clock,
    places: Arc<Semaphore>,
}

impl SocketWorker {
    /// From `TABLE_NAME`, `SOCKET_API_URL`, `SOCKET_DEAD_LETTER_QUEUE_URL` and the settings of AWS.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let table = Table::from_settings(settings)?;
        Ok(Self {
            bookings: Bookings::new(table.clone()),
            connections: Connections::new(table),
            sockets: Sockets::from_settings(settings)?,
            dead_letters: Queue::from_settings(settings, "SOCKET_DEAD_LETTER_QUEUE_URL")?,
            clock,
            places: Arc::new(Semaphore::new(CONNECTIONS_AT_A_TIME)),
        })
    }

    /// Does a batch; what is in the answer comes again. No message is begun after the `deadline`.
    pub async fn handle(&self, batch: SqsEvent, deadline: Option<Timestamp>) -> SqsBatchResponse {
        run_batch(self, batch, deadline).await
    }
}

impl Consumer for SocketWorker {
    const NAME: &'static str = "socket";
    const AT_A_TIME: usize = 10;

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn dead_letters(&self) -> &Queue {
        &self.dead_letters
    }

    async fn deliver(&self, body: &str) -> Result<(), WorkError> {
        self.run(body).await
    }
}
