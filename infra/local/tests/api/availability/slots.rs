//! `GET /v1/services/{id}/slots`.

use banister_local::client::Client;
use serde_json::{Value, json};

use crate::problems::{refused, refused_parameter};
use crate::support::{body, cloud, cloud_at, customer, each, open, provider, service, stranger, text};

/// The starts of the free slots, without the seconds that all of them have at zero.
async fn starts(who: &Client, service: &str, query: &str) -> Vec<String> {
    let list = body(who.get(&format!("/v1/services/{service}/slots?{query}")).await.unwrap(), 200);
    assert_eq!(list["next_cursor"], Value::Null);
    let short = |start: String| start.strip_suffix(":00Z").expect("whole minutes").to_owned();
    each(&list, "starts_at").into_iter().map(short).collect()
}

fn hours(day: &str, times: &[&str]) -> Vec<String> {
    times.iter().map(|time| format!("{day}T{time}")).collect()
}

fn weekly(day: &str, start: &str, end: &str) -> Value {
    json!([{ "day": day, "start": start, "end": end }])
}

/// On Sunday 8 March 2026 New York goes from 02:00 straight to 03:00, on 1 November from 02:00 back
/// to 01:00: six hours by the wall are five and seven.
#[tokio::test]
async fn days_of_a_change_of_the_clock_have_the_right_slots() {
    let (six, rest) = ("00:00", json!({ "time_zone": "America/New_York", "slot_step_minutes": 60 }));
    let cases = [
        ("2026-03-06T08:00:00Z", "2026-03-08", &["05:00", "06:00", "07:00", "08:00", "09:00"][..]),
        ("2026-03-10T08:00:00Z", "2026-03-15", &["04:00", "05:00", "06:00", "07:00", "08:00", "09:00"]),
        (
            "2026-10-30T08:00:00Z",
            "2026-11-01",
            &["04:00", "05:00", "06:00", "07:00", "08:00", "09:00", "10:00"],
        ),
    ];
    for (now, date, expected) in cases {
        let cloud = cloud_at(now).await;
        let provider = provider(&cloud, "Provider One").await;
        let mut rules = rest.clone();
        rules["weekly"] = weekly("sun", six, "06:00");
        open(&provider, rules).await;
        let service = service(&provider, 60).await;
        let found = starts(&stranger(&cloud), &service, &format!("from={date}&to={date}")).await;
        assert_eq!(found, hours(date, expected), "{date}");
        let customer = customer(&cloud, "Customer One").await;
        for (number, start) in found.iter().enumerate() {
            let key = format!("booking-{number}");
            body(customer.book(&service, &format!("{start}:00Z"), &key).await.unwrap(), 201);
        }
    }
}

/// Without a zone the dates are the provider's; with one, the asker's.
#[tokio::test]
async fn the_dates_are_meant_in_the_zone_asked_for() {
    let cloud = cloud_at("2026-03-02T00:30:00Z").await;
    let provider = provider(&cloud, "Provider One").await;
    open(&provider, json!({ "time_zone": "Asia/Tokyo", "slot_step_minutes": 240 })).await;
    let service = service(&provider, 60).await;
    let anyone = stranger(&cloud);
    let day = "from=2026-03-04&to=2026-03-04";
    let tokyo = [
        hours("2026-03-03", &["15:00", "19:00", "23:00"]),
        hours("2026-03-04", &["03:00", "07:00", "11:00"]),
    ];
    assert_eq!(starts(&anyone, &service, day).await, tokyo.concat());
    assert_eq!(starts(&anyone, &service, &format!("{day}&time_zone=Asia/Tokyo")).await, tokyo.concat());
    let utc = hours("2026-03-04", &["03:00", "07:00", "11:00", "15:00", "19:00", "23:00"]);
    assert_eq!(starts(&anyone, &service, &format!("{day}&time_zone=UTC")).await, utc);
    let york = [
        hours("2026-03-04", &["07:00", "11:00", "15:00", "19:00", "23:00"]),
        hours("2026-03-05", &["03:00"]),
    ];
    assert_eq!(
        starts(&anyone, &service, &format!("{day}&time_zone=America%2FNew_York")).await,
        york.concat()
    );
}

#[tokio::test]
async fn a_slot_has_its_start_and_its_end() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let service = service(&provider(&cloud, "Provider One").await, 1_440).await;
    let path = format!("/v1/services/{service}/slots?from=2026-03-03&to=2026-03-03");
    let list = body(stranger(&cloud).get(&path).await.unwrap(), 200);
    let first = json!({ "starts_at": "2026-03-03T00:00:00Z", "ends_at": "2026-03-04T00:00:00Z" });
    assert_eq!((&list["items"][0], list["items"].as_array().unwrap().len()), (&first, 48));
}

#[tokio::test]
async fn notice_and_horizon_bound_what_is_offered() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let provider = provider(&cloud, "Provider One").await;
    open(&provider, json!({ "min_notice_minutes": 119, "horizon_days": 2, "slot_step_minutes": 60 })).await;
    let service = service(&provider, 60).await;
    let anyone = stranger(&cloud);
    let today = starts(&anyone, &service, "from=2026-03-01&to=2026-03-02").await;
    assert_eq!((today.len(), today[0].as_str()), (14, "2026-03-02T10:00"));
    let all = starts(&anyone, &service, "from=2026-03-02&to=2026-04-01").await;
    assert_eq!((all.len(), all.last().unwrap().as_str()), (14 + 24 + 24, "2026-03-04T23:00"));
    let customer = customer(&cloud, "Customer One").await;
    for (start, detail) in [
        ("2026-03-02T09:00:00Z", "starts sooner than the provider's minimum notice"),
        ("2026-03-01T12:00:00Z", "starts sooner than the provider's minimum notice"),
        ("2026-03-05T00:00:00Z", "starts later than the provider takes bookings for"),
        ("2026-03-03T10:30:00Z", "does not start on the provider's time grid"),
    ] {
        let answer = customer.book(&service, start, "some-booking").await.unwrap();
        refused(&answer, 422, "slot_not_offered");
        assert_eq!(
            (text(&answer.body, "detail"), &answer.body["errors"][0]["pointer"]),
            (detail, &json!("/starts_at"))
        );
    }
    assert_eq!(each(&body(customer.get("/v1/bookings").await.unwrap(), 200), "id").len(), 0);
}

/// The buffer before is before, the buffer after is after, and both close their slots.
#[tokio::test]
async fn buffers_close_the_slots_they_touch() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let provider = provider(&cloud, "Provider One").await;
    let hours_open = json!({ "weekly": weekly("wed", "08:00", "14:00"), "buffer_before_minutes": 60 });
    open(&provider, hours_open).await;
    let service = service(&provider, 60).await;
    let customer = customer(&cloud, "Customer One").await;
    let day = "from=2026-03-04&to=2026-03-04";
    assert_eq!(starts(&customer, &service, day).await.len(), 11);
    body(customer.book(&service, "2026-03-04T10:30:00Z", "first-booking").await.unwrap(), 201);
    let free = hours("2026-03-04", &["08:00", "08:30", "12:30", "13:00"]);
    assert_eq!(starts(&customer, &service, day).await, free);
    for (number, start) in ["09:00", "10:00", "11:30", "12:00"].into_iter().enumerate() {
        let start = format!("2026-03-04T{start}:00Z");
        let answer = customer.book(&service, &start, &format!("another-{number}")).await.unwrap();
        refused(&answer, 409, "slot_taken");
    }
    body(customer.book(&service, "2026-03-04T08:30:00Z", "second-booking").await.unwrap(), 201);
    assert_eq!(starts(&customer, &service, day).await, free[2..]);
}

/// One provider's services share the provider's time; another provider's do not.
#[tokio::test]
async fn a_booking_closes_the_slots_of_every_service_of_its_provider() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let (one, two) = (provider(&cloud, "Provider One").await, provider(&cloud, "Provider Two").await);
    for provider in [&one, &two] {
        open(provider, json!({ "weekly": weekly("wed", "10:00", "13:00") })).await;
    }
    let (long, short, other) = (service(&one, 90).await, service(&one, 30).await, service(&two, 30).await);
    let customer = customer(&cloud, "Customer One").await;
    body(customer.book(&long, "2026-03-04T10:30:00Z", "first-booking").await.unwrap(), 201);
    let day = "from=2026-03-04&to=2026-03-04";
    assert_eq!(starts(&customer, &short, day).await, hours("2026-03-04", &["10:00", "12:00", "12:30"]));
    assert_eq!(starts(&customer, &long, day).await, Vec::<String>::new());
    assert_eq!(starts(&customer, &other, day).await.len(), 6);
}

#[tokio::test]
async fn refuses_wrong_parameters() {
    let cloud = cloud().await;
    let service = service(&provider(&cloud, "Provider One").await, 60).await;
    let anyone = stranger(&cloud);
    for (query, parameter, kind) in [
        ("to=2026-03-02", "from", "missing"),
        ("from=2026-03-02", "to", "missing"),
        ("from=2026-03-02&to=2026-03-01", "to", "invalid"),
        ("from=2026-03-01&to=2026-05-02", "to", "invalid"),
        ("from=yesterday&to=2026-03-02", "from", "invalid"),
        ("from=2026-02-30&to=2026-03-02", "from", "invalid"),
        ("from=2026-03-02&to=9999-99-99", "to", "invalid"),
        ("from=2026-03-02&to=2026-03-02T10:00:00Z", "to", "invalid"),
        ("from=2026-03-02&to=2026-03-02&time_zone=Mars/Olympus", "time_zone", "invalid"),
        ("from=2026-03-02&to=2026-03-02&time_zone=", "time_zone", "invalid"),
        ("from=2026-03-02&to=2026-03-02&seats=0", "seats", "invalid"),
        ("from=2026-03-02&to=2026-03-02&limit=5", "limit", "unknown"),
        ("from=2026-03-02&from=2026-03-01&to=2026-03-02", "from", "invalid"),
    ] {
        let answer = anyone.get(&format!("/v1/services/{service}/slots?{query}")).await.unwrap();
        refused_parameter(&answer, parameter, kind);
    }
    let most = format!("/v1/services/{service}/slots?from=2026-03-01&to=2026-05-01");
    body(anyone.get(&most).await.unwrap(), 200);
}

/// A draft has no slots to show, not even to its owner: it cannot be booked.
#[tokio::test]
async fn only_published_services_have_slots() {
    let cloud = cloud().await;
    let provider = provider(&cloud, "Provider One").await;
    let ask = json!({ "title": "Draft", "description": "", "category": "massage", "duration_minutes": 60,
        "price": { "amount": 1, "currency": "usd" }, "location_kind": "online" });
    let draft = body(provider.post("/v1/services", &ask).await.unwrap(), 201);
    for id in [text(&draft, "id"), "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "draft"] {
        for who in [&stranger(&cloud), &provider] {
            let path = format!("/v1/services/{id}/slots?from=2026-03-02&to=2026-03-02");
            refused(&who.get(&path).await.unwrap(), 404, "not_found");
        }
    }
}
