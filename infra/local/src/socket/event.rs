//! The events of a connection as API Gateway hands them to a function
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html>).

use axum::http::HeaderMap;
use banister_platform::random;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

/// The API's id in events.
const API_ID: &str = "local";

/// A name as API Gateway makes them for connections, requests and messages: 15 characters and a `=`.
pub(super) fn name() -> String {
    URL_SAFE.encode(random::bytes::<11>())
}

/// Whether it can be the name of a connection.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && URL_SAFE.decode(text).is_ok()
}

/// Where a connection comes from: what all its events have in common.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) connection_id: String,
    pub(super) connected_at: Timestamp,
    pub(super) source_ip: String,
    pub(super) user_agent: Option<String>,
    pub(super) domain: String,
    pub(super) stage: String,
}

impl Origin {
    /// `identity` of events and of the management API.
    pub(super) fn identity(&self) -> Value {
        let mut identity = json!({ "sourceIp": self.source_ip });
        if let Some(agent) = &self.user_agent {
            identity["userAgent"] = json!(agent);
        }
        identity
    }

    /// The client asks for a connection.
    pub(super) fn connect(&self, now: Timestamp, headers: &HeaderMap, query: &[(String, String)]) -> Value {
        let (_, port) = self.domain.rsplit_once(':').unwrap_or_default();
        let mut many = Map::new();
        let mut add = |name: String, value: &str| {
            let values = many.entry(name).or_insert_with(|| json!([]));
            values.as_array_mut().expect("each value is a list").push(json!(value));
        };
        for (name, value) in headers {
            if let Ok(value) = value.to_str() {
                add(in_capitals(name.as_str()), value);
            }
        }
        add("X-Forwarded-For".into(), &self.source_ip);
        add("X-Forwarded-Port".into(), port);
        add("X-Forwarded-Proto".into(), "http");
        let mut event = self.event(now, "CONNECT", "$connect");
        event["headers"] = last_of_each(&many);
        event["multiValueHeaders"] = Value::Object(many);
        if !query.is_empty() {
            let mut many = Map::new();
            for (name, value) in query {
                let values = many.entry(name.clone()).or_insert_with(|| json!([]));
                values.as_array_mut().expect("each value is a list").push(json!(value));
            }
            event["queryStringParameters"] = last_of_each(&many);
            event["multiValueQueryStringParameters"] = Value::Object(many);
        }
        event
    }

    /// The client has sent a message.
    pub(super) fn message(&self, now: Timestamp, route: &str, body: &str) -> Value {
        let mut event = self.event(now, "MESSAGE", route);
        event["requestContext"]["messageId"] = json!(name());
        event["body"] = json!(body);
        event
    }

    /// The connection is over.
    pub(super) fn disconnect(&self, now: Timestamp, code: u16, reason: &str) -> Value {
        let mut event = self.event(now, "DISCONNECT", "$disconnect");
        event["requestContext"]["disconnectStatusCode"] = json!(code);
        event["requestContext"]["disconnectReason"] = json!(reason);
        let headers =
            [("Host", self.domain.as_str()), ("x-api-key", ""), ("X-Forwarded-For", ""), ("x-restapi", "")];
        let many = headers.iter().map(|(name, value)| ((*name).to_owned(), json!([value]))).collect();
        event["headers"] = last_of_each(&many);
        event["multiValueHeaders"] = Value::Object(many);
        event
    }

    fn event(&self, now: Timestamp, kind: &str, route: &str) -> Value {
        let request = name();
        let time = now.to_zoned(TimeZone::UTC).strftime("%d/%b/%Y:%H:%M:%S %z").to_string();
        json!({
            "requestContext": {
                "routeKey": route,
                "eventType": kind,
                "extendedRequestId": request,
                "requestTime": time,
                "messageDirection": "IN",
                "stage": self.stage,
                "connectedAt": self.connected_at.as_millisecond(),
                "requestTimeEpoch": now.as_millisecond(),
                "identity": self.identity(),
                "requestId": request,
                "domainName": self.domain,
                "connectionId": self.connection_id,
                "apiId": API_ID,
            },
            "isBase64Encoded": false,
        })
    }
}

fn last_of_each(many: &Map<String, Value>) -> Value {
    let last = |values: &Value| values.as_array().and_then(|values| values.last()).cloned();
    many.iter().map(|(name, values)| (name.clone(), last(values).unwrap_or_default())).collect()
}

/// A header's name as events have it, such as `Sec-WebSocket-Key`.
fn in_capitals(name: &str) -> String {
    let words = name.split('-').map(|word| match word {
        "websocket" => "WebSocket".to_owned(),
        word => {
            word.chars().take(1).map(|first| first.to_ascii_uppercase()).chain(word.chars().skip(1)).collect()
        }
    });
    words.collect::<Vec<String>>().join("-")
}
