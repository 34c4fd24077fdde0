//! `GET` and `PUT /v1/me/calendar`.

use banister_local::client::Client;
use jiff::civil::date;
use reqwest::Method;
use serde_json::{Value, json};

use crate::problems::{refused, refused_at};
use crate::support::{body, cloud, cloud_at, customer, each, provider, service, text};

fn rules() -> Value {
    json!({ "time_zone": "America/New_York", "buffer_before_minutes": 10, "buffer_after_minutes": 20,
        "weekly": [{ "day": "mon", "start": "09:00", "end": "12:00" }, { "day": "mon", "start": "13:00", "end": "17:00" },
            { "day": "sun", "start": "00:00", "end": "24:00" }],
        "min_notice_minutes": 120, "horizon_days": 30, "slot_step_minutes": 15, "max_bookings_per_week": 20,
        "exceptions": [{ "date": "2026-12-24", "ranges": [{ "start": "09:00", "end": "12:00" }] },
            { "date": "2026-12-25", "ranges": [] }] })
}

/// The answer to setting rules that nothing is booked outside of.
fn kept(rules: &Value) -> Value {
    let mut kept = rules.clone();
    kept["bookings_outside"] = json!([]);
    kept
}

#[tokio::test]
async fn a_new_provider_is_never_open() {
    let cloud = cloud().await;
    let provider = Client::join(&cloud, "provider", "Provider One").await.unwrap();
    body(provider.patch("/v1/me", &json!({ "time_zone": "Asia/Tokyo" })).await.unwrap(), 200);
    let calendar = body(provider.get("/v1/me/calendar").await.unwrap(), 200);
    assert_eq!((&calendar["weekly"], &calendar["time_zone"]), (&json!([]), &json!("Asia/Tokyo")));
    let service = crate::support::service(&provider, 60).await;
    let path = format!("/v1/services/{service}/slots?from=2030-01-01&to=2030-01-31");
    assert_eq!(
        body(provider.get(&path).await.unwrap(), 200),
        json!({ "items": [], "next_cursor": null, "away": [] })
    );
    let start = crate::support::moment(&cloud, 2, "10:00");
    let customer = customer(&cloud, "Customer One").await;
    refused(&customer.book(&service, &start, "some-booking").await.unwrap(), 422, "slot_not_offered");
}

#[tokio::test]
async fn what_is_set_is_answered_and_kept() {
    let cloud = cloud().await;
    let provider = Client::join(&cloud, "provider", "Provider One").await.unwrap();
    for _ in 0..2 {
        assert_eq!(body(provider.put("/v1/me/calendar", &rules()).await.unwrap(), 200), kept(&rules()));
    }
    assert_eq!(body(provider.get("/v1/me/calendar").await.unwrap(), 200), rules());
    let mut never = rules();
    never["weekly"] = json!([]);
    assert_eq!(body(provider.put("/v1/me/calendar", &never).await.unwrap(), 200), kept(&never));
    let other = Client::join(&cloud, "provider", "Provider Two").await.unwrap();
    assert_eq!(body(other.get("/v1/me/calendar").await.unwrap(), 200)["time_zone"], "UTC");
}

#[tokio::test]
async fn refuses_wrong_rules_and_keeps_the_old() {
    let cloud = cloud().await;
    let provider = Client::join(&cloud, "provider", "Provider One").await.unwrap();
    body(provider.put("/v1/me/calendar", &rules()).await.unwrap(), 200);
    let range = |day: &str, start: &str, end: &str| json!({ "day": day, "start": start, "end": end });
    let hours = |start: &str, end: &str| json!({ "start": start, "end": end });
    let many = json!(vec![range("mon", "00:00", "00:01"); 51]);
    let cases = [
        ("time_zone", json!("Mars/Olympus"), "/time_zone", "invalid"),
        ("time_zone", json!(null), "/time_zone", "invalid"),
        ("weekly", json!(null), "/weekly", "invalid"),
        ("weekly", json!({}), "/weekly", "invalid"),
        ("weekly", json!([range("monday", "09:00", "10:00")]), "/weekly/0/day", "invalid"),
        ("weekly", json!([range("mon", "9:00", "10:00")]), "/weekly/0/start", "invalid"),
        ("weekly", json!([range("mon", "09:00", "24:01")]), "/weekly/0/end", "invalid"),
        ("weekly", json!([range("mon", "09:60", "10:00")]), "/weekly/0/start", "invalid"),
        ("weekly", json!([{ "day": "mon", "start": "09:00" }]), "/weekly/0/end", "missing"),
        (
            "weekly",
            json!([{ "day": "mon", "start": "09:00", "end": "10:00", "x": 1 }]),
            "/weekly/0/x",
            "unknown",
        ),
        ("weekly", json!([["mon", "09:00", "10:00"]]), "/weekly/0", "invalid"),
        (
            "weekly",
            json!([range("mon", "09:00", "10:00"), range("tue", "22:00", "06:00")]),
            "/weekly/1/start",
            "invalid",
        ),
        ("weekly", json!([range("mon", "09:00", "09:00")]), "/weekly/0/start", "invalid"),
        (
            "weekly",
            json!([range("mon", "09:00", "12:00"), range("mon", "11:00", "13:00")]),
            "/weekly/1",
            "invalid",
        ),
        ("weekly", many, "/weekly/1", "invalid"),
        ("buffer_before_minutes", json!(-1), "/buffer_before_minutes", "invalid"),
        ("buffer_before_minutes", json!(241), "/buffer_before_minutes", "invalid"),
        ("buffer_after_minutes", json!(241), "/buffer_after_minutes", "invalid"),
        ("buffer_after_minutes", json!(null), "/buffer_after_minutes", "invalid"),
        ("min_notice_minutes", json!(43_201), "/min_notice_minutes", "invalid"),
        ("horizon_days", json!(0), "/horizon_days", "invalid"),
        ("horizon_days", json!(366), "/horizon_days", "invalid"),
        ("slot_step_minutes", json!(4), "/slot_step_minutes", "invalid"),
        ("slot_step_minutes", json!(241), "/slot_step_minutes", "invalid"),
        ("slot_step_minutes", json!(7.5), "/slot_step_minutes", "invalid"),
        ("max_bookings_per_day", json!(0), "/max_bookings_per_day", "invalid"),
        ("max_bookings_per_week", json!(501), "/max_bookings_per_week", "invalid"),
        ("max_duration_minutes", json!(4), "/max_duration_minutes", "invalid"),
        ("exceptions", json!(null), "/exceptions", "invalid"),
        ("exceptions", json!([{ "date": "2026-12-24T00:00", "ranges": [] }]), "/exceptions/0/date", "invalid"),
        ("exceptions", json!([{ "date": "2026-12-24" }]), "/exceptions/0/ranges", "missing"),
        ("exceptions", json!([{ "date": "2026-12-24", "ranges": [hours("12:00", "09:00")] }]), "/exceptions/0/ranges/0", "invalid"),
        ("exceptions", json!([{ "date": "2026-12-24", "ranges": [hours("09:00", "12:00"), hours("11:00", "13:00")] }]), "/exceptions/0", "invalid"),
        ("exceptions", json!([{ "date": "2026-12-24", "ranges": [] }, { "date": "2026-12-24", "ranges": [] }]), "/exceptions", "invalid"),
        ("exceptions", json!((0..201).map(|day| json!({ "date": (date(2026, 1, 1) + jiff::Span::new().days(day)).to_string(), "ranges": [] })).collect::<Vec<_>>()), "/exceptions", "invalid"),
        ("provider_id", json!("usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE"), "/provider_id", "unknown"),
    ];
    for (field, value, pointer, kind) in cases {
        let mut ask = rules();
        ask[field] = value;
        refused_at(&provider.put("/v1/me/calendar", &ask).await.unwrap(), pointer, kind);
    }
    let optional = ["exceptions", "max_bookings_per_week"];
    for field in rules().as_object().unwrap().keys().filter(|field| !optional.contains(&field.as_str())) {
        let mut ask = rules();
        ask.as_object_mut().unwrap().remove(field);
        refused_at(&provider.put("/v1/me/calendar", &ask).await.unwrap(), &format!("/{field}"), "missing");
    }
    assert_eq!(body(provider.get("/v1/me/calendar").await.unwrap(), 200), rules());
}

/// At two desks at once: the second one is told, where it asks to be.
#[tokio::test]
async fn nobody_undoes_what_they_have_not_seen() {
    let cloud = cloud().await;
    let provider = Client::join(&cloud, "provider", "Provider One").await.unwrap();
    let read = provider.get("/v1/me/calendar").await.unwrap();
    let seen = read.headers["etag"].to_str().unwrap();
    let put = async |tag: &str, step: u16| {
        let mut rules = read.body.clone();
        rules["slot_step_minutes"] = step.into();
        provider.call(Method::PUT, "/v1/me/calendar", &[("if-match", tag)], Some(&rules)).await.unwrap()
    };
    let (one, two) = tokio::join!(put(seen, 15), put(seen, 60));
    let (done, told) = if one.status == 200 { (one, two) } else { (two, one) };
    refused(&told, 412, "stale");
    let now = done.headers["etag"].to_str().unwrap();
    assert_eq!(provider.get("/v1/me/calendar").await.unwrap().headers["etag"], now);
    refused(&put(seen, 20).await, 412, "stale");
    assert_eq!(body(put(now, 20).await, 200)["slot_step_minutes"], 20);
    let over = tokio::join!(put("*", 15), put("*", 60));
    assert_eq!((over.0.status.as_u16(), over.1.status.as_u16()), (200, 200));
}

/// Whoever changes their hours is told whom they meet outside of them: by the hours of each service.
#[tokio::test]
async fn bookings_outside_the_new_hours_are_named() {
    let cloud = cloud_at("2031-03-03T06:00:00Z").await;
    let provider = provider(&cloud, "Provider One").await;
    let (plain, special) = (service(&provider, 60).await, service(&provider, 60).await);
    let all_day = json!({ "calendar": { "weekly": [{ "day": "wed", "start": "00:00", "end": "24:00" }] } });
    body(provider.patch(&format!("/v1/services/{special}"), &all_day).await.unwrap(), 200);
    let customer = customer(&cloud, "Customer One").await;
    let book = async |service: &str, time: &str| {
        let start = format!("2031-03-05T{time}:00Z");
        let key = format!("booking-at-{start}");
        text(&body(customer.book(service, &start, &key).await.unwrap(), 201), "id").to_owned()
    };
    let early = book(&plain, "07:00").await;
    let inside = book(&plain, "09:00").await;
    let half = book(&plain, "11:30").await;
    book(&special, "06:00").await;
    let over = book(&plain, "13:00").await;
    body(customer.post(&format!("/v1/bookings/{over}/cancel"), &json!({})).await.unwrap(), 200);
    let mut ask = rules();
    ask["time_zone"] = json!("UTC");
    ask["weekly"] = json!([{ "day": "wed", "start": "09:00", "end": "12:00" }]);
    let answer = body(provider.put("/v1/me/calendar", &ask).await.unwrap(), 200);
    assert_eq!(each(&answer["bookings_outside"], "booking_id"), [early.clone(), half.clone()]);
    let first = json!({ "booking_id": early, "starts_at": "2031-03-05T07:00:00Z", "ends_at": "2031-03-05T08:00:00Z" });
    assert_eq!(answer["bookings_outside"][0], first);
    // They stand; and a date of its own closes on the services with hours of their own, too.
    for id in [&early, &inside, &half] {
        let read = body(customer.get(&format!("/v1/bookings/{id}")).await.unwrap(), 200);
        assert_eq!(read["status"], "requested");
    }
    ask["exceptions"] = json!([{ "date": "2031-03-05", "ranges": [] }]);
    let answer = body(provider.put("/v1/me/calendar", &ask).await.unwrap(), 200);
    assert_eq!(answer["bookings_outside"].as_array().unwrap().len(), 4);
}
