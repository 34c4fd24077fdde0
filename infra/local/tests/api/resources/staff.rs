//! Staff say what there is to share, and with whom.

use reqwest::Method;
use serde_json::{Value, json};

use super::{SLOT, World, id_of, needs, room};
use crate::problems::{refused, refused_at};
use crate::support::invariants::invariants;
use crate::support::{all_pages, body, each, provider, service, text};

#[tokio::test]
async fn what_is_switched_off_is_not_booked_and_not_offered() {
    let world = World::new().await;
    let standing = world.booked(0, SLOT, "before-it-is-off-1").await;
    assert_eq!(world.change_room(json!({ "active": false })).await["active"], json!(false));
    for number in [0, 1] {
        assert_eq!(world.free(number).await, [] as [&str; 0]);
        let refusal = world.book(number, "2026-03-10T14:00:00Z", &format!("while-it-is-off-{number}")).await;
        refused(&refusal, 422, "slot_not_offered");
    }
    let found = body(
        world.customers[0]
            .get("/v1/search/services?free_from=2026-03-10T14:00:00Z&free_to=2026-03-10T16:00:00Z")
            .await
            .unwrap(),
        200,
    );
    assert_eq!(each(&found, "id"), [] as [&str; 0]);
    // What was booked before stands.
    let path = format!("/v1/bookings/{}", text(&standing, "id"));
    body(world.providers[0].act(&format!("{path}/confirm")).await.unwrap(), 200);
    world.change_room(json!({ "active": true })).await;
    assert!(!world.is_free(1, SLOT).await && world.is_free(1, "2026-03-10T14:00:00Z").await);
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn a_provider_who_may_not_use_it_any_more_is_not_booked() {
    let world = World::new().await;
    let standing = world.booked(0, SLOT, "before-it-is-shut-1").await;
    let two = id_of(&world.providers[1]).await;
    assert_eq!(world.change_room(json!({ "provider_ids": [two] })).await["provider_ids"], json!([two]));
    assert_eq!(world.free(0).await, [] as [&str; 0]);
    refused(&world.book(0, "2026-03-10T14:00:00Z", "no-longer-mine-1").await, 422, "slot_not_offered");
    let own = |number: usize| {
        let who = &world.providers[number];
        async move { body(who.get("/v1/me/resources").await.unwrap(), 200) }
    };
    assert_eq!(each(&own(0).await, "id"), [] as [&str; 0]);
    assert_eq!(own(1).await["items"], json!([{ "id": world.room, "name": "Blue room", "active": true }]));
    // The other provider waits for what stands, and gets it once that is called off.
    refused(&world.book(1, SLOT, "what-stands-stays-1").await, 409, "slot_taken");
    let path = format!("/v1/bookings/{}/cancel", text(&standing, "id"));
    body(world.customers[0].post(&path, &json!({})).await.unwrap(), 200);
    world.booked(1, SLOT, "free-for-the-other-1").await;
    // Without the room, the service can be booked again.
    world.set(0, json!({ "resource_ids": null })).await;
    world.booked(0, SLOT, "without-any-room-1").await;
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn a_service_needs_only_what_its_provider_may_use() {
    let world = World::new().await;
    let other = room(&world.staff, "Green room", &[&world.providers[1]]).await;
    let path = format!("/v1/services/{}", world.services[0]);
    let set = |ids: serde_json::Value| {
        let (who, path) = (world.providers[0].clone(), path.clone());
        async move { who.patch(&path, &json!({ "resource_ids": ids })).await.unwrap() }
    };
    refused_at(&set(json!([world.room, other])).await, "/resource_ids/1", "invalid");
    let unknown = "rsc_01KB2Q7S3H8Z6W4V5N9RXTMCDE";
    refused_at(&set(json!([unknown])).await, "/resource_ids/0", "invalid");
    refused_at(&set(json!([world.room, world.room])).await, "/resource_ids", "invalid");
    let draft = json!({ "title": "Consultation", "description": "", "category": "consulting",
        "price": { "amount": 5_000, "currency": "usd" }, "duration_minutes": 60, "location_kind": "online",
        "resource_ids": [other] });
    refused_at(&world.providers[0].post("/v1/services", &draft).await.unwrap(), "/resource_ids/0", "invalid");
    let made = body(world.providers[1].post("/v1/services", &draft).await.unwrap(), 201);
    assert_eq!(made["resource_ids"], json!([other]));
    world.change_room(json!({ "active": false })).await;
    refused_at(&set(json!([world.room])).await, "/resource_ids/0", "invalid");
}

#[tokio::test]
async fn staff_enter_and_list_and_change_what_is_shared() {
    let world = World::new().await;
    let list = |limit| all_pages(&world.staff, "/v1/admin/resources?", limit);
    let one = id_of(&world.providers[0]).await;
    let ask = json!({ "name": "  The   van ", "provider_ids": [one, one] });
    let made = world.staff.post_once("/v1/admin/resources", &ask, "enter-the-van-1").await.unwrap();
    let again = world.staff.post_once("/v1/admin/resources", &ask, "enter-the-van-1").await.unwrap();
    let made = body(made, 201);
    assert_eq!(body(again, 201), made, "once for the key");
    assert_eq!((&made["active"], &made["provider_ids"]), (&json!(true), &json!([one])));
    let ids: Vec<_> = list(1).await.iter().map(|item| text(item, "id").to_owned()).collect();
    assert_eq!(ids, [world.room.as_str(), text(&made, "id")]);

    let customer = id_of(&world.customers[0]).await;
    let strange = json!({ "name": "A shed", "provider_ids": [customer] });
    let strange = world.staff.post_once("/v1/admin/resources", &strange, "enter-the-shed-1").await.unwrap();
    refused_at(&strange, "/provider_ids", "invalid");
    let path = format!("/v1/admin/resources/{}", text(&made, "id"));
    let strange = world.staff.patch_over(&path, &json!({ "provider_ids": [one, customer] })).await.unwrap();
    refused_at(&strange, "/provider_ids", "invalid");
    refused_at(&world.staff.patch_over(&path, &json!({ "name": "" })).await.unwrap(), "/name", "invalid");
    let renamed = body(world.staff.patch_over(&path, &json!({ "name": "The red van" })).await.unwrap(), 200);
    assert_eq!(renamed["name"], json!("The red van"));
    let missing = "/v1/admin/resources/rsc_01KB2Q7S3H8Z6W4V5N9RXTMCDE";
    refused(&world.staff.patch_over(missing, &json!({ "active": true })).await.unwrap(), 404, "not_found");
    for nobody in [&world.providers[0], &world.customers[0]] {
        refused(&nobody.get("/v1/admin/resources").await.unwrap(), 403, "forbidden");
    }
    let names = all_pages(&world.providers[0], "/v1/me/resources?", 1).await;
    let names: Vec<_> = names.iter().map(|item| text(item, "name").to_owned()).collect();
    assert_eq!(names, ["Blue room", "The red van"]);
}

#[tokio::test]
async fn whoever_shares_nothing_is_booked_as_before() {
    let world = World::new().await;
    let third = provider(&world.cloud, "Provider Three").await;
    let free = service(&third, 60).await;
    needs(&third, &free, &[]).await;
    world.booked(0, SLOT, "the-room-is-taken-1").await;
    let booking = body(world.customers[1].book(&free, SLOT, "no-room-needed-1").await.unwrap(), 201);
    assert_eq!(booking["resource_ids"], json!([]));
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn of_two_who_change_a_room_at_once_the_second_is_told() {
    let world = World::new().await;
    let path = format!("/v1/admin/resources/{}", world.room);
    let read = world.staff.get(&path).await.unwrap();
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    let before = body(read, 200);
    let only = |number: usize| json!({ "provider_ids": [before["provider_ids"][number]] });
    let change = async |change: Value| {
        world.staff.call(Method::PATCH, &path, &[("if-match", &tag)], Some(&change)).await.unwrap()
    };
    let first = change(only(0)).await;
    assert_ne!(first.headers["etag"], tag);
    let after = body(first, 200);
    refused(&change(only(1)).await, 412, "stale");
    refused(&world.staff.patch(&path, &only(1)).await.unwrap(), 428, "if_match_required");
    assert_eq!(body(world.staff.get(&path).await.unwrap(), 200), after);
}

#[tokio::test]
async fn a_service_that_was_made_before_the_room_was_shut_is_answered_again() {
    let world = World::new().await;
    let ask = json!({
        "title": "Massage", "description": "In the room.", "category": "massage",
        "price": { "amount": 1_000, "currency": "eur" },
        "duration_minutes": 60, "location_kind": "online", "resource_ids": [world.room],
    });
    let draft =
        async || world.providers[0].post_once("/v1/services", &ask, "made-only-once-1").await.unwrap();
    let made = body(draft().await, 201);
    world.change_room(json!({ "active": false })).await;
    let again = draft().await;
    assert!(again.headers.contains_key("idempotent-replayed"));
    assert_eq!(body(again, 201), made);
    let other = world.providers[0].post_once("/v1/services", &ask, "made-only-once-2").await.unwrap();
    refused_at(&other, "/resource_ids/0", "invalid");
}
