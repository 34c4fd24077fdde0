//! Waiting for a place: offers in the order of the line, taken, given back, handed on.

mod endings;

use banister_local::client::Client;
use banister_local::cloud::Cloud;
use serde_json::{Value, json};

use crate::support::invariants::invariants;
use crate::support::{body, cloud_at, customer, each, moment, news, open, pass, provider, service, text};

/// A cloud whose provider has one place a day, at ten, and who has taken the one of tomorrow.
struct Scene {
    cloud: Cloud,
    provider: Client,
    service: String,
    first: Client,
    booking: String,
}

impl Scene {
    async fn new() -> Self {
        let cloud = cloud_at("2026-03-02T08:00:00Z").await;
        let provider = provider(&cloud, "Provider One").await;
        let hours = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
            .map(|day| json!({ "day": day, "start": "10:00", "end": "11:00" }));
        open(&provider, json!({ "weekly": hours, "slot_step_minutes": 60 })).await;
        let service = service(&provider, 60).await;
        let first = customer(&cloud, "Customer First").await;
        let ask = json!({ "service_id": service, "starts_at": moment(&cloud, 1, "10:00") });
        let booking = body(first.post_once("/v1/bookings", &ask, "the-first-one").await.unwrap(), 201);
        let booking = text(&booking, "id").to_owned();
        Self { cloud, provider, service, first, booking }
    }

    /// Somebody who waits for a place of tomorrow.
    async fn waiting(&self, name: &str) -> Client {
        let client = customer(&self.cloud, name).await;
        let wait = self.join(&client, 1, name).await;
        assert_eq!((text(&wait, "status"), &wait["offer"]), ("waiting", &Value::Null));
        client
    }

    fn ask(&self, days: i32) -> Value {
        json!({ "service_id": self.service, "from": moment(&self.cloud, days, "00:00"),
            "to": moment(&self.cloud, days + 1, "00:00") })
    }

    async fn join(&self, client: &Client, days: i32, key: &str) -> Value {
        body(
            client
                .post_once("/v1/waitlist", &self.ask(days), &format!("{}-{days}", key.replace(' ', "-")))
                .await
                .unwrap(),
            201,
        )
    }

    /// The first one gives the place back.
    async fn free(&self) {
        cancel(&self.first, &self.booking).await;
        self.cloud.quiet().await.unwrap();
    }

    async fn free_tomorrow(&self) -> Vec<String> {
        let day = &moment(&self.cloud, 1, "00:00")[..10];
        let path = format!("/v1/services/{}/slots?from={day}&to={day}", self.service);
        each(&body(self.first.get(&path).await.unwrap(), 200), "starts_at")
    }
}

async fn cancel(client: &Client, booking: &str) {
    body(client.post(&format!("/v1/bookings/{booking}/cancel"), &json!({})).await.unwrap(), 200);
}

/// The newest wait of somebody.
async fn wait(client: &Client) -> Value {
    body(client.get("/v1/waitlist").await.unwrap(), 200)["items"][0].clone()
}

async fn statuses(clients: &[&Client]) -> Vec<String> {
    let mut statuses = Vec::new();
    for client in clients {
        statuses.push(text(&wait(client).await, "status").to_owned());
    }
    statuses
}

/// Books what is offered to somebody; answers the booking.
async fn take(scene: &Scene, client: &Client, key: &str) -> Value {
    let offer = wait(client).await["offer"].clone();
    let ask =
        json!({ "service_id": scene.service, "starts_at": offer["starts_at"], "hold_id": offer["hold_id"] });
    body(client.post_once("/v1/bookings", &ask, key).await.unwrap(), 201)
}

#[tokio::test]
async fn whoever_waits_longest_is_offered_what_comes_free() {
    let scene = Scene::new().await;
    let (second, third) = (scene.waiting("Customer Second").await, scene.waiting("Customer Third").await);
    assert_eq!(scene.free_tomorrow().await, [""; 0]);
    scene.free().await;
    assert_eq!(statuses(&[&second, &third]).await, ["offered", "waiting"]);
    let offered = wait(&second).await;
    // A quarter of the 26 hours that are left.
    assert_eq!(text(&offered["offer"], "answer_by")[..16], moment(&scene.cloud, 0, "14:30")[..16]);
    assert_eq!(offered["offer"]["starts_at"], json!(moment(&scene.cloud, 1, "10:00")));
    let told = news(&scene.cloud, &second.email).await;
    assert_eq!(told, ["A place is free: Consultation"]);
    assert_eq!(news(&scene.cloud, &third.email).await, [""; 0]);
    // Nobody else gets it.
    assert_eq!(scene.free_tomorrow().await, [""; 0]);
    let ask = json!({ "service_id": scene.service, "starts_at": offered["offer"]["starts_at"] });
    let refused = body(third.post_once("/v1/bookings", &ask, "not-offered-to-me").await.unwrap(), 409);
    assert_eq!(text(&refused, "code"), "slot_taken");
    let booking = take(&scene, &second, "what-was-offered").await;
    let booked = wait(&second).await;
    assert_eq!((text(&booked, "status"), &booked["booking_id"]), ("booked", &booking["id"]));
    invariants(&scene.cloud).await;
    // The next one is offered what that one gives back.
    cancel(&second, text(&booking, "id")).await;
    scene.cloud.quiet().await.unwrap();
    assert_eq!(statuses(&[&second, &third]).await, ["booked", "offered"]);
    invariants(&scene.cloud).await;
}

#[tokio::test]
async fn what_is_given_back_goes_to_the_next_and_is_not_offered_again() {
    let scene = Scene::new().await;
    let (second, third) = (scene.waiting("Customer Second").await, scene.waiting("Customer Third").await);
    scene.free().await;
    let offer = wait(&second).await["offer"].clone();
    let path = format!("/v1/holds/{}", text(&offer, "hold_id"));
    body(second.delete(&path).await.unwrap(), 204);
    scene.cloud.quiet().await.unwrap();
    assert_eq!(statuses(&[&second, &third]).await, ["waiting", "offered"]);
    assert_eq!(wait(&second).await["declined"], json!([offer["starts_at"]]));
    body(second.delete(&path).await.unwrap(), 404);
    // Whoever leaves hands on, too; the place is nobody's then.
    let path = format!("/v1/waitlist/{}", text(&wait(&third).await, "id"));
    body(third.delete(&path).await.unwrap(), 204);
    scene.cloud.quiet().await.unwrap();
    assert_eq!(statuses(&[&second, &third]).await, ["waiting", "left"]);
    assert_eq!(scene.free_tomorrow().await, [moment(&scene.cloud, 1, "10:00")]);
    body(third.delete(&path).await.unwrap(), 204);
    body(second.delete(&path).await.unwrap(), 404);
    invariants(&scene.cloud).await;
}

#[tokio::test]
async fn many_places_go_to_as_many_in_their_order() {
    let scene = Scene::new().await;
    let ask = |days| json!({ "service_id": scene.service, "starts_at": moment(&scene.cloud, days, "10:00") });
    let mut bookings = vec![scene.booking.clone()];
    for days in 2..5 {
        let key = format!("of-day-{days}");
        let made = body(scene.first.post_once("/v1/bookings", &ask(days), &key).await.unwrap(), 201);
        bookings.push(text(&made, "id").to_owned());
    }
    let mut waiting = Vec::new();
    for name in ["Customer Aa", "Customer Bb", "Customer Cc", "Customer Dd", "Customer Ee", "Customer Ff"] {
        let client = customer(&scene.cloud, name).await;
        let wish = json!({ "service_id": scene.service, "from": moment(&scene.cloud, 1, "00:00"),
            "to": moment(&scene.cloud, 5, "00:00") });
        body(client.post_once("/v1/waitlist", &wish, "any-of-four-days").await.unwrap(), 201);
        waiting.push(client);
    }
    futures_util::future::join_all(bookings.iter().map(|id| cancel(&scene.first, id))).await;
    invariants(&scene.cloud).await;
    let clients: Vec<_> = waiting.iter().collect();
    let expected = ["offered", "offered", "offered", "offered", "waiting", "waiting"];
    assert_eq!(statuses(&clients).await, expected);
    // None of them kept two, and none was offered to two.
    let mut starts = Vec::new();
    for client in &waiting[..4] {
        starts.push(text(&wait(client).await["offer"], "starts_at").to_owned());
    }
    starts.sort_unstable();
    assert_eq!(starts, [1, 2, 3, 4].map(|days| moment(&scene.cloud, days, "10:00")));
}

#[tokio::test]
async fn a_change_of_the_plan_or_of_a_vacation_is_an_offer_too() {
    let scene = Scene::new().await;
    let (second, third) =
        (scene.waiting("Customer Second").await, customer(&scene.cloud, "Customer Third").await);
    let day = &moment(&scene.cloud, 9, "00:00")[..10];
    let ask = json!({ "from": day, "to": day });
    let away = body(scene.provider.post("/v1/me/calendar/vacations", &ask).await.unwrap(), 201);
    scene.join(&third, 9, "Customer Third").await;
    scene.cloud.quiet().await.unwrap();
    assert_eq!(statuses(&[&second, &third]).await, ["waiting", "waiting"]);
    let path = format!("/v1/me/calendar/vacations/{}", text(&away, "id"));
    body(scene.provider.delete(&path).await.unwrap(), 204);
    scene.cloud.quiet().await.unwrap();
    assert_eq!(statuses(&[&second, &third]).await, ["waiting", "offered"]);
    open(&scene.provider, json!({})).await;
    scene.cloud.quiet().await.unwrap();
    assert_eq!(statuses(&[&second, &third]).await, ["offered", "offered"]);
    assert_eq!(wait(&second).await["offer"]["starts_at"], json!(moment(&scene.cloud, 1, "00:00")));
    invariants(&scene.cloud).await;
}

#[tokio::test]
async fn seats_of_a_group_are_waited_for() {
    let scene = Scene::new().await;
    scene.free().await;
    let path = format!("/v1/services/{}", scene.service);
    body(scene.provider.patch(&path, &json!({ "seats": 3 })).await.unwrap(), 200);
    let start = moment(&scene.cloud, 1, "10:00");
    let ask = json!({ "service_id": scene.service, "starts_at": start, "seats": 3 });
    let all = body(scene.first.post_once("/v1/bookings", &ask, "all-three-seats").await.unwrap(), 201);
    let (second, third) =
        (customer(&scene.cloud, "Customer Second").await, customer(&scene.cloud, "Customer Third").await);
    for (client, seats) in [(&second, 2), (&third, 1)] {
        let mut ask = scene.ask(1);
        ask["seats"] = json!(seats);
        body(client.post_once("/v1/waitlist", &ask, "for-some-seats").await.unwrap(), 201);
    }
    cancel(&scene.first, text(&all, "id")).await;
    scene.cloud.quiet().await.unwrap();
    assert_eq!(statuses(&[&second, &third]).await, ["offered", "offered"]);
    invariants(&scene.cloud).await;
}

#[tokio::test]
async fn a_hold_that_expires_is_offered_by_the_schedule() {
    let scene = Scene::new().await;
    scene.free().await;
    let ask = json!({ "service_id": scene.service, "starts_at": moment(&scene.cloud, 1, "10:00") });
    let second = customer(&scene.cloud, "Customer Second").await;
    body(scene.first.post_once("/v1/holds", &ask, "held-and-left").await.unwrap(), 201);
    scene.join(&second, 1, "behind-a-hold").await;
    // Seen by the schedule, which says when to look again.
    for seconds in [61, 500] {
        pass(&scene.cloud, seconds).await;
        scene.cloud.quiet().await.unwrap();
        assert_eq!(statuses(&[&second]).await, ["waiting"]);
    }
    pass(&scene.cloud, 100).await;
    scene.cloud.quiet().await.unwrap();
    assert_eq!(statuses(&[&second]).await, ["offered"]);
    invariants(&scene.cloud).await;
}
