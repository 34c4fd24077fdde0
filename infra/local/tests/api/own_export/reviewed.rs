//! What the story says in reviews.

use banister_domain::booking::{Booking, Status};
use serde_json::json;

use crate::erasure::People;
use crate::support::{body, change_booking, text};

/// A booking that has taken place as far as the table knows, with all that can be said of it.
pub(super) async fn reviewed(people: &People, service: &str, starts_at: &str) {
    let ask = json!({ "service_id": service, "starts_at": starts_at });
    let booking = people.customer.post_once("/v1/bookings", &ask, "a-booking-to-review").await.unwrap();
    let id = text(&body(booking, 201), "id").to_owned();
    change_booking(&people.cloud, &id, |booking| Booking { status: Status::Completed, ..booking }).await;
    let path = format!("/v1/bookings/{id}/reviews");
    for (number, side) in [&people.customer, &people.provider].into_iter().enumerate() {
        let ask = json!({ "rating": 4 + number, "text": format!("Words of side {number}.") });
        body(side.post_once(&path, &ask, "a-review-to-keep").await.unwrap(), 201);
    }
    let ask = json!({ "text": "Words to those words." });
    body(people.provider.post(&format!("{path}/answer"), &ask).await.unwrap(), 200);
    let moderate = format!("{}/moderate", path.replace("/v1/", "/v1/admin/"));
    for hidden in [true, false] {
        let ask = json!({ "author": "customer", "hidden": hidden, "reason": "A test of hiding." });
        body(people.admin.post(&moderate, &ask).await.unwrap(), 200);
    }
}
