//! What follows requests: connections, events on their way, photos, and schedules that find nothing.

use std::collections::BTreeSet;

use banister_local::client::Client;
use banister_local::cloud::Cloud;
use banister_platform::store::{AuditEntry, AuditRecord};
use banister_platform::table::{Record as _, Table, key};
use jiff::Timestamp;
use serde_json::json;

use super::{FORGOTTEN, Log, Row, row};
use crate::access::requests::World;
use crate::erasure::erase;
use crate::support::{body, cloud, customer, service, settle};

const PICTURE: &[u8] = include_bytes!("../../../../../functions/queue/media/tests/samples/progressive.jpg");

/// A row of each, in the order in which it happens. Each is about one event, one connection, one photo.
pub(super) async fn measured() -> Vec<Row> {
    let mut rows = connection().await;
    rows.extend(photos().await);
    rows.push(erasure().await);
    rows
}

/// All pieces of the erasure of a customer who has booked once, with the message that comes too early.
async fn erasure() -> Row {
    let world = World::new().await;
    let cloud = &world.cloud;
    let booked = service(&world.provider, 60).await;
    let booking = world.customer.book(&booked, "2026-03-04T10:00:00Z", "capacity").await.unwrap();
    let booking = body(booking, 201)["id"].as_str().unwrap().to_owned();
    body(world.customer.act(&format!("/v1/bookings/{booking}/cancel")).await.unwrap(), 200);
    cloud.quiet().await.unwrap();
    let log = Log::start();
    body(erase(&world.customer).await, 202);
    settle(cloud).await;
    let row = log.all_of("jobs");
    world.cloud.stop().await;
    row
}

/// A record in each shard of today's log.
async fn begin_chains(cloud: &Cloud) {
    let table = Table::from_settings(&cloud.settings("local-test")).unwrap();
    let mut begun = BTreeSet::new();
    while begun.len() < usize::from(key::SHARDS) {
        let record = AuditRecord::new(AuditEntry::SessionEnded, None, String::new(), cloud.clock.now());
        table.put(&record).await.unwrap();
        begun.insert(record.key().pk);
    }
    cloud.quiet().await.unwrap();
}

/// A connection from its ticket to its end, with the news of a booking in between.
async fn connection() -> Vec<Row> {
    let world = World::new().await;
    let cloud = &world.cloud;
    // The first link of a day and shard reads more than those after it, once.
    begin_chains(cloud).await;
    cloud.clock.advance(FORGOTTEN);
    let mut log = Log::start();
    let mut socket = world.provider.socket().await.unwrap();
    let mut rows = vec![log.worker("connect")];
    socket.send(&json!({ "action": "ping" })).await.unwrap();
    assert_eq!(socket.frame().await.unwrap(), json!({ "type": "pong" }));
    rows.push(log.worker("frame"));

    log = Log::start();
    world.customer.clone().sign_in().await.unwrap();
    cloud.quiet().await.unwrap();
    rows.push(log.worker("projections"));

    let booked = service(&world.provider, 60).await;
    cloud.quiet().await.unwrap();
    log = Log::start();
    let booking = world.customer.book(&booked, "2026-03-04T10:00:00Z", "capacity").await.unwrap();
    body(booking, 201);
    assert_eq!(socket.frame().await.unwrap()["status"], "requested");
    cloud.quiet().await.unwrap();
    rows.extend(["relay", "email", "socket"].map(|name| log.worker(name)));
    let [_, calls, trips, read, write] = log.worker("projections");
    rows.push(["projections/counting".into(), calls, trips, read, write]);

    log = Log::start();
    socket.close().await.unwrap();
    cloud.sockets.all_gone().await;
    rows.push(log.worker("disconnect"));

    log = Log::start();
    cloud.run_schedules().await;
    rows.extend(["expire", "sweep"].map(|name| log.worker(name)));
    world.cloud.stop().await;
    rows
}

/// A photo that is looked at, and one that is taken away.
async fn photos() -> Vec<Row> {
    let (cloud, _, log) = photographed().await;
    let looked_at = log.worker("media");
    cloud.stop().await;
    let [_, calls, trips, read, write] = removal().await.1;
    vec![looked_at, ["media/removal".into(), calls, trips, read, write]]
}

/// The rows of `remove_photo`, asked by somebody who has one, and of the worker that it sets to work.
pub(super) async fn removal() -> (Row, Row) {
    let (cloud, customer, _) = photographed().await;
    cloud.clock.advance(FORGOTTEN);
    let log = Log::start();
    let answer = customer.delete("/v1/me/photo").await.unwrap();
    assert!(answer.status.is_success(), "{}", answer.body);
    cloud.quiet().await.unwrap();
    let rows = (row("remove_photo", &log.of(&answer)), log.worker("media"));
    cloud.stop().await;
    rows
}

/// A cloud with a customer who has a photo, and the log from before it was uploaded. Its time is about the
/// machine's, which is what signs uploads.
async fn photographed() -> (Cloud, Client, Log) {
    let cloud = cloud().await;
    let second = cloud.clock.now().as_second();
    // As long in the table as every other moment.
    cloud.clock.stop_at(Timestamp::from_millisecond(second * 1_000 + 111).unwrap());
    let customer = customer(&cloud, "Customer One").await;
    cloud.quiet().await.unwrap();
    let log = Log::start();
    customer.upload_photo("image/jpeg", PICTURE.to_vec()).await.unwrap();
    cloud.quiet().await.unwrap();
    (cloud, customer, log)
}
