//! Staff book for customers and move bookings, through the guard that customers go through.

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_local::client::{Answer, Client};
use banister_local::cloud::Cloud;
use banister_local::faults::Verdict;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::acts;
use crate::problems::{refused, refused_at};
use crate::support::invariants::invariants;
use crate::support::{
    body, change_account, cloud_at, customer, each, mails, news, pass, provider, service, settle, text,
};

/// A Monday.
const START: &str = "2031-03-03T06:00:00Z";
const SLOT: &str = "2031-03-05T10:00:00Z";
const LATER: &str = "2031-03-05T14:00:00Z";

/// A cloud with staff, a provider with a service of an hour, and a customer.
async fn stage() -> (Cloud, Client, Client, String, Client) {
    let cloud = cloud_at(START).await;
    let only: Permissions = [Permission::BookingManagement].into_iter().collect();
    let staff = Client::staff(&cloud, Role::Management, only, "Support One").await.unwrap();
    let provider = provider(&cloud, "Provider One").await;
    let (service, customer) = (service(&provider, 60).await, customer(&cloud, "Customer One").await);
    (cloud, staff, provider, service, customer)
}

async fn book_for(staff: &Client, (customer, service): (&str, &str), start: &str, key: &str) -> Answer {
    let ask = json!({ "customer_id": customer, "service_id": service, "starts_at": start, "reason": "By telephone." });
    staff.post_once("/v1/admin/bookings", &ask, key).await.unwrap()
}

async fn shift(staff: &Client, id: &str, start: &str, key: &str) -> Answer {
    let ask = json!({ "starts_at": start, "reason": "Both asked for it." });
    staff.post_once(&format!("/v1/admin/bookings/{id}/reschedule"), &ask, key).await.unwrap()
}

async fn free(who: &Client, service: &str) -> Vec<String> {
    let slots = format!("/v1/services/{service}/slots?from=2031-03-05&to=2031-03-05");
    each(&body(who.get(&slots).await.unwrap(), 200), "starts_at")
}

fn last<'a>(history: &'a Value, name: &str) -> &'a Value {
    &history.as_array().and_then(|lines| lines.last()).expect("a line")[name]
}

#[tokio::test]
async fn staff_book_for_a_customer_who_can_do_with_it_as_with_an_own() {
    let (cloud, staff, provider, service, customer) = stage().await;
    let made = body(book_for(&staff, (&customer.id, &service), SLOT, "on-behalf-1").await, 201);
    assert_eq!(body(book_for(&staff, (&customer.id, &service), SLOT, "on-behalf-1").await, 201), made);
    assert_eq!((&made["status"], &made["customer_id"]), (&json!("requested"), &json!(customer.id)));
    let id = text(&made, "id");
    let path = format!("/v1/bookings/{id}");
    let own = body(customer.get(&path).await.unwrap(), 200);
    assert_eq!((&own["starts_at"], &own["price"]), (&json!(SLOT), &made["price"]));
    let shown = body(staff.get(&format!("/v1/admin/bookings/{id}")).await.unwrap(), 200);
    let first = (
        last(&shown["history"], "actor"),
        last(&shown["history"], "actor_id"),
        last(&shown["history"], "reason"),
    );
    assert_eq!(first, (&json!("staff"), &json!(staff.id), &json!("By telephone.")));
    for (who, words) in
        [(&customer, "asked for this place for you"), (&provider, "in your calendar for a customer")]
    {
        assert_eq!(news(&cloud, &who.email).await, ["New request: Consultation"]);
        let letter = mails(&cloud, &who.email).await.pop().expect("a letter");
        assert!(letter.text.contains(words) && letter.text.contains("> By telephone."), "{}", letter.text);
        assert_eq!(letter.text.contains("Please answer by"), who.id == provider.id, "{}", letter.text);
    }
    let after = json!({ "booking_id": id, "starts_at": SLOT });
    assert_eq!(acts(&cloud, &customer).await, [json!(["booking_made", staff.id, [null, after]])]);
    body(provider.act(&format!("{path}/confirm")).await.unwrap(), 200);
    let gone = body(customer.act(&format!("{path}/cancel")).await.unwrap(), 200);
    assert_eq!(gone["status"], "cancelled");
    settle(&cloud).await;
    invariants(&cloud).await;
}

#[tokio::test]
async fn what_is_booked_at_once_is_confirmed_to_both() {
    let (cloud, staff, provider, service, customer) = stage().await;
    let instant = json!({ "terms": { "booking_type": "instant" } });
    body(provider.patch(&format!("/v1/services/{service}"), &instant).await.unwrap(), 200);
    let made = body(book_for(&staff, (&customer.id, &service), SLOT, "on-behalf-1").await, 201);
    assert_eq!(made["status"], "confirmed");
    for (who, words) in [(&customer, "made this booking for you"), (&provider, "your service for a customer")]
    {
        assert_eq!(news(&cloud, &who.email).await, ["Confirmed: Consultation"]);
        let letter = mails(&cloud, &who.email).await.pop().expect("a letter");
        assert!(letter.text.contains(words), "{}", letter.text);
    }
    settle(&cloud).await;
    invariants(&cloud).await;
}

#[tokio::test]
async fn staff_book_nothing_that_the_customer_could_not() {
    let (cloud, staff, provider, service, anna) = stage().await;
    let one = (anna.id.as_str(), service.as_str());
    for who in [&provider.id, &staff.id, "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE"] {
        refused_at(&book_for(&staff, (who, &service), SLOT, "nobodys-1").await, "/customer_id", "invalid");
    }
    let off = customer(&cloud, "Customer Off").await;
    change_account(&cloud, &off.id, |account| {
        account.disabled("A test.".parse().unwrap(), cloud.clock.now())
    })
    .await;
    refused_at(&book_for(&staff, (&off.id, &service), SLOT, "nobodys-2").await, "/customer_id", "invalid");
    refused(&book_for(&staff, one, "2031-03-03T05:00:00Z", "in-the-past").await, 422, "slot_not_offered");
    body(book_for(&staff, one, SLOT, "on-behalf-1").await, 201);
    let taken = book_for(&staff, one, SLOT, "on-behalf-2").await;
    refused(&taken, 409, "slot_taken");
    assert!(!each_start(&taken.body["next_slots"]).is_empty());
    let ask = json!({ "customer_id": anna.id, "service_id": service, "starts_at": LATER });
    refused_at(
        &staff.post_once("/v1/admin/bookings", &ask, "no-reason-1").await.unwrap(),
        "/reason",
        "missing",
    );
    let ask = json!({ "customer_id": anna.id, "service_id": service, "starts_at": LATER, "reason": "By telephone.",
        "price": { "amount": 1, "currency": "usd" } });
    refused(&staff.post_once("/v1/admin/bookings", &ask, "cheaper-1").await.unwrap(), 409, "price_changed");
    assert_eq!(acts(&cloud, &anna).await.len(), 1);
    settle(&cloud).await;
    invariants(&cloud).await;
}

fn each_start(slots: &Value) -> Vec<&str> {
    slots.as_array().expect("slots").iter().map(|slot| text(slot, "starts_at")).collect()
}

#[tokio::test]
async fn staff_move_a_booking_at_once_and_both_sides_are_told() {
    let (cloud, staff, provider, service, customer) = stage().await;
    let made = body(customer.book(&service, SLOT, "first-booking").await.unwrap(), 201);
    let id = text(&made, "id");
    refused(&shift(&staff, id, LATER, "too-early-1").await, 409, "wrong_state");
    body(provider.act(&format!("/v1/bookings/{id}/confirm")).await.unwrap(), 200);
    // A proposal of the provider is open; what staff do ends it.
    let ask = json!({ "starts_at": "2031-03-05T12:00:00Z" });
    body(provider.post(&format!("/v1/bookings/{id}/reschedule"), &ask).await.unwrap(), 200);
    assert_eq!(
        news(&cloud, &customer.email).await.last().expect("a letter"),
        "Another time proposed: Consultation"
    );
    refused_at(&shift(&staff, id, SLOT, "where-it-is-1").await, "/starts_at", "invalid");
    let moved = body(shift(&staff, id, LATER, "move-it-11").await, 200);
    assert_eq!(body(shift(&staff, id, LATER, "move-it-11").await, 200), moved, "once for the key");
    assert_eq!((&moved["starts_at"], &moved["ends_at"]), (&json!(LATER), &json!("2031-03-05T15:00:00Z")));
    let open = free(&customer, &service).await;
    for (start, is_free) in [(SLOT, true), ("2031-03-05T12:00:00Z", true), (LATER, false)] {
        assert_eq!(open.contains(&start.to_owned()), is_free, "{start}");
    }
    let shown = body(staff.get(&format!("/v1/admin/bookings/{id}")).await.unwrap(), 200);
    let line = (last(&shown["history"], "actor_id"), last(&shown["history"], "reschedule"));
    assert_eq!(line, (&json!(staff.id), &json!({ "step": "moved", "from": SLOT, "to": LATER })));
    for who in [&customer, &provider] {
        let letter = mails(&cloud, &who.email).await.pop().expect("a letter");
        assert_eq!(letter.subject, "Moved: Consultation");
        assert!(letter.text.contains("Our staff have moved") && letter.text.contains("> Both asked for it."));
    }
    let change = json!([{ "starts_at": SLOT }, { "booking_id": id, "starts_at": LATER }]);
    assert_eq!(acts(&cloud, &customer).await, [json!(["booking_rescheduled", staff.id, change])]);
    settle(&cloud).await;
    invariants(&cloud).await;
}

/// What is given back is reckoned from where it is now, earlier or later, and calling off by staff gives all back.
#[tokio::test]
async fn a_move_by_staff_moves_the_terms_too() {
    let (_cloud, staff, provider, service, customer) = stage().await;
    let policy = json!({ "terms": { "booking_type": "instant",
        "cancellation": { "tiers": [{ "before_minutes": 2_880, "refund_percent": 80 }] } } });
    body(provider.patch(&format!("/v1/services/{service}"), &policy).await.unwrap(), 200);
    let made = body(customer.book(&service, SLOT, "first-booking").await.unwrap(), 201);
    let id = text(&made, "id");
    let preview = format!("/v1/bookings/{id}/cancellation-preview");
    for (start, percent, key) in
        [("2031-03-04T10:00:00Z", 0, "earlier-1"), (SLOT, 80, "and-back-1"), (LATER, 80, "later-on-1")]
    {
        body(shift(&staff, id, start, key).await, 200);
        let shown = body(customer.get(&preview).await.unwrap(), 200);
        assert_eq!(shown["refund"]["percent"], percent, "{start}");
    }
    body(shift(&staff, id, "2031-03-04T10:00:00Z", "earlier-2").await, 200);
    let gone = staff.post(&format!("/v1/admin/bookings/{id}/cancel"), &json!({ "reason": "A test." })).await;
    assert_eq!(body(gone.unwrap(), 200)["refund"]["percent"], 100);
}

#[tokio::test]
async fn where_a_place_is_gone_a_move_changes_nothing() {
    let (cloud, mut staff, provider, service, one) = stage().await;
    let two = customer(&cloud, "Customer Two").await;
    let made = body(one.book(&service, SLOT, "first-booking").await.unwrap(), 201);
    let id = text(&made, "id");
    let path = format!("/v1/bookings/{id}");
    let agreed = body(provider.act(&format!("{path}/confirm")).await.unwrap(), 200);
    body(two.book(&service, LATER, "first-booking").await.unwrap(), 201);
    refused(&shift(&staff, id, LATER, "taken-it-1").await, 409, "slot_taken");
    refused(&shift(&staff, id, "2031-03-03T05:00:00Z", "in-the-past").await, 422, "slot_not_offered");
    let nothing = shift(&staff, "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE", LATER, "nothing-1").await;
    refused(&nothing, 404, "not_found");
    assert_eq!(body(one.get(&path).await.unwrap(), 200), agreed);
    assert_eq!(acts(&cloud, &one).await, [] as [Value; 0]);
    pass(&cloud, 3 * 86_400).await;
    staff.sign_in().await.unwrap();
    refused(&shift(&staff, id, "2031-03-07T10:00:00Z", "has-begun-1").await, 409, "wrong_state");
    settle(&cloud).await;
    invariants(&cloud).await;
}

/// Staff and the customer want the same place at the same moment, and staff and the provider the same booking.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_same_moment_one_of_them_gets_it() {
    let (cloud, staff, provider, service, one) = stage().await;
    let two = customer(&cloud, "Customer Two").await;
    for hour in [8, 10, 12] {
        let start = format!("2031-03-05T{hour:02}:00:00Z");
        let keys: Vec<_> = (0..4).map(|n| format!("race-{hour}-{n}-key")).collect();
        let ours = join_all(keys.iter().map(|key| book_for(&staff, (&one.id, &service), &start, key)));
        let theirs = join_all(keys.iter().map(|key| two.book(&service, &start, key)));
        let (ours, theirs) = join(ours, theirs).await;
        let answers: Vec<_> = ours.into_iter().chain(theirs.into_iter().map(Result::unwrap)).collect();
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(made, 1, "{hour}");
        assert!(answers.iter().all(|answer| answer.status == 201 || answer.code() == "slot_taken"));
        let winner = answers.iter().find(|answer| answer.status == 201).expect("a winner");
        let id = text(&winner.body, "id");
        body(provider.act(&format!("/v1/bookings/{id}/confirm")).await.unwrap(), 200);
        let there = format!("2031-03-06T{hour:02}:00:00Z");
        let cancel = format!("/v1/bookings/{id}/cancel");
        let (moved, gone) = join(shift(&staff, id, &there, "race-moves-it"), provider.act(&cancel)).await;
        assert_eq!(gone.unwrap().status, 200, "before or after the move");
        assert!(moved.status == 200 || moved.code() == "wrong_state", "{}", moved.body);
        invariants(&cloud).await;
    }
    settle(&cloud).await;
}

/// The answer of the commit is lost: the request sent again finds one effect, with one line in the audit log.
#[tokio::test]
async fn a_lost_answer_is_given_again() {
    let (cloud, staff, provider, service, customer) = stage().await;
    let lose = || {
        for _ in 0..4 {
            cloud.faults.script("local-http", "TransactWriteItems", Verdict::LoseAnswer);
        }
    };
    lose();
    refused(&book_for(&staff, (&customer.id, &service), SLOT, "on-behalf-1").await, 503, "unavailable");
    let again = book_for(&staff, (&customer.id, &service), SLOT, "on-behalf-1").await;
    let id = text(&body(again.clone(), 201), "id").to_owned();
    assert_eq!(again.headers["idempotent-replayed"], "true");
    body(provider.act(&format!("/v1/bookings/{id}/confirm")).await.unwrap(), 200);
    lose();
    refused(&shift(&staff, &id, LATER, "move-it-11").await, 503, "unavailable");
    let again = shift(&staff, &id, LATER, "move-it-11").await;
    assert_eq!(text(&body(again.clone(), 200), "starts_at"), LATER);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let kept = invariants(&cloud).await;
    assert_eq!((kept.path(&id).len(), kept.by_staff(&id)), (3, 2));
    assert_eq!(acts(&cloud, &customer).await.len(), 2);
}
