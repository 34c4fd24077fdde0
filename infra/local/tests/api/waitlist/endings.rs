//! How waits end, and what is refused.

use futures_util::future::join_all;
use jiff::SignedDuration;
use reqwest::StatusCode;
use serde_json::json;

use super::{Scene, cancel, statuses, take};
use crate::support::invariants::invariants;
use crate::support::{body, customer, moment, news, pass, settle, stranger, text};

#[tokio::test]
async fn an_offer_that_nobody_takes_goes_to_the_next_in_line() {
    let scene = Scene::new().await;
    let (second, third) = (scene.waiting("Customer Second").await, scene.waiting("Customer Third").await);
    scene.free().await;
    // Not a moment before its deadline of six and a half hours.
    let mut second = second;
    pass(&scene.cloud, 6 * 3_600 + 29 * 60).await;
    second.sign_in().await.unwrap();
    assert_eq!(statuses(&[&second]).await, ["offered"]);
    pass(&scene.cloud, 61).await;
    scene.cloud.quiet().await.unwrap();
    let mut third = third;
    third.sign_in().await.unwrap();
    assert_eq!(statuses(&[&second, &third]).await, ["lapsed", "offered"]);
    let told = news(&scene.cloud, &second.email).await;
    assert_eq!(told.last().map(String::as_str), Some("The place is not kept any more: Consultation"));
    assert_eq!(news(&scene.cloud, &third.email).await, ["A place is free: Consultation"]);
    // Whoever is late is told that it is somebody else's.
    let start = moment(&scene.cloud, 1, "10:00");
    let late = json!({ "service_id": scene.service, "starts_at": start });
    body(second.post_once("/v1/bookings", &late, "a-little-late").await.unwrap(), 409);
    take(&scene, &third, "just-in-time").await;
    invariants(&scene.cloud).await;
}

#[tokio::test]
async fn a_time_that_is_over_ends_the_wait() {
    let scene = Scene::new().await;
    let mut second = scene.waiting("Customer Second").await;
    pass(&scene.cloud, 40 * 3_600 + 61).await;
    scene.cloud.quiet().await.unwrap();
    second.sign_in().await.unwrap();
    assert_eq!(statuses(&[&second]).await, ["expired"]);
    assert_eq!(news(&scene.cloud, &second.email).await, ["No place came free: Consultation"]);
    invariants(&scene.cloud).await;
}

#[tokio::test]
async fn a_service_that_is_archived_is_waited_for_no_more() {
    let scene = Scene::new().await;
    let second = scene.waiting("Customer Second").await;
    body(scene.provider.delete(&format!("/v1/services/{}", scene.service)).await.unwrap(), 204);
    scene.free().await;
    assert_eq!(statuses(&[&second]).await, ["expired"]);
    invariants(&scene.cloud).await;
}

#[tokio::test]
async fn nothing_is_offered_to_an_account_that_is_off_or_erased() {
    let scene = Scene::new().await;
    let (second, third) = (scene.waiting("Customer Second").await, scene.waiting("Customer Third").await);
    let fourth = scene.waiting("Customer Fourth").await;
    crate::support::switch_off(&scene.cloud, &second.id).await;
    // What is offered when somebody goes, goes to the next in line at once.
    scene.free().await;
    assert_eq!(statuses(&[&third, &fourth]).await, ["offered", "waiting"]);
    let ask = json!({ "password": banister_local::client::PASSWORD });
    let gone = third.call(reqwest::Method::DELETE, "/v1/me", &[], Some(&ask)).await.unwrap();
    assert_eq!(gone.status, StatusCode::ACCEPTED, "{}", gone.body);
    settle(&scene.cloud).await;
    let mut fourth = fourth;
    fourth.sign_in().await.unwrap();
    assert_eq!(statuses(&[&fourth]).await, ["offered"]);
    let kept = invariants(&scene.cloud).await;
    assert!(kept.waits.iter().all(|wait| wait.customer_id.to_string() != third.id));
}

#[tokio::test]
async fn what_can_never_be_booked_keeps_nobody_back() {
    let scene = Scene::new().await;
    let path = format!("/v1/services/{}", scene.service);
    body(scene.provider.patch(&path, &json!({ "seats": 100 })).await.unwrap(), 200);
    let (second, third) =
        (customer(&scene.cloud, "Customer Second").await, customer(&scene.cloud, "Customer Third").await);
    let mut ask = scene.ask(1);
    ask["seats"] = json!(100);
    body(second.post_once("/v1/waitlist", &ask, "all-of-the-seats").await.unwrap(), 201);
    scene.cloud.quiet().await.unwrap();
    // A hundred of them are more than a price can be.
    let dear = json!({ "price": { "amount": 99_999_999, "currency": "usd" } });
    body(scene.provider.patch(&path, &dear).await.unwrap(), 200);
    let refused = body(second.post_once("/v1/waitlist", &ask, "too-dear-by-now").await.unwrap(), 422);
    assert_eq!(text(&refused, "code"), "invalid_input");
    let all = json!({ "seats": 1 });
    body(scene.provider.patch(&path, &all).await.unwrap(), 200);
    body(third.post_once("/v1/waitlist", &scene.ask(1), "just-one-seat").await.unwrap(), 201);
    body(scene.provider.patch(&path, &json!({ "seats": 100 })).await.unwrap(), 200);
    scene.free().await;
    assert_eq!(statuses(&[&second, &third]).await, ["expired", "offered"]);
    invariants(&scene.cloud).await;
}

#[tokio::test]
async fn whoever_need_not_wait_is_shown_what_is_free() {
    let scene = Scene::new().await;
    let answer = scene.first.post_once("/v1/waitlist", &scene.ask(2), "no-need-to-wait").await.unwrap();
    let refused = body(answer, 409);
    assert_eq!(text(&refused, "code"), "slots_free");
    assert_eq!(refused["next_slots"][0]["starts_at"], json!(moment(&scene.cloud, 2, "10:00")));
    let second = scene.waiting("Customer Second").await;
    // The same request again has the same answer, whatever has come free meanwhile.
    cancel(&scene.first, &scene.booking).await;
    let again = second.post_once("/v1/waitlist", &scene.ask(1), "Customer-Second-1").await.unwrap();
    assert_eq!(text(&body(again, 201), "status"), "waiting");
    invariants(&scene.cloud).await;
}

#[tokio::test]
async fn wishes_that_make_no_sense_are_refused() {
    let scene = Scene::new().await;
    let at = |days| moment(&scene.cloud, days, "00:00");
    let asks = [
        (json!({ "from": at(2), "to": at(2) }), "/to"),
        (json!({ "from": at(-2), "to": at(-1) }), "/to"),
        (json!({ "from": at(1), "to": at(64) }), "/to"),
        (json!({ "from": at(366), "to": at(368) }), "/to"),
        (json!({ "from": at(1), "to": at(2), "seats": 2 }), "/seats"),
        (json!({ "from": at(1), "to": at(2), "duration_minutes": 61 }), "/duration_minutes"),
        (
            json!({ "from": at(1), "to": at(2), "service_id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE" }),
            "/service_id",
        ),
    ];
    for (index, (wish, pointer)) in asks.into_iter().enumerate() {
        let mut ask = json!({ "service_id": scene.service });
        ask.as_object_mut().unwrap().extend(wish.as_object().unwrap().clone());
        let key = format!("no-sense-{index}");
        let refused = body(scene.first.post_once("/v1/waitlist", &ask, &key).await.unwrap(), 422);
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{ask}: {refused}");
    }
    let anybody =
        stranger(&scene.cloud).post_once("/v1/waitlist", &scene.ask(1), "not-signed-in").await.unwrap();
    body(anybody, 401);
    body(scene.provider.post_once("/v1/waitlist", &scene.ask(1), "a-provider").await.unwrap(), 403);
}

#[tokio::test]
async fn a_customer_waits_five_times_for_a_provider_and_no_more() {
    let scene = Scene::new().await;
    let second = customer(&scene.cloud, "Customer Second").await;
    let mut bookings = vec![scene.booking.clone()];
    for days in 2..7 {
        let ask = json!({ "service_id": scene.service, "starts_at": moment(&scene.cloud, days, "10:00") });
        let key = format!("of-day-{days}");
        let made = body(scene.first.post_once("/v1/bookings", &ask, &key).await.unwrap(), 201);
        bookings.push(text(&made, "id").to_owned());
    }
    for days in 1..6 {
        scene.join(&second, days, "each-of-five").await;
    }
    let answer = second.post_once("/v1/waitlist", &scene.ask(6), "one-too-many").await.unwrap();
    assert_eq!(text(&body(answer, 409), "code"), "waitlist_full");
    let answer = second.post_once("/v1/waitlist", &scene.ask(3), "for-the-same").await.unwrap();
    assert_eq!(text(&body(answer, 409), "code"), "already_waiting");
    // Five waits are one place at a time, whoever looks: the stream and the schedule do at once.
    scene.cloud.clock.advance(SignedDuration::from_secs(61));
    let free = join_all(bookings[..5].iter().map(|id| cancel(&scene.first, id)));
    let (_, ()) = tokio::join!(free, scene.cloud.run_schedules());
    scene.cloud.quiet().await.unwrap();
    let waits = body(second.get("/v1/waitlist").await.unwrap(), 200);
    let offered = waits["items"].as_array().unwrap().iter().filter(|wait| wait["status"] == "offered");
    assert_eq!(offered.count(), 1);
    let line = body(scene.provider.get("/v1/waitlist?limit=3").await.unwrap(), 200);
    assert_eq!(line["items"].as_array().unwrap().len(), 3);
    // Whose hold it is, is nothing to the provider.
    assert!(line["items"].as_array().unwrap().iter().all(|wait| wait["offer"].is_null()), "{line}");
    let rest = format!("/v1/waitlist?limit=3&cursor={}", text(&line, "next_cursor"));
    let rest = body(scene.provider.get(&rest).await.unwrap(), 200);
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (2, &json!(null)));
    invariants(&scene.cloud).await;
}
