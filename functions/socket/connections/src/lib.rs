//! The WebSocket API: `$connect`, `$disconnect`, and `$default`, which takes every frame. What clients
//! see of it is in docs/websocket.md.

mod answer;
mod connect;
mod disconnect;
mod frame;
mod origin;

pub use frame::FrameCode;

use std::panic::AssertUnwindSafe;

use aws_lambda_events::event::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::store;
use banister_platform::table::Table;
use banister_platform::telemetry::observe;
use futures_util::FutureExt as _;

use origin::Origins;

/// The API's routes; clones share what they are made of.
#[derive(Clone)]
pub struct Connections {
    store: store::Connections,
    origins: Origins,
    clock: Clock,
}

impl Connections {
    /// From `TABLE_NAME`, `ALLOWED_ORIGINS` and the settings of AWS.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        Ok(Self {
            store: store::Connections::new(Table::from_settings(settings)?),
            origins: settings.parsed("ALLOWED_ORIGINS", str::parse)?,
            clock,
        })
    }

    /// Answers one event of the gateway
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html>).
    pub async fn handle(&self, event: ApiGatewayWebsocketProxyRequest) -> ApiGatewayProxyResponse {
        match event.request_context.event_type.as_deref() {
            // On the heap: what calls the SDK is large.
            Some("CONNECT") => {
                let work = Box::pin(self.connect(event));
                observe("connect", unpanicked(work, answer::internal)).await
            }
            Some("DISCONNECT") => {
                let work = Box::pin(self.disconnect(event));
                observe("disconnect", unpanicked(work, answer::internal)).await
            }
            // Also whatever else may come over an open connection.
            _ => observe("frame", unpanicked(async { frame::answer(&event) }, frame::internal)).await,
        }
    }
}

/// What `work` comes to, or `panicked` where it panics: the next event finds everything as it was.
async fn unpanicked(
    work: impl Future<Output = ApiGatewayProxyResponse>,
    panicked: impl FnOnce() -> ApiGatewayProxyResponse,
) -> ApiGatewayProxyResponse {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("a handler panicked");
        panicked()
    })
}
