//! `/v1/series`: bookings that recur.

mod changes;

use banister_local::client::{Answer, Client};
use banister_local::cloud::Cloud;
use serde_json::{Value, json};

use crate::problems::refused;
use crate::support::invariants::invariants;
use crate::support::{all_pages, body, cloud_at, customer, mails, news, open, provider, service, text};

/// Tuesday.
const START: &str = "2026-03-10T10:00:00Z";

/// A provider with a service, and two customers.
struct World {
    cloud: Cloud,
    provider: Client,
    service: String,
    customer: Client,
    other: Client,
}

impl World {
    async fn new(terms: Value) -> Self {
        let cloud = cloud_at("2026-03-09T08:00:00Z").await;
        let provider = provider(&cloud, "Provider One").await;
        open(&provider, json!({ "horizon_days": 365 })).await;
        let service = service(&provider, 60).await;
        body(
            provider.patch(&format!("/v1/services/{service}"), &json!({ "terms": terms })).await.unwrap(),
            200,
        );
        let (customer, other) =
            (customer(&cloud, "Customer One").await, customer(&cloud, "Customer Two").await);
        Self { cloud, provider, service, customer, other }
    }

    async fn instant() -> Self {
        Self::new(json!({ "booking_type": "instant", "reschedule": "free" })).await
    }

    fn ask(&self, count: u16, mode: &str) -> Value {
        json!({ "service_id": self.service, "starts_at": START, "frequency": "weekly", "count": count, "mode": mode })
    }

    async fn make(&self, ask: &Value, key: &str) -> Answer {
        self.customer.post_once("/v1/series", ask, key).await.unwrap()
    }

    async fn made(&self, count: u16, mode: &str) -> Value {
        body(self.make(&self.ask(count, mode), "a-series-please").await, 201)
    }

    /// Somebody else is at this time.
    async fn taken(&self, starts_at: &str) {
        body(self.other.book(&self.service, starts_at, &format!("other-{starts_at}")).await.unwrap(), 201);
    }

    async fn all_bookings(&self) -> Vec<Value> {
        all_pages(&self.customer, "/v1/bookings?", 50).await
    }
}

fn path(series: &Value) -> String {
    format!("/v1/series/{}", text(series, "id"))
}

/// One member of each time of a series.
fn of_each(series: &Value, name: &str) -> Vec<Value> {
    series["occurrences"].as_array().unwrap().iter().map(|time| time[name].clone()).collect()
}

#[tokio::test]
async fn some_are_booked_and_it_is_said_which_are_not() {
    let world = World::new(json!({ "booking_type": "on_request" })).await;
    world.taken("2026-03-24T10:30:00Z").await;
    let before = news(&world.cloud, &world.provider.email).await.len();
    let series = world.made(4, "some").await;
    assert_eq!((&series["status"], &series["count"]), (&json!("made"), &json!(4)));
    let (asked, taken) = (json!("requested"), json!("taken"));
    assert_eq!(of_each(&series, "status"), [asked.clone(), asked.clone(), Value::Null, asked]);
    assert_eq!(of_each(&series, "conflict"), [Value::Null, Value::Null, taken, Value::Null]);
    let starts =
        ["2026-03-10", "2026-03-17", "2026-03-24", "2026-03-31"].map(|day| json!(format!("{day}T10:00:00Z")));
    assert_eq!(of_each(&series, "starts_at"), starts);
    assert_eq!(series["last_change"]["booking_ids"].as_array().unwrap().len(), 3);

    let bookings = world.all_bookings().await;
    assert_eq!(bookings.len(), 3);
    assert!(bookings.iter().all(|booking| booking["series_id"] == series["id"]), "{bookings:?}");
    for side in [&world.customer, &world.provider] {
        assert_eq!(body(side.get(&path(&series)).await.unwrap(), 200), series);
    }
    refused(&world.other.get(&path(&series)).await.unwrap(), 404, "not_found");

    // One mail for all of it.
    let told = news(&world.cloud, &world.provider.email).await;
    assert_eq!(told[before..], ["New series of requests: Consultation"]);
    assert_eq!(news(&world.cloud, &world.customer.email).await, ["Series requested: Consultation"]);
    let mail = mails(&world.cloud, &world.customer.email).await.pop().unwrap().text;
    assert_eq!(mail.matches("10:00 AM").count(), 4, "{mail}");
    let (booked, missing) = mail.split_once("These times were not to be had:").unwrap();
    assert!(missing.contains("March 24") && !booked.contains("March 24"), "{mail}");
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn all_or_none_holds_every_place_before_any_is_booked() {
    let world = World::instant().await;
    world.taken("2026-03-31T10:00:00Z").await;
    let refusal = world.make(&world.ask(4, "all"), "all-of-four").await;
    refused(&refusal, 409, "series_conflicts");
    let conflicts = json!([{ "starts_at": "2026-03-31T10:00:00Z", "conflict": "taken" }]);
    assert_eq!(refusal.body["conflicts"], conflicts);
    assert_eq!(world.all_bookings().await, [] as [Value; 0]);
    assert_eq!(news(&world.cloud, &world.customer.email).await, [""; 0]);
    // The same again is told the same.
    let again = world.make(&world.ask(4, "all"), "all-of-four").await;
    refused(&again, 409, "series_conflicts");
    assert_eq!(again.body["conflicts"], conflicts);

    // The places that were held are free at once.
    let three = body(world.make(&world.ask(3, "all"), "all-of-three").await, 201);
    assert_eq!(of_each(&three, "status"), vec![json!("confirmed"); 3]);
    assert_eq!(world.all_bookings().await.len(), 3);
    assert_eq!(news(&world.cloud, &world.customer.email).await, ["Series confirmed: Consultation"]);
    let kept = invariants(&world.cloud).await;
    assert_eq!(kept.holds.len(), 0, "each became a booking");
}

#[tokio::test]
async fn a_series_of_which_nothing_can_be_had_is_none() {
    let world = World::instant().await;
    for week in ["10", "17"] {
        world.taken(&format!("2026-03-{week}T10:00:00Z")).await;
    }
    refused(&world.make(&world.ask(2, "some"), "some-of-none").await, 409, "series_conflicts");
    let late = json!({ "service_id": world.service, "starts_at": "2026-03-10T10:07:00Z", "frequency": "weekly",
        "count": 2, "mode": "some" });
    let off_grid = world.make(&late, "not-on-the-grid").await;
    refused(&off_grid, 409, "series_conflicts");
    assert_eq!(off_grid.body["conflicts"][0]["conflict"], "off_grid");
    assert_eq!(world.all_bookings().await, [] as [Value; 0]);
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn what_is_asked_for_again_is_not_made_again() {
    let world = World::instant().await;
    let first = world.made(3, "some").await;
    let again = world.make(&world.ask(3, "some"), "a-series-please").await;
    assert!(again.headers.contains_key("idempotent-replayed"));
    assert_eq!(body(again, 201), first);
    let other = world.make(&world.ask(4, "some"), "a-series-please").await;
    refused(&other, 422, "idempotency_key_reused");
    assert_eq!(world.all_bookings().await.len(), 3);
}

/// Whoever sends the request carries it out, all of them at once: what one has done the others find done.
#[tokio::test]
async fn many_carry_out_one_series_side_by_side() {
    let world = World::instant().await;
    for (mode, key, first) in
        [("all", "side-by-side", START), ("some", "and-once-more", "2026-03-10T14:00:00Z")]
    {
        let ask = json!({ "service_id": world.service, "starts_at": first, "frequency": "weekly", "count": 6,
            "mode": mode });
        let sent = (0..8).map(|_| world.make(&ask, key));
        for answer in futures_util::future::join_all(sent).await {
            // One that had to wait for the others for too long is told to come again.
            assert!(answer.status == 201 || answer.body["code"] == "busy", "{mode}: {}", answer.body);
        }
        let made = body(world.make(&ask, key).await, 201);
        assert_eq!(of_each(&made, "status"), vec![json!("confirmed"); 6], "{mode}");
        let path = format!("{}/cancel", path(&made));
        let nothing = json!({});
        let sent = (0..8).map(|_| world.customer.post_once(&path, &nothing, key));
        for answer in futures_util::future::join_all(sent).await {
            let answer = answer.unwrap();
            assert!(answer.status == 200 || answer.body["code"] == "busy", "{mode}: {}", answer.body);
        }
        let seen = body(world.customer.get(path.trim_end_matches("/cancel")).await.unwrap(), 200);
        assert_eq!(of_each(&seen, "status"), vec![json!("cancelled"); 6], "{mode}");
    }
    assert_eq!(world.all_bookings().await.len(), 12);
    let told = news(&world.cloud, &world.provider.email).await;
    let made = told.iter().filter(|subject| subject.starts_with("Series confirmed")).count();
    let cancelled = told.iter().filter(|subject| subject.starts_with("Series cancelled")).count();
    assert!(made <= 2 && cancelled == 2, "{told:?}");
    let kept = invariants(&world.cloud).await;
    assert_eq!(kept.holds.len(), 0);
}

#[tokio::test]
async fn one_price_holds_for_all() {
    let world = World::instant().await;
    let mut ask = world.ask(3, "some");
    ask["price"] = json!({ "amount": 4_999, "currency": "usd" });
    let refusal = world.make(&ask, "for-less").await;
    refused(&refusal, 409, "price_changed");
    assert_eq!(refusal.body["price"], json!({ "amount": 5_000, "currency": "usd" }));
    ask["price"]["amount"] = json!(5_000);
    body(world.make(&ask, "for-as-much").await, 201);
    assert!(world.all_bookings().await.iter().all(|booking| booking["price"]["amount"] == 5_000));
    let many = json!({ "count": 53 });
    let mut ask = world.ask(3, "some");
    ask["count"] = many["count"].clone();
    refused(&world.make(&ask, "too-many-at-once").await, 422, "invalid_input");
}

#[tokio::test]
async fn a_year_of_weeks_keeps_its_time_of_day() {
    let world = World::instant().await;
    open(&world.provider, json!({ "horizon_days": 365, "time_zone": "Europe/Berlin" })).await;
    let series = world.made(52, "all").await;
    let starts = of_each(&series, "starts_at");
    assert_eq!(
        (starts.len(), &starts[3], &starts[2]),
        (52, &json!("2026-03-31T09:00:00Z"), &json!("2026-03-24T10:00:00Z"))
    );
    assert_eq!(of_each(&series, "status"), vec![json!("confirmed"); 52]);
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn what_a_clock_never_shows_is_said() {
    let world = World::instant().await;
    open(&world.provider, json!({ "horizon_days": 365, "time_zone": "Europe/Berlin" })).await;
    // Half past two on a Sunday: on the third one the clock goes from two to three.
    let ask = json!({ "service_id": world.service, "starts_at": "2026-03-15T01:30:00Z", "frequency": "weekly",
        "count": 4, "mode": "some" });
    let series = body(world.make(&ask, "over-the-change").await, 201);
    assert_eq!(of_each(&series, "conflict")[2], "no_such_time");
    assert_eq!(of_each(&series, "starts_at")[2], Value::Null);
    assert_eq!(of_each(&series, "starts_at")[3], "2026-04-05T00:30:00Z");
}
