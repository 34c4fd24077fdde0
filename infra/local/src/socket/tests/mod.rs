//! The gateway with a function of the tests' own, over the real protocols.

#![allow(clippy::unwrap_used, reason = "a test may fail in its helpers too")]

mod connections;
mod management;
mod messages;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lambda_events::encodings::Body;
use aws_lambda_events::event::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use banister_platform::clock::Clock;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::{SocketApi, Sockets};
use crate::client::{ClientError, Socket};
use crate::faults::Faults;
use crate::sqs::hangup::{CutListener, Peer};
use crate::template::{SocketDefinition, SocketRoute};

/// A caller of the management API.
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/execute-api/aws4_request, \
    SignedHeaders=host, Signature=0";

/// A running gateway.
struct Gateway {
    address: String,
    sockets: Sockets,
    clock: Clock,
    faults: Faults,
    events: mpsc::UnboundedReceiver<Value>,
    stop: watch::Sender<bool>,
}

impl Gateway {
    /// With the routes `$connect`, `$disconnect`, `$default` (which answers), `quiet` and `loud`.
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (told, events) = mpsc::unbounded_channel();
        let (stop, stopped) = watch::channel(false);
        let (sockets, clock, faults) = (Sockets::default(), Clock::system(), Faults::new());
        let own = address.clone();
        let api = SocketApi {
            sockets: sockets.clone(),
            definition: definition(),
            function: Arc::new(move |event| {
                drop(told.send(serde_json::to_value(&event).unwrap()));
                Box::pin(function(event, own.clone()))
            }),
            faults: faults.clone(),
            clock: clock.clone(),
            domain: address.clone(),
            stop: stopped,
        };
        let app = api.routes().into_make_service_with_connect_info::<Peer>();
        tokio::spawn(async move { axum::serve(CutListener(listener), app).await });
        Self { address, sockets, clock, faults, events, stop }
    }

    async fn open(&self, query: &str) -> Result<Socket, ClientError> {
        Socket::open(&format!("ws://{}/ws{query}", self.address), &[("user-agent", "test/1")]).await
    }

    /// The next event; it must be of this type.
    async fn event(&mut self, kind: &str) -> Value {
        let event = self.events.recv().await.unwrap();
        assert_eq!(event["requestContext"]["eventType"], kind, "{event}");
        event
    }

    /// A connection with its id.
    async fn connected(&mut self) -> (Socket, String) {
        let socket = self.open("").await.unwrap();
        let event = self.event("CONNECT").await;
        (socket, event["requestContext"]["connectionId"].as_str().unwrap().to_owned())
    }

    /// A call of the management API as the role `test`: status, error type, body.
    async fn manage(
        &self,
        method: &str,
        id: &str,
        body: Vec<u8>,
    ) -> Result<(u16, String, Value), reqwest::Error> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("http://{}/ws/@connections/{}", self.address, id.replace('=', "%3D"));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.request(method, url).header("authorization", SIGNED).body(body).send().await?;
        let status = answer.status().as_u16();
        let kind = answer.headers().get("x-amzn-errortype").map(|kind| kind.to_str().unwrap().to_owned());
        let bytes = answer.bytes().await?;
        Ok((status, kind.unwrap_or_default(), serde_json::from_slice(&bytes).unwrap_or_default()))
    }

    fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
        self.sockets.clock_moved();
    }
}

fn definition() -> SocketDefinition {
    let route = |answers| SocketRoute { function: "Function".into(), answers };
    let routes = [
        ("$connect", route(false)),
        ("$disconnect", route(false)),
        ("$default", route(true)),
        ("quiet", route(false)),
        ("loud", route(true)),
    ];
    let routes: BTreeMap<_, _> = routes.map(|(key, route)| (key.to_owned(), route)).into();
    SocketDefinition { stage: "live".into(), selector: "action".into(), routes }
}

/// Does what the query of a connection or the message asks for.
async fn function(event: ApiGatewayWebsocketProxyRequest, address: String) -> ApiGatewayProxyResponse {
    let mut answer = ApiGatewayProxyResponse::default();
    answer.status_code = 200;
    let body = event.body.clone().unwrap_or_default();
    let status = event.query_string_parameters.first("status").map(ToOwned::to_owned);
    assert!(body != "panic" && status.as_deref() != Some("panic"), "as asked");
    if let Some(status) = status {
        answer.status_code = status.parse().unwrap();
    }
    if event.query_string_parameters.first("post").is_some() {
        // A post to the connection that is only being made.
        let id = event.request_context.connection_id.clone().unwrap().replace('=', "%3D");
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let post =
            http.post(format!("http://{address}/ws/@connections/{id}")).header("authorization", SIGNED);
        answer.status_code = i64::from(post.body("too early").send().await.unwrap().status().as_u16());
    }
    match body.as_str() {
        "fail" => answer.status_code = 500,
        "nothing" => {}
        body => {
            let said = json!({ "route": event.request_context.route_key, "body": body });
            answer.body = Some(Body::Text(said.to_string()));
        }
    }
    answer
}

/// What the events of a list have under `requestContext`.
fn context<'a>(event: &'a Value, name: &str) -> &'a Value {
    &event["requestContext"][name]
}
