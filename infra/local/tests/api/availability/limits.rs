//! Limits of a day and a week, hours of single services, and seats.

use std::time::Duration;

use banister_local::client::Client;
use banister_local::faults::Verdict;
use serde_json::{Value, json};

use crate::problems::{refused, refused_at};
use crate::races::{Ask, all_at_once, crowd};
use crate::support::invariants::invariants;
use crate::support::{body, cloud_at, customer, each, open, provider, service, stranger, text};

/// A Monday.
const START: &str = "2031-03-03T06:00:00Z";

async fn starts(who: &Client, service: &str, query: &str) -> Vec<String> {
    let list = body(who.get(&format!("/v1/services/{service}/slots?{query}")).await.unwrap(), 200);
    each(&list["items"], "starts_at")
}

async fn change(provider: &Client, service: &str, changes: Value) -> Value {
    body(provider.patch(&format!("/v1/services/{service}"), &changes).await.unwrap(), 200)
}

async fn seats(
    who: &Client,
    service: &str,
    start: &str,
    count: u16,
    key: &str,
) -> banister_local::client::Answer {
    let ask = json!({ "service_id": service, "starts_at": start, "seats": count });
    who.post_once("/v1/bookings", &ask, key).await.unwrap()
}

#[tokio::test]
async fn a_day_with_enough_bookings_takes_no_more() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    // A date in Auckland begins at 11:00 of the day before, and so lies on two days of the table.
    open(&provider, json!({ "time_zone": "Pacific/Auckland", "max_bookings_per_day": 2 })).await;
    let service = service(&provider, 60).await;
    let customer = customer(&cloud, "Customer One").await;
    for start in ["2031-03-04T12:00:00Z", "2031-03-05T09:00:00Z"] {
        body(customer.book(&service, start, &format!("booking-{start}")).await.unwrap(), 201);
    }
    let day = "from=2031-03-05&to=2031-03-05";
    assert_eq!(starts(&customer, &service, day).await, Vec::<String>::new());
    let refusal = customer.book(&service, "2031-03-05T02:00:00Z", "one-too-many").await.unwrap();
    refused(&refusal, 409, "slot_taken");
    assert_eq!(text(&refusal.body["next_slots"][0], "starts_at"), "2031-03-05T11:00:00Z");
    let first = format!("/v1/bookings/{}/cancel", {
        let list = body(customer.get("/v1/bookings").await.unwrap(), 200);
        each(&list["items"], "id")[0].clone()
    });
    body(customer.post(&first, &json!({})).await.unwrap(), 200);
    body(customer.book(&service, "2031-03-05T02:00:00Z", "room-again").await.unwrap(), 201);
    invariants(&cloud).await;
}

/// No two of them touch the same day of the table's calendar, and still no more are made than a week takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_week_is_counted_once_for_all() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    open(&provider, json!({ "max_bookings_per_week": 3 })).await;
    let service = service(&provider, 60).await;
    let customers = crowd(&cloud, 14).await;
    let asks: Vec<_> = customers
        .iter()
        .zip(0..)
        .map(|(who, n)| Ask {
            who: who.clone(),
            service: service.clone(),
            minutes: 60,
            starts_at: format!("2031-03-{:02}T{:02}:00:00Z", 10 + n % 7, 8 + n / 7),
            key: format!("a-week-{n}"),
        })
        .collect();
    let answers = all_at_once(&asks).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 3);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        refused(answer, 409, "slot_taken");
        assert_eq!(text(&answer.body["next_slots"][0], "starts_at"), "2031-03-17T00:00:00Z");
    }
    assert_eq!(starts(&customers[0], &service, "from=2031-03-10&to=2031-03-16").await, Vec::<String>::new());
    assert_eq!(starts(&customers[0], &service, "from=2031-03-09&to=2031-03-17").await.len(), 96);
    invariants(&cloud).await;
}

/// Somebody else's booking of that week is made while the week is being read: it is seen in the days, which are read
/// behind it, or it has changed the week. On other days, so that nothing else tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_made_between_two_reads_is_counted() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    open(&provider, json!({ "max_bookings_per_week": 1 })).await;
    let service = service(&provider, 60).await;
    let (late, early) = (customer(&cloud, "Customer One").await, customer(&cloud, "Customer Two").await);
    // The receipt, the service, and then the week.
    for verdict in [Verdict::Pass, Verdict::Pass, Verdict::Hold] {
        cloud.faults.script("local-http", "GetItem", verdict);
    }
    let (answer, ()) = tokio::join!(late.book(&service, "2031-03-13T10:00:00Z", "the-late-one"), async {
        tokio::time::timeout(Duration::from_secs(20), cloud.faults.held()).await.expect("a read on its way");
        body(early.book(&service, "2031-03-11T10:00:00Z", "the-early-one").await.unwrap(), 201);
        cloud.faults.release();
    });
    refused(&answer.unwrap(), 409, "slot_taken");
    invariants(&cloud).await;
}

#[tokio::test]
async fn a_service_has_hours_of_its_own() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    let (plain, special) = (service(&provider, 60).await, service(&provider, 60).await);
    let changed = change(
        &provider,
        &special,
        json!({ "calendar": {
        "weekly": [{ "day": "wed", "start": "10:00", "end": "14:00" }], "buffer_before_minutes": 30,
        "slot_step_minutes": 60, "max_bookings_per_day": 1, "horizon_days": 10 } }),
    )
    .await;
    assert_eq!(changed["calendar"]["slot_step_minutes"], 60);
    let customer = customer(&cloud, "Customer One").await;
    let day = "from=2031-03-04&to=2031-03-06";
    let all: Vec<_> = (10..14).map(|hour| format!("2031-03-05T{hour}:00:00Z")).collect();
    assert_eq!(starts(&customer, &special, day).await, all);
    assert_eq!(starts(&customer, &special, "from=2031-03-14&to=2031-03-30").await, Vec::<String>::new());
    body(customer.book(&plain, "2031-03-05T11:00:00Z", "in-the-middle").await.unwrap(), 201);
    // Half an hour is kept free before it, where the plain one needs none.
    assert_eq!(starts(&customer, &special, day).await, [all[0].clone(), all[3].clone()]);
    body(customer.book(&special, "2031-03-05T13:00:00Z", "the-one-of-it").await.unwrap(), 201);
    assert_eq!(starts(&customer, &special, day).await, Vec::<String>::new());
    refused(
        &customer.book(&special, "2031-03-05T10:00:00Z", "the-other-one").await.unwrap(),
        409,
        "slot_taken",
    );
    body(customer.book(&plain, "2031-03-05T10:00:00Z", "unlimited").await.unwrap(), 201);

    let merged =
        change(&provider, &special, json!({ "calendar": { "weekly": null, "slot_step_minutes": 240 } }))
            .await;
    let kept = json!({ "buffer_before_minutes": 30, "slot_step_minutes": 240, "max_bookings_per_day": 1, "horizon_days": 10 });
    assert_eq!(merged["calendar"], kept);
    assert_eq!(change(&provider, &special, json!({ "calendar": null })).await["calendar"], json!({}));
    let path = format!("/v1/services/{special}");
    let wrong = json!({ "calendar": { "slot_step_minutes": 4 } });
    refused_at(&provider.patch(&path, &wrong).await.unwrap(), "/calendar/slot_step_minutes", "invalid");
    let unknown = json!({ "calendar": { "time_zone": "UTC" } });
    refused_at(&provider.patch(&path, &unknown).await.unwrap(), "/calendar/time_zone", "unknown");
    invariants(&cloud).await;
}

#[tokio::test]
async fn what_takes_too_long_is_not_offered() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    let (short, long) = (service(&provider, 60).await, service(&provider, 90).await);
    open(&provider, json!({ "max_duration_minutes": 60 })).await;
    let day = "from=2031-03-05&to=2031-03-05";
    assert_eq!(starts(&stranger(&cloud), &short, day).await.len(), 48);
    assert_eq!(starts(&stranger(&cloud), &long, day).await, Vec::<String>::new());
    let customer = customer(&cloud, "Customer One").await;
    refused(
        &customer.book(&long, "2031-03-05T10:00:00Z", "too-long").await.unwrap(),
        422,
        "slot_not_offered",
    );
}

/// Many want a seat of one lesson: as many get one as there are seats, and nobody else has the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seats_are_given_once() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    let (lesson, other) = (service(&provider, 60).await, service(&provider, 60).await);
    assert_eq!(change(&provider, &lesson, json!({ "seats": 5 })).await["seats"], 5);
    let customers = crowd(&cloud, 12).await;
    let start = "2031-03-05T10:00:00Z".to_owned();
    let asks: Vec<_> = customers
        .iter()
        .zip(0..)
        .map(|(who, n)| Ask {
            who: who.clone(),
            service: lesson.clone(),
            minutes: 60,
            starts_at: start.clone(),
            key: format!("a-seat-{n}"),
        })
        .collect();
    let answers = all_at_once(&asks).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 5);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        refused(answer, 409, "slot_taken");
    }
    invariants(&cloud).await;
    let day = "from=2031-03-05&to=2031-03-05";
    assert!(!starts(&customers[0], &lesson, day).await.contains(&start));
    let booking = answers.iter().find(|answer| answer.status == 201).unwrap();
    let path = format!("/v1/bookings/{}/cancel", text(&booking.body, "id"));
    body(provider.post(&path, &json!({})).await.unwrap(), 200);
    assert!(starts(&customers[0], &lesson, day).await.contains(&start));
    assert!(!starts(&customers[0], &lesson, &format!("{day}&seats=2")).await.contains(&start));
    // Other buffers than those that the others booked with are no other time.
    change(&provider, &lesson, json!({ "calendar": { "buffer_after_minutes": 15 } })).await;
    assert!(starts(&customers[0], &lesson, day).await.contains(&start));
    assert!(!starts(&customers[0], &other, day).await.contains(&start));
    refused(&customers[11].book(&other, &start, "another-service").await.unwrap(), 409, "slot_taken");
    refused(&seats(&customers[11], &lesson, &start, 2, "two-seats").await, 409, "slot_taken");
    body(seats(&customers[11], &lesson, &start, 1, "one-seat").await, 201);
    invariants(&cloud).await;
}

#[tokio::test]
async fn seats_that_a_service_does_not_have_are_refused() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    let plain = service(&provider, 60).await;
    let customer = customer(&cloud, "Customer One").await;
    let start = "2031-03-05T10:00:00Z";
    refused_at(&seats(&customer, &plain, start, 2, "two-of-one").await, "/seats", "invalid");
    refused_at(&seats(&customer, &plain, start, 0, "none-at-all").await, "/seats", "invalid");
    let path = format!("/v1/services/{plain}");
    refused_at(&provider.patch(&path, &json!({ "seats": 0 })).await.unwrap(), "/seats", "invalid");
    let booked = body(seats(&customer, &plain, start, 1, "one-of-one").await, 201);
    assert_eq!((&booked["seats"], &booked["price"]["amount"]), (&json!(1), &json!(5_000)));
}

#[tokio::test]
async fn every_seat_is_paid_for() {
    let cloud = cloud_at(START).await;
    let provider = provider(&cloud, "Provider One").await;
    let lesson = service(&provider, 60).await;
    change(&provider, &lesson, json!({ "seats": 100 })).await;
    let customer = customer(&cloud, "Customer One").await;
    let start = "2031-03-05T10:00:00Z";
    let booked = body(seats(&customer, &lesson, start, 3, "three-seats").await, 201);
    assert_eq!(booked["price"], json!({ "amount": 15_000, "currency": "usd" }));
    let dear = json!({ "price": { "amount": 2_000_000, "currency": "usd" } });
    change(&provider, &lesson, dear).await;
    refused_at(&seats(&customer, &lesson, start, 97, "a-room-full").await, "/seats", "invalid");
    let read = body(customer.get(&format!("/v1/bookings/{}", text(&booked, "id"))).await.unwrap(), 200);
    assert_eq!(read["price"], booked["price"]);
}
