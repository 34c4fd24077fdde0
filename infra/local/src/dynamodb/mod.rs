//! The local DynamoDB endpoint: an embedded engine behind a front that injects faults and enforces the limits
//! the engine does not.
//!
//! The engine (`dynoxide`) serves its own port. SDK clients are given the front's, which looks at each call,
//! asks the [`Faults`] plan what becomes of it, and passes it on. Nothing checks signatures: the access key id
//! is the caller's role.

mod answer;
mod engine;
mod expression;
mod limits;
mod replica;
mod serve;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use dynoxide::Database;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::faults::Faults;
use engine::Engine;
use serve::Shared;

/// Why the endpoint did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data file cannot be opened.
    #[error("the table's data cannot be opened: {0}")]
    Data(#[from] dynoxide::DynoxideError),
    /// No loopback port could be had.
    #[error("no loopback port: {0}")]
    Port(#[from] std::io::Error),
}

/// A running endpoint. Dropping it stops it without waiting; [`Front::stop`] lets running calls finish.
pub struct Front {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    engine: Engine,
}

impl Front {
    /// Starts on a free loopback port. The data lives in the `SQLite` file at `data`, or in memory.
    pub async fn start(data: Option<&Path>, faults: Faults) -> Result<Self, StartError> {
        let database = match data {
            Some(path) => Database::new(&path.to_string_lossy())?,
            None => Database::memory()?,
        };
        let engine = Engine::start(database.clone())?;
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(engine.authority().clone(), database, faults));
        let (stop, stopped) = watch::channel(false);
        let accepting = tokio::spawn(serve::accept(listener, Arc::clone(&shared), stopped));
        Ok(Self { address, shared, stop, accepting, engine })
    }

    /// What SDK clients take as `endpoint_url`, for the table and for its stream.
    pub fn endpoint_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client of this endpoint with the SDK's own retries, whose calls count as `role`'s.
    pub fn client(&self, role: &str) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new(role, "local", None, None, "banister-local"))
            .endpoint_url(self.endpoint_url());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// Changes after each write that took effect; the value counts them. A stream poller waits on it instead
    /// of sleeping. Items that TTL deletes are not seen here.
    pub fn writes(&self) -> watch::Receiver<u64> {
        self.shared.writes.subscribe()
    }

    /// Calls received so far, by role and then operation; each attempt of a retrying SDK counts.
    pub fn calls(&self) -> BTreeMap<(String, String), u64> {
        self.shared.calls()
    }

    /// The engine's own handle, past the front: for TTL sweeps and inspection.
    pub fn database(&self) -> &Database {
        &self.shared.database
    }

    /// Stops accepting, lets the calls under way finish, and closes the data file.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // A panic in a server task has been reported by the runtime already; there is nothing left to stop.
        let _ = self.accepting.await;
        self.shared.close().await;
        drop(self.shared);
        self.engine.stop().await;
    }
}
