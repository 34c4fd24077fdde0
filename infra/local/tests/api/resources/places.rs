//! Places that are taken with a provider and in a room, by every way in which time is taken and given back.

use banister_local::client::Client;
use futures_util::future::join_all;
use serde_json::json;

use super::{SLOT, World, needs, room};
use crate::problems::refused;
use crate::support::invariants::invariants;
use crate::support::{body, customer, each, pass, service, text};

#[tokio::test]
async fn of_two_providers_one_gets_the_room() {
    let world = World::new().await;
    let mut crowd = Vec::new();
    for number in 0..8 {
        crowd.push(
            customer(&world.cloud, &format!("Guest {}", ["A", "B", "C", "D", "E", "F", "G", "H"][number]))
                .await,
        );
    }
    let ask = |(number, who): (usize, &Client)| {
        let (who, service) = (who.clone(), world.services[number % 2].clone());
        async move { who.book(&service, SLOT, &format!("race-for-it-{number}")).await.unwrap() }
    };
    let answers = join_all(crowd.iter().enumerate().map(ask)).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(won.len(), 1, "exactly one has the room");
    assert_eq!(won[0].body["resource_ids"], json!([world.room]));
    for (number, lost) in answers.iter().enumerate().filter(|(_, answer)| answer.status != 201) {
        refused(lost, 409, "slot_taken");
        let next = each(&json!({ "items": lost.body["next_slots"] }), "starts_at");
        assert_eq!(next[0], "2026-03-10T11:00:00Z");
        assert!(next.iter().all(|start| start != SLOT), "{number}: {next:?}");
    }
    // What was named as free is free, with either provider.
    for number in [0, 1] {
        assert!(!world.is_free(number, SLOT).await && !world.is_free(number, "2026-03-10T10:30:00Z").await);
        assert!(world.is_free(number, "2026-03-10T11:00:00Z").await);
    }
    world.booked(0, "2026-03-10T11:00:00Z", "the-next-one-1").await;
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn what_is_called_off_or_declined_or_moved_gives_the_room_back() {
    let world = World::new().await;
    let first = world.booked(0, SLOT, "book-the-room-1").await;
    let path = format!("/v1/bookings/{}", text(&first, "id"));
    refused(&world.book(1, SLOT, "other-wants-it-1").await, 409, "slot_taken");
    body(world.providers[0].act(&format!("{path}/decline")).await.unwrap(), 200);
    assert!(world.is_free(1, SLOT).await);

    world.set(1, json!({ "terms": { "booking_type": "instant", "reschedule": "free" } })).await;
    let second = world.booked(1, SLOT, "other-gets-it-1").await;
    let path = format!("/v1/bookings/{}", text(&second, "id"));
    assert!(!world.is_free(0, SLOT).await);
    let later = json!({ "starts_at": "2026-03-10T12:00:00Z" });
    let moved = world.customers[1].post_once(&format!("{path}/reschedule"), &later, "move-it-on-1").await;
    body(moved.unwrap(), 200);
    assert!(world.is_free(0, SLOT).await && !world.is_free(0, "2026-03-10T12:00:00Z").await);
    // A move into what another provider has is refused.
    let third = world.booked(0, SLOT, "first-is-back-1").await;
    let back = json!({ "starts_at": SLOT });
    let refusal = world.customers[1].post_once(&format!("{path}/reschedule"), &back, "move-it-back-1").await;
    refused(&refusal.unwrap(), 409, "slot_taken");
    for (who, booking) in [(0, third), (1, second)] {
        let path = format!("/v1/bookings/{}/cancel", text(&booking, "id"));
        body(world.customers[who].post(&path, &json!({})).await.unwrap(), 200);
    }
    assert!(world.is_free(0, SLOT).await && world.is_free(1, "2026-03-10T12:00:00Z").await);
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn a_booking_frees_what_it_took_whatever_its_service_needs_by_then() {
    let world = World::new().await;
    let other = room(&world.staff, "Green room", &world.providers.each_ref()).await;
    let first = world.booked(0, SLOT, "book-the-room-1").await;
    needs(&world.providers[0], &world.services[0], &[&other]).await;
    refused(&world.book(1, SLOT, "still-taken-1").await, 409, "slot_taken");
    // A move takes what the service needs now.
    let path = format!("/v1/bookings/{}", text(&first, "id"));
    body(world.providers[0].act(&format!("{path}/confirm")).await.unwrap(), 200);
    let later = json!({ "starts_at": "2026-03-10T10:30:00Z" });
    let asked = world.customers[0].post_once(&format!("{path}/reschedule"), &later, "half-an-hour-1").await;
    let asked = body(asked.unwrap(), 200);
    assert_eq!((&asked["resource_ids"], &asked["starts_at"]), (&json!([world.room]), &json!(SLOT)));
    invariants(&world.cloud).await;
    let yes = world.providers[0].post(&format!("{path}/reschedule/accept"), &later).await.unwrap();
    assert_eq!(body(yes, 200)["resource_ids"], json!([other]));
    world.booked(1, SLOT, "now-it-is-free-1").await;
    invariants(&world.cloud).await;
    body(world.customers[0].post(&format!("{path}/cancel"), &json!({})).await.unwrap(), 200);
    let kept = invariants(&world.cloud).await;
    assert!(kept.booking(text(&first, "id")).resource_ids.contains(other.parse().unwrap()));
}

#[tokio::test]
async fn a_hold_and_a_request_keep_the_room_until_they_expire() {
    let mut world = World::new().await;
    let ask = json!({ "service_id": world.services[0], "starts_at": SLOT });
    let held = body(world.customers[0].post_once("/v1/holds", &ask, "hold-the-room-1").await.unwrap(), 201);
    assert!(!world.is_free(1, SLOT).await);
    refused(&world.book(1, SLOT, "held-by-other-1").await, 409, "slot_taken");
    invariants(&world.cloud).await;
    pass(&world.cloud, 601).await;
    for customer in &mut world.customers {
        customer.sign_in().await.unwrap();
    }
    assert!(world.is_free(1, SLOT).await);
    // The hold that expired is in its way in the room, and not with its own provider.
    let request = world.booked(1, SLOT, "after-the-hold-1").await;
    let late = json!({ "service_id": world.services[0], "starts_at": SLOT, "hold_id": held["id"] });
    let late = world.customers[0].post_once("/v1/bookings", &late, "too-late-now-1").await.unwrap();
    assert_ne!(late.status, 201, "{:?}", late.body);
    invariants(&world.cloud).await;

    // A request that nobody answered is expired as a whole by whoever takes its room, who has another provider.
    let answer_by: jiff::Timestamp = text(&request, "answer_by").parse().unwrap();
    world.cloud.clock.advance(answer_by.duration_since(world.cloud.clock.now()));
    for customer in &mut world.customers {
        customer.sign_in().await.unwrap();
    }
    world.booked(0, SLOT, "after-the-request-1").await;
    let kept = invariants(&world.cloud).await;
    let path = kept.path(text(&request, "id"));
    assert_eq!(path.last(), Some(&banister_domain::booking::Status::Expired));
}

#[tokio::test]
async fn seats_of_one_service_share_the_room() {
    let world = World::new().await;
    world.set(0, json!({ "seats": 2 })).await;
    let more = service(&world.providers[0], 60).await;
    needs(&world.providers[0], &more, &[&world.room]).await;
    world.booked(0, SLOT, "the-first-seat-1").await;
    assert!(world.is_free(0, SLOT).await && !world.is_free(1, SLOT).await);
    refused(&world.book(1, SLOT, "not-with-others-1").await, 409, "slot_taken");
    let second = world.customers[1].book(&world.services[0], SLOT, "the-second-seat-1").await.unwrap();
    body(second, 201);
    assert!(!world.is_free(0, SLOT).await);
    let third = world.customers[0].book(&world.services[0], SLOT, "no-third-seat-1").await.unwrap();
    refused(&third, 409, "slot_taken");
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn limits_count_the_own_bookings_only() {
    let world = World::new().await;
    crate::support::open(&world.providers[1], json!({ "max_bookings_per_day": 1 })).await;
    world.booked(0, SLOT, "of-the-first-one-1").await;
    world.booked(0, "2026-03-10T12:00:00Z", "of-the-first-one-2").await;
    assert!(world.is_free(1, "2026-03-10T14:00:00Z").await);
    world.booked(1, "2026-03-10T14:00:00Z", "own-and-only-one-1").await;
    assert!(!world.is_free(1, "2026-03-10T16:00:00Z").await);
    refused(&world.book(1, "2026-03-10T16:00:00Z", "one-too-many-1").await, 409, "slot_taken");
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn a_service_takes_two_rooms_or_none_of_them() {
    let world = World::new().await;
    let other = room(&world.staff, "Green room", &world.providers.each_ref()).await;
    needs(&world.providers[0], &world.services[0], &[&world.room, &other]).await;
    needs(&world.providers[1], &world.services[1], &[&other]).await;
    world.booked(1, SLOT, "the-green-room-1").await;
    assert!(!world.is_free(0, SLOT).await);
    refused(&world.book(0, SLOT, "not-both-rooms-1").await, 409, "slot_taken");
    let both = world.booked(0, "2026-03-10T11:00:00Z", "both-the-rooms-1").await;
    assert_eq!(both["resource_ids"], json!([world.room, other]));
    assert!(!world.is_free(1, "2026-03-10T11:00:00Z").await);
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn buffers_and_midnight_hold_in_the_room_too() {
    let world = World::new().await;
    crate::support::open(&world.providers[0], json!({ "buffer_after_minutes": 30 })).await;
    world.booked(0, "2026-03-10T23:00:00Z", "around-midnight-1").await;
    refused(&world.book(1, "2026-03-11T00:00:00Z", "in-the-buffer-1").await, 409, "slot_taken");
    refused(&world.book(1, "2026-03-10T22:30:00Z", "in-the-end-of-it-1").await, 409, "slot_taken");
    world.booked(1, "2026-03-11T00:30:00Z", "after-the-buffer-1").await;
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn a_time_of_a_series_is_refused_where_the_room_is_taken() {
    let world = World::new().await;
    world.booked(1, "2026-03-17T10:00:00Z", "the-second-week-1").await;
    let ask = |mode: &str| json!({ "service_id": world.services[0], "starts_at": SLOT, "frequency": "weekly", "count": 3, "mode": mode });
    let whole = world.customers[0].post_once("/v1/series", &ask("all"), "all-or-none-1").await.unwrap();
    refused(&whole, 409, "series_conflicts");
    assert!(world.is_free(1, SLOT).await, "what was held is given back");
    let some = world.customers[0].post_once("/v1/series", &ask("some"), "some-of-them-1").await.unwrap();
    let made = body(some, 201);
    let conflicts: Vec<_> =
        made["occurrences"].as_array().unwrap().iter().map(|time| time["conflict"].clone()).collect();
    assert_eq!(conflicts, [json!(null), json!("taken"), json!(null)]);
    let kept = invariants(&world.cloud).await;
    assert_eq!(kept.bookings.len(), 3);
}

#[tokio::test]
async fn a_search_finds_what_has_its_room() {
    let world = World::new().await;
    world.booked(0, SLOT, "the-room-is-taken-1").await;
    world.cloud.quiet().await.unwrap();
    let path = "/v1/search/services?free_from=2026-03-10T10:00:00Z&free_to=2026-03-10T10:30:00Z";
    let found = body(world.customers[0].get(path).await.unwrap(), 200);
    assert_eq!(each(&found, "id"), [] as [&str; 0]);
    let path = "/v1/search/services?free_from=2026-03-10T11:00:00Z&free_to=2026-03-10T11:30:00Z";
    let found = body(world.customers[0].get(path).await.unwrap(), 200);
    assert_eq!(each(&found, "id").len(), 2);
}

#[tokio::test]
async fn whoever_waits_for_the_room_of_another_is_offered_it() {
    let world = World::new().await;
    let taken = world.booked(0, SLOT, "the-room-is-taken-1").await;
    let ask = json!({ "service_id": world.services[1], "from": SLOT, "to": "2026-03-10T10:05:00Z" });
    let second = &world.customers[1];
    let wait = body(second.post_once("/v1/waitlist", &ask, "wait-for-the-room").await.unwrap(), 201);
    let status = async || body(second.get("/v1/waitlist").await.unwrap(), 200)["items"][0].clone();
    assert_eq!(wait["status"], json!("waiting"));
    let cancel = format!("/v1/bookings/{}/cancel", text(&taken, "id"));
    body(world.customers[0].act(&cancel).await.unwrap(), 200);
    world.cloud.quiet().await.unwrap();
    let offered = status().await;
    assert_eq!((&offered["status"], &offered["offer"]["starts_at"]), (&json!("offered"), &json!(SLOT)));
    // The room is kept, too.
    assert!(!world.is_free(0, SLOT).await);
    invariants(&world.cloud).await;
    // What is switched off is nobody's, and somebody's when it is on again.
    let path = format!("/v1/holds/{}", text(&offered["offer"], "hold_id"));
    world.change_room(json!({ "active": false })).await;
    body(second.delete(&path).await.unwrap(), 204);
    let third = customer(&world.cloud, "Customer Three").await;
    body(third.post_once("/v1/waitlist", &ask, "wait-for-the-room").await.unwrap(), 201);
    world.cloud.quiet().await.unwrap();
    let third_wait = async || body(third.get("/v1/waitlist").await.unwrap(), 200)["items"][0].clone();
    assert_eq!(third_wait().await["status"], json!("waiting"));
    world.change_room(json!({ "active": true })).await;
    world.cloud.quiet().await.unwrap();
    assert_eq!(third_wait().await["status"], json!("offered"));
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn of_all_who_share_the_room_the_longest_wait_is_first() {
    let world = World::new().await;
    let taken = world.booked(0, SLOT, "the-room-is-taken-1").await;
    let waits = [
        (customer(&world.cloud, "Waits Longest").await, 1),
        (customer(&world.cloud, "Waits Second").await, 0),
        (customer(&world.cloud, "Waits Third").await, 1),
    ];
    for (who, number) in &waits {
        let service = &world.services[*number];
        let ask = json!({ "service_id": service, "from": SLOT, "to": "2026-03-10T10:05:00Z" });
        body(who.post_once("/v1/waitlist", &ask, "wait-for-the-room").await.unwrap(), 201);
        pass(&world.cloud, 1).await;
    }
    let mut waits = waits.map(|(who, _)| who);
    let cancel = format!("/v1/bookings/{}/cancel", text(&taken, "id"));
    body(world.customers[0].act(&cancel).await.unwrap(), 200);
    world.cloud.quiet().await.unwrap();
    for expected in [["offered", "waiting", "waiting"], ["lapsed", "offered", "waiting"]] {
        let mut seen = Vec::new();
        for who in &mut waits {
            who.sign_in().await.unwrap();
            let own = body(who.get("/v1/waitlist").await.unwrap(), 200);
            seen.push(text(&own["items"][0], "status").to_owned());
        }
        assert_eq!(seen, expected);
        invariants(&world.cloud).await;
        // A quarter of the 26 hours that are left.
        pass(&world.cloud, 6 * 3_600 + 30 * 60 + 1).await;
        world.cloud.quiet().await.unwrap();
    }
}
