//! `/v1/bookings/{id}/reviews`, `/v1/reviews` and what staff do with them.

mod exact;
mod moderation;

use banister_local::client::{Answer, Client};
use banister_local::cloud::Cloud;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::problems::refused;
use crate::support::invariants::invariants;
use crate::support::{all_pages, body, cloud_at, customer, mails, news, pass, provider, service, text};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// Monday.
const START: &str = "2026-03-02T10:00:00Z";

/// What there is after bookings of one provider have taken place.
struct World {
    cloud: Cloud,
    provider: Client,
    service: String,
    customer: Client,
    /// Paths of bookings.
    over: Vec<String>,
}

impl World {
    /// So many bookings of an hour have been completed, one after the other.
    async fn new(many: i64) -> Self {
        let cloud = cloud_at("2026-03-02T08:00:00Z").await;
        let provider = provider(&cloud, "Provider One").await;
        let service = service(&provider, 60).await;
        let customer = customer(&cloud, "Customer One").await;
        let start: jiff::Timestamp = START.parse().unwrap();
        let mut over = Vec::new();
        for number in 0..many {
            let start = (start + SignedDuration::from_hours(number)).to_string();
            let key = format!("booking-{number}");
            let booking = body(customer.book(&service, &start, &key).await.unwrap(), 201);
            over.push(format!("/v1/bookings/{}", text(&booking, "id")));
        }
        let mut world = Self { cloud, provider, service, customer, over };
        for path in &world.over {
            body(world.provider.act(&format!("{path}/confirm")).await.unwrap(), 200);
        }
        world.later((many + 2) * HOUR).await;
        for path in &world.over {
            body(world.provider.act(&format!("{path}/complete")).await.unwrap(), 200);
        }
        world
    }

    /// Both sides sign in again after so many seconds.
    async fn later(&mut self, seconds: i64) {
        pass(&self.cloud, seconds).await;
        self.provider.sign_in().await.unwrap();
        self.customer.sign_in().await.unwrap();
    }

    async fn by_customer(&self, number: usize, rating: u8) -> Value {
        let ask = json!({ "rating": rating, "text": "On time, and very thorough." });
        body(review(&self.customer, &self.over[number], "customer-says", &ask).await, 201)
    }

    async fn by_provider(&self, number: usize, rating: u8) -> Value {
        body(
            review(&self.provider, &self.over[number], "provider-says", &json!({ "rating": rating })).await,
            201,
        )
    }

    /// What anybody reads of the service.
    async fn page(&self) -> Value {
        let path = format!("/v1/reviews?service_id={}", self.service);
        body(crate::support::stranger(&self.cloud).get(&path).await.unwrap(), 200)
    }
}

async fn review(who: &Client, booking: &str, key: &str, ask: &Value) -> Answer {
    who.post_once(&format!("{booking}/reviews"), ask, &format!("{key}-{booking}")).await.unwrap()
}

/// The one mail with this subject; mails come in any order.
async fn mailed(cloud: &Cloud, who: &Client, subject: &str) -> String {
    let mails = mails(cloud, &who.email).await;
    let mut found: Vec<_> = mails.into_iter().filter(|mail| mail.subject == subject).collect();
    assert_eq!(found.len(), 1, "{subject} to {}", who.email);
    found.remove(0).text
}

async fn reviews(who: &Client, booking: &str) -> Value {
    body(who.get(&format!("{booking}/reviews")).await.unwrap(), 200)
}

#[tokio::test]
async fn neither_side_reads_the_other_before_both_have_written() {
    let world = World::new(1).await;
    let World { customer, provider, over, cloud, .. } = &world;
    let nothing = json!({ "count": 0, "average": null });
    let before = reviews(customer, &over[0]).await;
    assert_eq!((&before["by_customer"], &before["published_at"]), (&Value::Null, &Value::Null));
    assert_eq!(before["open_until"], "2026-03-17T11:00:00Z");

    let own = world.by_customer(0, 4).await;
    assert_eq!((&own["by_customer"]["rating"], &own["published_at"]), (&json!(4), &Value::Null));
    for side in [customer, provider] {
        let seen = reviews(side, &over[0]).await;
        assert_eq!(seen["by_customer"].is_object(), side.id == customer.id, "{seen}");
        assert_eq!((&seen["by_provider"], &seen["provider_rating"]), (&Value::Null, &nothing));
    }
    let page = world.page().await;
    assert_eq!((&page["items"], &page["rating"]), (&json!([]), &nothing));
    assert!(!news(cloud, &provider.email).await.iter().any(|subject| subject.contains("review")));
    let early = provider.post(&format!("{}/reviews/answer", over[0]), &json!({ "text": "Thank you!" })).await;
    refused(&early.unwrap(), 404, "not_found");

    let both = world.by_provider(0, 5).await;
    assert_eq!(both["by_customer"]["text"], "On time, and very thorough.");
    for side in [customer, provider] {
        let seen = reviews(side, &over[0]).await;
        assert_eq!((&seen["by_customer"]["rating"], &seen["by_provider"]["rating"]), (&json!(4), &json!(5)));
        assert_eq!(seen["customer_rating"], json!({ "count": 1, "average": 5.0 }));
        assert_eq!(seen["provider_rating"], json!({ "count": 1, "average": 4.0 }));
    }
    mailed(cloud, customer, "New review: Consultation").await;
    let told = mailed(cloud, provider, "New review: Consultation").await;
    assert!(told.contains("4 of 5") && told.contains("> On time, and very thorough."), "{told}");
    invariants(cloud).await;
}

#[tokio::test]
async fn everybody_reads_it_with_the_answer() {
    let world = World::new(1).await;
    world.by_customer(0, 2).await;
    world.by_provider(0, 5).await;
    let World { customer, provider, over, cloud, service } = &world;
    let path = format!("{}/reviews/answer", over[0]);
    let ask = json!({ "text": "Sorry.\nIt was the traffic." });
    let first = provider.post_once(&path, &ask, "answer-it-once").await.unwrap();
    assert_eq!(first.body["by_customer"]["answer"]["text"], "Sorry.\nIt was the traffic.");
    let again = provider.post_once(&path, &ask, "answer-it-once").await.unwrap();
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    refused(&provider.post(&path, &ask).await.unwrap(), 409, "already_answered");
    refused(&customer.post(&path, &ask).await.unwrap(), 403, "forbidden");
    for of in [format!("service_id={service}"), format!("provider_id={}", provider.id)] {
        let page =
            body(crate::support::stranger(cloud).get(&format!("/v1/reviews?{of}")).await.unwrap(), 200);
        assert_eq!(page["rating"], json!({ "count": 1, "average": 2.0 }));
        let item = &page["items"][0];
        assert_eq!((&item["author_name"], &item["rating"]), (&json!("Customer"), &json!(2)));
        assert_eq!(item["answer"]["text"], "Sorry.\nIt was the traffic.");
        assert!(page["items"].as_array().unwrap().len() == 1 && item.get("customer_id").is_none(), "{page}");
    }
    let told = mailed(cloud, customer, "Your review was answered: Consultation").await;
    assert!(told.contains("> Sorry.\n> It was the traffic.\n"), "{told}");
    invariants(cloud).await;
}

#[tokio::test]
async fn time_publishes_what_one_side_wrote() {
    let mut world = World::new(2).await;
    world.by_customer(0, 3).await;
    world.later(14 * DAY).await;
    assert_eq!(world.page().await["items"], json!([]));
    world.later(2 * DAY).await;
    let page = world.page().await;
    assert_eq!((&page["rating"]["count"], &page["items"][0]["rating"]), (&json!(1), &json!(3)));
    // When it could be read, not when that was written down.
    assert_eq!(page["items"][0]["published_at"], "2026-03-17T11:00:00Z");
    for (number, side) in [(0, &world.provider), (1, &world.customer)] {
        let late = review(side, &world.over[number], "too-late-now", &json!({ "rating": 1 })).await;
        refused(&late, 409, "not_reviewable");
    }
    assert_eq!(reviews(&world.customer, &world.over[1]).await["published_at"], Value::Null);
    let ask = json!({ "text": "Thank you!" });
    body(world.provider.post(&format!("{}/reviews/answer", world.over[0]), &ask).await.unwrap(), 200);
    mailed(&world.cloud, &world.provider, "New review: Consultation").await;
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn only_the_two_sides_review_what_took_place_and_once() {
    let world = World::new(1).await;
    let World { customer: own, provider, over, cloud, service } = &world;
    let other = customer(cloud, "Customer Two").await;
    refused(&review(&other, &over[0], "not-my-booking", &json!({ "rating": 1 })).await, 404, "not_found");
    refused(&other.get(&format!("{}/reviews", over[0])).await.unwrap(), 404, "not_found");
    for bad in
        [json!({ "rating": 0 }), json!({ "rating": 6 }), json!({ "rating": 4.5 }), json!({ "text": "Fine." })]
    {
        refused(&review(own, &over[0], "bad-rating", &bad).await, 422, "invalid_input");
    }
    let first = world.by_customer(0, 5).await;
    let ask = json!({ "rating": 5, "text": "On time, and very thorough." });
    let again = review(own, &over[0], "customer-says", &ask).await;
    assert_eq!((again.status.as_u16(), &again.body), (201, &first));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let changed = review(own, &over[0], "customer-says", &json!({ "rating": 1 })).await;
    refused(&changed, 422, "idempotency_key_reused");
    refused(&review(own, &over[0], "another-key", &ask).await, 409, "already_reviewed");

    let key = "still-to-come";
    let booking = body(own.book(service, "2026-03-04T10:00:00Z", key).await.unwrap(), 201);
    let ahead = format!("/v1/bookings/{}", text(&booking, "id"));
    for side in [own, provider] {
        refused(&review(side, &ahead, "too-early-yet", &json!({ "rating": 5 })).await, 409, "not_reviewable");
    }
    refused(&world.provider.get("/v1/reviews").await.unwrap(), 422, "invalid_input");
    let both = format!("/v1/reviews?service_id={service}&provider_id={}", provider.id);
    refused(&own.get(&both).await.unwrap(), 422, "invalid_input");
    invariants(cloud).await;
}

/// Pages neither skip nor repeat, whatever is published between two.
#[tokio::test]
async fn pages_are_in_order_newest_first() {
    let mut world = World::new(5).await;
    for number in [3, 0, 4, 1, 2] {
        world.by_customer(number, 5).await;
        world.by_provider(number, 5).await;
        world.later(60).await;
    }
    let path = format!("/v1/reviews?provider_id={}", world.provider.id);
    let listed = all_pages(&world.customer, &path, 2).await;
    let listed: Vec<_> =
        listed.iter().map(|item| format!("/v1/bookings/{}", text(item, "booking_id"))).collect();
    let wanted: Vec<_> = [2, 1, 4, 0, 3].map(|number: usize| world.over[number].clone()).into();
    assert_eq!(listed, wanted);
    invariants(&world.cloud).await;
}
