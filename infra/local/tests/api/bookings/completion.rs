//! What becomes of a booking that has begun.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{booked, market, status};
use crate::problems::refused;
use crate::support::{body, each, news, pass, settle, text};

const START: &str = "2026-03-02T10:00:00Z";
const HOUR: i64 = 3_600;

/// What a side reads of a booking's history: who did what.
async fn lines(who: &banister_local::client::Client, path: &str) -> Vec<(String, Value, String)> {
    let history = body(who.get(&format!("{path}/history")).await.unwrap(), 200);
    let lines = history["items"].as_array().unwrap().iter();
    lines.map(|it| (text(it, "actor").to_owned(), it["from"].clone(), text(it, "to").to_owned())).collect()
}

#[tokio::test]
async fn its_provider_completes_it_once_it_has_begun() {
    let (cloud, mut provider, service, mut customer) = market().await;
    let path = booked(&customer, &service, START).await;
    body(provider.act(&format!("{path}/confirm")).await.unwrap(), 200);
    for command in ["complete", "no-show"] {
        let answer = provider.act(&format!("{path}/{command}")).await.unwrap();
        refused(&answer, 409, "wrong_state");
        assert_eq!(answer.body["allowed"], json!(["cancel", "reschedule"]), "before its start");
    }
    pass(&cloud, 2 * HOUR).await;
    provider.sign_in().await.unwrap();
    customer.sign_in().await.unwrap();
    let answer = provider.act(&format!("{path}/cancel")).await.unwrap();
    refused(&answer, 409, "wrong_state");
    assert_eq!(answer.body["allowed"], json!(["complete", "mark_no_show"]), "after its start");
    refused(&customer.act(&format!("{path}/complete")).await.unwrap(), 403, "forbidden");
    let done = body(provider.act(&format!("{path}/complete")).await.unwrap(), 200);
    assert_eq!((&done["status"], &done["refund"]), (&json!("completed"), &Value::Null));
    for command in ["complete", "no-show", "cancel"] {
        let answer = provider.act(&format!("{path}/{command}")).await.unwrap();
        refused(&answer, 409, "wrong_state");
        assert_eq!(
            (&answer.body["booking_status"], &answer.body["allowed"]),
            (&json!("completed"), &json!([]))
        );
    }
    assert_eq!(news(&cloud, &customer.email).await.last().unwrap(), "Completed: Consultation");
    let told = [
        ("customer".to_owned(), Value::Null, "requested".to_owned()),
        ("provider".to_owned(), json!("requested"), "confirmed".to_owned()),
        ("provider".to_owned(), json!("confirmed"), "completed".to_owned()),
    ];
    for side in [&customer, &provider] {
        assert_eq!(lines(side, &path).await, told);
    }
    settle(&cloud).await;
}

#[tokio::test]
async fn whoever_does_not_come_gets_what_was_agreed() {
    let (cloud, mut provider, service, mut customer) = market().await;
    let terms = json!({ "terms": { "cancellation": { "tiers": [], "no_show_refund_percent": 33 } } });
    body(provider.patch(&format!("/v1/services/{service}"), &terms).await.unwrap(), 200);
    let path = booked(&customer, &service, START).await;
    body(provider.act(&format!("{path}/confirm")).await.unwrap(), 200);
    pass(&cloud, 2 * HOUR).await;
    provider.sign_in().await.unwrap();
    customer.sign_in().await.unwrap();
    let ask = json!({ "reason": "I waited for half an hour." });
    let mark = format!("{path}/no-show");
    let once = || provider.post_once(&mark, &ask, "nobody-came-1");
    let marked = body(once().await.unwrap(), 200);
    let refund = json!({ "percent": 33, "reason": "no_show",
        "amount": { "amount": 1_650, "currency": "usd" }, "kept": { "amount": 3_350, "currency": "usd" } });
    assert_eq!((&marked["status"], &marked["refund"]), (&json!("no_show"), &refund));
    assert_eq!(body(once().await.unwrap(), 200), marked, "the same answer to the same request");
    assert_eq!(body(customer.get(&path).await.unwrap(), 200)["refund"], refund);
    assert_eq!(news(&cloud, &customer.email).await.last().unwrap(), "Missed: Consultation");
    let letter = crate::support::mails(&cloud, &customer.email).await.pop().unwrap();
    assert!(letter.text.contains("> I waited for half an hour."), "{}", letter.text);
    assert!(letter.text.contains("Refund: 16.50 USD"), "{}", letter.text);
    settle(&cloud).await;
}

/// A day after its end: to the moment, whether the schedule has run or not.
#[tokio::test]
async fn what_nobody_speaks_of_has_taken_place() {
    let (cloud, mut provider, service, mut customer) = market().await;
    let path = booked(&customer, &service, START).await;
    body(provider.act(&format!("{path}/confirm")).await.unwrap(), 200);
    pass(&cloud, 27 * HOUR - 600).await;
    customer.sign_in().await.unwrap();
    assert_eq!(status(&customer, &path).await, "confirmed");
    cloud.clock.advance(SignedDuration::from_secs(600));
    provider.sign_in().await.unwrap();
    assert_eq!(status(&customer, &path).await, "completed");
    let listed = body(customer.get("/v1/bookings?status=completed").await.unwrap(), 200);
    assert_eq!(each(&listed, "status"), ["completed"]);
    refused(&provider.act(&format!("{path}/no-show")).await.unwrap(), 409, "wrong_state");
    assert_eq!(lines(&customer, &path).await.len(), 2, "nobody has written it down yet");
    cloud.run_schedules().await;
    cloud.quiet().await.unwrap();
    let last = lines(&customer, &path).await.pop().unwrap();
    assert_eq!(last, ("time".to_owned(), json!("confirmed"), "completed".to_owned()));
    assert_eq!(news(&cloud, &customer.email).await.last().unwrap(), "Completed: Consultation");
    cloud.run_schedules().await;
    assert_eq!(lines(&customer, &path).await.len(), 3, "once is enough");
    settle(&cloud).await;
}
