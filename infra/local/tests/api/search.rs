//! `/v1/search/services` and `/v1/search/providers`.

mod cached;
mod filters;
mod free;
mod live;
mod pages;
mod words;

use banister_local::client::Client;
use banister_local::cloud::Cloud;
use serde_json::{Value, json};

use crate::support::{body, each, stranger, text};

/// A Monday.
const START: &str = "2026-03-02T08:00:00Z";

/// A published service: a massage of an hour in Lisbon for 50 euros, changed by `changes`; answers its id.
async fn offer(provider: &Client, changes: Value) -> String {
    let mut ask = json!({ "title": "Massage", "description": "", "category": "massage",
        "price": { "amount": 5_000, "currency": "eur" }, "duration_minutes": 60, "location_kind": "at_provider",
        "place": { "latitude": 38.722, "longitude": -9.139 } });
    for (name, value) in changes.as_object().into_iter().flatten() {
        ask[name] = value.clone();
    }
    if ask["place"].is_null() {
        ask.as_object_mut().unwrap().remove("place");
    }
    let id = text(&body(provider.post("/v1/services", &ask).await.unwrap(), 201), "id").to_owned();
    body(provider.act(&format!("/v1/services/{id}/publish")).await.unwrap(), 200);
    id
}

/// What anybody finds, once all that was written has become cards.
async fn found(cloud: &Cloud, query: &str) -> Value {
    cloud.quiet().await.unwrap();
    body(stranger(cloud).get(&format!("/v1/search/services?{query}")).await.unwrap(), 200)
}

/// The titles of it.
async fn titles(cloud: &Cloud, query: &str) -> Vec<String> {
    each(&found(cloud, query).await, "title")
}

/// The names of the providers that anybody finds.
async fn names(cloud: &Cloud, query: &str) -> Vec<String> {
    cloud.quiet().await.unwrap();
    let page = body(stranger(cloud).get(&format!("/v1/search/providers?{query}")).await.unwrap(), 200);
    each(&page, "name")
}
