//! The main job, from two registrations to a cancelled slot, as a person would do it.

use banister_local::client::{Client, PASSWORD};
use banister_local::cloud::Cloud;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{body, cloud_at, each, news, stranger, text};

#[tokio::test]
async fn from_registration_to_a_cancelled_slot() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;

    // Two people register, confirm their addresses with the code from the mail, and sign in.
    let provider = registered(&cloud, "provider", "Provider", "provider@example.com").await;
    let customer = registered(&cloud, "customer", "Customer", "customer@example.com").await;

    // The provider says when they are open, drafts a service and publishes it.
    let mut rules = json!({ "time_zone": "Europe/Lisbon", "weekly": [{ "day": "tue", "start": "09:00", "end": "12:00" }],
        "buffer_before_minutes": 0, "buffer_after_minutes": 15, "min_notice_minutes": 60, "horizon_days": 30,
        "slot_step_minutes": 30 });
    let set = body(provider.put("/v1/me/calendar", &rules).await.unwrap(), 200);
    (rules["exceptions"], rules["bookings_outside"]) = (json!([]), json!([]));
    assert_eq!(set, rules);
    let draft = json!({ "title": "Deep tissue massage", "description": "One hour, oil included.",
        "category": "massage", "price": { "amount": 6_500, "currency": "eur" }, "duration_minutes": 60,
        "location_kind": "at_provider" });
    let service = body(provider.post("/v1/services", &draft).await.unwrap(), 201);
    assert_eq!(text(&service, "status"), "draft");
    let id = text(&service, "id");
    let service = body(provider.act(&format!("/v1/services/{id}/publish")).await.unwrap(), 200);
    assert_eq!(text(&service, "status"), "published");

    // The customer finds it and looks for a time.
    let found = body(customer.get("/v1/services?category=massage").await.unwrap(), 200);
    assert_eq!(each(&found, "id"), [id]);
    let slots = format!("/v1/services/{id}/slots?from=2026-03-03&to=2026-03-03&time_zone=Europe/Lisbon");
    let free = each(&body(customer.get(&slots).await.unwrap(), 200), "starts_at");
    let all = ["09:00", "09:30", "10:00", "10:30", "11:00"].map(|time| format!("2026-03-03T{time}:00Z"));
    assert_eq!(free, all);

    // The customer books; the slot is held and the provider gets a mail.
    let ask = json!({ "service_id": id, "starts_at": free[2], "note": "The second floor." });
    let key = [("idempotency-key", "a-key-of-the-client")];
    let made = customer.call(Method::POST, "/v1/bookings", &key, Some(&ask)).await.unwrap();
    let booking = body(made, 201);
    assert_eq!((text(&booking, "status"), text(&booking, "ends_at")), ("requested", "2026-03-03T11:00:00Z"));
    let held = each(&body(customer.get(&slots).await.unwrap(), 200), "starts_at");
    assert_eq!(held, Vec::<String>::new(), "with 15 minutes after it, it leaves no whole hour");
    assert_eq!(news(&cloud, "provider@example.com").await, ["New request: Deep tissue massage"]);

    // The provider confirms; the customer gets a mail.
    let path = format!("/v1/bookings/{}", text(&booking, "id"));
    let confirmed = body(provider.act(&format!("{path}/confirm")).await.unwrap(), 200);
    assert_eq!(text(&confirmed, "status"), "confirmed");
    assert_eq!(news(&cloud, "customer@example.com").await, ["Confirmed: Deep tissue massage"]);

    // The customer cancels; the provider gets a mail with the reason, and the slot is free again.
    let reason = json!({ "reason": "I am ill." });
    let cancelled = body(customer.post(&format!("{path}/cancel"), &reason).await.unwrap(), 200);
    assert_eq!(text(&cancelled, "status"), "cancelled");
    let told = news(&cloud, "provider@example.com").await;
    assert_eq!(told, ["New request: Deep tissue massage", "Cancelled: Deep tissue massage"]);
    let last = cloud.mailbox.list(Some("provider@example.com")).pop().unwrap();
    assert!(last.text.contains("> I am ill."), "{}", last.text);
    assert_eq!(
        news(&cloud, "customer@example.com").await.len(),
        1,
        "nobody is told of what they did themselves"
    );
    assert_eq!(each(&body(customer.get(&slots).await.unwrap(), 200), "starts_at"), all);
    for side in [&provider, &customer] {
        let found = body(side.get("/v1/bookings?status=cancelled").await.unwrap(), 200);
        assert_eq!(found["items"], json!([cancelled]));
    }
}

async fn registered(cloud: &Cloud, role: &str, name: &str, email: &str) -> Client {
    let mut person = stranger(cloud);
    let ask =
        json!({ "email": email, "password": PASSWORD, "role": role, "first_name": name, "last_name": "One" });
    let account = body(person.post("/v1/accounts", &ask).await.unwrap(), 201);
    assert_eq!((&account["email_confirmed"], text(&account, "role")), (&json!(false), role));

    let mail = cloud.mailbox.wait_for(|mail| mail.is_to(email)).await.unwrap();
    let is_code = |line: &&str| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit());
    let code = mail.text.lines().find(is_code).expect("a code on a line of its own");
    let ask = json!({ "email": email, "code": code });
    assert_eq!(body(person.post("/v1/email-confirmations", &ask).await.unwrap(), 204), Value::Null);

    let ask = json!({ "email": email, "password": PASSWORD });
    let session = body(person.post("/v1/sessions", &ask).await.unwrap(), 201);
    person.take_tokens(&session);
    let me = body(person.get("/v1/me").await.unwrap(), 200);
    assert_eq!((&me["email_confirmed"], text(&me, "id")), (&json!(true), text(&account, "id")));
    person
}
