//! Series are answered, called off and moved: from one booking on, or all.

use super::*;
use crate::support::pass;

/// The bookings of a series.
fn bookings(series: &Value) -> Vec<String> {
    of_each(series, "booking_id").iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

async fn post(who: &Client, series: &Value, verb: &str, ask: &Value) -> Answer {
    who.post(&format!("{}/{verb}", path(series)), ask).await.unwrap()
}

#[tokio::test]
async fn a_provider_answers_all_requests_at_once() {
    let world = World::new(json!({ "booking_type": "on_request" })).await;
    let series = world.made(3, "some").await;
    refused(&post(&world.customer, &series, "confirm", &json!({})).await, 403, "forbidden");
    let stranger = provider(&world.cloud, "Provider Two").await;
    refused(&post(&stranger, &series, "confirm", &json!({})).await, 404, "not_found");
    refused(&post(&world.other, &series, "cancel", &json!({})).await, 404, "not_found");
    // One of them alone, as any booking.
    let one = format!("/v1/bookings/{}/decline", bookings(&series)[1]);
    body(world.provider.act(&one).await.unwrap(), 200);
    let confirmed = body(post(&world.provider, &series, "confirm", &json!({})).await, 200);
    let statuses = ["confirmed", "declined", "confirmed"].map(|status| json!(status));
    assert_eq!(of_each(&confirmed, "status"), statuses);
    assert_eq!(confirmed["last_change"]["action"], "confirmed");
    refused(&post(&world.provider, &series, "confirm", &json!({})).await, 409, "wrong_state");
    let mut told = news(&world.cloud, &world.customer.email).await;
    told.sort();
    assert_eq!(
        told,
        ["Declined: Consultation", "Series confirmed: Consultation", "Series requested: Consultation"]
    );
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn a_provider_declines_all_requests_at_once() {
    let world = World::new(json!({ "booking_type": "on_request" })).await;
    let series = world.made(2, "all").await;
    let ask = json!({ "reason": "I am away in March." });
    let declined = body(post(&world.provider, &series, "decline", &ask).await, 200);
    assert_eq!(of_each(&declined, "status"), vec![json!("declined"); 2]);
    let mails = mails(&world.cloud, &world.customer.email).await;
    let mail = mails.iter().find(|mail| mail.subject == "Series declined: Consultation").unwrap();
    assert!(mail.text.contains("> I am away in March."), "{}", mail.text);
    world.taken(START).await;
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn this_and_what_follows_is_called_off() {
    let world = World::instant().await;
    let series = world.made(4, "all").await;
    let ids = bookings(&series);
    let ask = json!({ "from_booking_id": ids[2], "reason": "I move away." });
    let after = body(post(&world.customer, &series, "cancel", &ask).await, 200);
    let statuses = ["confirmed", "confirmed", "cancelled", "cancelled"].map(|status| json!(status));
    assert_eq!(of_each(&after, "status"), statuses);
    assert_eq!(after["last_change"]["booking_ids"], json!([ids[2], ids[3]]));
    world.taken("2026-03-24T10:00:00Z").await;

    let mut told = news(&world.cloud, &world.provider.email).await;
    told.retain(|subject| subject.contains("ancelled"));
    assert_eq!(told, ["Series cancelled: Consultation"]);
    // A booking of somebody else's is none of the series.
    let stranger = json!({ "from_booking_id": "bkg_01KB2QHZ3K6N9Q2T5W8YABCDEF" });
    let refusal = post(&world.customer, &series, "cancel", &stranger).await;
    refused(&refusal, 422, "invalid_input");
    assert_eq!(refusal.body["errors"][0]["pointer"], "/from_booking_id");
    let all = body(post(&world.provider, &series, "cancel", &json!({})).await, 200);
    assert_eq!(of_each(&all, "status"), vec![json!("cancelled"); 4]);
    refused(&post(&world.provider, &series, "cancel", &json!({})).await, 409, "wrong_state");
    let booking = body(world.customer.get(&format!("/v1/bookings/{}", ids[0])).await.unwrap(), 200);
    assert_eq!(booking["refund"]["reason"], "by_provider");
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn what_has_begun_stays() {
    let mut world = World::instant().await;
    let series = world.made(3, "all").await;
    pass(&world.cloud, 26 * 3_600 + 60).await;
    world.customer.sign_in().await.unwrap();
    let after = body(post(&world.customer, &series, "cancel", &json!({})).await, 200);
    let statuses = ["confirmed", "cancelled", "cancelled"].map(|status| json!(status));
    assert_eq!(of_each(&after, "status"), statuses);
}

#[tokio::test]
async fn all_move_by_as_many_days_onto_places_of_their_own() {
    let world = World::instant().await;
    let series = world.made(4, "all").await;
    let ids = bookings(&series);
    // Each onto the place of the next one.
    let ask = json!({ "booking_id": ids[1], "starts_at": "2026-03-24T10:00:00Z", "scope": "following" });
    let after = body(post(&world.customer, &series, "reschedule", &ask).await, 200);
    let days = ["10", "24", "31"].map(|day| json!(format!("2026-03-{day}T10:00:00Z")));
    let starts = of_each(&after, "starts_at");
    assert_eq!((&starts[..3], &starts[3]), (&days[..], &json!("2026-04-07T10:00:00Z")));
    assert_eq!(after["last_change"]["conflicts"], json!([]));
    let told = news(&world.cloud, &world.provider.email).await;
    assert!(told.contains(&"Series moved: Consultation".to_owned()), "{told:?}");
    assert!(!told.contains(&"Moved: Consultation".to_owned()), "{told:?}");

    // And back by an hour and a day, all of them; one is in somebody's way.
    world.taken("2026-03-23T09:00:00Z").await;
    let ask = json!({ "booking_id": ids[0], "starts_at": "2026-03-09T09:00:00Z", "scope": "all" });
    let after = body(post(&world.customer, &series, "reschedule", &ask).await, 200);
    let conflict = json!([{ "booking_id": ids[1], "conflict": "taken" }]);
    assert_eq!(after["last_change"]["conflicts"], conflict);
    let starts = of_each(&after, "starts_at");
    assert_eq!((&starts[0], &starts[1]), (&json!("2026-03-09T09:00:00Z"), &json!("2026-03-24T10:00:00Z")));
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn a_series_does_not_move_to_where_it_is() {
    let world = World::instant().await;
    let series = world.made(2, "all").await;
    let there = json!({ "booking_id": bookings(&series)[0], "starts_at": START, "scope": "all" });
    let refusal = post(&world.customer, &series, "reschedule", &there).await;
    refused(&refusal, 422, "invalid_input");
    assert_eq!(refusal.body["errors"][0]["pointer"], "/starts_at");
    let strange =
        json!({ "booking_id": "bkg_01KB2QHZ3K6N9Q2T5W8YABCDEF", "starts_at": START, "scope": "all" });
    refused(&post(&world.customer, &series, "reschedule", &strange).await, 422, "invalid_input");
}

#[tokio::test]
async fn a_provider_proposes_other_times_for_all() {
    let world = World::instant().await;
    let series = world.made(2, "all").await;
    let ids = bookings(&series);
    let ask = json!({ "booking_id": ids[0], "starts_at": "2026-03-10T12:00:00Z", "scope": "all" });
    let path = format!("{}/reschedule", path(&series));
    let after = body(world.provider.post_once(&path, &ask, "two-hours-later").await.unwrap(), 200);
    assert_eq!(after["last_change"]["booking_ids"], json!(ids));
    assert_eq!(of_each(&after, "starts_at")[0], START, "until the customer says yes");
    let again = world.provider.post_once(&path, &ask, "two-hours-later").await.unwrap();
    assert!(again.headers.contains_key("idempotent-replayed"));
    assert_eq!(body(again, 200), after);
    let told = news(&world.cloud, &world.customer.email).await;
    assert_eq!(
        told.iter().filter(|subject| subject.starts_with("Other times proposed")).count(),
        1,
        "{told:?}"
    );
    for id in &ids {
        let booking = body(world.customer.get(&format!("/v1/bookings/{id}")).await.unwrap(), 200);
        let start = &booking["proposal"]["starts_at"];
        let accept = format!("/v1/bookings/{id}/reschedule/accept");
        body(world.customer.post(&accept, &json!({ "starts_at": start })).await.unwrap(), 200);
    }
    let seen = body(world.customer.get(&super::path(&series)).await.unwrap(), 200);
    assert_eq!(of_each(&seen, "starts_at"), ["2026-03-10T12:00:00Z", "2026-03-17T12:00:00Z"]);
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn requests_that_expire_together_are_told_of_once() {
    let mut world = World::new(json!({ "booking_type": "on_request" })).await;
    let ask = json!({ "service_id": world.service, "starts_at": "2026-03-11T10:00:00Z", "frequency": "weekly",
        "count": 4, "mode": "all" });
    let series = body(world.make(&ask, "nobody-answers").await, 201);
    pass(&world.cloud, 24 * 3_600 + 120).await;
    world.customer.sign_in().await.unwrap();
    let seen = body(world.customer.get(&path(&series)).await.unwrap(), 200);
    assert_eq!(of_each(&seen, "status"), vec![json!("expired"); 4]);
    for side in [&world.customer, &world.provider] {
        let told = news(&world.cloud, &side.email).await;
        assert_eq!(told.iter().filter(|subject| subject.starts_with("Expired")).count(), 1, "{told:?}");
        let mails = mails(&world.cloud, &side.email).await;
        let mail = mails.iter().find(|mail| mail.subject.starts_with("Expired")).unwrap();
        assert_eq!(mail.text.matches("- Wednesday").count(), 4, "{}", mail.text);
    }
}

/// What is proposed for the bookings of a series, as it is agreed to.
fn proposals(series: &Value) -> Vec<Value> {
    let each = series["occurrences"].as_array().unwrap();
    each.iter()
        .map(|time| json!({ "booking_id": time["booking_id"], "starts_at": time["proposal"]["starts_at"] }))
        .collect()
}

#[tokio::test]
async fn a_customer_agrees_to_other_times_for_all_or_for_some() {
    let world = World::instant().await;
    let series = world.made(3, "all").await;
    let ids = bookings(&series);
    let ask = json!({ "booking_id": ids[0], "starts_at": "2026-03-10T12:00:00Z", "scope": "all" });
    let proposed = body(post(&world.provider, &series, "reschedule", &ask).await, 200);
    let agreed = proposals(&proposed);
    assert_eq!(agreed[2]["starts_at"], "2026-03-24T12:00:00Z");
    assert_eq!(proposed["occurrences"][0]["proposal"]["by"], "provider");
    // Not by whoever proposed them, and not others than are proposed.
    let accept = json!({ "proposals": &agreed[..2] });
    refused(&post(&world.provider, &series, "reschedule/accept", &accept).await, 409, "wrong_state");
    let other = json!({ "booking_id": ids[2], "starts_at": "2026-03-24T13:00:00Z" });
    let none = json!({ "proposals": [other] });
    refused(&post(&world.customer, &series, "reschedule/accept", &none).await, 409, "wrong_state");
    let accept = json!({ "proposals": [agreed[0], agreed[1], other] });
    let path = format!("{}/reschedule/accept", path(&series));
    let after = body(world.customer.post_once(&path, &accept, "two-of-three").await.unwrap(), 200);
    assert_eq!(after["last_change"]["action"], "reschedule_accepted");
    assert_eq!(after["last_change"]["booking_ids"], json!([ids[0], ids[1]]));
    let conflict = json!([{ "booking_id": ids[2], "conflict": "proposal_changed" }]);
    assert_eq!(after["last_change"]["conflicts"], conflict);
    let days = ["2026-03-10T12:00:00Z", "2026-03-17T12:00:00Z", "2026-03-24T10:00:00Z"];
    assert_eq!(of_each(&after, "starts_at"), days.map(|day| json!(day)));
    let again = world.customer.post_once(&path, &accept, "two-of-three").await.unwrap();
    assert!(again.headers.contains_key("idempotent-replayed"));
    assert_eq!(body(again, 200), after);
    let told = news(&world.cloud, &world.provider.email).await;
    assert_eq!(told.iter().filter(|subject| *subject == "Series moved: Consultation").count(), 1, "{told:?}");
    assert!(!told.contains(&"Moved: Consultation".to_owned()), "{told:?}");
    invariants(&world.cloud).await;
    // The third one is still proposed.
    let last = json!({ "proposals": [agreed[2]] });
    let after = body(post(&world.customer, &series, "reschedule/accept", &last).await, 200);
    assert_eq!(of_each(&after, "starts_at")[2], "2026-03-24T12:00:00Z");
    assert_eq!(of_each(&after, "proposal"), vec![Value::Null; 3]);
    invariants(&world.cloud).await;
}

#[tokio::test]
async fn what_is_agreed_to_is_named_once_and_is_of_the_series() {
    let world = World::instant().await;
    let series = world.made(2, "all").await;
    let ids = bookings(&series);
    let one = |booking: &str| json!({ "booking_id": booking, "starts_at": START });
    let strange = one("bkg_01KB2QHZ3K6N9Q2T5W8YABCDEF");
    for (ask, pointer) in [
        (json!([]), "/proposals"),
        (json!(vec![one(&ids[0]); 53]), "/proposals"),
        (json!([one(&ids[0]), one(&ids[0])]), "/proposals/1/booking_id"),
        (json!([one(&ids[0]), strange]), "/proposals/1/booking_id"),
    ] {
        let ask = json!({ "proposals": ask });
        let refusal = post(&world.customer, &series, "reschedule/accept", &ask).await;
        refused(&refusal, 422, "invalid_input");
        assert_eq!(refusal.body["errors"][0]["pointer"], pointer);
    }
    let refusal = post(&world.other, &series, "reschedule/decline", &json!({})).await;
    refused(&refusal, 404, "not_found");
    refused(&post(&world.customer, &series, "reschedule/decline", &json!({})).await, 409, "wrong_state");
}

#[tokio::test]
async fn other_times_are_turned_down_or_taken_back_together() {
    let world = World::instant().await;
    let series = world.made(2, "all").await;
    let ids = bookings(&series);
    let ask = json!({ "booking_id": ids[0], "starts_at": "2026-03-10T12:00:00Z", "scope": "all" });
    let no = json!({ "reason": "Noon is lunch." });
    for (who, other) in [(&world.customer, &world.provider), (&world.provider, &world.customer)] {
        body(post(&world.provider, &series, "reschedule", &ask).await, 200);
        let after = body(post(who, &series, "reschedule/decline", &no).await, 200);
        assert_eq!(after["last_change"]["action"], "reschedule_declined");
        assert_eq!(after["last_change"]["booking_ids"], json!(ids));
        assert_eq!(of_each(&after, "proposal"), vec![Value::Null; 2]);
        assert_eq!(of_each(&after, "starts_at")[0], START);
        let mails = mails(&world.cloud, &other.email).await;
        let mail = mails.iter().find(|mail| mail.subject == "Series stays as it is: Consultation");
        assert!(mail.unwrap().text.contains("> Noon is lunch."));
        let told = news(&world.cloud, &other.email).await;
        assert!(!told.contains(&"Stays as it is: Consultation".to_owned()), "{told:?}");
        invariants(&world.cloud).await;
    }
}
