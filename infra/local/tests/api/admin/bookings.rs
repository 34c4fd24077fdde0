//! Staff see bookings across the market, and cancel them on behalf of their sides.

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_domain::booking::Status;
use banister_local::client::Client;
use banister_local::cloud::Cloud;
use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};

use super::{acts, because};
use crate::problems::{refused, refused_at, refused_parameter};
use crate::support::invariants::invariants;
use crate::support::{all_pages, body, cloud_at, customer, mails, news, open, pass, provider, service, text};

/// A Monday.
const START: &str = "2031-03-03T06:00:00Z";

/// Somebody who may see and cancel bookings, and nothing else.
async fn staff(cloud: &Cloud, name: &str) -> Client {
    let only: Permissions = [Permission::BookingManagement].into_iter().collect();
    Client::staff(cloud, Role::Management, only, name).await.unwrap()
}

/// A cloud with staff, a provider with a service of an hour, and a customer.
async fn stage() -> (Cloud, Client, Client, String, Client) {
    let cloud = cloud_at(START).await;
    let (staff, provider) = (staff(&cloud, "Support One").await, provider(&cloud, "Provider One").await);
    let (service, customer) = (service(&provider, 60).await, customer(&cloud, "Customer One").await);
    (cloud, staff, provider, service, customer)
}

async fn booked(customer: &Client, service: &str, start: &str) -> String {
    let made = body(customer.book(service, start, &format!("first-{start}")).await.unwrap(), 201);
    text(&made, "id").to_owned()
}

fn of(booking: &str, rest: &str) -> String {
    format!("/v1/admin/bookings/{booking}{rest}")
}

async fn listed(who: &Client, query: &str, limit: u16) -> Vec<String> {
    let found = all_pages(who, &format!("/v1/admin/bookings?{query}"), limit).await;
    found.iter().map(|item| text(item, "id").to_owned()).collect()
}

#[tokio::test]
async fn lists_are_whole_in_order_and_filtered() {
    let (cloud, staff, one, service_one, anna) = stage().await;
    let (two, bert) = (provider(&cloud, "Provider Two").await, customer(&cloud, "Customer Two").await);
    let (service_two, other) = (service(&two, 60).await, service(&one, 60).await);
    let mut made = Vec::new();
    for (who, service, start) in [
        (&anna, &service_one, "2031-03-05T10:00:00Z"),
        (&bert, &service_two, "2031-03-05T10:00:00Z"),
        (&bert, &other, "2031-03-05T12:00:00Z"),
        (&anna, &service_two, "2031-03-07T23:30:00Z"),
        (&anna, &service_one, "2031-03-20T08:00:00Z"),
    ] {
        made.push(booked(who, service, start).await);
    }
    body(one.act(&format!("/v1/bookings/{}/confirm", made[2])).await.unwrap(), 200);
    body(anna.act(&format!("/v1/bookings/{}/cancel", made[3])).await.unwrap(), 200);
    let these = |numbers: &[usize]| numbers.iter().map(|number| made[*number].clone()).collect::<Vec<_>>();
    let span = "from=2031-03-05T10:00:00.0001Z&to=2031-03-20T08:00:00Z";
    for limit in [1, 2, 100] {
        for (query, wanted) in [
            (String::new(), vec![0, 1, 2, 3, 4]),
            (span.into(), vec![2, 3]),
            ("from=2031-03-05T10:00:00Z&to=2031-03-05T10:00:00.001Z".into(), vec![0, 1]),
            ("status=requested".into(), vec![0, 1, 4]),
            ("status=cancelled".into(), vec![3]),
            (format!("{span}&status=confirmed"), vec![2]),
            (format!("customer_id={}", anna.id), vec![0, 3, 4]),
            (format!("customer_id={}&{span}", anna.id), vec![3]),
            (format!("provider_id={}", one.id), vec![0, 2, 4]),
            (format!("provider_id={}&customer_id={}", one.id, bert.id), vec![2]),
            (format!("service_id={service_one}"), vec![0, 4]),
            (format!("service_id={service_two}&customer_id={}&status=requested", bert.id), vec![1]),
        ] {
            assert_eq!(listed(&staff, &query, limit).await, these(&wanted), "{query} by {limit}");
        }
    }
    // A request whose deadline has passed is expired, even where nobody has written that down.
    cloud.clock.advance(jiff::SignedDuration::from_hours(25));
    let staff = signed_in(staff).await;
    assert_eq!(listed(&staff, "status=requested", 100).await, Vec::<String>::new());
    assert_eq!(listed(&staff, "status=expired", 100).await, these(&[0, 1, 4]));
}

async fn signed_in(mut client: Client) -> Client {
    client.sign_in().await.unwrap();
    client
}

#[tokio::test]
async fn a_page_goes_on_where_it_ended_though_time_goes_by() {
    let (cloud, staff, _, service, customer) = stage().await;
    let mut made = Vec::new();
    for start in ["2031-03-03T06:30:00Z", "2031-03-03T23:00:00Z", "2031-03-04T00:00:00Z"] {
        made.push(booked(&customer, &service, start).await);
    }
    let first = body(staff.get("/v1/admin/bookings?limit=1").await.unwrap(), 200);
    let cursor = text(&first, "next_cursor");
    // The next day, from whose beginning a first page would be.
    pass(&cloud, 18 * 3_600 + 60).await;
    let staff = signed_in(staff).await;
    let mut shown = vec![text(&first["items"][0], "id").to_owned()];
    let mut next = Some(cursor.to_owned());
    while let Some(cursor) = next {
        let page =
            body(staff.get(&format!("/v1/admin/bookings?limit=1&cursor={cursor}")).await.unwrap(), 200);
        shown.extend(crate::support::each(&page, "id"));
        next = page["next_cursor"].as_str().map(ToOwned::to_owned);
    }
    assert_eq!(shown, made);
}

#[tokio::test]
async fn what_is_asked_for_must_make_sense() {
    let (cloud, one, provider, _, _) = stage().await;
    for (query, parameter) in [
        ("status=gone", "status"),
        ("customer_id=1", "customer_id"),
        ("from=today", "from"),
        ("from=2031-03-05T10:00:00Z&to=2031-03-05T10:00:00Z", "to"),
        ("from=2031-03-05T10:00:00Z&to=2032-03-05T10:00:01Z", "to"),
        ("to=2031-03-01T10:00:00Z", "to"),
        ("service_id=svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "service_id"),
    ] {
        let answer = one.get(&format!("/v1/admin/bookings?{query}")).await.unwrap();
        refused_parameter(&answer, parameter, "invalid");
    }
    let two = staff(&cloud, "Support Two").await;
    let page = body(one.get("/v1/admin/bookings?limit=1").await.unwrap(), 200);
    let cursor = text(&page, "next_cursor");
    refused(
        &two.get(&format!("/v1/admin/bookings?limit=1&cursor={cursor}")).await.unwrap(),
        400,
        "invalid_cursor",
    );
    let other = format!("/v1/admin/bookings?provider_id={}&cursor={cursor}", provider.id);
    refused(&one.get(&other).await.unwrap(), 400, "invalid_cursor");
    refused(&one.get(&of("bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "")).await.unwrap(), 404, "not_found");
    let nowhere = of("bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "/cancel");
    refused(&one.post(&nowhere, &because("A test.")).await.unwrap(), 404, "not_found");
}

/// Staff see who, what and when; the address and the note are for the two sides.
#[tokio::test]
async fn staff_see_no_more_of_people_than_they_need() {
    let (_cloud, staff, provider, _, customer) = stage().await;
    let ask = json!({ "title": "Visit", "description": "", "category": "massage", "duration_minutes": 60,
        "price": { "amount": 5_000, "currency": "usd" }, "location_kind": "at_customer" });
    let visit = body(provider.post("/v1/services", &ask).await.unwrap(), 201);
    let visit = text(&visit, "id");
    body(provider.act(&format!("/v1/services/{visit}/publish")).await.unwrap(), 200);
    let ask = json!({ "service_id": visit, "starts_at": "2031-03-05T10:00:00Z",
        "location": "12 Harbour Street", "note": "The bell does not work." });
    let key = [("idempotency-key", "the-visit")];
    let made = body(customer.call(Method::POST, "/v1/bookings", &key, Some(&ask)).await.unwrap(), 201);
    let shown = body(staff.get(&of(text(&made, "id"), "")).await.unwrap(), 200);
    let listed =
        body(staff.get("/v1/admin/bookings?limit=100&from=2031-03-05T00:00:00Z").await.unwrap(), 200);
    assert_eq!(listed["items"], json!([shown["booking"]]));
    for document in [&shown, &listed] {
        let document = document.to_string();
        for private in ["Harbour", "bell", "@example.com"] {
            assert!(!document.contains(private), "{private}: {document}");
        }
    }
    let side = |who: &Client, first: &str| json!({ "id": who.id, "first_name": first, "last_name": "One" });
    assert_eq!(shown["customer"], side(&customer, "Customer"));
    assert_eq!(shown["provider"], side(&provider, "Provider"));
    let line = &shown["history"][0];
    assert_eq!(
        (&line["actor"], &line["actor_id"], &line["to"]),
        (&json!("customer"), &json!(customer.id), &json!("requested"))
    );
}

#[tokio::test]
async fn a_booking_cancelled_by_staff_is_free_explained_and_told_to_both() {
    let (cloud, staff, provider, service, customer) = stage().await;
    let start = "2031-03-05T10:00:00Z";
    let id = booked(&customer, &service, start).await;
    body(provider.act(&format!("/v1/bookings/{id}/confirm")).await.unwrap(), 200);
    let (before_c, before_p) =
        (news(&cloud, &customer.email).await.len(), news(&cloud, &provider.email).await.len());
    refused_at(&staff.post(&of(&id, "/cancel"), &json!({})).await.unwrap(), "/reason", "missing");
    let mut sockets = [customer.socket().await.unwrap(), provider.socket().await.unwrap()];
    let cancel = async |key: &str, reason: &str| {
        let (path, ask) = (of(&id, "/cancel"), because(reason));
        staff.call(Method::POST, &path, &[("idempotency-key", key)], Some(&ask)).await.unwrap()
    };
    let first = cancel("cancel-once", "The hall is closed.").await;
    assert_eq!(text(&body(first.clone(), 200), "status"), "cancelled");
    let again = cancel("cancel-once", "The hall is closed.").await;
    assert_eq!((&again.body, again.headers["idempotent-replayed"].to_str().unwrap()), (&first.body, "true"));
    refused(&cancel("cancel-once", "Other.").await, 422, "idempotency_key_reused");
    let late = cancel("cancel-twice", "The hall is closed.").await;
    refused(&late, 409, "wrong_state");
    assert_eq!((&late.body["booking_status"], &late.body["allowed"]), (&json!("cancelled"), &json!([])));

    for socket in &mut sockets {
        let told = socket.frame().await.unwrap().to_string();
        assert!(told.contains(&id) && told.contains("cancelled"), "{told}");
    }
    for (who, before) in [(&customer, before_c), (&provider, before_p)] {
        assert_eq!(news(&cloud, &who.email).await[before..], ["Cancelled: Consultation"]);
        let letter = mails(&cloud, &who.email).await.pop().unwrap();
        assert!(
            letter.text.contains("Our staff") && letter.text.contains("> The hall is closed."),
            "{}",
            letter.text
        );
    }
    let shown = body(staff.get(&of(&id, "")).await.unwrap(), 200);
    let last = &shown["history"][2];
    let told = [&last["actor"], &last["actor_id"], &last["from"], &last["to"], &last["reason"]];
    assert_eq!(json!(told), json!(["staff", staff.id, "confirmed", "cancelled", "The hall is closed."]));
    let after = json!({ "booking_id": id, "status": "cancelled" });
    assert_eq!(
        acts(&cloud, &customer).await,
        [json!(["booking_cancelled", staff.id, [{ "status": "confirmed" }, after]])]
    );
    body(customer.book(&service, start, "the-place-is-free").await.unwrap(), 201);
    invariants(&cloud).await;
}

#[tokio::test]
async fn staff_do_not_cancel_what_has_started() {
    let (cloud, staff, provider, service, customer) = stage().await;
    let id = booked(&customer, &service, "2031-03-03T10:00:00Z").await;
    body(provider.act(&format!("/v1/bookings/{id}/confirm")).await.unwrap(), 200);
    pass(&cloud, 4 * 3_600).await;
    let staff = signed_in(staff).await;
    refused(&staff.post(&of(&id, "/cancel"), &because("Too late.")).await.unwrap(), 409, "wrong_state");
}

/// Staff, the customer and the provider at the same moment: one of them cancels, and what was confirmed
/// before is what was cancelled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancel_against_the_two_sides() {
    let (cloud, staff, provider, service, customer) = stage().await;
    open(&provider, json!({ "slot_step_minutes": 60 })).await;
    for (hour, rival) in [(8, "cancel"), (10, "cancel"), (12, "confirm"), (14, "confirm"), (16, "decline")] {
        let id = booked(&customer, &service, &format!("2031-03-05T{hour:02}:00:00Z")).await;
        let who = if rival == "cancel" { &customer } else { &provider };
        let (path, own) = (of(&id, "/cancel"), format!("/v1/bookings/{id}/{rival}"));
        let reason = because("A race.");
        let ours = join_all((0..5).map(|_| staff.post(&path, &reason)));
        let (ours, theirs) = join(ours, join_all((0..5).map(|_| who.act(&own)))).await;
        let answers: Vec<_> = ours.into_iter().chain(theirs).map(Result::unwrap).collect();
        for answer in &answers {
            assert!(answer.status == 200 || answer.code() == "wrong_state", "{}", answer.body);
        }
        let kept = invariants(&cloud).await;
        let accepted = answers.iter().filter(|answer| answer.status == 200).count();
        let path = kept.path(&id);
        assert_eq!(path.len() - 1, accepted, "{rival}: {path:?}");
        let wanted: &[&[Status]] = match rival {
            "cancel" => &[&[Status::Cancelled]],
            "confirm" => &[&[Status::Cancelled], &[Status::Confirmed, Status::Cancelled]],
            _ => &[&[Status::Cancelled], &[Status::Declined]],
        };
        assert!(wanted.contains(&&path[1..]), "{rival}: {path:?}");
        let audited =
            acts(&cloud, &customer).await.iter().filter(|act| act[2][1]["booking_id"] == id).count();
        let by_staff = kept.by_staff(&id);
        assert_eq!(audited, by_staff, "{rival}: an act of staff without its audit line, or the reverse");
    }
}

/// The cancellation's function dies at each of its calls: the request sent again finds one effect.
#[tokio::test]
async fn a_lost_answer_is_given_again() {
    let (cloud, staff, _, service, customer) = stage().await;
    let id = booked(&customer, &service, "2031-03-05T10:00:00Z").await;
    for _ in 0..4 {
        cloud.faults.script("local-http", "TransactWriteItems", banister_local::faults::Verdict::LoseAnswer);
    }
    let ask: Value = because("A test.");
    let send = async || {
        staff
            .call(Method::POST, &of(&id, "/cancel"), &[("idempotency-key", "cancel-once")], Some(&ask))
            .await
            .unwrap()
    };
    refused(&send().await, 503, "unavailable");
    let again = send().await;
    assert_eq!(text(&body(again.clone(), 200), "status"), "cancelled");
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let kept = invariants(&cloud).await;
    assert_eq!((kept.path(&id).len(), kept.by_staff(&id)), (2, 1));
    assert_eq!(acts(&cloud, &customer).await.len(), 1);
}
