//! Confirming, declining and cancelling.

use reqwest::Method;
use serde_json::{Value, json};

use super::{booked, market, status};
use crate::problems::{refused, refused_at};
use crate::support::{body, customer, each, mails, news, provider, text};

#[tokio::test]
async fn each_change_tells_the_other_side() {
    let (cloud, provider, service, customer) = market().await;
    let path = booked(&customer, &service, "2026-03-04T10:00:00Z").await;
    assert_eq!(news(&cloud, &provider.email).await, ["New request: Consultation"]);
    let declined = body(
        provider.post(&format!("{path}/decline"), &json!({ "reason": "On holiday." })).await.unwrap(),
        200,
    );
    assert_eq!(text(&declined, "status"), "declined");
    let again = body(customer.book(&service, "2026-03-04T10:00:00Z", "another-booking").await.unwrap(), 201);
    assert_eq!(news(&cloud, &provider.email).await.len(), 2);
    let path = format!("/v1/bookings/{}", text(&again, "id"));
    body(provider.act(&format!("{path}/cancel")).await.unwrap(), 200);
    let told = news(&cloud, &customer.email).await;
    assert_eq!(told, ["Declined: Consultation", "Cancelled: Consultation"]);
    let letter = &mails(&cloud, &customer.email).await[1];
    assert!(letter.text.contains("> On holiday."), "{}", letter.text);
    assert_eq!(
        news(&cloud, &provider.email).await,
        ["New request: Consultation", "New request: Consultation"]
    );
}

#[tokio::test]
async fn what_the_state_does_not_allow_is_409_and_says_what_it_does() {
    let (_cloud, provider, service, customer) = market().await;
    let starts = (9..14).map(|hour| format!("2026-03-04T{hour:02}:00:00Z"));
    let mut paths = Vec::new();
    for start in starts {
        paths.push(booked(&customer, &service, &start).await);
    }
    for (path, done) in paths.iter().zip(["confirm", "decline", "cancel"]) {
        body(provider.act(&format!("{path}/{done}")).await.unwrap(), 200);
    }
    let cases = [
        (0, &provider, "confirm", "confirmed", json!(["cancel", "reschedule"])),
        (0, &provider, "decline", "confirmed", json!(["cancel", "reschedule"])),
        (1, &provider, "confirm", "declined", json!([])),
        (1, &provider, "decline", "declined", json!([])),
        (1, &customer, "cancel", "declined", json!([])),
        (2, &provider, "confirm", "cancelled", json!([])),
        (2, &provider, "cancel", "cancelled", json!([])),
        (2, &customer, "cancel", "cancelled", json!([])),
    ];
    for (number, who, command, stands, allowed) in cases {
        let answer = who.act(&format!("{}/{command}", paths[number])).await.unwrap();
        refused(&answer, 409, "wrong_state");
        assert_eq!(
            (&answer.body["booking_status"], &answer.body["allowed"]),
            (&json!(stands), &allowed),
            "{command}"
        );
        assert_eq!(status(who, &paths[number]).await, stands);
    }
    body(customer.act(&format!("{}/cancel", paths[0])).await.unwrap(), 200);
    body(customer.act(&format!("{}/cancel", paths[3])).await.unwrap(), 200);
}

#[tokio::test]
async fn a_confirmed_booking_is_cancelled_until_it_starts() {
    let (cloud, provider, service, mut customer) = market().await;
    let path = booked(&customer, &service, "2026-03-02T10:00:00Z").await;
    body(provider.act(&format!("{path}/confirm")).await.unwrap(), 200);
    crate::support::pass(&cloud, 2 * 3_600).await;
    customer.sign_in().await.unwrap();
    let answer = customer.act(&format!("{path}/cancel")).await.unwrap();
    refused(&answer, 409, "wrong_state");
    assert_eq!((&answer.body["booking_status"], &answer.body["allowed"]), (&json!("confirmed"), &json!([])));
}

#[tokio::test]
async fn strangers_know_of_nothing_and_change_nothing() {
    let (cloud, owner, service, customer) = market().await;
    let path = booked(&customer, &service, "2026-03-04T10:00:00Z").await;
    let strangers =
        [crate::support::customer(&cloud, "Customer Two").await, provider(&cloud, "Provider Two").await];
    for stranger in &strangers {
        refused(&stranger.get(&path).await.unwrap(), 404, "not_found");
        refused(&stranger.act(&format!("{path}/cancel")).await.unwrap(), 404, "not_found");
        assert_eq!(each(&body(stranger.get("/v1/bookings").await.unwrap(), 200), "id").len(), 0);
    }
    for command in ["confirm", "decline"] {
        refused(&strangers[1].act(&format!("{path}/{command}")).await.unwrap(), 404, "not_found");
        refused(&customer.act(&format!("{path}/{command}")).await.unwrap(), 403, "forbidden");
    }
    assert_eq!(status(&owner, &path).await, "requested");
    for wrong in ["bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "1", &service] {
        refused(&customer.get(&format!("/v1/bookings/{wrong}")).await.unwrap(), 404, "not_found");
        refused(&owner.act(&format!("/v1/bookings/{wrong}/confirm")).await.unwrap(), 404, "not_found");
    }
}

#[tokio::test]
async fn a_reason_may_be_left_out_but_not_be_wrong() {
    let (_cloud, provider, service, customer) = market().await;
    let path = booked(&customer, &service, "2026-03-04T10:00:00Z").await;
    for (ask, pointer, kind) in [
        (json!({ "reason": "" }), "/reason", "invalid"),
        (json!({ "reason": "x".repeat(501) }), "/reason", "invalid"),
        (json!({ "reason": 7 }), "/reason", "invalid"),
        (json!({ "status": "confirmed" }), "/status", "unknown"),
        (json!({ "reason": "Good.", "refunds": true }), "/refunds", "unknown"),
    ] {
        for command in ["confirm", "decline", "cancel"] {
            refused_at(&provider.post(&format!("{path}/{command}"), &ask).await.unwrap(), pointer, kind);
        }
    }
    assert_eq!(status(&provider, &path).await, "requested");
    body(provider.post(&format!("{path}/confirm"), &json!({})).await.unwrap(), 200);
    body(customer.post(&format!("{path}/cancel"), &json!({ "reason": null })).await.unwrap(), 200);
}

#[tokio::test]
async fn a_repeated_change_with_its_key_is_answered_again() {
    let (cloud, provider, service, customer) = market().await;
    let path = booked(&customer, &service, "2026-03-04T10:00:00Z").await;
    let act = async |command: &str, key: &str, ask: Option<Value>| {
        let path = format!("{path}/{command}");
        provider.call(Method::POST, &path, &[("idempotency-key", key)], ask.as_ref()).await.unwrap()
    };
    let first = act("confirm", "confirm-once", None).await;
    let again = act("confirm", "confirm-once", None).await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    refused(&act("confirm", "confirm-twice", None).await, 409, "wrong_state");
    refused(
        &act("confirm", "confirm-once", Some(json!({ "reason": "Other." }))).await,
        422,
        "idempotency_key_reused",
    );
    refused(&act("cancel", "short", None).await, 400, "invalid_idempotency_key");
    assert_eq!(news(&cloud, &customer.email).await, ["Confirmed: Consultation"]);
}

/// Whoever cancels or is declined gives the place back at once.
#[tokio::test]
async fn a_place_given_back_is_free_at_once() {
    let (cloud, provider, service, one) = market().await;
    let two = customer(&cloud, "Customer Two").await;
    let start = "2026-03-04T10:00:00Z";
    for (number, (who, command)) in
        [(&provider, "decline"), (&provider, "cancel"), (&one, "cancel")].into_iter().enumerate()
    {
        let booking = body(one.book(&service, start, &format!("booking-{number}")).await.unwrap(), 201);
        refused(&two.book(&service, start, &format!("another-{number}")).await.unwrap(), 409, "slot_taken");
        body(who.act(&format!("/v1/bookings/{}/{command}", text(&booking, "id"))).await.unwrap(), 200);
    }
    body(two.book(&service, start, "at-last-booked").await.unwrap(), 201);
}
