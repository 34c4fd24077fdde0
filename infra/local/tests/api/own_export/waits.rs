//! Waits for a place, in the story and in what is kept.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Person, attribute};
use crate::erasure::People;
use crate::support::invariants::HashMap;
use crate::support::{body, text};

impl Person {
    /// Whether an item is the wait of somebody else: the provider that it names has it in `GET /v1/waitlist`.
    pub(super) fn is_waited_for(&self, item: &HashMap) -> bool {
        attribute(item, "t") == Some("waitlist_entry")
            && attribute(item, "customer_id") != Some(self.client.id.as_str())
    }
}

/// The customer waits for a start that somebody holds and lets go; answers where the hold is that is offered then.
pub(super) async fn waited(people: &People, service: &str, starts_at: &str, key: &str) -> String {
    let held = json!({ "service_id": service, "starts_at": starts_at, "seats": 3 });
    let held = people.customer.post_once("/v1/holds", &held, &format!("hold-{key}")).await.unwrap();
    let held = format!("/v1/holds/{}", text(&body(held, 201), "id"));
    let ends: Timestamp = starts_at.parse().unwrap();
    let wait = json!({ "service_id": service, "from": starts_at, "to": ends + SignedDuration::from_mins(1) });
    body(people.customer.post_once("/v1/waitlist", &wait, key).await.unwrap(), 201);
    body(people.customer.delete(&held).await.unwrap(), 204);
    people.cloud.quiet().await.unwrap();
    let waits = body(people.customer.get("/v1/waitlist").await.unwrap(), 200);
    format!("/v1/holds/{}", text(&waits["items"][0]["offer"], "hold_id"))
}
