//! `@connections`, and what goes wrong in it.

use serde_json::{Value, json};

use super::Gateway;
use crate::client::{ClientError, Incoming};
use crate::faults::{CRASHED, FaultKind, Verdict};
use crate::socket::MAX_MESSAGE;

#[tokio::test]
async fn posts_reach_the_client() {
    let mut gateway = Gateway::start().await;
    let (mut socket, id) = gateway.connected().await;
    let (mut other, _) = gateway.connected().await;
    assert_eq!(gateway.manage("POST", &id, b"{\"n\":1}".to_vec()).await.unwrap().0, 200);
    let large = vec![b'x'; MAX_MESSAGE];
    assert_eq!(gateway.manage("POST", &id, large.clone()).await.unwrap().0, 200);
    let (status, kind, _) =
        gateway.manage("POST", &id, [large.clone(), b"x".to_vec()].concat()).await.unwrap();
    assert_eq!((status, kind.as_str()), (413, "PayloadTooLargeException"));
    assert_eq!(socket.frame().await.unwrap(), json!({ "n": 1 }));
    assert_eq!(socket.frame().await.unwrap(), json!(String::from_utf8(large).unwrap()));
    other.send(&json!("mine")).await.unwrap();
    assert_eq!(other.frame().await.unwrap()["body"], "\"mine\"", "nothing else came");
}

#[tokio::test]
async fn a_connection_is_described_and_closed() {
    let mut gateway = Gateway::start().await;
    let (mut socket, id) = gateway.connected().await;
    gateway.advance(60);
    socket.send(&json!("active")).await.unwrap();
    socket.frame().await.unwrap();
    gateway.event("MESSAGE").await;
    let (status, _, view) = gateway.manage("GET", &id, Vec::new()).await.unwrap();
    assert_eq!(
        (status, &view["identity"]),
        (200, &json!({ "sourceIp": "127.0.0.1", "userAgent": "test/1" }))
    );
    let time = |name: &str| view[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!((60..62).contains(&time("lastActiveAt").duration_since(time("connectedAt")).as_secs()), "{view}");

    assert_eq!(gateway.manage("DELETE", &id, Vec::new()).await.unwrap(), (204, String::new(), Value::Null));
    assert_eq!(socket.next().await.unwrap(), Incoming::Closed(1000, "Connection Closed Normally".into()));
    gateway.event("DISCONNECT").await;
    for method in ["POST", "GET", "DELETE"] {
        let (status, kind, _) = gateway.manage(method, &id, Vec::new()).await.unwrap();
        assert_eq!((status, kind.as_str()), (410, "GoneException"), "{method}");
    }
}

#[tokio::test]
async fn what_is_no_connection() {
    let gateway = Gateway::start().await;
    assert_eq!(gateway.manage("POST", "AAAAAAAAAAAAAAA=", Vec::new()).await.unwrap().0, 410);
    assert_eq!(gateway.manage("POST", "no such thing", Vec::new()).await.unwrap().0, 400);
    assert_eq!(gateway.manage("PUT", "AAAAAAAAAAAAAAA=", Vec::new()).await.unwrap().0, 405);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let unsigned = http.get(format!("http://{}/ws/@connections/AAAA", gateway.address)).send().await.unwrap();
    assert_eq!(unsigned.status(), 403);
}

/// There is no connection before `$connect` has said yes.
#[tokio::test]
async fn nothing_can_be_posted_from_inside_connect() {
    let gateway = Gateway::start().await;
    let refused = gateway.open("?post").await.unwrap_err();
    assert!(matches!(refused, ClientError::Refused(status) if status == 410), "{refused}");
}

/// A bounded number of messages waits for a client that does not read.
#[tokio::test]
async fn a_slow_client_has_a_limit() {
    let mut gateway = Gateway::start().await;
    let (mut socket, id) = gateway.connected().await;
    let mut sent = 0_u64;
    let refused = loop {
        let message = json!({ "n": sent, "padding": "x".repeat(100_000) }).to_string();
        let answer = gateway.manage("POST", &id, message.into_bytes()).await.unwrap();
        if answer.0 != 200 {
            break answer;
        }
        sent += 1;
        assert!(sent < 1_000, "there is no limit");
    };
    assert_eq!((refused.0, refused.1.as_str()), (429, "LimitExceededException"));
    for n in 0..sent {
        assert_eq!(socket.frame().await.unwrap()["n"], n, "what was taken is kept, in order");
    }
    assert_eq!(gateway.manage("POST", &id, b"{}".to_vec()).await.unwrap().0, 200);
}

#[tokio::test]
async fn faults_strike_here_too() {
    let mut gateway = Gateway::start().await;
    let (mut socket, id) = gateway.connected().await;
    gateway.faults.script("test", "PostToConnection", Verdict::Refuse(FaultKind::Throttle));
    gateway.faults.script("test", "PostToConnection", Verdict::Refuse(FaultKind::Lost));
    gateway.faults.script("test", "PostToConnection", Verdict::LoseAnswer);
    let throttled = gateway.manage("POST", &id, b"1".to_vec()).await.unwrap();
    assert_eq!((throttled.0, throttled.1.as_str()), (429, "LimitExceededException"));
    gateway.manage("POST", &id, b"2".to_vec()).await.expect_err("the line is cut");
    gateway.manage("POST", &id, b"3".to_vec()).await.expect_err("the line is cut");
    gateway.faults.crash_after("test", 1);
    let dead = gateway.manage("POST", &id, b"4".to_vec()).await.unwrap();
    assert_eq!((dead.0, dead.1.as_str()), (400, CRASHED));
    assert_eq!(gateway.manage("POST", &id, b"5".to_vec()).await.unwrap().0, 400);
    gateway.faults.revive("test");
    assert_eq!(gateway.manage("POST", &id, b"6".to_vec()).await.unwrap().0, 200);
    for expected in [3, 4, 6] {
        assert_eq!(socket.frame().await.unwrap(), json!(expected));
    }
    assert_eq!(gateway.faults.calls("test"), 6);
}
