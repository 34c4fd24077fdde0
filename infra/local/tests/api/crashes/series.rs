//! Series by a function that dies on the way: the schedule comes to their end, or the request that is sent again.

use banister_domain::booking::Status;
use banister_local::client::{Answer, Client};
use banister_local::cloud::Cloud;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Crash, hour, replayed, revive, stage};
use crate::support::invariants::invariants;
use crate::support::{body, text};

const TIMES: usize = 2;

/// Two weeks of an hour, from the `n`-th one on.
fn ask(service: &str, n: usize, mode: &str) -> Value {
    json!({ "service_id": service, "starts_at": hour(n), "frequency": "weekly", "count": TIMES, "mode": mode })
}

async fn make(customer: &Client, service: &str, n: usize, mode: &str) -> Answer {
    customer.post_once("/v1/series", &ask(service, n, mode), &format!("series-{n}")).await.unwrap()
}

async fn instant(provider: &Client, service: &str) {
    let terms = json!({ "terms": { "booking_type": "instant", "reschedule": "free" } });
    body(provider.patch(&format!("/v1/services/{service}"), &terms).await.unwrap(), 200);
}

/// How many bookings there are.
async fn booked(cloud: &Cloud) -> usize {
    let kept = invariants(cloud).await;
    assert_eq!(kept.holds.len(), 0, "what was held is booked or free");
    kept.bookings.values().filter(|booking| booking.status == Status::Confirmed).count()
}

/// A minute later the schedule goes on; another ten, and limits and holds are forgotten.
async fn later(cloud: &Cloud, customer: &mut Client) {
    cloud.clock.advance(SignedDuration::from_secs(61));
    cloud.run_schedules().await;
    cloud.clock.advance(SignedDuration::from_mins(10));
    cloud.sqs.clock_moved();
    customer.sign_in().await.unwrap();
}

#[tokio::test]
async fn the_schedule_ends_what_a_request_began() {
    for mode in ["all", "some"] {
        let (cloud, provider, service, mut customer) = stage(60).await;
        instant(&provider, &service).await;
        let (mut n, mut made) = (0, 0);
        for call in 1.. {
            // What is there after it is there before the next one, too.
            Crash::After.arm(&cloud, "local-http", call);
            let answer = make(&customer, &service, n, mode).await;
            let crashed = revive(&cloud, "local-http");
            later(&cloud, &mut customer).await;
            let there = booked(&cloud).await;
            // All of it is there, or nothing was begun.
            let new = there - made;
            assert!(new == TIMES || new == 0, "{mode} {call}: {new}");
            assert!(crashed || new == TIMES, "{}", answer.body);
            let again = make(&customer, &service, n, mode).await;
            assert_eq!(replayed(&again), new == TIMES, "{mode} {call}");
            assert_eq!(text(&body(again, 201), "status"), "made");
            made += TIMES;
            n += 1;
            if !crashed {
                assert!(call > 10, "{mode}: {call}");
                assert_eq!(booked(&cloud).await, made, "{mode} {call}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_had_as_a_whole_leaves_nothing() {
    let (cloud, provider, service, mut customer) = stage(60).await;
    instant(&provider, &service).await;
    let mut other = crate::support::customer(&cloud, "Customer Two").await;
    let mut taken = 0;
    for (n, call) in (1..).enumerate() {
        // The second week.
        let start = hour(n + 7 * 24);
        body(other.book(&service, &start, &format!("in-the-way-{n}")).await.unwrap(), 201);
        taken += 1;
        Crash::After.arm(&cloud, "local-http", call);
        let key = format!("series-{n}");
        let answer = customer.post_once("/v1/series", &ask(&service, n, "all"), &key).await.unwrap();
        let crashed = revive(&cloud, "local-http");
        assert_eq!(answer.status, if crashed { 500 } else { 409 }, "{}", answer.body);
        later(&cloud, &mut customer).await;
        other.sign_in().await.unwrap();
        assert_eq!(booked(&cloud).await, taken, "{call}");
        // What was held is free.
        body(other.book(&service, &hour(n), &format!("free-again-{n}")).await.unwrap(), 201);
        taken += 1;
        if !crashed {
            assert!(call > 10, "{call}");
            break;
        }
    }
}

#[tokio::test]
async fn calling_off_goes_on() {
    let (cloud, provider, service, mut customer) = stage(60).await;
    instant(&provider, &service).await;
    for (n, call) in (1..).enumerate() {
        let made = customer.post_once("/v1/series", &ask(&service, n, "all"), &format!("series-{n}")).await;
        let path = format!("/v1/series/{}/cancel", text(&body(made.unwrap(), 201), "id"));
        Crash::After.arm(&cloud, "local-http", call);
        let key = format!("cancel-{n}");
        customer.post_once(&path, &json!({}), &key).await.unwrap();
        let crashed = revive(&cloud, "local-http");
        later(&cloud, &mut customer).await;
        let left = booked(&cloud).await;
        assert!(left == 0 || left == TIMES, "{call}: {left}");
        let after = body(customer.post_once(&path, &json!({}), &key).await.unwrap(), 200);
        assert_eq!(after["last_change"]["action"], "cancelled");
        assert_eq!(booked(&cloud).await, 0, "{call}");
        if !crashed {
            break;
        }
    }
}

#[tokio::test]
async fn agreeing_to_other_times_goes_on() {
    let (cloud, mut provider, service, mut customer) = stage(60).await;
    instant(&provider, &service).await;
    for (n, call) in (1..).enumerate() {
        let at = 2 * n;
        let made = customer.post_once("/v1/series", &ask(&service, at, "all"), &format!("series-{n}")).await;
        let made = body(made.unwrap(), 201);
        let path = format!("/v1/series/{}/reschedule", text(&made, "id"));
        let first = &made["occurrences"][0]["booking_id"];
        let elsewhere = json!({ "booking_id": first, "starts_at": hour(at + 1), "scope": "all" });
        let proposed = body(provider.post(&path, &elsewhere).await.unwrap(), 200);
        let agreed: Vec<_> = proposed["occurrences"].as_array().unwrap().iter().map(agreed).collect();
        let (path, accept) = (format!("{path}/accept"), json!({ "proposals": agreed }));
        Crash::After.arm(&cloud, "local-http", call);
        let key = format!("accept-{n}");
        customer.post_once(&path, &accept, &key).await.unwrap();
        let crashed = revive(&cloud, "local-http");
        later(&cloud, &mut customer).await;
        provider.sign_in().await.unwrap();
        let kept = invariants(&cloud).await;
        let moved = agreed.iter().filter(|one| {
            let booking = kept.booking(text(one, "booking_id"));
            json!(booking.starts_at) == one["starts_at"] && booking.proposal.is_none()
        });
        let moved = moved.count();
        assert!(moved == TIMES || (crashed && moved == 0), "{call}: {moved}");
        let after = body(customer.post_once(&path, &accept, &key).await.unwrap(), 200);
        assert_eq!(after["last_change"]["action"], "reschedule_accepted", "{call}");
        assert_eq!(after["last_change"]["conflicts"], json!([]), "{call}");
        assert_eq!(after["last_change"]["booking_ids"].as_array().unwrap().len(), TIMES, "{call}");
        if !crashed {
            assert!(call > 10, "{call}");
            break;
        }
    }
}

#[tokio::test]
async fn what_was_agreed_to_meanwhile_is_not_called_declined() {
    let (cloud, mut provider, service, mut customer) = stage(60).await;
    instant(&provider, &service).await;
    let mut overtaken = 0;
    for (n, call) in (1..).enumerate() {
        let at = 2 * n;
        let made = customer.post_once("/v1/series", &ask(&service, at, "all"), &format!("series-{n}")).await;
        let made = body(made.unwrap(), 201);
        let path = format!("/v1/series/{}/reschedule", text(&made, "id"));
        let ids = [0, 1].map(|place| made["occurrences"][place]["booking_id"].clone());
        let elsewhere = json!({ "booking_id": ids[0], "starts_at": hour(at + 1), "scope": "all" });
        let proposed = body(provider.post(&path, &elsewhere).await.unwrap(), 200);
        let second = agreed(&proposed["occurrences"][1]);
        Crash::After.arm(&cloud, "local-http", call);
        let (decline, key) = (format!("{path}/decline"), format!("decline-{n}"));
        provider.post_once(&decline, &json!({}), &key).await.unwrap();
        let crashed = revive(&cloud, "local-http");
        // In the middle of it the customer says yes to the second one alone.
        let one = format!("/v1/bookings/{}/reschedule/accept", text(&second, "booking_id"));
        let there = customer.post(&one, &json!({ "starts_at": second["starts_at"] })).await.unwrap().status;
        assert!(there == 200 || there == 409, "{call}: {there}");
        later(&cloud, &mut customer).await;
        provider.sign_in().await.unwrap();
        let after = body(provider.post_once(&decline, &json!({}), &key).await.unwrap(), 200);
        let told = &after["last_change"];
        assert_eq!(told["action"], "reschedule_declined", "{call}");
        let declined = if there == 200 { &ids[..1] } else { &ids[..] };
        assert_eq!(told["booking_ids"], json!(declined), "{call}");
        if told["conflicts"] == json!([{ "booking_id": ids[1], "conflict": "proposal_changed" }]) {
            overtaken += 1;
        }
        invariants(&cloud).await;
        if !crashed {
            assert!(call > 10 && overtaken > 0, "{call}: {overtaken}");
            break;
        }
    }
}

/// What is proposed for one time of a series.
fn agreed(time: &Value) -> Value {
    json!({ "booking_id": time["booking_id"], "starts_at": time["proposal"]["starts_at"] })
}
