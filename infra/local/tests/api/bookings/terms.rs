//! What is agreed with a booking beside its time: how it comes about, and what is given back.

use reqwest::Method;
use serde_json::{Value, json};

use super::{booked, market};
use crate::problems::{refused, refused_at};
use crate::support::{body, customer, each, news, pass, settle, text};

const START: &str = "2026-03-04T10:00:00Z";
const HOUR: i64 = 3_600;

fn usd(minor: i64) -> Value {
    json!({ "amount": minor, "currency": "usd" })
}

#[tokio::test]
async fn a_service_is_booked_at_once_where_its_provider_says_so() {
    let (cloud, provider, service, customer) = market().await;
    let path = format!("/v1/services/{service}");
    let shown = body(provider.get(&path).await.unwrap(), 200);
    let usual = json!({ "booking_type": "on_request", "reschedule": "consent", "cancellation": {
        "grace_minutes": 0, "tiers": [{ "before_minutes": 0, "refund_percent": 100 }], "no_show_refund_percent": 0 } });
    assert_eq!(shown["terms"], usual);
    let instant = json!({ "terms": { "booking_type": "instant" } });
    let shown = body(provider.patch(&path, &instant).await.unwrap(), 200);
    assert_eq!(
        (&shown["terms"]["booking_type"], &shown["terms"]["cancellation"]),
        (&json!("instant"), &usual["cancellation"])
    );
    let booking = body(customer.book(&service, START, "at-once-1").await.unwrap(), 201);
    assert_eq!((&booking["status"], &booking["answer_by"]), (&json!("confirmed"), &Value::Null));
    assert_eq!(news(&cloud, &provider.email).await, ["Confirmed: Consultation"]);
    assert_eq!(news(&cloud, &customer.email).await, ["Confirmed: Consultation"]);
    refused(&customer.book(&service, START, "at-once-2").await.unwrap(), 409, "slot_taken");
    // Nobody has to answer, so nothing expires.
    pass(&cloud, 25 * HOUR).await;
    let mut provider = provider;
    provider.sign_in().await.unwrap();
    let booking = format!("/v1/bookings/{}", text(&booking, "id"));
    assert_eq!(super::status(&provider, &booking).await, "confirmed");
    let usual_again = body(provider.patch(&path, &json!({ "terms": null })).await.unwrap(), 200);
    assert_eq!(usual_again["terms"], usual);
    settle(&cloud).await;
}

#[tokio::test]
async fn what_is_shown_before_is_what_is_given_back() {
    let (cloud, mut provider, service, mut customer) = market().await;
    let policy = json!({ "grace_minutes": 0, "no_show_refund_percent": 10, "tiers": [
        { "before_minutes": 2_880, "refund_percent": 100 }, { "before_minutes": 60, "refund_percent": 45 }] });
    let path = format!("/v1/services/{service}");
    body(provider.patch(&path, &json!({ "terms": { "cancellation": policy } })).await.unwrap(), 200);
    let paths = [
        booked(&customer, &service, START).await,
        booked(&customer, &service, "2026-03-04T11:00:00Z").await,
        booked(&customer, &service, "2026-03-04T12:00:00Z").await,
    ];
    let preview = |path: &str| format!("{path}/cancellation-preview");
    let asked = body(customer.get(&preview(&paths[0])).await.unwrap(), 200);
    assert_eq!(
        asked["refund"],
        json!({ "percent": 100, "reason": "not_agreed", "amount": usd(5_000), "kept": usd(0) })
    );
    for path in &paths {
        body(provider.act(&format!("{path}/confirm")).await.unwrap(), 200);
    }
    let early = body(customer.get(&preview(&paths[0])).await.unwrap(), 200);
    assert_eq!(
        early["refund"],
        json!({ "percent": 100, "reason": "in_time", "amount": usd(5_000), "kept": usd(0) })
    );
    assert_eq!(early["until"], "2026-03-02T10:00:00.000000001Z");
    // What was agreed stays, whatever the service says later.
    body(provider.patch(&path, &json!({ "terms": null })).await.unwrap(), 200);
    pass(&cloud, 3 * HOUR).await;
    customer.sign_in().await.unwrap();
    provider.sign_in().await.unwrap();
    let late = body(customer.get(&preview(&paths[0])).await.unwrap(), 200);
    let share = json!({ "percent": 45, "reason": "in_time", "amount": usd(2_250), "kept": usd(2_750) });
    assert_eq!((&late["refund"], &late["until"]), (&share, &json!("2026-03-04T09:00:00.000000001Z")));
    let own = body(provider.get(&preview(&paths[0])).await.unwrap(), 200);
    assert_eq!(own["refund"]["reason"], "by_provider");
    // Whoever expects more learns of it before anything is lost.
    let cancel = format!("{}/cancel", paths[0]);
    let answer = customer.post(&cancel, &json!({ "refund": usd(5_000) })).await.unwrap();
    refused(&answer, 409, "refund_changed");
    assert_eq!(answer.body["refund"], share);
    let done = body(customer.post(&cancel, &json!({ "refund": usd(2_250) })).await.unwrap(), 200);
    assert_eq!((&done["status"], &done["refund"]), (&json!("cancelled"), &share));
    assert_eq!(body(provider.get(&paths[0]).await.unwrap(), 200)["refund"], share);
    let by_provider = body(provider.act(&format!("{}/cancel", paths[1])).await.unwrap(), 200);
    assert_eq!(
        by_provider["refund"],
        json!({ "percent": 100, "reason": "by_provider", "amount": usd(5_000), "kept": usd(0) })
    );
    let letter = crate::support::mails(&cloud, &provider.email).await.pop().unwrap();
    assert!(letter.text.contains("Refund: 22.50 USD"), "{}", letter.text);
    pass(&cloud, 49 * HOUR - HOUR / 2).await;
    customer.sign_in().await.unwrap();
    let too_late = body(customer.act(&format!("{}/cancel", paths[2])).await.unwrap(), 200);
    assert_eq!(
        too_late["refund"],
        json!({ "percent": 0, "reason": "late", "amount": usd(0), "kept": usd(5_000) })
    );
    refused(&customer.get(&preview(&paths[2])).await.unwrap(), 409, "wrong_state");
    settle(&cloud).await;
}

#[tokio::test]
async fn previews_and_histories_are_for_the_two_sides() {
    let (cloud, _, service, owner) = market().await;
    let path = booked(&owner, &service, START).await;
    let other = customer(&cloud, "Customer Two").await;
    for page in ["history", "cancellation-preview"] {
        refused(&other.get(&format!("{path}/{page}")).await.unwrap(), 404, "not_found");
        body(owner.get(&format!("{path}/{page}")).await.unwrap(), 200);
    }
}

#[tokio::test]
async fn terms_that_make_no_sense_are_refused() {
    let (_cloud, provider, service, customer) = market().await;
    let path = format!("/v1/services/{service}");
    let tier = |before: u32, share: u32| json!({ "before_minutes": before, "refund_percent": share });
    for (terms, pointer) in [
        (json!({ "booking_type": "auction" }), "/terms/booking_type"),
        (json!({ "booking_type": null }), "/terms/booking_type"),
        (json!({ "fee": 3 }), "/terms/fee"),
        (json!({ "cancellation": { "tiers": [tier(60, 101)] } }), "/terms/cancellation"),
        (json!({ "cancellation": { "tiers": [tier(60, 50), tier(120, 20)] } }), "/terms/cancellation"),
        (json!({ "cancellation": {} }), "/terms/cancellation"),
    ] {
        let answer =
            provider.call(Method::PATCH, &path, &[], Some(&json!({ "terms": terms }))).await.unwrap();
        refused(&answer, 422, "invalid_input");
        let named = each(&answer.body["errors"], "pointer");
        assert!(named.iter().any(|named| named.starts_with(pointer)), "{terms}: {named:?}");
    }
    let booking = booked(&customer, &service, START).await;
    let wrong = json!({ "refund": { "amount": 1, "currency": "gold" } });
    refused_at(
        &customer.post(&format!("{booking}/cancel"), &wrong).await.unwrap(),
        "/refund/currency",
        "invalid",
    );
}
