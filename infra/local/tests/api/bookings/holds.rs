//! Slots that are held before anything is booked.

use banister_local::client::{Answer, Client};
use banister_local::faults::{FaultKind, Verdict};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{market, post};
use crate::problems::{refused, refused_at};
use crate::support::invariants::invariants;
use crate::support::{body, customer, each, open, pass, settle, text};

const SLOT: &str = "2026-03-04T10:00:00Z";

async fn hold(who: &Client, service: &str, starts_at: &str, key: &str) -> Answer {
    let ask = json!({ "service_id": service, "starts_at": starts_at });
    who.post_once("/v1/holds", &ask, key).await.unwrap()
}

async fn book(who: &Client, (service, starts_at): (&str, &str), hold: &Value, key: &str) -> Answer {
    post(who, key, &json!({ "service_id": service, "starts_at": starts_at, "hold_id": hold })).await
}

async fn free(who: &Client, service: &str) -> Vec<String> {
    let slots = format!("/v1/services/{service}/slots?from=2026-03-04&to=2026-03-04");
    each(&body(who.get(&slots).await.unwrap(), 200), "starts_at")
}

#[tokio::test]
async fn a_held_slot_is_its_customers_until_it_is_booked() {
    let (cloud, provider, service, one) = market().await;
    let two = customer(&cloud, "Customer Two").await;
    let held = body(hold(&one, &service, SLOT, "hold-this-1").await, 201);
    assert_eq!(body(hold(&one, &service, SLOT, "hold-this-1").await, 201), held, "once for the key");
    assert_eq!((&held["starts_at"], &held["ends_at"]), (&json!(SLOT), &json!("2026-03-04T11:00:00Z")));
    assert_eq!(held["price"], json!({ "amount": 5_000, "currency": "usd" }));
    assert!(!free(&two, &service).await.contains(&SLOT.to_owned()));
    refused(&two.book(&service, SLOT, "me-first-1").await.unwrap(), 409, "slot_taken");
    refused(&hold(&two, &service, "2026-03-04T10:30:00Z", "hold-half-1").await, 409, "slot_taken");
    refused(&one.book(&service, SLOT, "forgot-it-1").await.unwrap(), 409, "slot_taken");
    let id = &held["id"];
    let wrong = book(&one, (&service, "2026-03-04T12:00:00Z"), id, "elsewhere-1").await;
    refused_at(&wrong, "/hold_id", "invalid");
    refused_at(&book(&two, (&service, SLOT), id, "not-mine-1").await, "/hold_id", "invalid");
    let booking = body(book(&one, (&service, SLOT), id, "book-it-11").await, 201);
    assert_eq!((&booking["status"], &booking["starts_at"]), (&json!("requested"), &json!(SLOT)));
    let again = body(book(&one, (&service, SLOT), id, "book-it-11").await, 201);
    assert_eq!(again, booking);
    refused_at(&book(&one, (&service, SLOT), id, "book-it-22").await, "/hold_id", "invalid");
    refused(&one.delete(&format!("/v1/holds/{}", id.as_str().unwrap())).await.unwrap(), 404, "not_found");
    let path = format!("/v1/bookings/{}", text(&booking, "id"));
    body(provider.act(&format!("{path}/decline")).await.unwrap(), 200);
    assert!(free(&two, &service).await.contains(&SLOT.to_owned()), "nothing is left of the hold");
    settle(&cloud).await;
    invariants(&cloud).await;
}

#[tokio::test]
async fn a_hold_ends_by_itself_or_is_given_back() {
    let (cloud, _, service, mut one) = market().await;
    let two = customer(&cloud, "Customer Two").await;
    let held = body(hold(&one, &service, SLOT, "hold-this-1").await, 201);
    let path = format!("/v1/holds/{}", text(&held, "id"));
    refused(&two.delete(&path).await.unwrap(), 404, "not_found");
    let gone = one.delete(&path).await.unwrap();
    assert_eq!(gone.status, 204);
    assert!(free(&two, &service).await.contains(&SLOT.to_owned()));
    let held = body(hold(&one, &service, SLOT, "hold-this-2").await, 201);
    pass(&cloud, 540).await;
    refused(&two.book(&service, SLOT, "too-soon-1").await.unwrap(), 409, "slot_taken");
    // Nothing runs for it: only time passes.
    cloud.clock.advance(SignedDuration::from_secs(60));
    body(two.book(&service, SLOT, "just-right-1").await.unwrap(), 201);
    let late = book(&one, (&service, SLOT), &held["id"], "too-late-1").await;
    refused(&late, 409, "slot_taken");
    // One that nobody wanted in the meantime helps nothing and harms nothing.
    let other = "2026-03-04T14:00:00Z";
    let held = body(hold(&one, &service, other, "hold-this-3").await, 201);
    pass(&cloud, 601).await;
    one.sign_in().await.unwrap();
    body(book(&one, (&service, other), &held["id"], "still-free").await, 201);
    settle(&cloud).await;
    invariants(&cloud).await;
}

/// It was in time when it was held.
#[tokio::test]
async fn a_held_slot_is_booked_although_its_notice_is_over() {
    let (cloud, provider, service, one) = market().await;
    open(&provider, json!({ "min_notice_minutes": 120 })).await;
    let slot = "2026-03-02T10:30:00Z";
    pass(&cloud, 1_500).await;
    let mut one = one;
    one.sign_in().await.unwrap();
    let held = body(hold(&one, &service, slot, "just-in-time").await, 201);
    pass(&cloud, 360).await;
    refused(&one.book(&service, slot, "too-late-now").await.unwrap(), 422, "slot_not_offered");
    body(book(&one, (&service, slot), &held["id"], "held-in-time").await, 201);
    settle(&cloud).await;
    invariants(&cloud).await;
}

#[tokio::test]
async fn what_cannot_be_booked_cannot_be_held() {
    let (_cloud, provider, service, one) = market().await;
    for wrong in ["2026-03-02T07:00:00Z", "2026-03-04T10:10:00Z", "2027-03-04T10:00:00Z"] {
        refused(&hold(&one, &service, wrong, &format!("hold-{wrong}")).await, 422, "slot_not_offered");
    }
    let seats = json!({ "service_id": service, "starts_at": SLOT, "seats": 2 });
    refused_at(&one.post_once("/v1/holds", &seats, "two-seats-1").await.unwrap(), "/seats", "invalid");
    refused(&hold(&provider, &service, SLOT, "not-for-me").await, 403, "forbidden");
    let ask = json!({ "service_id": service, "starts_at": SLOT });
    refused(&one.post("/v1/holds", &ask).await.unwrap(), 400, "invalid_idempotency_key");
}

/// The booking took effect, its answer was lost, and the next attempt met somebody else's transaction: without the hold
/// it would be too late for this start by now.
#[tokio::test]
async fn what_an_earlier_attempt_did_is_answered_although_it_would_be_refused_by_now() {
    let (cloud, provider, service, mut one) = market().await;
    open(&provider, json!({ "min_notice_minutes": 120 })).await;
    let start = "2026-03-02T10:30:00Z";
    pass(&cloud, 26 * 60).await;
    one.sign_in().await.unwrap();
    let held = body(hold(&one, &service, start, "hold-early-1").await, 201);
    pass(&cloud, 6 * 60).await;
    refused(
        &one.book(&service, "2026-03-02T10:00:00Z", "too-late-1").await.unwrap(),
        422,
        "slot_not_offered",
    );
    cloud.faults.script("local-http", "TransactWriteItems", Verdict::LoseAnswer);
    cloud.faults.script("local-http", "TransactWriteItems", Verdict::Refuse(FaultKind::Conflict));
    let answer = book(&one, (&service, start), &held["id"], "book-it-11").await;
    assert_eq!(answer.headers["idempotent-replayed"], "true");
    let booking = body(answer, 201);
    assert_eq!(booking["starts_at"], json!(start));
    settle(&cloud).await;
    invariants(&cloud).await;
}

/// Holds and bookings of one slot at once: one gets it, and the one who held it books it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_holds_of_a_slot_there_is_one() {
    let (cloud, _, service, one) = market().await;
    let people =
        join_all((0..6).map(|n| {
            customer(&cloud, ["Ann One", "Bo Two", "Cy Three", "Di Four", "Ed Five", "Flo Six"][n])
        }))
        .await;
    let holds = people.iter().map(|who| hold(who, &service, SLOT, "hold-for-me"));
    let (holds, booked) = tokio::join!(join_all(holds), one.book(&service, SLOT, "book-for-me"));
    let booked = booked.unwrap().status.is_success();
    let won: Vec<_> = holds.iter().zip(&people).filter(|(answer, _)| answer.status.is_success()).collect();
    assert_eq!(won.len() + usize::from(booked), 1);
    if let [(held, who)] = won.as_slice() {
        // Twice at once, under two keys: it becomes one booking.
        let slot = (service.as_str(), SLOT);
        let id = &held.body["id"];
        let (first, second) =
            tokio::join!(book(who, slot, id, "mine-now-1"), book(who, slot, id, "mine-now-2"));
        assert_eq!([first, second].iter().filter(|answer| answer.status.is_success()).count(), 1);
    }
    settle(&cloud).await;
    invariants(&cloud).await;
}
