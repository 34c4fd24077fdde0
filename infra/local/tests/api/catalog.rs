//! `/v1/categories` and `/v1/services`.

mod lists;
mod services;

use serde_json::{Value, json};

/// A draft that is taken.
fn draft() -> Value {
    json!({ "title": "Deep tissue massage", "description": "One hour, oil included.", "category": "massage",
        "price": { "amount": 12_500, "currency": "usd" }, "duration_minutes": 60, "location_kind": "at_provider" })
}
