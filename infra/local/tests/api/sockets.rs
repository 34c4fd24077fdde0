//! The WebSocket API: tickets, frames, pushes, and how connections end.

mod ending;
mod frames;
mod pushes;
mod tickets;
mod workers;

use banister_local::client::{Client, Incoming, Socket};
use banister_local::cloud::Cloud;
use banister_platform::store::Accounts;
use banister_platform::table::Table;
use serde_json::{Value, json};

use crate::support::invariants::items;
use crate::support::{self, body, text};

/// A Monday.
const START: &str = "2031-03-03T06:00:00Z";

/// A cloud with a provider, their service of an hour, and a customer.
async fn stage() -> (Cloud, Client, String, Client) {
    let cloud = support::cloud_at(START).await;
    let provider = support::provider(&cloud, "Provider One").await;
    let service = support::service(&provider, 60).await;
    let customer = support::customer(&cloud, "Customer One").await;
    (cloud, provider, service, customer)
}

async fn socket(client: &Client) -> Socket {
    client.socket().await.expect("a WebSocket")
}

/// Books the `n`-th hour from the third day after the start on; answers the booking's id.
async fn book(customer: &Client, service: &str, n: usize) -> String {
    let starts_at = format!("2031-03-{:02}T{:02}:00:00Z", 6 + n / 24, n % 24);
    let answer = customer.book(service, &starts_at, &format!("intention-{n}")).await.expect("an answer");
    text(&body(answer, 201), "id").to_owned()
}

async fn act(who: &Client, booking: &str, command: &str) {
    let path = format!("/v1/bookings/{booking}/{command}");
    body(who.post(&path, &json!({})).await.expect("an answer"), 200);
}

/// The next frame is the news that a booking has come to this status.
async fn told(socket: &mut Socket, booking: &str, status: &str) -> Value {
    let frame = socket.frame().await.expect("a frame");
    let expected = json!({ "type": "booking.changed", "booking_id": booking, "status": status });
    for name in ["type", "booking_id", "status"] {
        assert_eq!(frame[name], expected[name], "{frame}");
    }
    frame
}

/// The other side answers, and has sent nothing before that.
async fn silent(socket: &mut Socket) {
    socket.send(&json!({ "action": "ping" })).await.expect("it is open");
    assert_eq!(socket.frame().await.expect("a frame"), json!({ "type": "pong" }));
}

/// The next thing is the end, by the gateway.
async fn closed(socket: &mut Socket) -> u16 {
    match socket.next().await.expect("an end") {
        Incoming::Closed(code, _) => code,
        other => panic!("not closed: {other:?}"),
    }
}

/// How many items of connections the table holds, of both kinds together.
async fn kept(cloud: &Cloud) -> usize {
    let of = |item: &support::invariants::HashMap| item.get("t").and_then(|kind| kind.as_s().ok()).cloned();
    let kinds: Vec<_> = items(cloud).await.iter().filter_map(of).collect();
    kinds.iter().filter(|kind| ["socket", "connection"].contains(&kind.as_str())).count()
}

fn accounts(cloud: &Cloud) -> Accounts {
    Accounts::new(Table::from_settings(&cloud.settings("local-test")).expect("settings"))
}
