//! `$default`: answers one frame of a client. The answer goes back on the connection it came from.

use aws_lambda_events::event::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer::ok;

/// How long a frame may be, in bytes.
const LONGEST: usize = 32 * 1024;
/// How long the client's own mark on a frame may be, in characters.
const LONGEST_ID: usize = 64;

/// What is wrong with a frame; docs/websocket.md lists the codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameCode {
    /// No JSON object with an `action`, or too long.
    MalformedFrame,
    /// There is no such action.
    UnknownAction,
    /// The action does not take this.
    InvalidFrame,
    /// A fault of ours.
    Internal,
}

impl FrameCode {
    /// Every code.
    pub const ALL: [Self; 4] =
        [Self::MalformedFrame, Self::UnknownAction, Self::InvalidFrame, Self::Internal];

    /// The code in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedFrame => "malformed_frame",
            Self::UnknownAction => "unknown_action",
            Self::InvalidFrame => "invalid_frame",
            Self::Internal => "internal",
        }
    }
}

/// What goes back; `id` is the one that the client's frame had.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Reply {
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    Error {
        code: &'static str,
        detail: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
}

impl Reply {
    fn error(code: FrameCode, detail: &'static str, id: Option<String>) -> Self {
        Self::Error { code: code.as_str(), detail, id }
    }

    fn answer(&self) -> ApiGatewayProxyResponse {
        // Always 200: with any other status the gateway sends a text of its own.
        ok(serde_json::to_string(self).ok())
    }
}

pub(crate) fn answer(event: &ApiGatewayWebsocketProxyRequest) -> ApiGatewayProxyResponse {
    let body = event.body.as_deref().unwrap_or_default();
    if event.is_base64_encoded {
        return Reply::error(FrameCode::MalformedFrame, "send text, not binary", None).answer();
    }
    reply(body).answer()
}

/// The answer in place of a panic's.
pub(crate) fn internal() -> ApiGatewayProxyResponse {
    Reply::error(FrameCode::Internal, "something went wrong on our side", None).answer()
}

fn reply(body: &str) -> Reply {
    if body.len() > LONGEST {
        return Reply::error(FrameCode::MalformedFrame, "a frame has at most 32 KiB", None);
    }
    let Ok(frame) = serde_json::from_str::<Map<String, Value>>(body) else {
        return Reply::error(FrameCode::MalformedFrame, "a frame is a JSON object", None);
    };
    // Told also where the rest is wrong, so that the client knows which frame it was.
    let id = frame.get("id").and_then(Value::as_str).filter(|id| short(id)).map(ToOwned::to_owned);
    match frame.get("action").and_then(Value::as_str) {
        Some("ping") => match serde_json::from_value::<Ping>(Value::Object(frame)) {
            Ok(Ping { id: given, .. }) if given == id => Reply::Pong { id },
            Ok(_) => Reply::error(FrameCode::InvalidFrame, "id has at most 64 characters", None),
            Err(_) => {
                Reply::error(FrameCode::InvalidFrame, "ping takes an id, a string, and nothing else", id)
            }
        },
        Some(_) => Reply::error(FrameCode::UnknownAction, "the actions are: ping", id),
        None => Reply::error(FrameCode::MalformedFrame, "action must be a string", id),
    }
}

fn short(id: &str) -> bool {
    id.chars().count() <= LONGEST_ID
}

/// `{"action": "ping"}`: keeps the connection from being idle.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ping {
    #[expect(dead_code, reason = "read before")]
    action: String,
    #[serde(default)]
    id: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(body: &str) -> Value {
        serde_json::to_value(reply(body)).unwrap()
    }

    #[test]
    fn a_ping_is_answered() {
        assert_eq!(said(r#"{"action":"ping"}"#), json!({"type": "pong"}));
        assert_eq!(said(r#" {"id":"a1","action":"ping"} "#), json!({"type": "pong", "id": "a1"}));
        let longest = "é".repeat(64);
        assert_eq!(
            said(&json!({"action": "ping", "id": longest}).to_string()),
            json!({"type": "pong", "id": longest})
        );
    }

    #[test]
    fn whatever_else_is_refused_with_its_code_and_id() {
        let too_long = json!({"action": "ping", "id": "i".repeat(65)}).to_string();
        let huge = json!({"action": "ping", "id": "i".repeat(LONGEST)}).to_string();
        for (body, code, id) in [
            ("", "malformed_frame", None),
            ("ping", "malformed_frame", None),
            ("[]", "malformed_frame", None),
            ("null", "malformed_frame", None),
            (r#""ping""#, "malformed_frame", None),
            (r#"{"action":"ping"} {}"#, "malformed_frame", None),
            (r#"{"action":"ping""#, "malformed_frame", None),
            (r#"{"id":"a"}"#, "malformed_frame", Some("a")),
            (r#"{"action":1,"id":"a"}"#, "malformed_frame", Some("a")),
            (&"[".repeat(10_000), "malformed_frame", None),
            (&huge, "malformed_frame", None),
            (r#"{"action":"Ping"}"#, "unknown_action", None),
            (r#"{"action":"","id":"a"}"#, "unknown_action", Some("a")),
            (r#"{"action":"$default","more":1}"#, "unknown_action", None),
            (r#"{"action":"ping","more":1,"id":"a"}"#, "invalid_frame", Some("a")),
            (r#"{"action":"ping","id":7}"#, "invalid_frame", None),
            (&too_long, "invalid_frame", None),
        ] {
            let said = said(body);
            assert_eq!(
                (said["type"].as_str(), said["code"].as_str(), said["id"].as_str()),
                (Some("error"), Some(code), id),
                "{body}"
            );
            assert!(said["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{body}");
        }
    }
}
