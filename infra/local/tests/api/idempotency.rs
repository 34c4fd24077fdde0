//! One key is one intention: however often and however badly it is sent, it has one effect.

use std::collections::BTreeSet;

use banister_domain::booking::Status;
use banister_local::client::{Answer, Client, PASSWORD};
use banister_local::cloud::Cloud;
use banister_local::faults::Verdict;
use futures_util::future::join_all;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::invariants::{Kept, invariants};
use crate::support::{self, body, text};

const START: &str = "2031-03-03T06:00:00Z";
const SLOT: &str = "2031-03-05T10:00:00Z";
/// As often as the SDK tries one call.
const ATTEMPTS: usize = 4;

async fn keyed(who: &Client, path: &str, key: &str, ask: &Value) -> Answer {
    who.call(Method::POST, path, &[("idempotency-key", key)], Some(ask)).await.expect("an answer")
}

fn replayed(answer: &Answer) -> bool {
    answer.headers.get("idempotent-replayed").is_some_and(|value| value == "true")
}

/// All answers are the same one, and all but one say that they are repeated.
fn one_effect(answers: &[Answer], status: u16) -> &Value {
    for answer in answers {
        assert_eq!((answer.status.as_u16(), &answer.body), (status, &answers[0].body));
        assert!(
            answer.headers["content-type"].to_str().is_ok_and(|kind| kind.starts_with("application/json"))
        );
    }
    let fresh = answers.iter().filter(|answer| !replayed(answer)).count();
    assert_eq!(fresh, 1, "so many said that they did the work");
    &answers[0].body
}

/// Every attempt of the next transaction takes effect and is answered by silence.
fn lose_the_next_commit(cloud: &Cloud) {
    for _ in 0..ATTEMPTS {
        cloud.faults.script("local-http", "TransactWriteItems", Verdict::LoseAnswer);
    }
}

fn open(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.code()), (503, "unavailable"), "{}", answer.body);
    assert!(answer.headers.contains_key("retry-after"));
}

async fn stage() -> (Cloud, Client, String, Client) {
    let cloud = support::cloud_at(START).await;
    let provider = support::provider(&cloud, "Provider One").await;
    let service = support::service(&provider, 60).await;
    let customer = support::customer(&cloud, "Customer One").await;
    (cloud, provider, service, customer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_at_the_same_moment() {
    let (cloud, provider, service, customer) = stage().await;
    let booked = join_all((0..30).map(|_| customer.book(&service, SLOT, "the-same-key"))).await;
    let booked: Vec<_> = booked.into_iter().map(Result::unwrap).collect();
    let booking = one_effect(&booked, 201);

    let path = format!("/v1/bookings/{}/confirm", text(booking, "id"));
    let nothing = json!({});
    let confirmed = join_all((0..20).map(|_| keyed(&provider, &path, "yes-of-course", &nothing))).await;
    assert_eq!(one_effect(&confirmed, 200)["status"], "confirmed");

    let draft = json!({ "title": "Advice", "description": "About much.", "category": "consulting",
        "price": { "amount": 100, "currency": "usd" }, "duration_minutes": 30, "location_kind": "online" });
    let drafts = join_all((0..20).map(|_| keyed(&provider, "/v1/services", "one-service", &draft))).await;
    let id = text(one_effect(&drafts, 201), "id");
    assert_eq!(body(provider.get(&format!("/v1/services/{id}")).await.unwrap(), 200)["status"], "draft");

    let ask = json!({ "email": "twice@example.com", "password": PASSWORD, "role": "customer",
        "first_name": "Customer", "last_name": "Two" });
    let strangers: Vec<_> = (0..10).map(|_| support::stranger(&cloud)).collect();
    let registered = strangers.iter().map(|who| keyed(who, "/v1/accounts", "hello-there", &ask));
    let registered = join_all(registered).await;
    let id = text(one_effect(&registered, 201), "id");

    let kept = invariants(&cloud).await;
    assert_eq!(kept.bookings.len(), 1);
    assert_eq!(kept.path(text(booking, "id")), [Status::Requested, Status::Confirmed]);
    assert_eq!(kept.services.len(), 2);
    let two: Vec<_> =
        kept.accounts.iter().filter(|account| account.email.as_str() == "twice@example.com").collect();
    assert_eq!(two.iter().map(|account| account.id.to_string()).collect::<Vec<_>>(), [id]);
    assert_eq!(cloud.mailbox.list(Some("twice@example.com")).len(), 1, "one mail with one code");
}

#[tokio::test]
async fn an_answer_that_was_lost_is_given_again() {
    let (cloud, provider, service, customer) = stage().await;
    lose_the_next_commit(&cloud);
    open(&customer.book(&service, SLOT, "lost-answer").await.unwrap());
    let kept = Kept::read(&cloud).await;
    assert_eq!(kept.bookings.len(), 1, "the answer was lost, not the booking");
    let again = customer.book(&service, SLOT, "lost-answer").await.unwrap();
    assert!(replayed(&again));
    let booking = body(again, 201);
    let id = text(&booking, "id");
    assert_eq!(kept.booking(id).status, Status::Requested);

    let path = |command: &str| format!("/v1/bookings/{id}/{command}");
    lose_the_next_commit(&cloud);
    open(&keyed(&provider, &path("confirm"), "lost-yes", &json!({})).await);
    let again = keyed(&provider, &path("confirm"), "lost-yes", &json!({})).await;
    assert!(replayed(&again));
    let confirmed = body(again, 200);
    assert_eq!(confirmed["status"], "confirmed");

    lose_the_next_commit(&cloud);
    let reason = json!({ "reason": "Ill." });
    open(&keyed(&customer, &path("cancel"), "lost-off", &reason).await);
    let again = keyed(&customer, &path("cancel"), "lost-off", &reason).await;
    assert!(replayed(&again));
    assert_eq!(body(again, 200)["status"], "cancelled");
    // The answer to the first command is still what it was.
    let old = keyed(&provider, &path("confirm"), "lost-yes", &json!({})).await;
    assert!(replayed(&old));
    assert_eq!(body(old, 200), confirmed);
    // Without the key it is a new intention.
    assert_eq!(provider.act(&path("confirm")).await.unwrap().code(), "wrong_state");

    lose_the_next_commit(&cloud);
    let ask = json!({ "email": "lost@example.com", "password": PASSWORD, "role": "provider",
        "first_name": "Provider", "last_name": "Two" });
    let stranger = support::stranger(&cloud);
    // The limit is counted by an update; the first transaction is the account's.
    open(&keyed(&stranger, "/v1/accounts", "lost-account", &ask).await);
    let again = keyed(&stranger, "/v1/accounts", "lost-account", &ask).await;
    assert!(replayed(&again));
    let account = body(again, 201);
    let kept = invariants(&cloud).await;
    assert!(kept.accounts.iter().any(|kept| kept.id.to_string() == text(&account, "id")));
    assert_eq!(kept.path(id), [Status::Requested, Status::Confirmed, Status::Cancelled]);
}

#[tokio::test]
async fn a_key_is_bound_to_its_request_and_its_owner() {
    let (cloud, provider, service, customer) = stage().await;
    let first = body(customer.book(&service, SLOT, "shared-key").await.unwrap(), 201);
    for starts_at in ["2031-03-05T12:00:00Z", "2031-03-05T10:30:00Z"] {
        let other = customer.book(&service, starts_at, "shared-key").await.unwrap();
        assert_eq!((other.status.as_u16(), other.code()), (422, "idempotency_key_reused"));
    }
    let ask = json!({ "service_id": service, "starts_at": SLOT, "note": "One word more" });
    assert_eq!(keyed(&customer, "/v1/bookings", "shared-key", &ask).await.code(), "idempotency_key_reused");

    let stranger = support::customer(&cloud, "Customer Two").await;
    let theirs = body(stranger.book(&service, "2031-03-05T12:00:00Z", "shared-key").await.unwrap(), 201);
    assert_ne!(first["id"], theirs["id"]);

    // The same key means something else to another operation, and nothing else to the same one.
    let path = |booking: &Value, command| format!("/v1/bookings/{}/{command}", text(booking, "id"));
    body(keyed(&provider, &path(&first, "confirm"), "shared-key", &json!({})).await, 200);
    let other = keyed(&provider, &path(&theirs, "confirm"), "shared-key", &json!({})).await;
    assert_eq!((other.status.as_u16(), other.code()), (422, "idempotency_key_reused"));
    let reason = json!({ "reason": "Changed my mind." });
    let other = keyed(&provider, &path(&first, "confirm"), "shared-key", &reason).await;
    assert_eq!((other.status.as_u16(), other.code()), (422, "idempotency_key_reused"));
    body(keyed(&provider, &path(&theirs, "decline"), "shared-key", &reason).await, 200);

    for key in ["short", "with space in it", &"x".repeat(129)] {
        let ask = json!({ "service_id": service, "starts_at": "2031-03-05T14:00:00Z" });
        let answer = keyed(&customer, "/v1/bookings", key, &ask).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "invalid_idempotency_key"));
    }
    let kept = invariants(&cloud).await;
    assert_eq!(kept.bookings.len(), 2);
    assert_eq!(kept.path(text(&first, "id")), [Status::Requested, Status::Confirmed]);
    assert_eq!(kept.path(text(&theirs, "id")), [Status::Requested, Status::Declined]);
}

/// Two different requests under one key, at the same moment: one is done, the others are refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_for_many_requests_at_the_same_moment() {
    let (cloud, _, service, customer) = stage().await;
    let starts: Vec<_> = (6..16).map(|hour| format!("2031-03-05T{hour:02}:00:00Z")).collect();
    let answers =
        join_all(starts.iter().map(|start| customer.book(&service, start, "too-many-things"))).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    let refused: BTreeSet<_> =
        answers.iter().filter(|answer| answer.status != 201).map(|answer| answer.code().to_owned()).collect();
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(refused, BTreeSet::from(["idempotency_key_reused".to_owned()]));
    assert_eq!(invariants(&cloud).await.bookings.len(), 1);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let (cloud, _, service, mut customer) = stage().await;
    let first = body(customer.book(&service, SLOT, "day-by-day").await.unwrap(), 201);
    cloud.advance(SignedDuration::from_hours(24) - SignedDuration::from_secs(60)).await;
    customer.sign_in().await.unwrap();
    let again = customer.book(&service, SLOT, "day-by-day").await.unwrap();
    assert!(replayed(&again));
    assert_eq!(again.body, first, "as it was told then");
    // The receipt is still in the table: DynamoDB deletes it when it comes round to it.
    cloud.advance(SignedDuration::from_secs(61)).await;
    let new = customer.book(&service, SLOT, "day-by-day").await.unwrap();
    assert!(!replayed(&new));
    let new = body(new, 201);
    assert_ne!(new["id"], first["id"]);
    let kept = invariants(&cloud).await;
    assert_eq!(kept.path(text(&first, "id")), [Status::Requested, Status::Expired]);
    assert_eq!(kept.path(text(&new, "id")), [Status::Requested]);
}
