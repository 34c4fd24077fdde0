//! What a booking costs: lengths and extras that a customer chooses, fixed line by line when it is made.

use banister_domain::access::Permissions;
use banister_domain::account::Role;
use banister_local::client::{Answer, Client};
use serde_json::{Value, json};

use super::{market, offer, post};
use crate::problems::{refused, refused_at, refused_parameter};
use crate::support::invariants::invariants;
use crate::support::{body, customer, each, mails, settle, text};

const SLOT: &str = "2026-03-04T10:00:00Z";

fn eur(minor: i64) -> Value {
    json!({ "amount": minor, "currency": "eur" })
}

/// A service of 65 euros for an hour that can take 90 minutes for 90, with stones and oil; for three at a time.
async fn massage(provider: &Client) -> String {
    let service = offer(
        provider,
        json!({
            "title": "Massage", "price": eur(6_500), "location_kind": "online", "seats": 3,
            "durations": [{ "duration_minutes": 90, "price": eur(9_000) }],
            "extras": [
                { "code": "stones", "title": "Hot stones", "price": eur(1_500), "max_quantity": 2 },
                { "code": "oil", "title": "Rose oil", "price": eur(250) },
            ],
        }),
    );
    text(&service.await, "id").to_owned()
}

async fn book(who: &Client, service: &str, key: &str, more: Value) -> Answer {
    let mut ask = json!({ "service_id": service, "starts_at": SLOT });
    for (name, value) in more.as_object().expect("more") {
        ask[name] = value.clone();
    }
    post(who, key, &ask).await
}

async fn starts(who: &Client, service: &str, more: &str) -> Vec<String> {
    let slots = format!("/v1/services/{service}/slots?from=2026-03-04&to=2026-03-04{more}");
    each(&body(who.get(&slots).await.unwrap(), 200), "starts_at")
}

#[tokio::test]
async fn a_price_is_itemised_and_stays_as_it_was_booked() {
    let (cloud, provider, _, one) = market().await;
    let service = massage(&provider).await;
    let shown = body(one.get(&format!("/v1/services/{service}")).await.unwrap(), 200);
    assert_eq!(shown["extras"][1]["max_quantity"], 1, "one if nothing is said");
    let extras = json!([{ "code": "stones", "quantity": 2 }, { "code": "oil" }]);
    let more = json!({ "seats": 2, "duration_minutes": 90, "extras": extras, "price": eur(21_250) });
    let booking = body(book(&one, &service, "two-seats-1", more.clone()).await, 201);
    assert_eq!((&booking["price"], &booking["ends_at"]), (&eur(21_250), &json!("2026-03-04T11:30:00Z")));
    let line = |kind: &str, code: Value, title: &str, (unit, quantity): (i64, i64)| {
        json!({ "kind": kind, "code": code, "title": title, "unit_price": eur(unit), "quantity": quantity,
            "amount": eur(unit * quantity) })
    };
    let lines = json!([
        line("service", Value::Null, "Massage", (9_000, 2)),
        line("extra", json!("stones"), "Hot stones", (1_500, 2)),
        line("extra", json!("oil"), "Rose oil", (250, 1)),
    ]);
    assert_eq!(booking["line_items"], lines);
    assert_eq!(body(book(&one, &service, "two-seats-1", more).await, 201), booking, "once for the key");
    let letter = mails(&cloud, &provider.email).await.pop().expect("a letter");
    assert!(letter.text.contains("Extra: Hot stones × 2\n") && letter.text.contains("Extra: Rose oil × 1\n"));

    let dearer = json!({ "price": eur(1), "durations": null, "extras": [] });
    let changed = body(provider.patch(&format!("/v1/services/{service}"), &dearer).await.unwrap(), 200);
    assert_eq!((&changed["durations"], &changed["extras"]), (&json!([]), &json!([])));
    let path = format!("/v1/bookings/{}", text(&booking, "id"));
    for who in [&one, &provider] {
        let now = body(who.get(&path).await.unwrap(), 200);
        assert_eq!((&now["price"], &now["line_items"]), (&eur(21_250), &lines));
    }
    let staff = Client::staff(&cloud, Role::SuperAdmin, Permissions::NONE, "Super Admin").await.unwrap();
    let seen = body(staff.get(&format!("/v1/admin{}", &path["/v1".len()..])).await.unwrap(), 200);
    assert_eq!(seen["booking"]["line_items"], lines);

    // Moved, it takes as long and costs as much as was agreed.
    body(provider.act(&format!("{path}/confirm")).await.unwrap(), 200);
    let there = json!({ "starts_at": "2026-03-04T13:00:00Z" });
    body(provider.post(&format!("{path}/reschedule"), &there).await.unwrap(), 200);
    let moved = body(one.post(&format!("{path}/reschedule/accept"), &there).await.unwrap(), 200);
    assert_eq!((&moved["ends_at"], &moved["line_items"]), (&json!("2026-03-04T14:30:00Z"), &lines));
    let back = body(one.act(&format!("{path}/cancel")).await.unwrap(), 200);
    assert_eq!(back["refund"]["amount"], eur(21_250), "with its extras");
    settle(&cloud).await;
    invariants(&cloud).await;
}

#[tokio::test]
async fn what_is_not_to_be_had_books_nothing() {
    let (cloud, provider, plain, one) = market().await;
    let service = massage(&provider).await;
    let cases = [
        (json!({ "extras": [{ "code": "soap" }] }), "/extras/0/code"),
        (json!({ "extras": [{ "code": "oil" }, { "code": "stones", "quantity": 3 }] }), "/extras/1/quantity"),
        (json!({ "extras": [{ "code": "oil" }, { "code": "oil" }] }), "/extras/1/code"),
        (json!({ "extras": [{ "code": "oil", "quantity": 0 }] }), "/extras/0/quantity"),
        (json!({ "extras": [{ "code": "Oil!" }] }), "/extras/0/code"),
        (json!({ "extras": "oil" }), "/extras"),
        (json!({ "duration_minutes": 75 }), "/duration_minutes"),
    ];
    for (at, (more, pointer)) in cases.into_iter().enumerate() {
        refused_at(&book(&one, &service, &format!("not-to-be-had-{at}"), more).await, pointer, "invalid");
    }
    let more = json!({ "extras": [{ "code": "oil" }] });
    refused_at(&book(&one, &plain, "another-one-1", more).await, "/extras/0/code", "invalid");
    let slots = format!("/v1/services/{plain}/slots?from=2026-03-04&to=2026-03-04&duration_minutes=90");
    refused_parameter(&one.get(&slots).await.unwrap(), "duration_minutes", "invalid");
    assert_eq!(body(one.get("/v1/bookings").await.unwrap(), 200)["items"], json!([]));
    settle(&cloud).await;
    invariants(&cloud).await;
}

#[tokio::test]
async fn nobody_pays_another_price_than_was_shown() {
    let (cloud, provider, _, one) = market().await;
    let service = massage(&provider).await;
    let expected = |minor: i64| json!({ "extras": [{ "code": "oil" }], "price": eur(minor) });
    let dearer = json!({ "price": eur(7_000) });
    body(provider.patch(&format!("/v1/services/{service}"), &dearer).await.unwrap(), 200);
    let answer = book(&one, &service, "as-was-shown", expected(6_750)).await;
    refused(&answer, 409, "price_changed");
    assert_eq!(answer.body["price"], eur(7_250));
    let other = json!({ "price": { "amount": 7_000, "currency": "usd" } });
    refused(&book(&one, &service, "other-money", other).await, 409, "price_changed");
    assert_eq!(body(one.get("/v1/bookings").await.unwrap(), 200)["items"], json!([]));
    let booking = body(book(&one, &service, "as-it-is-now", expected(7_250)).await, 201);
    assert_eq!(booking["price"], eur(7_250));
    settle(&cloud).await;
    invariants(&cloud).await;
}

#[tokio::test]
async fn another_length_has_its_own_slots_and_holds() {
    let (cloud, provider, _, one) = market().await;
    let two = customer(&cloud, "Customer Two").await;
    let service = massage(&provider).await;
    let usual = starts(&one, &service, "").await;
    assert_eq!(starts(&one, &service, "&duration_minutes=60").await, usual);
    let ask = json!({ "service_id": service, "starts_at": SLOT, "duration_minutes": 90 });
    let held = body(one.post_once("/v1/holds", &ask, "hold-long-1").await.unwrap(), 201);
    assert_eq!((&held["ends_at"], &held["price"]), (&json!("2026-03-04T11:30:00Z"), &eur(9_000)));
    for (more, last_before, first_after) in
        [("", "09:00", "11:30"), ("&duration_minutes=90", "10:00", "11:30")]
    {
        let free = starts(&two, &service, more).await;
        let around = free.iter().position(|start| start[11..].starts_with(first_after)).expect("a start");
        assert_eq!(&free[around - 1][11..16], last_before, "{free:?}");
    }
    let with = |more: Value| {
        let mut ask = json!({ "hold_id": held["id"] });
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask
    };
    let short = book(&one, &service, "another-length-1", with(json!({}))).await;
    refused_at(&short, "/hold_id", "invalid");
    let more = with(json!({ "duration_minutes": 90, "extras": [{ "code": "oil" }] }));
    let booking = body(book(&one, &service, "as-it-was-held", more).await, 201);
    assert_eq!((&booking["ends_at"], &booking["price"]), (&held["ends_at"], &eur(9_250)));
    // Another length is another time: it is not shared.
    refused(&book(&two, &service, "for-an-hour-1", json!({})).await, 409, "slot_taken");
    let along = json!({ "duration_minutes": 90, "seats": 2 });
    body(book(&two, &service, "come-along-1", along).await, 201);
    let unknown = json!({ "service_id": service, "starts_at": SLOT, "duration_minutes": 15 });
    let refusal = one.post_once("/v1/holds", &unknown, "hold-short-1").await.unwrap();
    refused_at(&refusal, "/duration_minutes", "invalid");
    settle(&cloud).await;
    invariants(&cloud).await;
}

#[tokio::test]
async fn an_offer_that_does_not_go_together_is_refused() {
    let (cloud, provider, _, _) = market().await;
    let service = massage(&provider).await;
    let path = format!("/v1/services/{service}");
    let before = body(provider.get(&path).await.unwrap(), 200);
    let usd = json!({ "amount": 1, "currency": "usd" });
    let extra = |code: &str, price: &Value| json!({ "code": code, "title": "Thing", "price": price });
    let many: Vec<_> = (0..21).map(|n| extra(&format!("extra_{n}"), &eur(1))).collect();
    let cases = [
        (json!({ "price": usd }), "/durations/0/price/currency"),
        (json!({ "price": usd, "durations": null }), "/extras/0/price/currency"),
        (json!({ "duration_minutes": 90 }), "/durations/0/duration_minutes"),
        (json!({ "extras": [extra("oil", &eur(1)), extra("oil", &eur(2))] }), "/extras"),
        (json!({ "extras": many }), "/extras"),
        (json!({ "extras": [extra("Oil", &eur(1))] }), "/extras/0/code"),
        (json!({ "extras": [extra("oil", &eur(-1))] }), "/extras/0/price/amount"),
        (
            json!({ "durations": [{ "duration_minutes": 4, "price": eur(1) }] }),
            "/durations/0/duration_minutes",
        ),
    ];
    for (change, pointer) in cases {
        refused_at(&provider.patch(&path, &change).await.unwrap(), pointer, "invalid");
    }
    assert_eq!(body(provider.get(&path).await.unwrap(), 200), before);
    let together = json!({ "price": usd, "durations": null, "extras": null });
    body(provider.patch(&path, &together).await.unwrap(), 200);
    let ask = json!({ "title": "Draft", "description": "", "category": "massage", "duration_minutes": 60,
        "price": eur(1), "location_kind": "online", "extras": [extra("oil", &usd)] });
    refused_at(&provider.post("/v1/services", &ask).await.unwrap(), "/extras/0/price/currency", "invalid");
    settle(&cloud).await;
}
