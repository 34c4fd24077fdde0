//! Offers by a function that dies on the way: the stream, the schedule, or a request that is sent again.

use std::time::Duration;

use banister_local::client::Client;
use banister_local::cloud::Cloud;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::workers::dies;
use super::{Crash, replayed, revive, stage};
use crate::support::invariants::invariants;
use crate::support::{body, customer, moment, text};

/// Longer than anything that is under way takes.
const PATIENCE: Duration = Duration::from_secs(1);

/// A place that is taken, in three days; answers when, and the booking.
async fn taken(cloud: &Cloud, customer: &Client, service: &str, key: &str) -> (String, String) {
    let starts_at = moment(cloud, 3, "10:00");
    let booking = body(customer.book(service, &starts_at, key).await.unwrap(), 201);
    (starts_at, text(&booking, "id").to_owned())
}

/// A wait for exactly that.
fn ask(service: &str, starts_at: &str) -> Value {
    json!({ "service_id": service, "from": starts_at, "to": starts_at.replace("10:00:00", "10:01:00") })
}

async fn join(client: &Client, service: &str, starts_at: &str, key: &str) -> String {
    let wait = body(client.post_once("/v1/waitlist", &ask(service, starts_at), key).await.unwrap(), 201);
    text(&wait, "id").to_owned()
}

async fn cancel(client: &Client, booking: &str) {
    body(client.post(&format!("/v1/bookings/{booking}/cancel"), &json!({})).await.unwrap(), 200);
}

async fn status(client: &Client) -> String {
    let waits = body(client.get("/v1/waitlist").await.unwrap(), 200);
    text(&waits["items"][0], "status").to_owned()
}

async fn leave(client: &Client, wait: &str) {
    body(client.delete(&format!("/v1/waitlist/{wait}")).await.unwrap(), 204);
}

/// Long enough that limits are forgotten; tokens are, too.
async fn later(cloud: &Cloud, minutes: i64, clients: &mut [&mut Client]) {
    cloud.clock.advance(SignedDuration::from_mins(minutes));
    cloud.sqs.clock_moved();
    for client in clients {
        client.sign_in().await.unwrap();
    }
}

#[tokio::test]
async fn the_stream_offers_what_it_began_to_offer() {
    let (cloud, _, service, mut first) = stage(60).await;
    let mut second = customer(&cloud, "Customer Two").await;
    for crash in Crash::BOTH {
        for n in 1.. {
            let key = format!("round-{crash:?}-{n}");
            let (starts_at, booking) = taken(&cloud, &first, &service, &key).await;
            let wait = join(&second, &service, &starts_at, &key).await;
            cloud.quiet().await.unwrap();
            crash.arm(&cloud, "local-projections", n);
            cancel(&first, &booking).await;
            let died = tokio::time::timeout(PATIENCE, dies(&cloud, "local-projections")).await;
            let died = died.unwrap_or_else(|_| cloud.faults.crashed("local-projections"));
            revive(&cloud, "local-projections");
            invariants(&cloud).await;
            assert_eq!(status(&second).await, "offered", "{crash:?} {n}");
            leave(&second, &wait).await;
            if !died {
                assert!(n > 6, "{crash:?}: {n}");
                break;
            }
            later(&cloud, 61, &mut [&mut first, &mut second]).await;
        }
    }
}

#[tokio::test]
async fn the_schedule_hands_on_what_it_began_to_hand_on() {
    let (cloud, _, service, mut first) = stage(60).await;
    let mut second = customer(&cloud, "Customer Two").await;
    let mut third = customer(&cloud, "Customer Three").await;
    for crash in Crash::BOTH {
        // Behind the shards of what else may be due.
        for n in 20.. {
            let key = format!("round-{crash:?}-{n}");
            let (starts_at, booking) = taken(&cloud, &first, &service, &key).await;
            join(&second, &service, &starts_at, &key).await;
            let wait = join(&third, &service, &starts_at, &key).await;
            cancel(&first, &booking).await;
            cloud.quiet().await.unwrap();
            assert_eq!((status(&second).await, status(&third).await), ("offered".into(), "waiting".into()));
            later(&cloud, 12 * 60, &mut [&mut first, &mut second, &mut third]).await;
            crash.arm(&cloud, "local-expire", n);
            cloud.run_schedules().await;
            let crashed = revive(&cloud, "local-expire");
            cloud.run_schedules().await;
            let kept = invariants(&cloud).await;
            assert_eq!(kept.holds.iter().filter(|hold| hold.waitlist_entry_id.is_some()).count(), 1);
            assert_eq!((status(&second).await, status(&third).await), ("lapsed".into(), "offered".into()));
            leave(&third, &wait).await;
            cloud.quiet().await.unwrap();
            if !crashed {
                assert!(n > 30, "{crash:?}: {n}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn requests_that_are_sent_again_are_done_once() {
    let (cloud, _, service, mut first) = stage(60).await;
    let mut second = customer(&cloud, "Customer Two").await;
    for crash in Crash::BOTH {
        for n in 1.. {
            let key = format!("round-{crash:?}-{n}");
            let (starts_at, booking) = taken(&cloud, &first, &service, &key).await;
            crash.arm(&cloud, "local-http", n);
            second.post_once("/v1/waitlist", &ask(&service, &starts_at), &key).await.unwrap();
            let mut died = revive(&cloud, "local-http");
            let wait = join(&second, &service, &starts_at, &key).await;
            let again = second.post_once("/v1/waitlist", &ask(&service, &starts_at), &key).await.unwrap();
            assert!(replayed(&again), "{}", again.body);
            assert_eq!(text(&body(again, 201), "id"), wait);
            cancel(&first, &booking).await;
            cloud.quiet().await.unwrap();
            let offer = body(second.get("/v1/waitlist").await.unwrap(), 200)["items"][0]["offer"].clone();
            let take = json!({ "service_id": service, "starts_at": starts_at, "hold_id": offer["hold_id"] });
            let key = format!("take-{key}");
            crash.arm(&cloud, "local-http", n);
            second.post_once("/v1/bookings", &take, &key).await.unwrap();
            died |= revive(&cloud, "local-http");
            let booking = body(second.post_once("/v1/bookings", &take, &key).await.unwrap(), 201);
            assert_eq!(status(&second).await, "booked", "{crash:?} {n}");
            invariants(&cloud).await;
            cancel(&second, text(&booking, "id")).await;
            if !died {
                break;
            }
            later(&cloud, 61, &mut [&mut first, &mut second]).await;
        }
    }
}
