//! The upgrade request: `$connect` decides, and only then is there a connection.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::USER_AGENT;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use super::event::{Origin, name};
use super::{Failed, SocketApi, connection};
use crate::sqs::hangup::Peer;

/// `GET /ws`. A refusal of `$connect` is passed on as its status alone.
pub(super) async fn open(
    State(api): State<Arc<SocketApi>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    mut request: Request,
) -> Response {
    let Ok(switching) = create_response_with_body(&request, Body::empty) else {
        return refuse(StatusCode::UPGRADE_REQUIRED);
    };
    let Some(place) = api.sockets.place() else { return refuse(StatusCode::TOO_MANY_REQUESTS) };
    let (origin, event) = ask(&api, &peer, &request);
    let upgrade = hyper::upgrade::on(&mut request);
    let (answer, answered) = oneshot::channel();
    // On its own: a client that hangs up before the answer has been let in all the same, and must be let out.
    tokio::spawn(async move {
        let outcome = admit(&api, event).await;
        let admitted = outcome.is_ok().then(|| api.sockets.add(origin));
        // Whether anybody still waits for the answer shows in the upgrade.
        let _ = answer.send(outcome);
        if let Some((live, messages)) = admitted {
            connection::run(&api, &live, messages, upgrade).await;
        }
        drop(place);
    });
    match answered.await {
        Ok(Ok(())) => switching,
        Ok(Err(status)) => refuse(status),
        Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn ask(api: &SocketApi, peer: &Peer, request: &Request) -> (Origin, Value) {
    let now = api.clock.now();
    let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    let origin = Origin {
        connection_id: name(),
        connected_at: now,
        source_ip: peer.address.ip().to_string(),
        user_agent: agent.map(ToOwned::to_owned),
        domain: api.domain.clone(),
        stage: api.definition.stage.clone(),
    };
    let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    let event = origin.connect(now, request.headers(), &query.map(|query| query.0).unwrap_or_default());
    (origin, event)
}

/// What `$connect` says, where there is such a route.
async fn admit(api: &SocketApi, event: Value) -> Result<(), StatusCode> {
    if !api.definition.routes.contains_key("$connect") {
        return Ok(());
    }
    match api.invoke(event).await {
        Ok(answer) if (200..300).contains(&answer.status_code) => Ok(()),
        Ok(answer) => {
            let status = u16::try_from(answer.status_code).ok();
            Err(status.and_then(|it| StatusCode::from_u16(it).ok()).unwrap_or(StatusCode::BAD_GATEWAY))
        }
        Err(Failed::Function) => Err(StatusCode::BAD_GATEWAY),
        Err(Failed::Late) => Err(StatusCode::GATEWAY_TIMEOUT),
    }
}

fn refuse(status: StatusCode) -> Response {
    let message = status.canonical_reason().unwrap_or_default();
    (status, axum::Json(json!({ "message": message }))).into_response()
}
