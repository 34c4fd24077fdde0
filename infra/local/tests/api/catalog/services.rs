//! Making, reading, changing, publishing and archiving a service.

use banister_local::client::Client;
use reqwest::Method;
use serde_json::{Value, json};

use super::draft;
use crate::problems::{refused, refused_at};
use crate::support::{body, cloud, cloud_at, customer, each, pass, provider, stranger, text};

async fn make(provider: &Client) -> (Value, String) {
    let service = body(provider.post("/v1/services", &draft()).await.unwrap(), 201);
    let path = format!("/v1/services/{}", text(&service, "id"));
    (service, path)
}

async fn own(provider: &Client) -> Vec<String> {
    let path = format!("/v1/services?provider_id={}", provider.id);
    each(&body(provider.get(&path).await.unwrap(), 200), "id")
}

/// A service as it is read before anybody has rated it.
fn unrated(mut service: Value) -> Value {
    service["rating"] = json!({ "count": 0, "average": null });
    service
}

#[tokio::test]
async fn a_draft_has_every_field_and_only_its_owner_sees_it() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let provider = provider(&cloud, "Provider One").await;
    let (service, path) = make(&provider).await;
    assert!(
        text(&service, "id").starts_with("svc_")
            && text(&service, "created_at").starts_with("2026-03-02T08:00:")
    );
    let mut expected = draft();
    for (name, value) in [("id", &service["id"]), ("created_at", &service["created_at"])] {
        expected[name] = value.clone();
    }
    expected["updated_at"] = service["created_at"].clone();
    expected["provider_id"] = provider.id.clone().into();
    expected["status"] = "draft".into();
    (expected["seats"], expected["calendar"]) = (json!(1), json!({}));
    (expected["durations"], expected["extras"]) = (json!([]), json!([]));
    expected["resource_ids"] = json!([]);
    (expected["place"], expected["languages"]) = (Value::Null, json!([]));
    expected["terms"] = json!({ "booking_type": "on_request", "reschedule": "consent", "cancellation": {
        "grace_minutes": 0, "tiers": [{ "before_minutes": 0, "refund_percent": 100 }], "no_show_refund_percent": 0 } });
    assert_eq!(service, expected);
    assert_eq!(body(provider.get(&path).await.unwrap(), 200), unrated(expected));
    let other = crate::support::provider(&cloud, "Provider Two").await;
    for who in [&stranger(&cloud), &customer(&cloud, "Customer One").await, &other] {
        refused(&who.get(&path).await.unwrap(), 404, "not_found");
        let listed = body(who.get(&format!("/v1/services?provider_id={}", provider.id)).await.unwrap(), 200);
        assert_eq!(each(&listed, "id").len(), 0);
        assert_eq!(each(&body(who.get("/v1/services").await.unwrap(), 200), "id").len(), 0);
    }
}

#[tokio::test]
async fn refuses_wrong_fields_and_mass_assignment_and_writes_nothing() {
    let cloud = cloud().await;
    let provider = provider(&cloud, "Provider One").await;
    for (field, value, pointer, kind) in [
        ("title", json!("ab"), "/title", "invalid"),
        ("title", json!("x".repeat(121)), "/title", "invalid"),
        ("title", json!("two\nlines"), "/title", "invalid"),
        ("title", json!(null), "/title", "invalid"),
        ("description", json!("x".repeat(4_001)), "/description", "invalid"),
        ("description", json!(null), "/description", "invalid"),
        ("category", json!("gardening"), "/category", "invalid"),
        ("category", json!(null), "/category", "invalid"),
        ("category", json!(3), "/category", "invalid"),
        ("price", json!({ "amount": -1, "currency": "usd" }), "/price/amount", "invalid"),
        ("price", json!({ "amount": 100_000_000, "currency": "usd" }), "/price/amount", "invalid"),
        ("price", json!({ "amount": 12.5, "currency": "usd" }), "/price/amount", "invalid"),
        ("price", json!({ "amount": "12", "currency": "usd" }), "/price/amount", "invalid"),
        ("price", json!({ "amount": 12, "currency": "xxx" }), "/price/currency", "invalid"),
        ("price", json!({ "amount": 12, "currency": "USD" }), "/price/currency", "invalid"),
        ("price", json!({ "amount": 12 }), "/price/currency", "missing"),
        ("price", json!({ "currency": "usd" }), "/price/amount", "missing"),
        ("price", json!({ "amount": 1, "currency": "usd", "tax": 1 }), "/price/tax", "unknown"),
        ("price", json!(12_500), "/price", "invalid"),
        ("price", json!([12_500, "usd"]), "/price", "invalid"),
        ("price", json!(null), "/price", "invalid"),
        ("duration_minutes", json!(4), "/duration_minutes", "invalid"),
        ("duration_minutes", json!(1_441), "/duration_minutes", "invalid"),
        ("duration_minutes", json!(-60), "/duration_minutes", "invalid"),
        ("duration_minutes", json!(60.5), "/duration_minutes", "invalid"),
        ("duration_minutes", json!("60"), "/duration_minutes", "invalid"),
        ("location_kind", json!("nowhere"), "/location_kind", "invalid"),
        ("location_kind", json!(null), "/location_kind", "invalid"),
        ("status", json!("published"), "/status", "unknown"),
        ("provider_id", json!("usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE"), "/provider_id", "unknown"),
        ("owner", json!("usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE"), "/owner", "unknown"),
        ("id", json!("svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE"), "/id", "unknown"),
    ] {
        let mut ask = draft();
        ask[field] = value;
        refused_at(&provider.post("/v1/services", &ask).await.unwrap(), pointer, kind);
    }
    for field in draft().as_object().unwrap().keys() {
        let mut ask = draft();
        ask.as_object_mut().unwrap().remove(field);
        let answer = provider.post("/v1/services", &ask).await.unwrap();
        refused_at(&answer, &format!("/{field}"), "missing");
    }
    assert_eq!(own(&provider).await.len(), 0);
}

#[tokio::test]
async fn the_ends_of_every_range_are_taken() {
    let cloud = cloud().await;
    let provider = provider(&cloud, "Provider One").await;
    for (field, value) in [
        ("title", json!("abc")),
        ("title", json!("é".repeat(120))),
        ("description", json!("")),
        ("description", json!(format!("{}\n{}", "x".repeat(2_000), "y".repeat(1_999)))),
        ("price", json!({ "amount": 0, "currency": "jpy" })),
        ("price", json!({ "amount": 99_999_999, "currency": "kwd" })),
        ("duration_minutes", json!(5)),
        ("duration_minutes", json!(1_440)),
        ("location_kind", json!("at_customer")),
    ] {
        let mut ask = draft();
        ask[field] = value.clone();
        assert_eq!(body(provider.post("/v1/services", &ask).await.unwrap(), 201)[field], value);
    }
}

#[tokio::test]
async fn an_idempotency_key_makes_one_service() {
    let cloud = cloud().await;
    let provider = provider(&cloud, "Provider One").await;
    let post = async |ask: &Value, key: &str| {
        provider.call(Method::POST, "/v1/services", &[("idempotency-key", key)], Some(ask)).await.unwrap()
    };
    let first = post(&draft(), "first-service").await;
    let again = post(&draft(), "first-service").await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    let mut other = draft();
    other["title"] = "Another".into();
    refused(&post(&other, "first-service").await, 422, "idempotency_key_reused");
    refused(&post(&draft(), "short").await, 400, "invalid_idempotency_key");
    assert_eq!(own(&provider).await, [text(&first.body, "id")]);
    body(post(&other, "second-service").await, 201);
}

#[tokio::test]
async fn publishing_shows_a_service_to_everybody_and_may_be_repeated() {
    let cloud = cloud().await;
    let provider = provider(&cloud, "Provider One").await;
    let (_, path) = make(&provider).await;
    for _ in 0..2 {
        let published = body(provider.act(&format!("{path}/publish")).await.unwrap(), 200);
        assert_eq!(text(&published, "status"), "published");
    }
    let seen = body(stranger(&cloud).get(&path).await.unwrap(), 200);
    assert_eq!((text(&seen, "status"), text(&seen, "title")), ("published", "Deep tissue massage"));
    assert_eq!(
        each(&body(stranger(&cloud).get("/v1/services").await.unwrap(), 200), "id"),
        own(&provider).await
    );
}

#[tokio::test]
async fn changing_leaves_what_is_not_given() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let provider = provider(&cloud, "Provider One").await;
    let (service, path) = make(&provider).await;
    pass(&cloud, 60).await;
    let changed = body(
        provider.patch(&path, &json!({ "title": "Massage", "duration_minutes": 90 })).await.unwrap(),
        200,
    );
    let mut expected = service;
    expected["title"] = "Massage".into();
    expected["duration_minutes"] = 90.into();
    expected["updated_at"] = changed["updated_at"].clone();
    assert_eq!(changed, expected);
    assert!(text(&changed, "updated_at") > text(&changed, "created_at"));
    assert_eq!(body(provider.get(&path).await.unwrap(), 200), unrated(expected));
    let all = json!({ "title": "All", "description": "", "category": "pet_care", "duration_minutes": 30,
        "price": { "amount": 1, "currency": "eur" }, "location_kind": "online" });
    let changed = body(provider.patch(&path, &all).await.unwrap(), 200);
    for (name, value) in all.as_object().unwrap() {
        assert_eq!(&changed[name], value);
    }
}

#[tokio::test]
async fn a_change_refuses_wrong_fields_and_changes_nothing() {
    let cloud = cloud().await;
    let provider = provider(&cloud, "Provider One").await;
    let (service, path) = make(&provider).await;
    for (ask, pointer, kind) in [
        (json!({ "title": null }), "/title", "invalid"),
        (json!({ "price": null }), "/price", "invalid"),
        (json!({ "price": { "amount": -1, "currency": "usd" } }), "/price/amount", "invalid"),
        (json!({ "price": { "amount": 1 } }), "/price/currency", "missing"),
        (json!({ "category": "none" }), "/category", "invalid"),
        (json!({ "duration_minutes": null }), "/duration_minutes", "invalid"),
        (json!({ "location_kind": null }), "/location_kind", "invalid"),
        (json!({ "status": "published" }), "/status", "unknown"),
        (json!({ "provider_id": provider.id }), "/provider_id", "unknown"),
        (json!({ "title": "Good", "created_at": "2020-01-01T00:00:00Z" }), "/created_at", "unknown"),
    ] {
        refused_at(&provider.patch(&path, &ask).await.unwrap(), pointer, kind);
    }
    assert_eq!(body(provider.get(&path).await.unwrap(), 200), unrated(service));
}

#[tokio::test]
async fn another_provider_cannot_touch_a_service() {
    let cloud = cloud().await;
    let owner = provider(&cloud, "Provider One").await;
    let other = provider(&cloud, "Provider Two").await;
    let (service, path) = make(&owner).await;
    let publish = format!("{path}/publish");
    for _ in 0..2 {
        refused(&other.patch(&path, &json!({ "title": "Mine" })).await.unwrap(), 404, "not_found");
        refused(&other.delete(&path).await.unwrap(), 404, "not_found");
        refused(&other.act(&publish).await.unwrap(), 404, "not_found");
        // Once unpublished, once published: that others may read it gives them no more rights.
        body(owner.act(&publish).await.unwrap(), 200);
    }
    let seen = body(owner.get(&path).await.unwrap(), 200);
    assert_eq!((&seen["title"], text(&seen, "status")), (&service["title"], "published"));
}

#[tokio::test]
async fn an_archived_service_is_gone_for_good() {
    let cloud = cloud().await;
    let provider = provider(&cloud, "Provider One").await;
    let (service, path) = make(&provider).await;
    body(provider.act(&format!("{path}/publish")).await.unwrap(), 200);
    for _ in 0..2 {
        let answer = provider.delete(&path).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.body), (204, Value::Null));
    }
    assert_eq!(text(&body(provider.get(&path).await.unwrap(), 200), "status"), "archived");
    refused(&provider.act(&format!("{path}/publish")).await.unwrap(), 409, "service_archived");
    refused(&provider.patch(&path, &json!({ "title": "Again" })).await.unwrap(), 409, "service_archived");
    let anyone = stranger(&cloud);
    refused(&anyone.get(&path).await.unwrap(), 404, "not_found");
    refused(
        &anyone.get(&format!("{path}/slots?from=2026-03-02&to=2026-03-02")).await.unwrap(),
        404,
        "not_found",
    );
    for path in [
        "/v1/services".to_owned(),
        "/v1/services?category=massage".into(),
        format!("/v1/services?provider_id={}", provider.id),
    ] {
        assert_eq!(each(&body(anyone.get(&path).await.unwrap(), 200), "id").len(), 0, "{path}");
    }
    assert_eq!(own(&provider).await, [text(&service, "id")]);
}

#[tokio::test]
async fn what_is_no_service_id_names_no_service() {
    let cloud = cloud().await;
    let provider = provider(&cloud, "Provider One").await;
    let (service, _) = make(&provider).await;
    let id = text(&service, "id");
    for wrong in [
        "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
        "1",
        "svc_",
        "%00",
        &provider.id,
        &id.to_lowercase(),
        &format!("{id}x"),
    ] {
        let path = format!("/v1/services/{wrong}");
        refused(&provider.get(&path).await.unwrap(), 404, "not_found");
        refused(&provider.patch(&path, &json!({})).await.unwrap(), 404, "not_found");
        refused(&provider.delete(&path).await.unwrap(), 404, "not_found");
        refused(&provider.act(&format!("{path}/publish")).await.unwrap(), 404, "not_found");
    }
}

/// At two desks at once: the second one is told, where it asks to be.
#[tokio::test]
async fn nobody_undoes_what_they_have_not_seen() {
    let cloud = cloud().await;
    let provider = provider(&cloud, "Provider One").await;
    let (_, path) = make(&provider).await;
    let read = provider.get(&path).await.unwrap();
    let change = async |tag: &str, title: &str| {
        let ask = json!({ "title": title });
        provider.call(Method::PATCH, &path, &[("if-match", tag)], Some(&ask)).await.unwrap()
    };
    let seen = read.headers["etag"].to_str().unwrap();
    let first = change(seen, "First").await;
    assert_eq!(first.status, 200, "{}", first.body);
    refused(&change(seen, "Second").await, 412, "stale");
    let now = first.headers["etag"].to_str().unwrap();
    assert_eq!(provider.get(&path).await.unwrap().headers["etag"], now);
    assert_eq!(body(change(now, "Third").await, 200)["title"], "Third");
    assert_eq!(body(change("*", "Fourth").await, 200)["title"], "Fourth");
    let published = provider.act(&format!("{path}/publish")).await.unwrap();
    let tag = published.headers["etag"].to_str().unwrap();
    assert_eq!(provider.get(&path).await.unwrap().headers["etag"], tag);
    assert_eq!(body(change(tag, "Fifth").await, 200)["title"], "Fifth");
    refused(&change(tag, "Sixth").await, 412, "stale");
}
