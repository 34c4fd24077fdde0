//! Who is free: as the slots say, and as bookings are taken.

use banister_local::client::Client;
use banister_local::cloud::Cloud;
use serde_json::{Value, json};

use super::{START, found, offer, titles};
use crate::support::{all_pages, body, cloud_at, customer, each, open, provider, stranger, text};

/// Open on one day only.
async fn on(provider: &Client, day: &str, start: &str, end: &str) {
    open(provider, json!({ "weekly": [{ "day": day, "start": start, "end": end }] })).await;
}

/// Providers of all kinds of calendars, some of whom are booked.
async fn market() -> (Cloud, Client) {
    let cloud = cloud_at(START).await;
    let customer = customer(&cloud, "Customer One").await;
    for (number, (day, start, end)) in [
        ("tue", "10:00", "12:00"),
        ("tue", "09:00", "10:00"),
        ("wed", "09:00", "11:00"),
        ("thu", "08:00", "08:30"),
    ]
    .into_iter()
    .enumerate()
    {
        let one = provider(&cloud, &format!("Provider {number}")).await;
        on(&one, day, start, end).await;
        let long = json!({ "title": format!("Long {number}"), "duration_minutes": 120, "location_kind": "online",
            "place": null });
        offer(&one, long).await;
        let short = json!({ "title": format!("Short {number}"), "location_kind": "online", "place": null });
        let short = offer(&one, short).await;
        if number == 1 {
            body(customer.book(&short, "2026-03-03T09:00:00Z", "the-only-hour").await.unwrap(), 201);
        }
    }
    // Without a calendar, and one that is away.
    let none = Client::join(&cloud, "provider", "Without Calendar").await.unwrap();
    offer(&none, json!({ "title": "Never" })).await;
    let away = provider(&cloud, "Provider Away").await;
    offer(&away, json!({ "title": "Away", "location_kind": "online", "place": null })).await;
    let ask = json!({ "from": "2026-03-02", "to": "2026-03-09" });
    body(away.post("/v1/me/calendar/vacations", &ask).await.unwrap(), 201);
    (cloud, customer)
}

const WEEK: &str = "free_from=2026-03-02T08:00:00Z&free_to=2026-03-09T00:00:00Z";

#[tokio::test]
async fn only_what_is_free_is_found_and_the_first_time_can_be_booked() {
    let (cloud, customer) = market().await;
    let page = found(&cloud, &format!("{WEEK}&sort=soonest")).await;
    assert_eq!(each(&page, "title"), ["Long 0", "Short 0", "Long 2", "Short 2"]);
    let first =
        ["2026-03-03T10:00:00Z", "2026-03-03T10:00:00Z", "2026-03-04T09:00:00Z", "2026-03-04T09:00:00Z"];
    assert_eq!(each(&page, "next_free"), first);
    assert_eq!(page["examined"], 10);
    // Before it is looked who is free.
    assert_eq!(page["facets"]["categories"], json!([{ "slug": "massage", "count": 10 }]));
    for item in page["items"].as_array().unwrap() {
        let path = format!("/v1/services/{}/slots?from=2026-03-02&to=2026-03-09", text(item, "id"));
        let slots = body(stranger(&cloud).get(&path).await.unwrap(), 200);
        assert_eq!(slots["items"][0]["starts_at"], item["next_free"]);
    }
    // Each by itself can be booked; then it is not free any more, and nor is what it takes the time of.
    for (title, key) in [("Short 0", "the-short-one"), ("Long 2", "the-long-one")] {
        let item = page["items"].as_array().unwrap().iter().find(|item| item["title"] == title).unwrap();
        let booked = customer.book(text(item, "id"), text(item, "next_free"), key).await.unwrap();
        body(booked, 201);
    }
    let later = found(&cloud, &format!("{WEEK}&sort=soonest")).await;
    assert_eq!(each(&later, "title"), ["Short 0"]);
    assert_eq!(each(&later, "next_free"), ["2026-03-03T11:00:00Z"]);
}

#[tokio::test]
async fn a_moment_is_the_start_of_a_slot() {
    let (cloud, _) = market().await;
    for (at, wanted) in [
        ("2026-03-03T10:00:00Z", &["Long 0", "Short 0"][..]),
        ("2026-03-03T11:00:00Z", &["Short 0"]),
        ("2026-03-03T10:10:00Z", &[]),
        ("2026-03-03T09:00:00Z", &[]),
        ("2026-03-04T12:00:00%2B02:00", &["Short 2"]),
        ("2020-01-01T00:00:00Z", &[]),
        ("2030-01-01T00:00:00Z", &[]),
    ] {
        let mut titles = titles(&cloud, &format!("free_at={at}")).await;
        titles.sort_unstable();
        assert_eq!(titles, wanted, "{at}");
    }
}

#[tokio::test]
async fn pages_of_what_is_free_show_each_once() {
    let (cloud, customer) = market().await;
    cloud.quiet().await.unwrap();
    let anyone = stranger(&cloud);
    for sort in ["soonest", "rating", "price&currency=eur", "relevance&q=short"] {
        let path = format!("/v1/search/services?{WEEK}&sort={sort}");
        let all = Value::Array(all_pages(&anyone, &path, 100).await);
        for limit in 1..=3 {
            let pages = Value::Array(all_pages(&anyone, &path, limit).await);
            assert_eq!(each(&pages, "id"), each(&all, "id"), "{sort} by {limit}");
        }
        assert_eq!(each(&all, "id").len(), if sort.ends_with("short") { 2 } else { 4 }, "{sort}");
    }
    // What is taken between two pages is not on the second one.
    let path = format!("{WEEK}&sort=soonest&limit=2");
    let first = found(&cloud, &path).await;
    let long = found(&cloud, "q=long%202").await;
    let id = text(&long["items"][0], "id");
    body(customer.book(id, "2026-03-04T09:00:00Z", "in-between").await.unwrap(), 201);
    let second = found(&cloud, &format!("{path}&cursor={}", text(&first, "next_cursor"))).await;
    assert_eq!((second["items"].as_array().unwrap().len(), &second["next_cursor"]), (0, &Value::Null));
}

#[tokio::test]
async fn providers_are_free_with_the_best_of_what_they_have() {
    let (cloud, _) = market().await;
    cloud.quiet().await.unwrap();
    let anyone = stranger(&cloud);
    let path = format!("/v1/search/providers?{WEEK}");
    let page = body(anyone.get(&path).await.unwrap(), 200);
    assert_eq!(each(&page, "name"), ["Provider 0", "Provider 2"]);
    assert_eq!(page["examined"], 6);
    let at = "/v1/search/providers?free_at=2026-03-03T11:00:00Z";
    let page = body(anyone.get(at).await.unwrap(), 200);
    // The long one is not free then.
    assert_eq!(
        (&page["items"][0]["best"]["title"], &page["items"][0]["services"]),
        (&json!("Short 0"), &json!(2))
    );
    assert_eq!(page["items"][0]["best"]["next_free"], "2026-03-03T11:00:00Z");
    let pages = Value::Array(all_pages(&anyone, &path, 1).await);
    assert_eq!(each(&pages, "name"), ["Provider 0", "Provider 2"]);
}
