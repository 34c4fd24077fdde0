//! One connection, from the upgrade to `$disconnect`.

use std::time::Duration;

use aws_lambda_events::encodings::Body;
use aws_lambda_events::event::apigw::ApiGatewayProxyResponse;
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::live::Live;
use super::{IDLE, LIFE, MAX_FRAME, MAX_MESSAGE, SocketApi};

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What the client gets to say its own goodbye in.
const FAREWELL: Duration = Duration::from_secs(1);
/// What is read from and written to the system at once; a connection holds as much from its start.
const BUFFER: usize = 4 * 1_024;

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    /// Status code of the closing (RFC 6455, 7.4.1).
    code: u16,
    reason: String,
    by: By,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The client said goodbye.
    Client,
    /// The gateway says goodbye.
    Gateway,
    /// The line is dead.
    Nobody,
}

impl End {
    fn gateway(code: u16, reason: &str) -> Self {
        Self { code, reason: reason.to_owned(), by: By::Gateway }
    }

    fn going_away() -> Self {
        Self::gateway(1001, "Going away")
    }

    fn abrupt() -> Self {
        Self { code: 1006, reason: "Connection closed abruptly".to_owned(), by: By::Nobody }
    }

    fn by_client(frame: Option<CloseFrame>) -> Self {
        let (code, reason) = match frame {
            Some(frame) => (frame.code.into(), frame.reason.to_string()),
            None => (1005, "Client-side close frame status not set".to_owned()),
        };
        Self { code, reason, by: By::Client }
    }

    fn of(error: &Error) -> Self {
        match error {
            Error::Capacity(_) => Self::gateway(1009, "Message too big"),
            Error::Utf8(_) => Self::gateway(1007, "Invalid payload data"),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::abrupt(),
            Error::Protocol(_) => Self::gateway(1002, "Protocol error"),
            _ => Self::abrupt(),
        }
    }
}

/// Serves an admitted client until the connection is over and `$disconnect` is done.
pub(super) async fn run(
    api: &SocketApi,
    live: &Live,
    mut messages: mpsc::Receiver<Message>,
    upgrade: OnUpgrade,
) {
    let mut socket = None;
    let end = tokio::select! {
        end = over(api, live) => end,
        end = async {
            let Ok(upgraded) = upgrade.await else { return End::abrupt() };
            let raw = TokioIo::new(upgraded);
            let upgraded = WebSocketStream::from_raw_socket(raw, Role::Server, Some(config())).await;
            talk(api, live, &mut messages, socket.insert(upgraded)).await
        } => end,
    };
    // Before anything else, so that nothing more is posted to it.
    api.sockets.remove(&live.origin.connection_id);
    drop(messages);
    let farewell = async {
        if let Some(socket) = socket {
            drop(tokio::time::timeout(FAREWELL, leave(socket, &end)).await);
        }
    };
    let disconnected = async {
        if api.definition.routes.contains_key("$disconnect") {
            // Best effort, as API Gateway has it.
            drop(api.invoke(live.origin.disconnect(api.clock.now(), end.code, &end.reason)).await);
        }
    };
    tokio::join!(farewell, disconnected);
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_FRAME))
}

/// Waits until somebody else than the client ends it: the clock, the management API, the stop.
async fn over(api: &SocketApi, live: &Live) -> End {
    let (mut moves, mut stop) = (api.sockets.moves(), api.stop.clone());
    loop {
        moves.borrow_and_update();
        let due = (live.last_active() + IDLE).min(live.origin.connected_at + LIFE);
        let left = Duration::try_from(due.duration_since(api.clock.now())).unwrap_or_default();
        if left.is_zero() {
            return End::going_away();
        }
        tokio::select! {
            () = tokio::time::sleep(left) => {}
            // Its other end is in the gateway, which this connection holds.
            _ = moves.changed() => {}
            () = live.closed.notified() => return End::gateway(1000, "Connection Closed Normally"),
            _ = stop.wait_for(|stop| *stop) => return End::going_away(),
        }
    }
}

/// Passes messages both ways until the client is gone or does what it may not.
async fn talk(
    api: &SocketApi,
    live: &Live,
    messages: &mut mpsc::Receiver<Message>,
    socket: &mut Socket,
) -> End {
    let mut running = None;
    loop {
        let outbound = tokio::select! {
            // The next message of the client waits for the answer to the last one.
            inbound = socket.next(), if running.is_none() => {
                match inbound {
                    Some(Ok(Message::Text(body))) => {
                        live.active(api.clock.now());
                        running = Some(Box::pin(answer(api, live, body)));
                    }
                    Some(Ok(Message::Binary(_))) => return End::gateway(1003, "Binary is not supported"),
                    Some(Ok(Message::Close(frame))) => return End::by_client(frame),
                    // Control frames are answered by the library, and are no messages.
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return End::of(&error),
                    None => return End::abrupt(),
                }
                continue;
            }
            Some(message) = messages.recv() => Some(message),
            answer = async { running.as_mut().expect("there is one").await }, if running.is_some() => {
                running = None;
                answer
            }
        };
        if let Some(message) = outbound {
            live.active(api.clock.now());
            if let Err(error) = socket.send(message).await {
                return End::of(&error);
            }
        }
    }
}

/// Hands a message to its route; what goes back, if anything does.
async fn answer(api: &SocketApi, live: &Live, body: Utf8Bytes) -> Option<Message> {
    let routes = &api.definition.routes;
    let key = selected(&api.definition.selector, &body).filter(|key| routes.contains_key(key));
    let key = key.unwrap_or_else(|| "$default".to_owned());
    let event = live.origin.message(api.clock.now(), &key, &body);
    let complaint = |message: &str| {
        let frame = json!({ "message": message, "connectionId": live.origin.connection_id,
            "requestId": event["requestContext"]["requestId"] });
        Some(Message::text(frame.to_string()))
    };
    let Some(route) = routes.get(&key) else { return complaint("Forbidden") };
    match api.invoke(event.clone()).await {
        Ok(answer) if (200..300).contains(&answer.status_code) => {
            route.answers.then(|| text(answer)).flatten().map(Message::text)
        }
        Ok(_) | Err(_) => complaint("Internal server error"),
    }
}

/// What the route selection expression finds in a message; nothing in one that is no JSON object. The routes of
/// the gateway itself are not to be had this way.
fn selected(selector: &str, body: &str) -> Option<String> {
    let message: Value = serde_json::from_str(body).ok()?;
    message.get(selector)?.as_str().filter(|key| !key.starts_with('$')).map(ToOwned::to_owned)
}

fn text(answer: ApiGatewayProxyResponse) -> Option<String> {
    match answer.body? {
        Body::Text(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// Says goodbye, and reads what is still on its way: a connection closed with bytes unread is reset, and the
/// client may never see why.
async fn leave(mut socket: Socket, end: &End) {
    let said = match end.by {
        By::Client => socket.flush().await,
        By::Gateway => {
            let reason = Utf8Bytes::from(end.reason.as_str());
            socket.close(Some(CloseFrame { code: end.code.into(), reason })).await
        }
        By::Nobody => return,
    };
    let mut raw = socket.into_inner();
    let mut rest = vec![0; BUFFER];
    if said.is_ok() && raw.shutdown().await.is_ok() {
        while raw.read(&mut rest).await.is_ok_and(|read| read > 0) {}
    }
}
