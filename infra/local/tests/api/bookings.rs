//! `/v1/bookings`.

mod change;
mod completion;
mod create;
mod dashboard;
mod expiry;
mod files;
mod holds;
mod lists;
mod main_job;
mod prices;
mod reschedule;
mod terms;

use banister_local::client::{Answer, Client};
use banister_local::cloud::Cloud;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{body, cloud_at, customer, provider, service, text};

/// A provider with a service of an hour and a customer, on Monday 2 March 2026, 08:00 UTC.
async fn market() -> (Cloud, Client, String, Client) {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let provider = provider(&cloud, "Provider One").await;
    let service = service(&provider, 60).await;
    let customer = customer(&cloud, "Customer One").await;
    (cloud, provider, service, customer)
}

/// A request made with this body.
async fn post(customer: &Client, key: &str, ask: &Value) -> Answer {
    customer.call(Method::POST, "/v1/bookings", &[("idempotency-key", key)], Some(ask)).await.unwrap()
}

/// A booking that is made; answers its path.
async fn booked(customer: &Client, service: &str, start: &str) -> String {
    let key = format!("{}-{start}", customer.id);
    let booking = body(customer.book(service, start, &key).await.unwrap(), 201);
    format!("/v1/bookings/{}", text(&booking, "id"))
}

/// Where a booking stands, as this side sees it.
async fn status(who: &Client, path: &str) -> String {
    text(&body(who.get(path).await.unwrap(), 200), "status").to_owned()
}

/// A service like the usual one, changed; published, and answered.
async fn offer(provider: &Client, changes: Value) -> Value {
    let mut ask = json!({ "title": "Home visit", "description": "", "category": "massage", "duration_minutes": 60,
        "price": { "amount": 9_000, "currency": "eur" }, "location_kind": "at_customer" });
    for (name, value) in changes.as_object().expect("changes") {
        ask[name] = value.clone();
    }
    let draft = body(provider.post("/v1/services", &ask).await.unwrap(), 201);
    let path = format!("/v1/services/{}/publish", text(&draft, "id"));
    body(provider.act(&path).await.unwrap(), 200)
}
