//! `/v1/me/calendar/vacations`.

use banister_local::client::Client;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::problems::{refused, refused_at};
use crate::support::invariants::invariants;
use crate::support::{body, cloud_at, customer, each, open, pass, provider, service, text};

/// A Monday.
const START: &str = "2031-03-03T06:00:00Z";

async fn away(provider: &Client, from: &str, to: &str) -> Value {
    let ask = json!({ "from": from, "to": to, "message": "Back soon." });
    body(provider.post("/v1/me/calendar/vacations", &ask).await.unwrap(), 201)
}

async fn slots(who: &Client, service: &str, from: &str, to: &str) -> Value {
    body(who.get(&format!("/v1/services/{service}/slots?from={from}&to={to}")).await.unwrap(), 200)
}

#[tokio::test]
async fn nobody_books_a_provider_who_is_away() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    open(&provider, json!({ "time_zone": "Asia/Tokyo", "slot_step_minutes": 240 })).await;
    let service = service(&provider, 60).await;
    let customer = customer(&cloud, "Customer One").await;
    let before = slots(&customer, &service, "2031-03-04", "2031-03-08").await;
    let made = away(&provider, "2031-03-05", "2031-03-06").await;
    assert_eq!(
        (text(&made, "starts_at"), text(&made, "ends_at")),
        ("2031-03-04T15:00:00Z", "2031-03-06T15:00:00Z")
    );
    assert_eq!(made["bookings_inside"], json!([]));
    let shown = slots(&customer, &service, "2031-03-04", "2031-03-08").await;
    assert_eq!(shown["away"], json!([{ "from": "2031-03-05", "to": "2031-03-06", "message": "Back soon." }]));
    let inside = |start: &String| start.as_str() >= "2031-03-04T15" && start.as_str() < "2031-03-06T15";
    let expected: Vec<_> =
        each(&before["items"], "starts_at").into_iter().filter(|start| !inside(start)).collect();
    assert_eq!(each(&shown["items"], "starts_at"), expected);
    assert_eq!(slots(&customer, &service, "2031-03-07", "2031-03-08").await["away"], json!([]));
    let refusal = customer.book(&service, "2031-03-05T03:00:00Z", "while-away").await.unwrap();
    refused(&refusal, 409, "slot_taken");
    assert_eq!(text(&refusal.body["next_slots"][0], "starts_at"), "2031-03-06T15:00:00Z");

    let path = format!("/v1/me/calendar/vacations/{}", text(&made, "id"));
    assert_eq!(provider.delete(&path).await.unwrap().status, 204);
    refused(&provider.delete(&path).await.unwrap(), 404, "not_found");
    assert_eq!(slots(&customer, &service, "2031-03-04", "2031-03-08").await, before);
    body(customer.book(&service, "2031-03-05T03:00:00Z", "back-again").await.unwrap(), 201);
    invariants(&cloud).await;
}

#[tokio::test]
async fn what_is_booked_stands_and_is_named() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    let service = service(&provider, 60).await;
    let customer = customer(&cloud, "Customer One").await;
    let mut booked = Vec::new();
    for start in ["2031-03-04T23:30:00Z", "2031-03-05T10:00:00Z", "2031-03-06T00:00:00Z"] {
        let answer = customer.book(&service, start, &format!("booking-{start}")).await.unwrap();
        booked.push(text(&body(answer, 201), "id").to_owned());
    }
    let made = away(&provider, "2031-03-05", "2031-03-05").await;
    assert_eq!(each(&made["bookings_inside"], "booking_id"), booked[..2]);
    let read = body(customer.get(&format!("/v1/bookings/{}", booked[1])).await.unwrap(), 200);
    assert_eq!(read["status"], "requested");
    // Given up, its time is the vacation's all the same.
    body(customer.post(&format!("/v1/bookings/{}/cancel", booked[1]), &json!({})).await.unwrap(), 200);
    refused(&customer.book(&service, "2031-03-05T10:00:00Z", "once-more").await.unwrap(), 409, "slot_taken");
    invariants(&cloud).await;
}

#[tokio::test]
async fn a_retry_enters_one_vacation() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    let ask = json!({ "from": "2031-03-05", "to": "2031-04-30" });
    let send = || provider.post_once("/v1/me/calendar/vacations", &ask, "one-vacation");
    let answers = join_all((0..5).map(|_| send())).await;
    let ids: std::collections::BTreeSet<_> =
        answers.into_iter().map(|answer| text(&body(answer.unwrap(), 201), "id").to_owned()).collect();
    assert_eq!(ids.len(), 1);
    let listed = body(provider.get("/v1/me/calendar/vacations").await.unwrap(), 200);
    assert_eq!(each(&listed["items"], "id"), Vec::from_iter(ids));
    // Also where it could not be entered once more; and the key is not for another one.
    for month in 5..9 {
        for day in 1..6 {
            let day = format!("2031-{month:02}-{:02}", day * 5);
            provider.post("/v1/me/calendar/vacations", &json!({ "from": day, "to": day })).await.unwrap();
        }
    }
    assert_eq!(send().await.unwrap().status, 201);
    let other = json!({ "from": "2031-03-05", "to": "2031-04-29" });
    let reused = provider.post_once("/v1/me/calendar/vacations", &other, "one-vacation").await.unwrap();
    refused(&reused, 422, "idempotency_key_reused");
    invariants(&cloud).await;
}

/// Many customers want the days that a provider wants to have free: each booking is either named in the
/// vacation or refused, none is made beside it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vacation_and_bookings_at_once() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    let service = service(&provider, 60).await;
    let customers = crate::races::crowd(&cloud, 12).await;
    let starts: Vec<_> = (0..12).map(|hour| format!("2031-03-05T{:02}:00:00Z", 8 + hour)).collect();
    let asks =
        customers.iter().zip(&starts).map(|(who, start)| who.book(&service, start, "a-race-with-time-off"));
    let (vacation, answers) = tokio::join!(away(&provider, "2031-03-04", "2031-03-10"), join_all(asks));
    let named: std::collections::BTreeSet<_> =
        each(&vacation["bookings_inside"], "booking_id").into_iter().collect();
    let mut made = std::collections::BTreeSet::new();
    for answer in answers.into_iter().map(Result::unwrap) {
        if answer.status == 201 {
            made.insert(text(&answer.body, "id").to_owned());
        } else {
            refused(&answer, 409, "slot_taken");
        }
    }
    assert_eq!(named, made);
    invariants(&cloud).await;
}

#[tokio::test]
async fn wrong_days_are_refused() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    let cases = [
        ("2031-03-06", "2031-03-05", "/to"),
        ("2031-03-06", "2031-05-07", "/to"),
        ("2031-02-06", "2031-03-02", "/to"),
        ("2033-04-06", "2033-04-07", "/from"),
        ("2031-3-06", "2031-03-07", "/from"),
        ("2031-03-06", "2031-03-07T00:00", "/to"),
    ];
    for (from, to, pointer) in cases {
        let ask = json!({ "from": from, "to": to });
        refused_at(&provider.post("/v1/me/calendar/vacations", &ask).await.unwrap(), pointer, "invalid");
    }
    assert_eq!(body(provider.get("/v1/me/calendar/vacations").await.unwrap(), 200)["items"], json!([]));
}

#[tokio::test]
async fn twenty_are_enough_and_those_that_are_over_are_forgotten() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    for day in 10..30 {
        away(&provider, &format!("2031-03-{day}"), &format!("2031-03-{day}")).await;
    }
    let more = json!({ "from": "2031-04-10", "to": "2031-04-10" });
    refused(&provider.post("/v1/me/calendar/vacations", &more).await.unwrap(), 409, "too_many_vacations");
    pass(&cloud, 8 * 86_400).await;
    let mut provider = provider;
    provider.sign_in().await.unwrap();
    body(provider.post("/v1/me/calendar/vacations", &more).await.unwrap(), 201);
    let listed = body(provider.get("/v1/me/calendar/vacations").await.unwrap(), 200);
    let from = each(&listed["items"], "from");
    assert_eq!(
        (from.len(), from[0].as_str(), from[from.len() - 1].as_str()),
        (20, "2031-03-11", "2031-04-10")
    );
    invariants(&cloud).await;
}

/// The instants stay where the provider moves to another zone.
#[tokio::test]
async fn another_zone_moves_no_vacation() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    let made = away(&provider, "2031-03-05", "2031-03-05").await;
    open(&provider, json!({ "time_zone": "America/New_York" })).await;
    let listed = body(provider.get("/v1/me/calendar/vacations").await.unwrap(), 200);
    assert_eq!(
        (&listed["items"][0]["starts_at"], &listed["items"][0]["from"]),
        (&made["starts_at"], &made["from"])
    );
    invariants(&cloud).await;
}
