//! Moving a booking.

use banister_local::client::Client;
use banister_local::cloud::Cloud;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{booked, market, status};
use crate::problems::{refused, refused_at};
use crate::support::invariants::invariants;
use crate::support::{body, customer, each, mails, news, open, pass, settle, text};

const FROM: &str = "2026-03-04T10:00:00Z";
const TO: &str = "2026-03-05T15:00:00Z";
const HOUR: i64 = 3_600;

/// The usual market, with a confirmed booking at [`FROM`], and whether it is moved without asking.
async fn agreed(rule: &str) -> (Cloud, Client, String, Client, String) {
    let (cloud, provider, service, customer) = market().await;
    let terms = json!({ "terms": { "reschedule": rule } });
    body(provider.patch(&format!("/v1/services/{service}"), &terms).await.unwrap(), 200);
    let path = booked(&customer, &service, FROM).await;
    body(provider.act(&format!("{path}/confirm")).await.unwrap(), 200);
    (cloud, provider, service, customer, path)
}

async fn free(who: &Client, service: &str, day: &str) -> Vec<String> {
    let slots = format!("/v1/services/{service}/slots?from={day}&to={day}");
    each(&body(who.get(&slots).await.unwrap(), 200), "starts_at")
}

fn to(starts_at: &str) -> Value {
    json!({ "starts_at": starts_at })
}

#[tokio::test]
async fn by_free_terms_it_moves_at_once() {
    let (cloud, provider, service, customer, path) = agreed("free").await;
    let reschedule = format!("{path}/reschedule");
    let ask = json!({ "starts_at": TO, "reason": "My train comes later." });
    let moved = body(customer.post_once(&reschedule, &ask, "move-it-1").await.unwrap(), 200);
    assert_eq!((&moved["starts_at"], &moved["ends_at"]), (&json!(TO), &json!("2026-03-05T16:00:00Z")));
    assert_eq!((&moved["status"], &moved["proposal"]), (&json!("confirmed"), &Value::Null));
    assert_eq!(moved["refund_at_most"], 100);
    assert_eq!(body(customer.post_once(&reschedule, &ask, "move-it-1").await.unwrap(), 200), moved);
    assert!(free(&customer, &service, "2026-03-04").await.contains(&FROM.to_owned()), "the old time is free");
    assert!(!free(&customer, &service, "2026-03-05").await.contains(&TO.to_owned()), "the new one is not");
    assert_eq!(news(&cloud, &provider.email).await.last().unwrap(), "Moved: Consultation");
    let letter = mails(&cloud, &provider.email).await.pop().unwrap();
    assert!(letter.text.contains("March 5, 2026, 3:00 PM"), "{}", letter.text);
    assert!(letter.text.contains("> My train comes later."), "{}", letter.text);
    let history = body(provider.get(&format!("{path}/history")).await.unwrap(), 200);
    let line = &history["items"][2];
    assert_eq!(line["reschedule"], json!({ "step": "moved", "from": FROM, "to": TO }));
    assert_eq!((&line["actor"], &line["reason"]), (&json!("customer"), &json!("My train comes later.")));
    // Half an hour on: over its own old place.
    let on = body(customer.post(&reschedule, &to("2026-03-05T15:30:00Z")).await.unwrap(), 200);
    assert_eq!(on["starts_at"], "2026-03-05T15:30:00Z");
    refused_at(
        &customer.post(&reschedule, &to("2026-03-05T15:30:00Z")).await.unwrap(),
        "/starts_at",
        "invalid",
    );
    // The provider asks all the same.
    let asked = body(provider.post(&reschedule, &to(FROM)).await.unwrap(), 200);
    assert_eq!((&asked["starts_at"], &asked["proposal"]["by"]), (&on["starts_at"], &json!("provider")));
    cloud.quiet().await.unwrap();
    body(customer.act(&format!("{reschedule}/decline")).await.unwrap(), 200);
    settle(&cloud).await;
    let staff = crate::support::super_admin(&cloud, "Admin One").await;
    let days = "/v1/admin/bookings?from=2026-03-05T00:00:00Z&to=2026-03-06T00:00:00Z";
    assert_eq!(each(&body(staff.get(days).await.unwrap(), 200), "starts_at"), ["2026-03-05T15:30:00Z"]);
    invariants(&cloud).await;
}

#[tokio::test]
async fn with_consent_both_times_are_held_until_the_other_side_answers() {
    let (cloud, provider, service, customer, path) = agreed("consent").await;
    let asked = body(customer.post(&format!("{path}/reschedule"), &to(TO)).await.unwrap(), 200);
    assert_eq!((&asked["starts_at"], &asked["status"]), (&json!(FROM), &json!("confirmed")));
    assert_eq!((&asked["proposal"]["by"], &asked["proposal"]["starts_at"]), (&json!("customer"), &json!(TO)));
    for (day, time) in [("2026-03-04", FROM), ("2026-03-05", TO)] {
        assert!(!free(&customer, &service, day).await.contains(&time.to_owned()), "{time} is held");
    }
    assert_eq!(news(&cloud, &provider.email).await.last().unwrap(), "Another time proposed: Consultation");
    let letter = mails(&cloud, &provider.email).await.pop().unwrap();
    assert!(letter.text.contains("March 5, 2026, 3:00 PM"), "{}", letter.text);
    let accept = format!("{path}/reschedule/accept");
    let answer = customer.post(&accept, &to(TO)).await.unwrap();
    refused(&answer, 409, "wrong_state");
    assert_eq!(answer.body["allowed"], json!(["cancel", "reschedule", "decline_reschedule"]));
    let other = "2026-03-06T09:00:00Z";
    let asked = body(customer.post(&format!("{path}/reschedule"), &to(other)).await.unwrap(), 200);
    assert_eq!(asked["proposal"]["starts_at"], other);
    assert!(
        free(&customer, &service, "2026-03-05").await.contains(&TO.to_owned()),
        "the first one is let go"
    );
    let answer = provider.post(&accept, &to(TO)).await.unwrap();
    refused(&answer, 409, "proposal_changed");
    assert_eq!(answer.body["starts_at"], other);
    let moved = body(provider.post_once(&accept, &to(other), "yes-to-that").await.unwrap(), 200);
    assert_eq!((&moved["starts_at"], &moved["proposal"]), (&json!(other), &Value::Null));
    assert_eq!(body(provider.post_once(&accept, &to(other), "yes-to-that").await.unwrap(), 200), moved);
    assert!(free(&customer, &service, "2026-03-04").await.contains(&FROM.to_owned()));
    assert_eq!(news(&cloud, &customer.email).await.last().unwrap(), "Moved: Consultation");
    refused(&provider.post(&accept, &to(other)).await.unwrap(), 409, "wrong_state");
    settle(&cloud).await;
    invariants(&cloud).await;
}

#[tokio::test]
async fn a_proposal_that_is_declined_or_expires_leaves_everything_as_it_was() {
    let (cloud, mut provider, service, mut customer, path) = agreed("consent").await;
    let reschedule = format!("{path}/reschedule");
    for (asks, declines) in [(&customer, &provider), (&provider, &provider)] {
        body(asks.post(&reschedule, &to(TO)).await.unwrap(), 200);
        let no = json!({ "reason": "I am away." });
        let kept = body(declines.post(&format!("{reschedule}/decline"), &no).await.unwrap(), 200);
        assert_eq!((&kept["starts_at"], &kept["proposal"]), (&json!(FROM), &Value::Null));
        assert!(free(&customer, &service, "2026-03-05").await.contains(&TO.to_owned()));
    }
    assert_eq!(news(&cloud, &customer.email).await.last().unwrap(), "Stays as it is: Consultation");
    body(provider.post(&reschedule, &to(TO)).await.unwrap(), 200);
    pass(&cloud, 24 * HOUR).await;
    provider.sign_in().await.unwrap();
    customer.sign_in().await.unwrap();
    assert_eq!(body(customer.get(&path).await.unwrap(), 200)["proposal"], Value::Null);
    refused(&customer.post(&format!("{reschedule}/accept"), &to(TO)).await.unwrap(), 409, "wrong_state");
    // Its place is free for others, whether anybody has cleaned up or not.
    let next = booked(&customer, &service, TO).await;
    assert_eq!(status(&customer, &next).await, "requested");
    body(customer.act(&format!("{path}/cancel")).await.unwrap(), 200);
    settle(&cloud).await;
    invariants(&cloud).await;
}

#[tokio::test]
async fn what_is_taken_or_not_offered_changes_nothing() {
    let (cloud, provider, service, one, path) = agreed("free").await;
    let other = customer(&cloud, "Customer Two").await;
    booked(&other, &service, TO).await;
    let reschedule = format!("{path}/reschedule");
    let answer = one.post(&reschedule, &to(TO)).await.unwrap();
    refused(&answer, 409, "slot_taken");
    assert_eq!(each(&answer.body["next_slots"], "starts_at")[0], "2026-03-05T16:00:00Z");
    for wrong in ["2026-03-05T15:10:00Z", "2026-03-02T07:00:00Z", "2027-03-05T15:00:00Z"] {
        refused(&one.post(&reschedule, &to(wrong)).await.unwrap(), 422, "slot_not_offered");
    }
    for who in [&other, &provider] {
        let elsewhere = format!("/v1/bookings/{}/reschedule", "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE");
        refused(&who.post(&elsewhere, &to(TO)).await.unwrap(), 404, "not_found");
    }
    refused(&other.post(&reschedule, &to(TO)).await.unwrap(), 404, "not_found");
    assert_eq!(body(one.get(&path).await.unwrap(), 200)["starts_at"], FROM);
    let request = booked(&other, &service, "2026-03-06T10:00:00Z").await;
    refused(&other.post(&format!("{request}/reschedule"), &to(FROM)).await.unwrap(), 409, "wrong_state");
    settle(&cloud).await;
    invariants(&cloud).await;
}

/// What is held for a move or a customer has its place in the limit of its day.
#[tokio::test]
async fn limits_count_what_is_held() {
    let (cloud, provider, service, one, path) = agreed("consent").await;
    open(&provider, json!({ "max_bookings_per_day": 1 })).await;
    let two = customer(&cloud, "Customer Two").await;
    let other = booked(&two, &service, "2026-03-06T10:00:00Z").await;
    body(provider.act(&format!("{other}/confirm")).await.unwrap(), 200);
    body(one.post(&format!("{path}/reschedule"), &to(TO)).await.unwrap(), 200);
    // Another time of the day that is proposed, for which there would be room in the calendar.
    let elsewhere = "2026-03-05T09:00:00Z";
    let answer = two.post(&format!("{other}/reschedule"), &to(elsewhere)).await.unwrap();
    refused(&answer, 409, "slot_taken");
    refused(&two.book(&service, elsewhere, "not-today-1").await.unwrap(), 409, "slot_taken");
    body(provider.post(&format!("{path}/reschedule/accept"), &to(TO)).await.unwrap(), 200);
    let place = json!({ "service_id": service, "starts_at": "2026-03-07T10:00:00Z" });
    let held = body(one.post_once("/v1/holds", &place, "last-of-the-day").await.unwrap(), 201);
    refused(&two.book(&service, "2026-03-07T15:00:00Z", "not-today-2").await.unwrap(), 409, "slot_taken");
    let ask = json!({ "service_id": service, "starts_at": place["starts_at"], "hold_id": held["id"] });
    body(one.post_once("/v1/bookings", &ask, "the-held-one").await.unwrap(), 201);
    settle(&cloud).await;
    invariants(&cloud).await;
}

/// A vacation takes what it wants, also what is held for a move: nothing is lost by saying yes then.
#[tokio::test]
async fn a_vacation_takes_the_place_of_a_proposal() {
    let (cloud, provider, _, customer, path) = agreed("consent").await;
    body(customer.post(&format!("{path}/reschedule"), &to(TO)).await.unwrap(), 200);
    let away = json!({ "from": "2026-03-05", "to": "2026-03-05" });
    body(provider.post("/v1/me/calendar/vacations", &away).await.unwrap(), 201);
    refused(&provider.post(&format!("{path}/reschedule/accept"), &to(TO)).await.unwrap(), 409, "slot_taken");
    let shown = body(customer.get(&path).await.unwrap(), 200);
    assert_eq!((&shown["starts_at"], &shown["status"]), (&json!(FROM), &json!("confirmed")));
    settle(&cloud).await;
    invariants(&cloud).await;
}

/// Many want to move to one place, and some to book it: one gets it, and nobody loses what they have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_one_place_one_gets_it() {
    let (cloud, provider, service, first) = market().await;
    let terms = json!({ "terms": { "reschedule": "free", "booking_type": "instant" } });
    body(provider.patch(&format!("/v1/services/{service}"), &terms).await.unwrap(), 200);
    let mut paths = Vec::new();
    for hour in 8..16 {
        paths.push(booked(&first, &service, &format!("2026-03-04T{hour:02}:00:00Z")).await);
    }
    let two = customer(&cloud, "Customer Two").await;
    let ask = to(TO);
    let moves = paths.iter().map(|path| {
        let (first, ask) = (&first, &ask);
        async move { first.post(&format!("{path}/reschedule"), ask).await.unwrap() }
    });
    let books = (0..4).map(|n| {
        let (two, service) = (&two, &service);
        async move { two.book(service, TO, &format!("me-too-{n}-please")).await.unwrap() }
    });
    let (asked, made) = tokio::join!(join_all(moves), join_all(books));
    let got = asked.iter().chain(&made).filter(|answer| answer.status.is_success()).count();
    assert_eq!(got, 1);
    for answer in asked.iter().chain(&made).filter(|answer| !answer.status.is_success()) {
        let code = text(&answer.body, "code");
        assert!(["slot_taken", "busy"].contains(&code), "{}", answer.body);
    }
    for path in &paths {
        assert_eq!(status(&first, path).await, "confirmed");
    }
    settle(&cloud).await;
    invariants(&cloud).await;
}
