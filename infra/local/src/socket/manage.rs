//! The management of connections, `@connections`
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html>).

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;

use super::event::is_name;
use super::live::Unsent;
use super::{MAX_MESSAGE, SocketApi};
use crate::faults::{CRASHED, FaultKind, Service, Verdict, role_of};
use crate::sqs::hangup::Peer;

/// Names the error for the SDKs (AWS REST-JSON).
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// A refused call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Unsigned,
    InvalidId,
    Gone,
    TooLarge,
    Slow,
    Crashed,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, kind, message) = match self {
            Self::Unsigned => {
                (StatusCode::FORBIDDEN, "MissingAuthenticationTokenException", "Missing Authentication Token")
            }
            Self::InvalidId => (StatusCode::BAD_REQUEST, "BadRequestException", "Invalid connectionId"),
            Self::Gone => (StatusCode::GONE, "GoneException", "Gone"),
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException", "Payload size limit exceeded")
            }
            Self::Slow => (StatusCode::TOO_MANY_REQUESTS, "LimitExceededException", "Too Many Requests"),
            Self::Crashed => (StatusCode::BAD_REQUEST, CRASHED, "The caller is dead."),
        };
        (status, [(ERROR_TYPE, kind)], Json(json!({ "message": message }))).into_response()
    }
}

/// Any method of `/ws/@connections/{id}`, with the fault layer in front.
pub(super) async fn handle(
    State(api): State<Arc<SocketApi>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let operation = match *request.method() {
        Method::POST => "PostToConnection",
        Method::GET => "GetConnection",
        Method::DELETE => "DeleteConnection",
        _ => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
    };
    let authorization = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let role = role_of(authorization);
    if role.is_empty() {
        return Refusal::Unsigned.into_response();
    }
    let verdict = api.faults.decide(Service::Sockets, role, operation);
    match verdict {
        Verdict::Delay(time) => sleep(time).await,
        Verdict::Hold => api.faults.released().await,
        Verdict::Refuse(FaultKind::Lost) => {
            peer.cut.now();
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        Verdict::Refuse(FaultKind::Throttle | FaultKind::Conflict) => return Refusal::Slow.into_response(),
        Verdict::Crashed => return Refusal::Crashed.into_response(),
        // What strikes after the call, or only queues know.
        Verdict::Pass | Verdict::Duplicate | Verdict::Late(_) | Verdict::LoseAnswer | Verdict::CrashAfter => {
        }
    }
    let answer = match operation {
        "PostToConnection" => post(&api, &id, request.into_body()).await,
        "GetConnection" => describe(&api, &id),
        _ => delete(&api, &id),
    };
    match verdict {
        Verdict::LoseAnswer => peer.cut.now(),
        Verdict::CrashAfter => return Refusal::Crashed.into_response(),
        _ => {}
    }
    answer.unwrap_or_else(IntoResponse::into_response)
}

async fn post(api: &SocketApi, id: &str, body: Body) -> Result<Response, Refusal> {
    let data = to_bytes(body, MAX_MESSAGE).await.map_err(|_| Refusal::TooLarge)?;
    let live = api.sockets.get(id).ok_or_else(|| absent(id))?;
    let message = match String::from_utf8(data.to_vec()) {
        Ok(text) => Message::text(text),
        Err(other) => Message::binary(other.into_bytes()),
    };
    live.post(message).map_err(|unsent| match unsent {
        Unsent::Full => Refusal::Slow,
        Unsent::Gone => Refusal::Gone,
    })?;
    Ok(StatusCode::OK.into_response())
}

fn describe(api: &SocketApi, id: &str) -> Result<Response, Refusal> {
    let live = api.sockets.get(id).ok_or_else(|| absent(id))?;
    let view = json!({ "connectedAt": live.origin.connected_at, "identity": live.origin.identity(),
        "lastActiveAt": live.last_active() });
    Ok(Json(view).into_response())
}

fn delete(api: &SocketApi, id: &str) -> Result<Response, Refusal> {
    let live = api.sockets.remove(id).ok_or_else(|| absent(id))?;
    live.closed.notify_one();
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A name that was a connection's once, or could be, is gone; any other is none.
fn absent(id: &str) -> Refusal {
    if is_name(id) { Refusal::Gone } else { Refusal::InvalidId }
}
