//! How connections begin and end.

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::{Gateway, context};
use crate::client::{ClientError, Incoming};

fn closed(code: u16, reason: &str) -> Incoming {
    Incoming::Closed(code, reason.to_owned())
}

#[tokio::test]
async fn connect_is_told_of_the_request() {
    let mut gateway = Gateway::start().await;
    let _socket = gateway.open("?ticket=one").await.unwrap();
    let event = gateway.event("CONNECT").await;
    let text = |name: &str| context(&event, name).as_str().unwrap_or_default().to_owned();
    assert_eq!(text("routeKey"), "$connect");
    assert_eq!(text("stage"), "live");
    assert_eq!(text("messageDirection"), "IN");
    assert_eq!(text("domainName"), gateway.address);
    assert_eq!(text("requestId"), text("extendedRequestId"));
    assert!(text("connectionId").len() == 16 && text("connectionId").ends_with('='), "{event}");
    let identity = context(&event, "identity");
    assert_eq!((&identity["sourceIp"], &identity["userAgent"]), (&json!("127.0.0.1"), &json!("test/1")));
    assert_eq!(context(&event, "connectedAt"), context(&event, "requestTimeEpoch"));
    assert!(text("requestTime").ends_with(" +0000"), "{event}");
    assert_eq!(event["headers"]["sec-websocket-version"], "13");
    assert_eq!(event["headers"]["x-forwarded-for"], "127.0.0.1");
}

/// The event's JSON as Lambda gets it, which the typed event above has lost.
#[test]
fn events_have_the_documented_shape() {
    use axum::http::HeaderMap;
    use jiff::Timestamp;

    use crate::socket::event::Origin;

    let origin = Origin {
        connection_id: "AAAA1234=".into(),
        connected_at: "2024-02-09T18:23:27.396Z".parse().unwrap(),
        source_ip: "192.0.2.1".into(),
        user_agent: None,
        domain: "127.0.0.1:8000".into(),
        stage: "prod".into(),
    };
    let now: Timestamp = "2024-02-09T18:23:28.941Z".parse().unwrap();
    let mut left = origin.disconnect(now, 1005, "Client-side close frame status not set");
    for name in ["requestId", "extendedRequestId"] {
        left["requestContext"][name] = json!("ABCD1234=");
    }
    let expected = json!({
        "headers": { "Host": "127.0.0.1:8000", "x-api-key": "", "X-Forwarded-For": "", "x-restapi": "" },
        "multiValueHeaders": { "Host": ["127.0.0.1:8000"], "x-api-key": [""], "X-Forwarded-For": [""],
            "x-restapi": [""] },
        "requestContext": {
            "routeKey": "$disconnect", "disconnectStatusCode": 1005, "eventType": "DISCONNECT",
            "extendedRequestId": "ABCD1234=", "requestTime": "09/Feb/2024:18:23:28 +0000",
            "messageDirection": "IN", "disconnectReason": "Client-side close frame status not set",
            "stage": "prod", "connectedAt": 1_707_503_007_396_u64, "requestTimeEpoch": 1_707_503_008_941_u64,
            "identity": { "sourceIp": "192.0.2.1" }, "requestId": "ABCD1234=",
            "domainName": "127.0.0.1:8000", "connectionId": "AAAA1234=", "apiId": "local",
        },
        "isBase64Encoded": false,
    });
    assert_eq!(left, expected);

    let mut headers = HeaderMap::new();
    headers.insert("sec-websocket-version", "13".parse().unwrap());
    headers.append("accept-language", "en".parse().unwrap());
    headers.append("accept-language", "ru".parse().unwrap());
    let query = [("ticket", "a"), ("ticket", "b")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let made = origin.connect(now, &headers, &query);
    let expected = json!({ "Sec-WebSocket-Version": ["13"], "Accept-Language": ["en", "ru"],
        "X-Forwarded-For": ["192.0.2.1"], "X-Forwarded-Port": ["8000"], "X-Forwarded-Proto": ["http"] });
    assert_eq!(made["multiValueHeaders"], expected);
    assert_eq!(made["headers"]["Accept-Language"], "ru");
    assert_eq!(made["queryStringParameters"], json!({ "ticket": "b" }));
    assert_eq!(made["multiValueQueryStringParameters"], json!({ "ticket": ["a", "b"] }));
    assert_eq!(origin.connect(now, &headers, &[]).get("queryStringParameters"), None);

    let said = origin.message(now, "$default", "hello");
    assert_eq!((&said["body"], said.get("headers")), (&json!("hello"), None));
    assert!(said["requestContext"]["messageId"].as_str().is_some_and(|id| id.len() == 16), "{said}");
}

#[tokio::test]
async fn what_connect_refuses_is_no_connection() {
    let mut gateway = Gateway::start().await;
    for (asked, status) in
        [("401", 401), ("403", 403), ("429", 429), ("302", 302), ("42", 502), ("panic", 502)]
    {
        let refused = gateway.open(&format!("?status={asked}")).await.unwrap_err();
        assert!(matches!(refused, ClientError::Refused(it) if it == status), "{asked}: {refused}");
        gateway.event("CONNECT").await;
    }
    assert_eq!(gateway.sockets.count(), 0);
    gateway.sockets.all_gone().await;
    assert!(gateway.events.try_recv().is_err(), "what was never connected is not disconnected");
    gateway.open("?status=204").await.unwrap();
}

#[tokio::test]
async fn what_is_no_handshake_is_refused() {
    let mut gateway = Gateway::start().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(format!("http://{}/ws", gateway.address)).send().await.unwrap();
    assert_eq!(answer.status(), 426);
    assert!(gateway.events.try_recv().is_err());
}

/// The client is told why, and so is `$disconnect`.
#[tokio::test]
async fn every_end_has_its_code() {
    let mut gateway = Gateway::start().await;
    let (socket, _) = gateway.connected().await;
    socket.close().await.unwrap();
    let event = gateway.event("DISCONNECT").await;
    assert_eq!(context(&event, "disconnectStatusCode"), 1005);

    let (mut socket, id) = gateway.connected().await;
    let goodbye = CloseFrame { code: 4001.into(), reason: "bored".into() };
    socket.send_message(Message::Close(Some(goodbye))).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), closed(4001, "bored"));
    let event = gateway.event("DISCONNECT").await;
    assert_eq!(
        (context(&event, "disconnectStatusCode"), context(&event, "disconnectReason")),
        (&json!(4001), &json!("bored"))
    );
    assert_eq!(*context(&event, "connectionId"), json!(id));

    let (socket, _) = gateway.connected().await;
    drop(socket);
    let event = gateway.event("DISCONNECT").await;
    assert_eq!(context(&event, "disconnectStatusCode"), 1006);
    gateway.sockets.all_gone().await;
}

/// A client that hangs up while `$connect` decides has been let in, and is let out again.
#[tokio::test]
async fn hanging_up_during_connect() {
    let mut gateway = Gateway::start().await;
    let mut raw = TcpStream::connect(&gateway.address).await.unwrap();
    let ask = format!(
        "GET /ws HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        gateway.address
    );
    raw.write_all(ask.as_bytes()).await.unwrap();
    gateway.event("CONNECT").await;
    drop(raw);
    gateway.event("DISCONNECT").await;
    gateway.sockets.all_gone().await;
}

#[tokio::test]
async fn ten_idle_minutes_end_it() {
    let mut gateway = Gateway::start().await;
    let (mut busy, _) = gateway.connected().await;
    let (mut idle, _) = gateway.connected().await;
    gateway.advance(595);
    busy.send(&json!("still here")).await.unwrap();
    busy.frame().await.unwrap();
    // Control frames are no messages.
    idle.send_message(Message::Ping("still here".into())).await.unwrap();
    gateway.event("MESSAGE").await;
    gateway.advance(6);
    assert_eq!(idle.next().await.unwrap(), closed(1001, "Going away"));
    assert_eq!(context(&gateway.event("DISCONNECT").await, "disconnectStatusCode"), 1001);
    busy.send(&json!("and now")).await.unwrap();
    assert_eq!(busy.frame().await.unwrap()["body"], "\"and now\"");
}

#[tokio::test]
async fn two_hours_end_it() {
    let mut gateway = Gateway::start().await;
    let (mut socket, _) = gateway.connected().await;
    for minutes in 1..=13 {
        gateway.advance(9 * 60);
        socket.send(&json!(minutes)).await.unwrap();
        assert_eq!(socket.frame().await.unwrap()["body"], minutes.to_string());
    }
    gateway.advance(3 * 60 + 1);
    assert_eq!(socket.next().await.unwrap(), closed(1001, "Going away"));
}

#[tokio::test]
async fn a_stop_ends_all() {
    let mut gateway = Gateway::start().await;
    let (mut one, _) = gateway.connected().await;
    let (mut two, _) = gateway.connected().await;
    let finish = gateway.sockets.clone().finish(gateway.stop.subscribe());
    gateway.stop.send_replace(true);
    finish.await;
    assert_eq!(gateway.sockets.count(), 0);
    for socket in [&mut one, &mut two] {
        assert_eq!(socket.next().await.unwrap(), closed(1001, "Going away"));
    }
    for _ in 0..2 {
        gateway.event("DISCONNECT").await;
    }
}

/// Whoever neither reads nor answers is cut off all the same.
#[tokio::test]
async fn a_silent_client_keeps_nothing_up() {
    let mut gateway = Gateway::start().await;
    let (socket, id) = gateway.connected().await;
    let large = vec![b'x'; super::super::MAX_MESSAGE];
    while gateway.manage("POST", &id, large.clone()).await.unwrap().0 == 200 {}
    gateway.advance(2 * 3_600);
    gateway.event("DISCONNECT").await;
    gateway.sockets.all_gone().await;
    drop(socket);
}
