//! Messages from clients: routes, answers, limits.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::{Gateway, context};
use crate::client::{Incoming, Socket};
use crate::socket::{MAX_FRAME, MAX_MESSAGE};

/// Sends a text in frames of so many bytes.
async fn send_in_frames(socket: &mut Socket, text: &str, size: usize) {
    let pieces: Vec<_> = text.as_bytes().chunks(size).collect();
    for (n, piece) in pieces.iter().enumerate() {
        let code = OpCode::Data(if n == 0 { Data::Text } else { Data::Continue });
        let frame = Frame::message(piece.to_vec(), code, n + 1 == pieces.len());
        // The other end may have hung up by then, which is what the caller looks at.
        drop(socket.send_message(Message::Frame(frame)).await);
    }
}

async fn code(socket: &mut Socket) -> u16 {
    match socket.next().await.unwrap() {
        Incoming::Closed(code, _) => code,
        other => panic!("not closed: {other:?}"),
    }
}

#[tokio::test]
async fn the_action_selects_the_route() {
    let mut gateway = Gateway::start().await;
    let (mut socket, id) = gateway.connected().await;
    for (body, route) in [
        (r#"{"action":"loud"}"#, "loud"),
        (r#"{"action":"other"}"#, "$default"),
        (r#"{"action":"$connect"}"#, "$default"),
        (r#"{"action":7}"#, "$default"),
        (r#"{"other":"loud"}"#, "$default"),
        (r#"["action"]"#, "$default"),
        ("{", "$default"),
        ("", "$default"),
    ] {
        socket.send_message(Message::text(body)).await.unwrap();
        let event = gateway.event("MESSAGE").await;
        assert_eq!(*context(&event, "routeKey"), json!(route), "{body}");
        assert_eq!(*context(&event, "connectionId"), json!(id));
        assert_eq!(event["body"], body);
        assert_eq!(socket.frame().await.unwrap(), json!({ "route": route, "body": body }));
    }
}

/// An answer goes back only where the route has a response, and there is something in it.
#[tokio::test]
async fn answers_go_back_where_the_route_says_so() {
    let mut gateway = Gateway::start().await;
    let (mut socket, _) = gateway.connected().await;
    for body in [r#"{"action":"quiet"}"#, "nothing", r#"{"action":"loud"}"#] {
        socket.send_message(Message::text(body)).await.unwrap();
        gateway.event("MESSAGE").await;
    }
    assert_eq!(socket.frame().await.unwrap()["route"], "loud");
}

#[tokio::test]
async fn a_function_that_fails_is_owned_up_to() {
    let mut gateway = Gateway::start().await;
    let (mut socket, id) = gateway.connected().await;
    for body in ["panic", "fail"] {
        socket.send_message(Message::text(body)).await.unwrap();
        let event = gateway.event("MESSAGE").await;
        let expected = json!({ "message": "Internal server error", "connectionId": id,
            "requestId": context(&event, "requestId") });
        assert_eq!(socket.frame().await.unwrap(), expected);
    }
    socket.send_message(Message::text("and on")).await.unwrap();
    assert_eq!(socket.frame().await.unwrap()["body"], "and on");
}

#[tokio::test]
async fn messages_of_128_kib_in_frames_of_32() {
    let mut gateway = Gateway::start().await;
    let whole = "x".repeat(MAX_MESSAGE);
    let (mut socket, _) = gateway.connected().await;
    send_in_frames(&mut socket, &whole, MAX_FRAME).await;
    assert_eq!(socket.frame().await.unwrap()["body"], whole);
    gateway.event("MESSAGE").await;

    send_in_frames(&mut socket, &format!("{whole}x"), MAX_FRAME).await;
    assert_eq!(code(&mut socket).await, 1009);
    assert_eq!(context(&gateway.event("DISCONNECT").await, "disconnectStatusCode"), 1009);

    for size in [MAX_FRAME + 1, MAX_MESSAGE] {
        let (mut socket, _) = gateway.connected().await;
        send_in_frames(&mut socket, &whole[..size], size).await;
        assert_eq!(code(&mut socket).await, 1009, "{size}");
        gateway.event("DISCONNECT").await;
    }
}

#[tokio::test]
async fn what_is_no_text_ends_it() {
    let mut gateway = Gateway::start().await;
    let data = |bytes: &[u8], kind| Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(kind), true));
    for (message, expected) in [
        (Message::binary(b"{}".to_vec()), 1003),
        (data(b"\xff\xfe", Data::Text), 1007),
        (data(b"{}", Data::Continue), 1002),
    ] {
        let (mut socket, _) = gateway.connected().await;
        socket.send_message(message).await.unwrap();
        assert_eq!(code(&mut socket).await, expected);
        let event = gateway.event("DISCONNECT").await;
        assert_eq!(*context(&event, "disconnectStatusCode"), json!(expected));
    }
}
