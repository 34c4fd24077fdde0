//! What opens a connection, and what does not.

use banister_local::client::{ClientError, Socket};
use banister_local::cloud::Cloud;
use banister_platform::identity::refresh::RefreshToken;
use banister_platform::identity::ticket::Ticket;
use banister_platform::random;
use banister_platform::store::{Connections, Place, Sessions, SignIn};
use banister_platform::table::Table;
use futures_util::future::join_all;
use serde_json::json;

use super::{accounts, closed, kept, silent, socket, stage};
use crate::support::{body, cloud, cloud_at, customer, pass, switch_off, text};

/// With which status the handshake is refused; 101 where it is not.
async fn status(url: &str, headers: &[(&str, &str)]) -> u16 {
    match Socket::open(url, headers).await {
        Ok(_) => 101,
        Err(ClientError::Refused(status)) => status.as_u16(),
        Err(error) => panic!("{error}"),
    }
}

async fn at_rest(cloud: &Cloud) {
    cloud.sockets.all_gone().await;
    assert_eq!(kept(cloud).await, 0, "no connection, no item");
}

#[tokio::test]
async fn a_ticket_opens_a_connection() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let ticket = body(client.act("/v1/chat/tickets").await.unwrap(), 201);
    let url = format!("{}?ticket={}", cloud.socket_url(), text(&ticket, "ticket"));
    assert_eq!(ticket, json!({ "ticket": ticket["ticket"], "url": url, "expires_in": 60 }));
    assert_eq!(text(&ticket, "ticket").len(), 43, "32 random bytes");
    let mut socket = Socket::open(&url, &[]).await.unwrap();
    silent(&mut socket).await;
    assert_eq!((cloud.sockets.count(), kept(&cloud).await), (1, 2));
    socket.close().await.unwrap();
    at_rest(&cloud).await;
}

#[tokio::test]
async fn a_ticket_is_good_once() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let url = client.ticket().await.unwrap();
    let mut first = Socket::open(&url, &[]).await.unwrap();
    assert_eq!(status(&url, &[]).await, 401);
    silent(&mut first).await;

    let url = client.ticket().await.unwrap();
    let tries = join_all((0..20).map(|_| Socket::open(&url, &[]))).await;
    let (open, refused): (Vec<_>, Vec<_>) = tries.into_iter().partition(Result::is_ok);
    assert_eq!(open.len(), 1, "{refused:?}");
    for error in refused {
        assert!(matches!(error, Err(ClientError::Refused(status)) if status == 401), "{error:?}");
    }
    drop((first, open));
    at_rest(&cloud).await;
}

#[tokio::test]
async fn what_is_no_ticket_opens_nothing() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let client = customer(&cloud, "Customer One").await;
    let old = client.ticket().await.unwrap();
    pass(&cloud, 61).await;
    let token = client.token.clone().unwrap();
    let url = cloud.socket_url();
    for url in [
        old,
        url.clone(),
        format!("{url}?ticket="),
        format!("{url}?ticket={}", "A".repeat(43)),
        format!("{url}?ticket={}", "A".repeat(5_000)),
        format!("{url}?ticket=%00%ff"),
        format!("{url}?ticket={token}"),
        format!("{url}?token={token}"),
    ] {
        assert_eq!(status(&url, &[]).await, 401, "{url}");
    }
    at_rest(&cloud).await;
}

/// A browser says where its page is from; a page from elsewhere gets nowhere, and leaves the ticket unused.
#[tokio::test]
async fn pages_from_elsewhere_are_refused() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let own = cloud.url();
    for (origin, expected) in [
        ("http://localhost:3000", 101),
        ("HTTP://LOCALHOST:3000", 101),
        (own.as_str(), 101),
        ("https://localhost:3000", 403),
        ("http://localhost:3001", 403),
        ("http://localhost", 403),
        ("http://localhost:3000.example.com", 403),
        ("https://example.com", 403),
        ("null", 403),
    ] {
        let url = client.ticket().await.unwrap();
        assert_eq!(status(&url, &[("origin", origin)]).await, expected, "{origin}");
        assert_eq!(status(&url, &[]).await, if expected == 101 { 401 } else { 101 }, "{origin}");
    }
    at_rest(&cloud).await;
}

/// A ticket is worth no more than the session that asked for it.
#[tokio::test]
async fn tickets_end_with_their_session() {
    let (cloud, _, _, client) = stage().await;
    let mut other = client.clone();
    other.sign_in().await.unwrap();
    let (one, two) = (client.ticket().await.unwrap(), other.ticket().await.unwrap());
    body(client.delete("/v1/sessions/current").await.unwrap(), 204);
    assert_eq!((status(&one, &[]).await, status(&two, &[]).await), (401, 101));

    let ticket = other.ticket().await.unwrap();
    body(other.delete("/v1/sessions").await.unwrap(), 204);
    assert_eq!(status(&ticket, &[]).await, 401);

    other.sign_in().await.unwrap();
    let ticket = other.ticket().await.unwrap();
    switch_off(&cloud, &other.id).await;
    assert_eq!(status(&ticket, &[]).await, 401);
}

#[tokio::test]
async fn fifty_connections_and_thirty_tickets_a_minute() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let (client, other) = (customer(&cloud, "Customer One").await, customer(&cloud, "Customer Two").await);
    let mut open = Vec::new();
    for _ in 0..30 {
        open.push(socket(&client).await);
    }
    let over = client.act("/v1/chat/tickets").await.unwrap();
    assert_eq!((over.status.as_u16(), over.code()), (429, "too_many_requests"));
    pass(&cloud, 61).await;
    let theirs = socket(&other).await;
    for _ in 0..22 {
        open.push(socket(&client).await);
    }
    for mut oldest in open.drain(..2) {
        assert_eq!(oldest.frame().await.unwrap()["type"], "connection.replaced");
        assert_eq!(closed(&mut oldest).await, 1000);
    }
    cloud.quiet().await.unwrap();
    assert_eq!((cloud.sockets.count(), kept(&cloud).await), (51, 102));
    silent(&mut open[0]).await;
    drop((open, theirs));
    at_rest(&cloud).await;
}

/// The gateway tells of no end: what it left behind makes room, and nobody is refused.
#[tokio::test]
async fn fifty_lost_ends_lock_nobody_out() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let client = customer(&cloud, "Customer One").await;
    let table = Table::from_settings(&cloud.settings("local-test")).unwrap();
    let (user, now) = (client.id.parse().unwrap(), cloud.clock.now());
    let account = accounts(&cloud).get(user).await.unwrap().unwrap();
    let token = RefreshToken::issue(user, random::id(now));
    Sessions::new(table.clone())
        .begin(&token, SignIn::to(&account), Place::default(), "test".into(), now)
        .await
        .unwrap();
    let store = Connections::new(table);
    for number in 0..50 {
        let ticket = Ticket::issue();
        store.keep(&ticket, (user, token.session_id, account.value.epoch), now).await.unwrap();
        store.open(&ticket, &format!("bm9ib2R5{number:04}"), now).await.unwrap();
    }
    pass(&cloud, 11).await;
    let mut first = socket(&client).await;
    let mut second = socket(&client).await;
    cloud.quiet().await.unwrap();
    assert_eq!(kept(&cloud).await, 100, "two of those that were lost are forgotten");
    silent(&mut first).await;
    silent(&mut second).await;
}

/// All come back at once, and none of the others has ended: everybody is let in, and few too many stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rush_of_one_user_is_let_in() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let client = customer(&cloud, "Customer One").await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let urls = join_all((0..30).map(|_| client.ticket())).await;
        let rush = join_all(urls.into_iter().map(async |url| Socket::open(&url.unwrap(), &[]).await));
        open.extend(rush.await.into_iter().map(|socket| socket.expect("nobody is refused")));
        pass(&cloud, 61).await;
    }
    // Each that comes alone takes back one that is too many.
    for _ in 0..20 {
        open.push(socket(&client).await);
    }
    assert_eq!(kept(&cloud).await, 100);
}
