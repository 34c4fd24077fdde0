//! What the tests share: a cloud, people in it, and a provider who can be booked.

use banister_local::client::Client;
use banister_local::cloud::{Cloud, Options};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// A cloud of the test's own, with password hashes that a test can afford.
pub async fn cloud() -> Cloud {
    let options = Options { port: 0, data: None, password_memory_kib: Some(16) };
    Cloud::start(options).await.expect("the cloud starts")
}

/// A customer whose address is confirmed, signed in.
pub async fn customer(cloud: &Cloud, name: &str) -> Client {
    Client::join(cloud, "customer", name).await.expect("a customer joins")
}

/// A provider who is open round the clock in UTC every day: no buffers, no notice, slots every 30
/// minutes, 60 days ahead.
pub async fn provider(cloud: &Cloud, name: &str) -> Client {
    let provider = Client::join(cloud, "provider", name).await.expect("a provider joins");
    open(&provider, json!({})).await;
    provider
}

/// Sets a provider's rules: those of [`provider`], changed by `changes`.
pub async fn open(provider: &Client, changes: Value) {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let weekly = days.map(|day| json!({ "day": day, "start": "00:00", "end": "24:00" }));
    let mut rules = json!({ "time_zone": "UTC", "weekly": weekly, "buffer_before_minutes": 0,
        "buffer_after_minutes": 0, "min_notice_minutes": 0, "horizon_days": 60, "slot_step_minutes": 30 });
    for (name, value) in changes.as_object().into_iter().flatten() {
        rules[name] = value.clone();
    }
    provider
        .put("/v1/me/calendar", &rules)
        .await
        .expect("an answer")
        .expect(StatusCode::OK, "rules")
        .unwrap();
}

/// A published online service of an hour; answers its id.
pub async fn service(provider: &Client, minutes: u16) -> String {
    let ask = json!({ "title": "Consultation", "description": "About anything.", "category": "consulting",
        "price": { "amount": 5_000, "currency": "usd" }, "duration_minutes": minutes, "location_kind": "online" });
    let made =
        provider.post("/v1/services", &ask).await.unwrap().expect(StatusCode::CREATED, "service").unwrap();
    let id = made["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/services/{id}/publish");
    provider.act(&path).await.unwrap().expect(StatusCode::OK, "publish").unwrap();
    id
}

/// A moment on a day some days from the cloud's now, such as `2026-03-10T10:00:00Z`.
pub fn moment(cloud: &Cloud, days: i32, time: &str) -> String {
    use jiff::ToSpan as _;
    let today = cloud.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    format!("{}T{time}:00Z", today.saturating_add(days.days()))
}
