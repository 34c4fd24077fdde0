//! The WebSocket API of Amazon API Gateway, on the API's port: `GET /ws`, and the management of connections
//! under `/ws/@connections` for the real SDK.
//!
//! Source: Amazon API Gateway Developer Guide, "WebSocket APIs" and "Quotas for configuring and running a
//! WebSocket API". Left out: authorizers, throttling, mapping templates, and signatures, which are read for the
//! caller's role and not verified. API Gateway runs the messages of one connection side by side; here they run
//! one after the other.

mod connection;
mod event;
mod handshake;
mod live;
mod manage;
#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use axum::Router;
use axum::routing::{any, get};
use banister_platform::clock::Clock;
use jiff::SignedDuration;
use serde_json::Value;
use tokio::sync::watch;

use crate::faults::Faults;
use crate::template::SocketDefinition;

pub use live::Sockets;

/// Most bytes of a message, either way.
pub const MAX_MESSAGE: usize = 128 * 1_024;
/// Most bytes of a frame from a client.
pub const MAX_FRAME: usize = 32 * 1_024;
/// A connection without a message for so long is closed.
pub const IDLE: SignedDuration = SignedDuration::from_mins(10);
/// A connection as old as this is closed.
pub const LIFE: SignedDuration = SignedDuration::from_hours(2);
/// Most connections at a time. API Gateway has no such limit; this one keeps a laptop alive.
pub const MAX_CONNECTIONS: u32 = 10_000;
/// What a function gets to answer in.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

/// The function behind all routes: event in, answer out. A panic is a failed invocation.
pub type Function = Arc<
    dyn Fn(ApiGatewayWebsocketProxyRequest) -> Pin<Box<dyn Future<Output = ApiGatewayProxyResponse> + Send>>
        + Send
        + Sync,
>;

/// The API: what it is made of.
pub struct SocketApi {
    /// The live connections.
    pub sockets: Sockets,
    /// Routes and stage.
    pub definition: SocketDefinition,
    /// What is invoked.
    pub function: Function,
    /// What goes wrong in the management of connections.
    pub faults: Faults,
    /// Decides when a connection is idle or old.
    pub clock: Clock,
    /// Host and port, as events name them.
    pub domain: String,
    /// Turns true when everything stops.
    pub stop: watch::Receiver<bool>,
}

/// Why an invocation gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failed {
    /// It panicked, or its answer makes no sense.
    Function,
    /// It did not answer in time.
    Late,
}

impl SocketApi {
    /// The routes. They need [`Peer`](crate::sqs::hangup::Peer) as connect info.
    pub fn routes(self) -> Router {
        Router::new()
            .route("/ws", get(handshake::open))
            .route("/ws/@connections/{id}", any(manage::handle))
            .with_state(Arc::new(self))
    }

    /// Runs the function to its end, whatever becomes of the caller.
    async fn invoke(&self, event: Value) -> Result<ApiGatewayProxyResponse, Failed> {
        let event = serde_json::from_value(event).map_err(|error| {
            tracing::error!(%error, "an event that no function can read");
            Failed::Function
        })?;
        let running = tokio::spawn((self.function)(event));
        match tokio::time::timeout(INTEGRATION_TIMEOUT, running).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                tracing::error!(%error, "the WebSocket function failed");
                Err(Failed::Function)
            }
            Err(_) => Err(Failed::Late),
        }
    }
}
