//! `POST /v1/bookings`.

use banister_domain::account::{Account, AccountStatus};
use reqwest::Method;
use serde_json::{Value, json};

use super::{booked, market, offer, post, status};
use crate::problems::{refused, refused_at};
use crate::support::{body, change_account, customer, each, open, text};

#[tokio::test]
async fn a_booking_has_every_field_and_both_sides_read_it() {
    let (_cloud, provider, service, customer) = market().await;
    let ask =
        json!({ "service_id": service, "starts_at": "2026-03-04T12:00:00+02:00", "note": "Two\nlines." });
    let booking = body(post(&customer, "first-booking", &ask).await, 201);
    assert!(text(&booking, "id").starts_with("bkg_"));
    let made = &booking["created_at"];
    let expected = json!({ "id": booking["id"], "status": "requested", "service_id": service,
        "service_title": "Consultation", "customer_id": customer.id, "provider_id": provider.id,
        "starts_at": "2026-03-04T10:00:00Z", "ends_at": "2026-03-04T11:00:00Z",
        "price": { "amount": 5_000, "currency": "usd" }, "location_kind": "online", "location": null,
        "line_items": [{ "kind": "service", "code": null, "title": "Consultation", "quantity": 1,
            "unit_price": { "amount": 5_000, "currency": "usd" }, "amount": { "amount": 5_000, "currency": "usd" } }],
        "seats": 1, "resource_ids": [], "note": "Two\nlines.", "answer_by": booking["answer_by"], "series_id": null, "refund": null, "refund_at_most": null, "proposal": null,
        "terms": { "booking_type": "on_request", "reschedule": "consent", "cancellation": { "grace_minutes": 0,
            "tiers": [{ "before_minutes": 0, "refund_percent": 100 }], "no_show_refund_percent": 0 } },
        "created_at": made, "updated_at": made });
    assert_eq!(booking, expected);
    let (made, until) = (text(&booking, "created_at"), text(&booking, "answer_by"));
    assert_eq!(until, made.replace("2026-03-02T", "2026-03-03T"), "24 hours");
    let path = format!("/v1/bookings/{}", text(&booking, "id"));
    for side in [&customer, &provider] {
        assert_eq!(body(side.get(&path).await.unwrap(), 200), expected);
    }
}

#[tokio::test]
async fn refuses_wrong_fields_and_mass_assignment_and_writes_nothing() {
    let (cloud, provider, service, customer) = market().await;
    let ask = || json!({ "service_id": service, "starts_at": "2026-03-04T10:00:00Z" });
    for (field, value, pointer, kind) in [
        ("service_id", json!(null), "/service_id", "invalid"),
        ("service_id", json!("x"), "/service_id", "invalid"),
        ("service_id", json!(provider.id), "/service_id", "invalid"),
        ("service_id", json!("svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE"), "/service_id", "invalid"),
        ("starts_at", json!(null), "/starts_at", "invalid"),
        ("starts_at", json!("tomorrow"), "/starts_at", "invalid"),
        ("starts_at", json!("2026-03-04T10:00:00"), "/starts_at", "invalid"),
        ("starts_at", json!("2026-02-30T10:00:00Z"), "/starts_at", "invalid"),
        ("starts_at", json!(1_772_618_400), "/starts_at", "invalid"),
        ("note", json!(""), "/note", "invalid"),
        ("note", json!("x".repeat(1_001)), "/note", "invalid"),
        ("note", json!("bell\u{7}"), "/note", "invalid"),
        ("note", json!(["x"]), "/note", "invalid"),
        ("location", json!("12 Harbour Street, Springfield"), "/location", "invalid"),
        ("status", json!("confirmed"), "/status", "unknown"),
        ("price", json!({ "amount": -1, "currency": "usd" }), "/price/amount", "invalid"),
        ("line_items", json!([]), "/line_items", "unknown"),
        ("total", json!(1), "/total", "unknown"),
        ("customer_id", json!(provider.id), "/customer_id", "unknown"),
        ("provider_id", json!(provider.id), "/provider_id", "unknown"),
        ("ends_at", json!("2026-03-04T10:05:00Z"), "/ends_at", "unknown"),
        ("answer_by", json!("2030-01-01T00:00:00Z"), "/answer_by", "unknown"),
    ] {
        let mut ask = ask();
        ask[field] = value;
        refused_at(&post(&customer, "some-booking", &ask).await, pointer, kind);
    }
    for field in ["service_id", "starts_at"] {
        let mut ask = ask();
        ask.as_object_mut().unwrap().remove(field);
        refused_at(&post(&customer, "some-booking", &ask).await, &format!("/{field}"), "missing");
    }
    for side in [&customer, &provider] {
        assert_eq!(each(&body(side.get("/v1/bookings").await.unwrap(), 200), "id").len(), 0);
    }
    assert_eq!(crate::support::news(&cloud, &provider.email).await.len(), 0);
    body(post(&customer, "some-booking", &ask()).await, 201);
}

#[tokio::test]
async fn the_idempotency_key_is_required() {
    let (_cloud, _, service, customer) = market().await;
    let ask = json!({ "service_id": service, "starts_at": "2026-03-04T10:00:00Z" });
    refused(&customer.post("/v1/bookings", &ask).await.unwrap(), 400, "invalid_idempotency_key");
    let long = "x".repeat(129);
    for key in ["1234567", long.as_str(), "with a space in it", ""] {
        refused(&post(&customer, key, &ask).await, 400, "invalid_idempotency_key");
    }
    assert_eq!(each(&body(customer.get("/v1/bookings").await.unwrap(), 200), "id").len(), 0);
    let longest = "x".repeat(128);
    body(post(&customer, &longest, &ask).await, 201);
}

#[tokio::test]
async fn the_same_key_answers_the_same_booking() {
    let (_cloud, provider, service, customer) = market().await;
    let ask =
        |note: &str| json!({ "service_id": service, "starts_at": "2026-03-04T10:00:00Z", "note": note });
    let first = post(&customer, "first-booking", &ask("One")).await;
    assert!(first.headers.get("idempotent-replayed").is_none());
    let path = format!("/v1/bookings/{}", text(&first.body, "id"));
    body(provider.act(&format!("{path}/confirm")).await.unwrap(), 200);
    let again = post(&customer, "first-booking", &ask("One")).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.headers["content-type"], first.headers["content-type"]);
    refused(&post(&customer, "first-booking", &ask("Two")).await, 422, "idempotency_key_reused");
    assert_eq!(each(&body(customer.get("/v1/bookings").await.unwrap(), 200), "id").len(), 1);
}

/// 409 names the next free slots: the loser can choose without asking again.
#[tokio::test]
async fn a_taken_slot_is_409_with_the_next_free_ones() {
    let (cloud, _, service, one) = market().await;
    let two = customer(&cloud, "Customer Two").await;
    booked(&one, &service, "2026-03-04T10:00:00Z").await;
    booked(&one, &service, "2026-03-04T12:00:00Z").await;
    let slot = |start: &str, end: &str| json!({ "starts_at": format!("2026-03-04T{start}:00Z"), "ends_at": format!("2026-03-04T{end}:00Z") });
    for start in ["09:30", "10:00", "10:30"] {
        let answer = two.book(&service, &format!("2026-03-04T{start}:00Z"), "another-booking").await.unwrap();
        refused(&answer, 409, "slot_taken");
        let next = json!([slot("11:00", "12:00"), slot("13:00", "14:00"), slot("13:30", "14:30")]);
        assert_eq!(answer.body["next_slots"], next, "{start}");
    }
    body(two.book(&service, "2026-03-04T11:00:00Z", "another-booking").await.unwrap(), 201);
    assert_eq!(each(&body(two.get("/v1/bookings").await.unwrap(), 200), "id").len(), 1);
}

#[tokio::test]
async fn what_is_outside_the_open_hours_is_not_offered() {
    let (_cloud, provider, service, customer) = market().await;
    open(&provider, json!({ "weekly": [{ "day": "wed", "start": "09:00", "end": "12:00" }] })).await;
    for start in
        ["2026-03-04T08:30:00Z", "2026-03-04T11:30:00Z", "2026-03-05T10:00:00Z", "2026-03-04T09:00:00.001Z"]
    {
        let answer = customer.book(&service, start, "some-booking").await.unwrap();
        refused(&answer, 422, "slot_not_offered");
        assert_eq!(answer.body["errors"][0]["pointer"], "/starts_at");
    }
    body(customer.book(&service, "2026-03-04T11:00:00Z", "some-booking").await.unwrap(), 201);
}

#[tokio::test]
async fn the_place_is_said_where_the_provider_comes_and_only_there() {
    let (_cloud, provider, _, customer) = market().await;
    let place = json!("12 Harbour Street, Springfield");
    for (number, (kind, location, taken)) in [
        ("at_customer", &place, true),
        ("at_customer", &Value::Null, false),
        ("at_customer", &json!("ab"), false),
        ("at_provider", &place, false),
        ("at_provider", &Value::Null, true),
        ("online", &place, false),
    ]
    .into_iter()
    .enumerate()
    {
        let service = offer(&provider, json!({ "location_kind": kind })).await;
        let start = format!("2026-03-04T1{number}:00:00Z");
        let ask = json!({ "service_id": service["id"], "starts_at": start, "location": location });
        let answer = post(&customer, &format!("booking-{number}"), &ask).await;
        if taken {
            let booking = body(answer, 201);
            assert_eq!((text(&booking, "location_kind"), &booking["location"]), (kind, location));
        } else {
            refused_at(&answer, "/location", "invalid");
        }
    }
}

#[tokio::test]
async fn drafts_and_archived_services_cannot_be_booked() {
    let (_cloud, provider, service, customer) = market().await;
    let ask = json!({ "title": "Draft", "description": "", "category": "massage", "duration_minutes": 60,
        "price": { "amount": 1, "currency": "usd" }, "location_kind": "online" });
    let draft = body(provider.post("/v1/services", &ask).await.unwrap(), 201);
    let before = booked(&customer, &service, "2026-03-04T09:00:00Z").await;
    body(provider.delete(&format!("/v1/services/{service}")).await.unwrap(), 204);
    for id in [text(&draft, "id"), &service] {
        let answer = customer.book(id, "2026-03-04T10:00:00Z", "some-booking").await.unwrap();
        refused_at(&answer, "/service_id", "invalid");
    }
    assert_eq!(status(&customer, &before).await, "requested", "bookings made before stand");
    body(provider.act(&format!("{before}/confirm")).await.unwrap(), 200);
}

/// What was agreed stays, whatever becomes of the service.
#[tokio::test]
async fn a_booking_keeps_title_price_and_times_when_the_service_changes() {
    let (_cloud, provider, service, customer) = market().await;
    let path = booked(&customer, &service, "2026-03-04T10:00:00Z").await;
    let before = body(customer.get(&path).await.unwrap(), 200);
    let change = json!({ "title": "Dearer", "price": { "amount": 99_999, "currency": "eur" }, "duration_minutes": 240,
        "location_kind": "at_customer" });
    body(provider.patch(&format!("/v1/services/{service}"), &change).await.unwrap(), 200);
    assert_eq!(body(customer.get(&path).await.unwrap(), 200), before);
    let confirmed = body(provider.act(&format!("{path}/confirm")).await.unwrap(), 200);
    for field in ["service_title", "price", "starts_at", "ends_at", "location_kind", "location"] {
        assert_eq!(confirmed[field], before[field], "{field}");
    }
}

/// A booking over midnight lies in two days; both close.
#[tokio::test]
async fn a_booking_over_midnight_closes_both_days() {
    let (_cloud, _, service, customer) = market().await;
    booked(&customer, &service, "2026-03-04T23:30:00Z").await;
    for (start, free) in [
        ("2026-03-04T23:00:00Z", false),
        ("2026-03-05T00:00:00Z", false),
        ("2026-03-05T00:30:00Z", true),
        ("2026-03-04T22:30:00Z", true),
    ] {
        let answer = customer.book(&service, start, &format!("key-{start}")).await.unwrap();
        assert_eq!(answer.status == 201, free, "{start} {}", answer.body);
    }
}

#[tokio::test]
async fn a_provider_who_was_switched_off_takes_no_bookings() {
    let (cloud, provider, service, customer) = market().await;
    let before = booked(&customer, &service, "2026-03-04T10:00:00Z").await;
    let disable =
        |account: Account| Account { status: AccountStatus::Disabled, epoch: account.epoch + 1, ..account };
    change_account(&cloud, &provider.id, disable).await;
    let answer = customer.book(&service, "2026-03-04T12:00:00Z", "some-booking").await.unwrap();
    refused(&answer, 422, "slot_not_offered");
    let slots = format!("/v1/services/{service}/slots?from=2026-03-04&to=2026-03-04");
    assert_eq!(each(&body(customer.get(&slots).await.unwrap(), 200), "starts_at"), Vec::<String>::new());
    assert_eq!(status(&customer, &before).await, "requested", "bookings made before stand");
}

#[tokio::test]
async fn only_customers_book() {
    let (_cloud, provider, service, _) = market().await;
    let ask = json!({ "service_id": service, "starts_at": "2026-03-04T10:00:00Z" });
    let headers = [("idempotency-key", "some-booking")];
    let answer = provider.call(Method::POST, "/v1/bookings", &headers, Some(&ask)).await.unwrap();
    refused(&answer, 403, "forbidden");
}

/// Nobody fills a calendar by machine; attempts that are refused count too, answers given again do not.
#[tokio::test]
async fn a_customer_asks_for_sixty_bookings_an_hour() {
    let (_cloud, _, service, customer) = market().await;
    body(customer.book(&service, "2026-03-04T10:00:00Z", "first-booking").await.unwrap(), 201);
    for number in 0..59 {
        let nothing = "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE";
        let key = format!("booking-{number}");
        refused_at(
            &customer.book(nothing, "2026-03-04T12:00:00Z", &key).await.unwrap(),
            "/service_id",
            "invalid",
        );
    }
    let over = customer.book(&service, "2026-03-04T12:00:00Z", "last-booking").await.unwrap();
    refused(&over, 429, "too_many_requests");
    body(customer.book(&service, "2026-03-04T10:00:00Z", "first-booking").await.unwrap(), 201);
    assert_eq!(each(&body(customer.get("/v1/bookings").await.unwrap(), 200), "id").len(), 1);
}
