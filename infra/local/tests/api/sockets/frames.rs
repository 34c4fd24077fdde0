//! Frames from clients, and the gateway's limits, through all of it.

use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{closed, kept, silent, socket, stage};
use crate::support::{body, pass, stranger};

#[tokio::test]
async fn frames_are_answered() {
    let (_cloud, _, _, customer) = stage().await;
    let mut socket = socket(&customer).await;
    let longest = "i".repeat(64);
    for (frame, kind, code) in [
        (r#"{"action":"ping"}"#.to_owned(), "pong", Value::Null),
        (format!(r#"{{"action":"ping","id":"{longest}"}}"#), "pong", Value::Null),
        (r#"{"action":"dance","id":"one"}"#.to_owned(), "error", json!("unknown_action")),
        (r#"{"action":"$connect"}"#.to_owned(), "error", json!("unknown_action")),
        (r#"{"action":"ping","more":true}"#.to_owned(), "error", json!("invalid_frame")),
        (r#"{"id":"two"}"#.to_owned(), "error", json!("malformed_frame")),
        (r#"{"action":1}"#.to_owned(), "error", json!("malformed_frame")),
        ("{".to_owned(), "error", json!("malformed_frame")),
        ("[]".to_owned(), "error", json!("malformed_frame")),
        (String::new(), "error", json!("malformed_frame")),
    ] {
        socket.send_message(Message::text(frame.clone())).await.unwrap();
        let answer = socket.frame().await.unwrap();
        assert_eq!((&answer["type"], &answer["code"]), (&json!(kind), &code), "{frame}: {answer}");
        let sent: Value = serde_json::from_str(&frame).unwrap_or_default();
        assert_eq!(answer["id"], sent["id"], "{frame}: {answer}");
    }
}

#[tokio::test]
async fn what_is_too_long_or_no_text_ends_it() {
    let (cloud, _, _, customer) = stage().await;
    for (message, code) in [
        (Message::text(format!(r#"{{"action":"{}"}}"#, "x".repeat(32 * 1_024))), 1009),
        (Message::text("x".repeat(128 * 1_024 + 1)), 1009),
        (Message::binary(br#"{"action":"ping"}"#.to_vec()), 1003),
    ] {
        let mut socket = socket(&customer).await;
        socket.send_message(message).await.unwrap();
        assert_eq!(closed(&mut socket).await, code);
    }
    cloud.sockets.all_gone().await;
    assert_eq!(kept(&cloud).await, 0);
}

#[tokio::test]
async fn idle_for_ten_minutes_or_old_as_two_hours() {
    let (cloud, _, _, customer) = stage().await;
    let (mut idle, mut busy) = (socket(&customer).await, socket(&customer).await);
    for _ in 0..13 {
        body(customer.post("/local/clock", &json!({ "advance_seconds": 540 })).await.unwrap(), 200);
        silent(&mut busy).await;
    }
    assert_eq!(closed(&mut idle).await, 1001);
    pass(&cloud, 184).await;
    assert_eq!(closed(&mut busy).await, 1001);
    cloud.sockets.all_gone().await;
    assert_eq!(kept(&cloud).await, 0);
}

/// The management API behind `SOCKET_API_URL`, as any caller with rights may use it.
#[tokio::test]
async fn connections_are_managed() {
    let (cloud, _, _, customer) = stage().await;
    let mut socket = socket(&customer).await;
    let items = crate::support::invariants::items(&cloud).await;
    let id = items.iter().find_map(|item| item.get("connection_id")?.as_s().ok()).expect("an item").clone();
    let path = format!("/ws/@connections/{}", id.replace('=', "%3D"));
    let signed = [("authorization", "AWS4-HMAC-SHA256 Credential=test/20310303/us-east-1/execute-api/x")];
    let caller = stranger(&cloud);
    let view = body(caller.call(Method::GET, &path, &signed, None).await.unwrap(), 200);
    let mut names: Vec<_> = view.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["connectedAt", "identity", "lastActiveAt"]);
    body(caller.call(Method::DELETE, &path, &signed, None).await.unwrap(), 204);
    assert_eq!(closed(&mut socket).await, 1000);
    cloud.sockets.all_gone().await;
    assert_eq!(kept(&cloud).await, 0);
    body(caller.call(Method::GET, &path, &signed, None).await.unwrap(), 410);
}

/// Stopping does not wait for anybody who stays connected.
#[tokio::test]
async fn a_stop_closes_all() {
    let (cloud, provider, _, customer) = stage().await;
    let mut sockets = [socket(&provider).await, socket(&customer).await];
    tokio::time::timeout(std::time::Duration::from_secs(20), cloud.stop()).await.expect("it stops");
    for socket in &mut sockets {
        assert_eq!(closed(socket).await, 1001);
    }
}
