//! What changes is seen: services, ratings, names, and who is gone.

use banister_local::client::{Client, PASSWORD};
use banister_local::cloud::Cloud;
use reqwest::Method;
use serde_json::{Value, json};

use super::{START, found, names, offer, titles};
use crate::support::invariants::items;
use crate::support::{
    body, cloud_at, customer, pass, provider, service, settle, super_admin, switch_off, text,
};

/// The cards in the table that say something.
async fn cards(cloud: &Cloud) -> Vec<String> {
    let told = |name: &str, item: &banister_platform::table::Item| item.contains_key(name);
    let cards = items(cloud).await.into_iter().filter(|item| {
        item["t"].as_s().is_ok_and(|t| t == "card") && (told("service", item) || told("provider", item))
    });
    cards.map(|item| item["id"].as_s().unwrap().clone()).collect()
}

#[tokio::test]
async fn a_service_is_found_while_it_is_published() {
    let cloud = cloud_at(START).await;
    let one = provider(&cloud, "Provider One").await;
    let ask = json!({ "title": "Draft", "description": "", "category": "massage", "duration_minutes": 60,
        "price": { "amount": 5_000, "currency": "eur" }, "location_kind": "online" });
    let draft = body(one.post("/v1/services", &ask).await.unwrap(), 201);
    let path = format!("/v1/services/{}", text(&draft, "id"));
    assert_eq!(titles(&cloud, "").await, [""; 0]);
    assert_eq!(cards(&cloud).await, [""; 0]);
    body(one.act(&format!("{path}/publish")).await.unwrap(), 200);
    assert_eq!(titles(&cloud, "").await, ["Draft"]);
    body(one.patch(&path, &json!({ "title": "Published" })).await.unwrap(), 200);
    assert_eq!(titles(&cloud, "").await, ["Published"]);
    assert_eq!(titles(&cloud, "q=draft").await, [""; 0]);
    // Nothing of it shows: nothing is written.
    let before = items(&cloud).await;
    body(one.patch(&path, &json!({ "seats": 3 })).await.unwrap(), 200);
    cloud.quiet().await.unwrap();
    let card = |items: Vec<banister_platform::table::Item>| {
        items.into_iter().filter(|item| item["t"].as_s().is_ok_and(|t| t == "card")).collect::<Vec<_>>().len()
    };
    assert_eq!(card(before), card(items(&cloud).await));
    one.delete(&path).await.unwrap();
    assert_eq!(titles(&cloud, "").await, [""; 0]);
    assert_eq!(cards(&cloud).await, [one.id.as_str()]);
}

#[tokio::test]
async fn a_provider_is_found_while_they_are_there() {
    let cloud = cloud_at(START).await;
    let one = provider(&cloud, "Former Name").await;
    provider(&cloud, "Offers Nothing").await;
    offer(&one, json!({})).await;
    assert_eq!(names(&cloud, "").await, ["Former Name"]);
    body(one.patch_over("/v1/me", &json!({ "first_name": "Later" })).await.unwrap(), 200);
    assert_eq!(names(&cloud, "").await, ["Later Name"]);
    assert_eq!(titles(&cloud, "q=former").await, [""; 0]);
    assert_eq!(titles(&cloud, "q=later").await, ["Massage"]);
    switch_off(&cloud, &one.id).await;
    assert_eq!((names(&cloud, "").await, titles(&cloud, "").await), (vec![], vec![]));
    // However long that lasts.
    pass(&cloud, 60 * 86_400).await;
    let admin = super_admin(&cloud, "Super Admin").await;
    let path = format!("/v1/admin/users/{}/enable", one.id);
    body(admin.post(&path, &json!({ "reason": "A test." })).await.unwrap(), 200);
    assert_eq!((names(&cloud, "").await, titles(&cloud, "").await.len()), (vec!["Later Name".to_owned()], 1));
}

#[tokio::test]
async fn of_an_erased_provider_no_card_is_left() {
    let cloud = cloud_at(START).await;
    let one = Client::join(&cloud, "provider", "Thorncastle Widdershins").await.unwrap();
    let gone = offer(&one, json!({ "title": "Herbal wraps" })).await;
    assert_eq!(titles(&cloud, "q=widdershins").await, ["Herbal wraps"]);
    let ask = json!({ "password": PASSWORD });
    let begun = one.call(Method::DELETE, "/v1/me", &[], Some(&ask)).await.unwrap();
    assert_eq!(begun.status, 202);
    settle(&cloud).await;
    assert_eq!((titles(&cloud, "").await, names(&cloud, "").await), (vec![], vec![]));
    assert_eq!(cards(&cloud).await, [""; 0]);
    let texts = items(&cloud).await.into_iter().map(|item| format!("{item:?}").to_lowercase());
    let traces: Vec<_> =
        texts.filter(|text| text.contains("widdershins") || text.contains("herbal wraps")).collect();
    assert_eq!(traces, [""; 0], "{gone}");
}

#[tokio::test]
async fn ratings_order_services_and_providers() {
    let cloud = cloud_at(START).await;
    let (good, better) = (provider(&cloud, "Good One").await, provider(&cloud, "Better One").await);
    let mut customer = customer(&cloud, "Customer One").await;
    let mut bookings = Vec::new();
    for (number, (who, rating)) in [(&good, 4), (&better, 5)].into_iter().enumerate() {
        let id = service(who, 60).await;
        let booking = customer.book(&id, "2026-03-03T10:00:00Z", &format!("booking-{number}")).await.unwrap();
        let path = format!("/v1/bookings/{}", text(&body(booking, 201), "id"));
        body(who.act(&format!("{path}/confirm")).await.unwrap(), 200);
        bookings.push((who.clone(), path, rating));
    }
    assert_eq!(names(&cloud, "min_rating=1").await, [""; 0]);
    pass(&cloud, 30 * 3_600).await;
    customer.sign_in().await.unwrap();
    for (mut who, path, rating) in bookings {
        who.sign_in().await.unwrap();
        body(who.act(&format!("{path}/complete")).await.unwrap(), 200);
        for (side, rating) in [(&customer, rating), (&who, 5)] {
            let key = format!("review-{}-{rating}", side.id);
            let said = side.post_once(&format!("{path}/reviews"), &json!({ "rating": rating }), &key).await;
            body(said.unwrap(), 201);
        }
    }
    let page = found(&cloud, "sort=rating").await;
    let of = |place: usize| (&page["items"][place]["provider"]["name"], &page["items"][place]["rating"]);
    assert_eq!(of(0), (&json!("Better One"), &json!({ "count": 1, "average": 5.0 })));
    assert_eq!(of(1), (&json!("Good One"), &json!({ "count": 1, "average": 4.0 })));
    assert_eq!(page["items"][0]["provider"]["rating"], json!({ "count": 1, "average": 5.0 }));
    assert_eq!(names(&cloud, "sort=rating").await, ["Better One", "Good One"]);
    assert_eq!(names(&cloud, "min_rating=4.5").await, ["Better One"]);
    assert_eq!(found(&cloud, "min_rating=4.01").await["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(found(&cloud, "min_rating=4").await["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn nothing_that_was_missed_stays_so() {
    let cloud = cloud_at(START).await;
    let one = provider(&cloud, "Provider One").await;
    offer(&one, json!({})).await;
    let stray = offer(&one, json!({ "title": "Stray" })).await;
    assert_eq!(titles(&cloud, "").await, ["Massage", "Stray"]);
    // A card goes without a trace, as one does whose end nobody was told of.
    let card =
        items(&cloud).await.into_iter().find(|item| item.get("SK").is_some_and(|sk| sk.as_s() == Ok(&stray)));
    let card = card.unwrap();
    let delete = cloud.table.client("local-test").delete_item().table_name("banister");
    delete.key("PK", card["PK"].clone()).key("SK", card["SK"].clone()).send().await.unwrap();
    assert_eq!(titles(&cloud, "").await, ["Massage", "Stray"]);
    // Shard by shard.
    for _ in 0..16 {
        pass(&cloud, 241).await;
        found(&cloud, "").await;
    }
    let titles = titles(&cloud, "").await;
    assert_eq!(titles, ["Massage"]);
    assert_ne!(Value::from(titles), json!([]));
}
