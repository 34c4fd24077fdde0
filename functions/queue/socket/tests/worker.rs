//! The worker against a table, the gateway's `@connections` and a dead-letter queue over their protocols.

mod peers;

use banister_domain::account::{Account, AccountStatus};
use banister_domain::booking::{Actor, Booking, Status};
use banister_domain::event::{BookingRef, Payload};
use banister_domain::id::{Id, SessionId, UserId};
use banister_peers::people::{self, about, booking, customer, provider};
use banister_platform::store::{AccountRecord, BookingRecord, SessionRecord, SocketRecord};
use banister_queue_socket::SocketWorker;
use jiff::{SignedDuration, Timestamp};
use peers::{World, failures};
use serde_json::{Value, json};

fn session(number: u128) -> SessionId {
    Id::from_parts(1, number)
}

fn person(id: UserId) -> Account {
    Account { epoch: 3, ..people::person(id, "robin@example.com", "Robin") }
}

fn event(payload: Payload) -> String {
    people::event(9, Timestamp::UNIX_EPOCH, payload)
}

/// What the provider's confirmation is to the worker, whatever the booking has become since.
fn confirmed() -> String {
    event(Payload::BookingConfirmed(about(Actor::Provider)))
}

/// Both sides with a session each, and a booking that was cancelled.
async fn world() -> World {
    let world = World::start().await;
    let booking = booking(world.peers.clock.now());
    let cancelled = Booking { status: Status::Cancelled, revision: 2, ..booking };
    world.peers.table.put(&BookingRecord(cancelled)).await.expect("stored");
    for user in [customer(), provider()] {
        world.peers.table.put(&AccountRecord(person(user))).await.expect("stored");
        begin(&world, user, session(1)).await;
    }
    world
}

async fn begin(world: &World, user_id: UserId, id: SessionId) {
    let now = world.peers.clock.now();
    let expires_at = now.saturating_add(SignedDuration::from_hours(24)).expect("a moment");
    let refresh_hash = String::new();
    let record = SessionRecord {
        id,
        user_id,
        epoch: 3,
        refresh_hash,
        replaced: None,
        device: None,
        network: None,
        created_at: now,
        refreshed_at: now,
        expires_at,
    };
    world.peers.table.put(&record).await.expect("stored");
}

/// A connection that was opened a minute ago, with what is different about it.
async fn connected(
    world: &World,
    user: UserId,
    name: &str,
    change: impl FnOnce(SocketRecord) -> SocketRecord,
) {
    let now = world.peers.clock.now();
    let at = |minutes| now.saturating_add(SignedDuration::from_mins(minutes)).expect("a moment");
    let socket = SocketRecord {
        connection_id: name.to_owned(),
        user_id: user,
        session_id: session(1),
        epoch: 3,
        connected_at: at(-1),
        expires_at: at(129),
    };
    world.peers.table.put(&change(socket)).await.expect("stored");
}

async fn plain(world: &World, user: UserId, name: &str) {
    connected(world, user, name, |socket| socket).await;
}

async fn names(world: &World, user: UserId) -> Vec<String> {
    let sockets = world.connections.of_user(user).await.expect("an answer");
    sockets.into_iter().map(|socket| socket.connection_id).collect()
}

/// Calls by what they begin with: `POST c1`, `DELETE c2`.
fn begun(world: &World) -> Vec<String> {
    let calls = world.calls();
    calls.iter().map(|call| call.split_whitespace().take(2).collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test]
async fn the_other_side_is_told_how_the_booking_is_now() {
    let world = world().await;
    for name in ["c1", "c2"] {
        plain(&world, customer(), name).await;
    }
    plain(&world, provider(), "p1").await;
    assert!(world.deliver(&[&confirmed()]).await.is_empty());
    assert_eq!(begun(&world), ["POST c1", "POST c2"]);
    let calls = world.calls();
    let frame = calls[0].strip_prefix("POST c1 ").expect("a frame");
    let frame: Value = serde_json::from_str(frame).expect("JSON");
    let id: banister_domain::id::EventId = Id::from_parts(1, 9);
    assert_eq!(
        frame,
        json!({ "type": "booking.changed", "event_id": id, "booking_id": about(Actor::Time).booking_id,
            "status": "cancelled", "revision": 2, "starts_at": frame["starts_at"],
            "occurred_at": Timestamp::UNIX_EPOCH })
    );
    assert!(frame["starts_at"].as_str().is_some_and(|at| at.parse::<Timestamp>().is_ok()), "{frame}");
}

#[tokio::test]
async fn both_sides_are_told_what_time_did() {
    let world = world().await;
    plain(&world, customer(), "c1").await;
    plain(&world, provider(), "p1").await;
    assert!(world.deliver(&[&event(Payload::BookingExpired(about(Actor::Time)))]).await.is_empty());
    assert_eq!(begun(&world), ["POST c1", "POST p1"]);
}

#[tokio::test]
async fn a_connection_that_is_gone_is_forgotten_unless_it_may_still_be_opening() {
    let world = world().await;
    plain(&world, customer(), "old").await;
    let now = world.peers.clock.now();
    connected(&world, customer(), "new", |socket| SocketRecord { connected_at: now, ..socket }).await;
    world.answer("old", &[410]);
    world.answer("new", &[410]);
    assert_eq!(world.deliver(&[&confirmed()]).await, ["m0"]);
    assert_eq!(names(&world, customer()).await, ["new"]);
    assert!(world.deliver(&[&confirmed()]).await.is_empty());
    assert_eq!(begun(&world), ["POST new", "POST new", "POST old"]);
    assert_eq!(names(&world, customer()).await, ["new"]);
}

#[tokio::test]
async fn a_busy_connection_is_tried_again_and_keeps_no_other_back() {
    let world = world().await;
    for name in ["c1", "c2", "c3"] {
        plain(&world, customer(), name).await;
    }
    world.answer("c1", &[429, 429]);
    world.answer("c2", &[429, 503, 429, 429]);
    assert_eq!(world.deliver(&[&confirmed()]).await, ["m0"]);
    let count = |name: &str| begun(&world).iter().filter(|call| call.ends_with(name)).count();
    assert_eq!(["c1", "c2", "c3"].map(count), [3, 4, 1]);
    assert!(world.deliver(&[&confirmed()]).await.is_empty());
    assert_eq!(["c1", "c2", "c3"].map(count), [4, 5, 2]);
    assert_eq!(names(&world, customer()).await, ["c1", "c2", "c3"]);
}

#[tokio::test]
async fn a_missing_right_or_gateway_makes_the_message_come_again() {
    let world = world().await;
    plain(&world, customer(), "c1").await;
    world.answer("c1", &[403]);
    assert_eq!(world.deliver(&[&confirmed()]).await, ["m0"]);
    assert_eq!(begun(&world), ["POST c1"]);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = nobody.local_addr().expect("an address");
    drop(nobody);
    let settings = world.peers.settings_but("SOCKET_API_URL", format!("http://{address}/live"));
    let worker = SocketWorker::from_settings(&settings, world.peers.clock.clone());
    assert_eq!(failures(&worker.expect("a worker"), &[&confirmed()]).await, ["m0"]);
    assert_eq!(names(&world, customer()).await, ["c1"]);
    assert!(world.peers.dead().is_empty());
}

#[tokio::test]
async fn what_does_not_stand_is_told_nothing_and_closed() {
    let world = world().await;
    let now = world.peers.clock.now();
    plain(&world, customer(), "good").await;
    let change = |socket| SocketRecord { session_id: session(7), ..socket };
    connected(&world, customer(), "session", change).await;
    connected(&world, customer(), "epoch", |socket| SocketRecord { epoch: 2, ..socket }).await;
    connected(&world, customer(), "expired", |socket| SocketRecord { expires_at: now, ..socket }).await;
    world.answer("epoch", &[410]);
    assert!(world.deliver(&[&confirmed()]).await.is_empty());
    assert_eq!(begun(&world), ["DELETE epoch", "DELETE session", "POST good"]);
    assert_eq!(names(&world, customer()).await, ["good"]);

    let off = Account { status: AccountStatus::Disabled, ..person(customer()) };
    world.peers.table.put(&AccountRecord(off)).await.expect("stored");
    assert!(world.deliver(&[&confirmed()]).await.is_empty());
    assert_eq!(begun(&world), ["DELETE epoch", "DELETE good", "DELETE session", "POST good"]);
    assert!(names(&world, customer()).await.is_empty());
}

#[tokio::test]
async fn an_ended_session_closes_its_connections_and_no_others() {
    let world = world().await;
    begin(&world, customer(), session(2)).await;
    plain(&world, customer(), "stays").await;
    let change = |number| move |socket| SocketRecord { session_id: session(number), ..socket };
    connected(&world, customer(), "since", change(2)).await;
    for name in ["over", "over too"] {
        connected(&world, customer(), &name.replace(' ', "-"), change(3)).await;
    }
    world.answer("over", &[500, 500, 500, 500]);
    let ended = |session_id| event(Payload::SessionsEnded { user_id: customer(), session_id });
    assert_eq!(world.deliver(&[&ended(Some(session(3)))]).await, ["m0"]);
    assert_eq!(names(&world, customer()).await, ["over", "since", "stays"]);
    assert!(world.deliver(&[&ended(None)]).await.is_empty());
    assert_eq!(names(&world, customer()).await, ["since", "stays"]);
    assert!(begun(&world).iter().all(|call| call.starts_with("DELETE over")), "{:?}", world.calls());
}

#[tokio::test]
async fn a_replaced_connection_is_told_and_closed() {
    let world = world().await;
    let now = world.peers.clock.now();
    let ago = |seconds| now.saturating_sub(SignedDuration::from_secs(seconds)).expect("a moment");
    let replaced = |connection: &str, connected_at| {
        let connection_id = connection.to_owned();
        event(Payload::ConnectionReplaced { user_id: customer(), connection_id, connected_at })
    };
    let (open, gone, opening) = (replaced("c1", ago(60)), replaced("c2", ago(60)), replaced("c3", now));
    for name in ["c2", "c3"] {
        world.answer(name, &[410, 410]);
    }
    world.answer("c1", &[429, 429, 429, 429, 500]);
    assert_eq!(world.deliver(&[&open, &gone, &opening]).await, ["m2"]);
    let count = |call: &str| begun(&world).iter().filter(|begun| *begun == call).count();
    let calls = ["POST c1", "DELETE c1", "POST c2", "DELETE c2", "POST c3", "DELETE c3"];
    assert_eq!(calls.map(count), [4, 2, 1, 1, 1, 1], "who does not read is closed all the same");
    assert!(world.calls().iter().any(|call| call.contains(r#""type":"connection.replaced""#)));
    assert!(world.deliver(&[&opening]).await.is_empty());
    assert!(world.peers.dead().is_empty());
}

#[tokio::test]
async fn ten_connections_are_told_at_a_time() {
    let world = world().await;
    for number in 0..10 {
        plain(&world, customer(), &format!("c{number}")).await;
        plain(&world, provider(), &format!("p{number}")).await;
    }
    world.together(10);
    let other = event(Payload::BookingRequested(about(Actor::Customer)));
    assert!(world.deliver(&[&confirmed(), &other]).await.is_empty());
    assert_eq!((world.calls().len(), world.most()), (20, 10));
}

#[tokio::test]
async fn poison_is_put_aside_and_what_is_for_nobody_is_done() {
    let world = world().await;
    let unknown = r#"{"id":"evt_01KB2Q7S3H8Z6W4V5N9RXTMCDE","occurred_at":"2026-03-10T10:00:00Z","type":"moon.rose","data":{}}"#;
    let nowhere = BookingRef { booking_id: Id::from_parts(1, 8), ..about(Actor::Provider) };
    let nowhere = event(Payload::BookingConfirmed(nowhere));
    let removed = event(Payload::PhotoRemoved { user_id: customer() });
    assert!(world.deliver(&["not JSON", unknown, &nowhere, &removed, &confirmed()]).await.is_empty());
    assert_eq!(world.peers.dead().len(), 2);
    assert!(world.calls().is_empty());
}
