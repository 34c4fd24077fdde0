//! `GET` and `PATCH /v1/me`.

use serde_json::{Value, json};

use crate::problems::{refused, refused_at};
use crate::support::{body, cloud, customer, stranger, text};

#[tokio::test]
async fn whoever_is_signed_in_reads_the_own_account() {
    let cloud = cloud().await;
    let client = customer(&cloud, "Customer One").await;
    let me = body(client.get("/v1/me").await.unwrap(), 200);
    let expected = json!({ "id": client.id, "email": "customer.one@example.com", "role": "customer",
        "email_confirmed": true, "first_name": "Customer", "last_name": "One", "phone": null,
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
