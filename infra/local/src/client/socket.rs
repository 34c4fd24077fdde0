//! A WebSocket to the API.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::ClientError;

/// Longer than anything takes that will come at all.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open WebSocket.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// What comes over a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A JSON message; any other text as a JSON string.
    Frame(Value),
    /// The other side closed it: status code and reason.
    Closed(u16, String),
    /// It broke without a word.
    Broken,
}

impl Socket {
    /// Opens one; a handshake that is not answered with 101 is [`ClientError::Refused`].
    pub async fn open(url: &str, headers: &[(&str, &str)]) -> Result<Self, ClientError> {
        let mut request = url.into_client_request().map_err(Box::new)?;
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).map_err(|error| Box::new(Error::from(error)))?;
            let value = HeaderValue::from_str(value).map_err(|error| Box::new(Error::from(error)))?;
            request.headers_mut().insert(name, value);
        }
        match patiently(connect_async(request)).await? {
            Ok((stream, _)) => Ok(Self { stream }),
            Err(Error::Http(response)) => Err(ClientError::Refused(response.status())),
            Err(error) => Err(Box::new(error).into()),
        }
    }

    /// Sends a JSON message.
    pub async fn send(&mut self, frame: &Value) -> Result<(), ClientError> {
        self.send_message(Message::text(frame.to_string())).await
    }

    /// Sends anything.
    pub async fn send_message(&mut self, message: Message) -> Result<(), ClientError> {
        Ok(patiently(self.stream.send(message)).await?.map_err(Box::new)?)
    }

    /// What comes next.
    pub async fn next(&mut self) -> Result<Incoming, ClientError> {
        loop {
            match patiently(self.stream.next()).await? {
                Some(Ok(Message::Text(text))) => {
                    let frame = serde_json::from_str(&text);
                    return Ok(Incoming::Frame(frame.unwrap_or_else(|_| Value::String(text.to_string()))));
                }
                Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => {
                    return Ok(Incoming::Closed(code.into(), reason.to_string()));
                }
                Some(Ok(Message::Close(None))) => return Ok(Incoming::Closed(1005, String::new())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Ok(Incoming::Broken),
            }
        }
    }

    /// The next message; an end is none.
    pub async fn frame(&mut self) -> Result<Value, ClientError> {
        match self.next().await? {
            Incoming::Frame(frame) => Ok(frame),
            ended => Err(ClientError::Ended(ended)),
        }
    }

    /// Says goodbye, and waits for the other side's.
    pub async fn close(mut self) -> Result<(), ClientError> {
        patiently(self.stream.close(None)).await?.map_err(Box::new)?;
        while matches!(self.next().await?, Incoming::Frame(_)) {}
        Ok(())
    }
}

async fn patiently<T>(work: impl Future<Output = T>) -> Result<T, ClientError> {
    tokio::time::timeout(PATIENCE, work).await.map_err(|_| ClientError::Nothing)
}
