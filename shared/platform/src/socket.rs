//! Telling WebSocket connections something, and closing them, by API Gateway's `@connections`
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html>).

use std::time::Duration;

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::http::HttpResponse;
use aws_sdk_apigatewaymanagement::config::retry::RetryConfig;
use aws_sdk_apigatewaymanagement::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_apigatewaymanagement::primitives::Blob;

use crate::aws::client_config;
use crate::config::{ConfigError, Settings};
use crate::random;

/// How often a call is made at most, before it counts as failed.
const ATTEMPTS: u32 = 4;

/// Why a connection was not told something, or not closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SocketError {
    /// There is no such connection, not any more or not yet.
    #[error("the connection is gone")]
    Gone,
    /// Too many calls at once, or the client does not read what it is sent.
    #[error("the connection takes no more for now")]
    Busy,
    /// No answer that says whether it was done.
    #[error("the WebSocket API is unavailable: {0}")]
    Unavailable(String),
    /// The call itself was refused: a right is missing, or the frame is over 128 KB.
    #[error("the WebSocket API refused the call: {0}")]
    Rejected(String),
}

impl SocketError {
    fn passes(&self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable(_))
    }
}

/// The connections of the deployment's WebSocket API.
#[derive(Debug, Clone)]
pub struct Sockets {
    client: Client,
}

impl Sockets {
    /// The API whose management address, with the stage, `SOCKET_API_URL` holds.
    pub fn from_settings(settings: &Settings) -> Result<Self, ConfigError> {
        let config = client_config(settings)?
            // Retried here: the SDK's backoff is shared by all calls, and one slow client would hold up all.
            .retry_config(RetryConfig::disabled())
            .endpoint_url(settings.required("SOCKET_API_URL")?);
        Ok(Self { client: Client::new(&config.build()) })
    }

    /// Sends one text frame. It may arrive twice where an answer was lost.
    pub async fn post(&self, connection: &str, frame: String) -> Result<(), SocketError> {
        self.call(connection, Some(Blob::new(frame))).await
    }

    /// Closes a connection.
    pub async fn close(&self, connection: &str) -> Result<(), SocketError> {
        self.call(connection, None).await
    }

    /// Calls up to [`ATTEMPTS`] times: posts the frame, or closes where there is none.
    async fn call(&self, connection: &str, frame: Option<Blob>) -> Result<(), SocketError> {
        let mut attempt = 1;
        loop {
            match self.once(connection, frame.clone()).await {
                Err(error) if error.passes() && attempt < ATTEMPTS => {
                    tokio::time::sleep(backoff(attempt)).await;
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    async fn once(&self, connection: &str, frame: Option<Blob>) -> Result<(), SocketError> {
        if let Some(frame) = frame {
            let call = self.client.post_to_connection().connection_id(connection).data(frame);
            return call.send().await.map(drop).map_err(read);
        }
        self.client.delete_connection().connection_id(connection).send().await.map(drop).map_err(read)
    }
}

/// Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): up to 50 ms before the
/// second attempt, doubled each time.
fn backoff(attempt: u32) -> Duration {
    Duration::from_micros(random::below(50_000 << attempt.saturating_sub(1)))
}

/// By the status, since not everything that speaks this protocol names its errors.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn read<E: ProvideErrorMetadata>(error: SdkError<E, HttpResponse>) -> SocketError {
    let status = error.raw_response().map(|response| response.status().as_u16());
    let code = || error.code().unwrap_or("no code").to_owned();
    match (status, &error) {
        (Some(410), _) => SocketError::Gone,
        (Some(429), _) => SocketError::Busy,
        (Some(400..=499), _) => SocketError::Rejected(code()),
        (Some(_), _) => SocketError::Unavailable(code()),
        (None, SdkError::TimeoutError(_)) => SocketError::Unavailable("timed out".into()),
        (None, _) => SocketError::Unavailable("not reached".into()),
    }
}
