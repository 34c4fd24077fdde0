//! `GET` and `PATCH /v1/me`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::problems::{refused, refused_at};
use crate::support::{body, cloud, customer, provider, stranger, super_admin, text};

#[tokio::test]
async fn whoever_is_signed_in_reads_the_own_account() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let me = body(client.get("/v1/me").await.unwrap(), 200);
    let expected = json!({ "id": client.id, "email": "customer.one@example.com", "role": "customer",
        "email_confirmed": true, "first_name": "Customer", "last_name": "One", "phone": null,
        "phone_confirmed": false, "phone_taken": false, "bio": null, "provider": null,
        "time_zone": "UTC", "locale": "en", "photo": null, "created_at": me["created_at"],
        "second_factor": { "on": false, "required": false, "recovery_codes_left": 0 } });
    assert_eq!(me, expected);
    refused(&stranger(&cloud).get("/v1/me").await.unwrap(), 401, "unauthenticated");
}

/// JSON Merge Patch (RFC 7396): absent stays, null removes where something may be absent.
#[tokio::test]
async fn changes_what_is_given_and_nothing_else() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let mut before = body(client.get("/v1/me").await.unwrap(), 200);
    // Only reading tells.
    let factor = before.as_object_mut().unwrap().remove("second_factor").unwrap();
    assert_eq!(body(client.patch("/v1/me", &json!({})).await.unwrap(), 200), before);
    let ask = json!({ "first_name": " Another ", "phone": "201.555.0123", "time_zone": "Asia/Tokyo", "locale": "ru" });
    let changed = body(client.patch("/v1/me", &ask).await.unwrap(), 200);
    let mut expected = before;
    for (name, value) in
        [("first_name", "Another"), ("phone", "+12015550123"), ("time_zone", "Asia/Tokyo"), ("locale", "ru")]
    {
        expected[name] = value.into();
    }
    assert_eq!(changed, expected);
    expected["second_factor"] = factor;
    assert_eq!(body(client.get("/v1/me").await.unwrap(), 200), expected);
    let without = body(client.patch("/v1/me", &json!({ "phone": null })).await.unwrap(), 200);
    assert_eq!((&without["phone"], text(&without, "first_name")), (&Value::Null, "Another"));
}

#[tokio::test]
async fn refuses_wrong_fields_and_mass_assignment() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let before = body(client.get("/v1/me").await.unwrap(), 200);
    for (ask, pointer, kind) in [
        (json!({ "first_name": null }), "/first_name", "invalid"),
        (json!({ "last_name": "" }), "/last_name", "invalid"),
        (json!({ "phone": "" }), "/phone", "invalid"),
        (json!({ "phone": "+442079460958" }), "/phone", "invalid"),
        (json!({ "time_zone": null }), "/time_zone", "invalid"),
        (json!({ "time_zone": "UTC+2" }), "/time_zone", "invalid"),
        (json!({ "locale": "EN" }), "/locale", "invalid"),
        (json!({ "locale": null }), "/locale", "invalid"),
        (json!({ "bio": " " }), "/bio", "invalid"),
        (json!({ "bio": "a".repeat(1_001) }), "/bio", "invalid"),
        (json!({ "provider": {} }), "/provider", "not_a_provider"),
        (json!({ "provider": null }), "/provider", "not_a_provider"),
        (json!({ "phone_confirmed": true }), "/phone_confirmed", "unknown"),
        (json!({ "role": "admin" }), "/role", "unknown"),
        (json!({ "status": "active" }), "/status", "unknown"),
        (json!({ "email": "other@example.com" }), "/email", "unknown"),
        (json!({ "email_confirmed": true }), "/email_confirmed", "unknown"),
        (json!({ "password": "correct horse battery" }), "/password", "unknown"),
        (json!({ "id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE" }), "/id", "unknown"),
        (json!({ "epoch": 7 }), "/epoch", "unknown"),
        (json!({ "first_name": "Good", "last_name": 7 }), "/last_name", "invalid"),
    ] {
        refused_at(&client.patch("/v1/me", &ask).await.unwrap(), pointer, kind);
    }
    assert_eq!(body(client.get("/v1/me").await.unwrap(), 200), before);
}

#[tokio::test]
async fn a_provider_tells_more() {
    let cloud = cloud().await;
    let client = provider(&cloud, "Provider One").await;
    let me = body(client.get("/v1/me").await.unwrap(), 200);
    let nothing =
        json!({ "experience_years": null, "hourly_rate": null, "languages": [], "service_area": null });
    assert_eq!(me["provider"], nothing);
    let all = json!({ "experience_years": 12, "hourly_rate": { "amount": 6_500, "currency": "eur" },
        "languages": ["pt-br", "EN", "pt-BR"],
        "service_area": { "latitude": 38.72249, "longitude": -9, "radius_km": 25 } });
    let ask = json!({ "bio": "Since 2009.\nAnd still.", "provider": all });
    let changed = body(client.patch("/v1/me", &ask).await.unwrap(), 200);
    let mut kept = all;
    kept["languages"] = json!(["pt-BR", "en"]);
    kept["service_area"] = json!({ "latitude": 38.722, "longitude": -9.0, "radius_km": 25 });
    assert_eq!((&changed["provider"], text(&changed, "bio")), (&kept, "Since 2009.\nAnd still."));
    // Staff see the same, and what is theirs.
    let admin = super_admin(&cloud, "Super Admin").await;
    let mut seen = body(admin.get(&format!("/v1/admin/users/{}", client.id)).await.unwrap(), 200);
    for name in ["status", "disabled_reason", "disabled_at", "permissions", "second_factor_on"] {
        assert!(seen.as_object_mut().unwrap().remove(name).is_some(), "{name}");
    }
    let mut own = body(client.get("/v1/me").await.unwrap(), 200);
    own.as_object_mut().unwrap().remove("second_factor");
    assert_eq!(seen, own);

    let ask = json!({ "provider": { "experience_years": null, "languages": null } });
    let fewer = body(client.patch("/v1/me", &ask).await.unwrap(), 200);
    kept["experience_years"] = Value::Null;
    kept["languages"] = json!([]);
    assert_eq!(fewer["provider"], kept);
    for (ask, pointer) in [
        (json!({ "experience_years": 71 }), "/provider/experience_years"),
        (json!({ "hourly_rate": { "amount": -1, "currency": "eur" } }), "/provider/hourly_rate"),
        (json!({ "languages": ["english"] }), "/provider/languages/0"),
        (
            json!({ "service_area": { "latitude": 91, "longitude": 0, "radius_km": 1 } }),
            "/provider/service_area/latitude",
        ),
        (
            json!({ "service_area": { "latitude": 9, "longitude": 0, "radius_km": 201 } }),
            "/provider/service_area/radius_km",
        ),
    ] {
        let answer = client.patch("/v1/me", &json!({ "provider": ask })).await.unwrap();
        let at = answer.body["errors"][0]["pointer"].as_str().unwrap_or_default();
        assert!(answer.status == 422 && at.starts_with(pointer), "{pointer}: {}", answer.body);
    }
    let none = body(client.patch("/v1/me", &json!({ "bio": null, "provider": null })).await.unwrap(), 200);
    assert_eq!((&none["bio"], &none["provider"]), (&Value::Null, &nothing));
}

/// On the phone and at the desk at once: the second one is told, where it asks to be.
#[tokio::test]
async fn nobody_undoes_what_they_have_not_seen() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let read = client.get("/v1/me").await.unwrap();
    let seen = read.headers["etag"].to_str().unwrap().to_owned();
    let patch = async |tag: &str, name: &str| {
        let ask = json!({ "first_name": name });
        client.call(Method::PATCH, "/v1/me", &[("if-match", tag)], Some(&ask)).await.unwrap()
    };
    let first = patch(&seen, "First").await;
    assert_eq!(body(first.clone(), 200)["first_name"], "First");
    refused(&patch(&seen, "Second").await, 412, "stale");
    let now = first.headers["etag"].to_str().unwrap();
    assert_ne!(now, seen);
    assert_eq!(body(patch(now, "Third").await, 200)["first_name"], "Third");
    assert_eq!(body(patch("*", "Fourth").await, 200)["first_name"], "Fourth");
}
