//! What is left out, and what is refused.

use banister_local::client::Client;
use banister_local::cloud::Cloud;
use serde_json::json;

use super::{START, found, names, offer, titles};
use crate::problems::refused_parameter;
use crate::support::{body, cloud_at, provider, stranger};

/// Three providers: in Lisbon at their place, coming to Sintra and around, and online.
async fn market() -> Cloud {
    let cloud = cloud_at(START).await;
    let near = provider(&cloud, "Near One").await;
    offer(&near, json!({ "title": "Here", "languages": ["pt-BR", "en"] })).await;
    offer(&near, json!({ "title": "Here, dear", "price": { "amount": 9_000, "currency": "eur" } })).await;
    let coming = provider(&cloud, "Coming One").await;
    let area = json!({ "latitude": 38.800, "longitude": -9.380, "radius_km": 25 });
    profile(&coming, json!({ "service_area": area, "languages": ["en-GB"] })).await;
    let (kind, home) = (json!("at_customer"), json!("cleaning"));
    offer(&coming, json!({ "title": "Coming", "location_kind": kind, "category": home, "place": null }))
        .await;
    let online = provider(&cloud, "Online One").await;
    profile(&online, json!({ "languages": ["ru"] })).await;
    let dollars = json!({ "amount": 3_000, "currency": "usd" });
    let lessons = json!({ "title": "Online", "category": "lessons", "location_kind": "online", "place": null,
        "price": dollars });
    offer(&online, lessons).await;
    cloud
}

async fn profile(who: &Client, provider: serde_json::Value) {
    body(who.patch_over("/v1/me", &json!({ "provider": provider })).await.unwrap(), 200);
}

/// In the order of their making, whatever that of the page is.
async fn sorted(cloud: &Cloud, query: &str) -> Vec<String> {
    let mut titles = titles(cloud, query).await;
    titles.sort_unstable();
    titles
}

#[tokio::test]
async fn each_filter_leaves_out_what_does_not_fit() {
    let cloud = market().await;
    let lisbon = "latitude=38.722&longitude=-9.139";
    for (query, titles) in [
        ("", &["Coming", "Here", "Here, dear", "Online"][..]),
        ("category=massage", &["Here", "Here, dear"]),
        ("category=wellbeing", &["Here", "Here, dear"]),
        ("category=home", &["Coming"]),
        ("currency=eur", &["Coming", "Here", "Here, dear"]),
        ("currency=eur&max_price=5000", &["Coming", "Here"]),
        ("currency=eur&min_price=5001", &["Here, dear"]),
        ("currency=usd&min_price=3000&max_price=3000", &["Online"]),
        ("location_kind=online", &["Online"]),
        ("language=en", &["Coming", "Here"]),
        ("language=pt-PT", &["Here"]),
        ("language=ru", &["Online"]),
        ("min_rating=1", &[]),
        // 22 km from the centre of an area of 25.
        (lisbon, &["Coming", "Here", "Here, dear"]),
        (&format!("{lisbon}&radius_km=22"), &["Here", "Here, dear"]),
        (&format!("{lisbon}&radius_km=200&location_kind=at_customer"), &["Coming"]),
        // 29 km, within the radius that is asked for, but they do not come so far.
        ("latitude=38.680&longitude=-9.080&radius_km=200", &["Here", "Here, dear"]),
        ("category=massage&currency=eur&max_price=6000&language=en&q=here", &["Here"]),
    ] {
        assert_eq!(sorted(&cloud, query).await, titles, "{query}");
    }
    assert_eq!(names(&cloud, "category=lessons").await, ["Online One"]);
    let page = found(&cloud, &format!("{lisbon}&radius_km=30&language=en&sort=distance")).await;
    let distances: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|item| &item["distance_m"]).collect();
    assert_eq!(distances[0], 0);
    let metres = distances[1].as_i64().unwrap();
    assert!((22_000..23_000).contains(&metres), "{metres}");
    let item = &page["items"][1];
    assert_eq!((&item["languages"], &item["place"]), (&json!(["en-GB"]), &json!(null)));
}

#[tokio::test]
async fn headings_are_counted_whichever_is_asked_for() {
    let cloud = market().await;
    let facets = json!({
        "categories": [{ "slug": "cleaning", "count": 1 }, { "slug": "massage", "count": 2 }],
        "groups": [{ "slug": "home", "count": 1 }, { "slug": "wellbeing", "count": 2 }],
    });
    for query in ["currency=eur", "currency=eur&category=massage", "currency=eur&category=lessons&limit=1"] {
        assert_eq!(found(&cloud, query).await["facets"], facets, "{query}");
    }
    let path = "/v1/search/providers?currency=eur&category=home";
    let page = body(stranger(&cloud).get(path).await.unwrap(), 200);
    assert_eq!(page["facets"]["categories"][1], json!({ "slug": "massage", "count": 1 }));
    assert_eq!((&page["items"][0]["services"], &page["items"][0]["name"]), (&json!(1), &json!("Coming One")));
    assert_eq!(page["items"][0]["best"]["title"], "Coming");
}

#[tokio::test]
async fn what_does_not_go_together_is_refused() {
    let cloud = cloud_at(START).await;
    let anyone = stranger(&cloud);
    for (query, parameter) in [
        ("q=", "q"),
        ("q=...", "q"),
        ("q=a+b+c+d+e+f+g+h+i+j+k", "q"),
        ("category=gardens", "category"),
        ("min_price=1", "currency"),
        ("max_price=1", "currency"),
        ("currency=eur&min_price=-1", "min_price"),
        ("currency=eur&max_price=100000000", "max_price"),
        ("currency=eur&min_price=2&max_price=1", "max_price"),
        ("currency=xxx", "currency"),
        ("min_rating=5.1", "min_rating"),
        ("latitude=1", "longitude"),
        ("longitude=1", "latitude"),
        ("radius_km=5", "latitude"),
        ("latitude=91&longitude=1", "latitude"),
        ("latitude=NaN&longitude=1", "latitude"),
        ("latitude=1&longitude=1&radius_km=201", "radius_km"),
        ("language=english", "language"),
        ("sort=relevance", "sort"),
        ("sort=price", "sort"),
        ("sort=-price", "sort"),
        ("sort=distance", "sort"),
        ("sort=soonest", "sort"),
        ("sort=cheapest", "sort"),
        ("free_from=2026-03-02T08:00:00Z", "free_to"),
        ("free_to=2026-03-02T08:00:00Z", "free_from"),
        ("free_from=2026-03-02T08:00:00Z&free_to=2026-03-02T08:00:00Z", "free_to"),
        ("free_from=2026-03-02T08:00:00Z&free_to=2026-04-02T08:00:01Z", "free_to"),
        ("free_at=2026-03-02T08:00:00Z&free_to=2026-03-02T09:00:00Z", "free_at"),
        ("limit=101", "limit"),
        ("near=me", "near"),
    ] {
        for of in ["services", "providers"] {
            let kind = if parameter == "near" { "unknown" } else { "invalid" };
            let answer = anyone.get(&format!("/v1/search/{of}?{query}")).await.unwrap();
            refused_parameter(&answer, parameter, kind);
        }
    }
    let window = "free_from=2026-03-02T08:00:00Z&free_to=2026-03-03T08:00:00Z&sort=soonest";
    refused_parameter(
        &anyone.get(&format!("/v1/search/providers?{window}")).await.unwrap(),
        "sort",
        "invalid",
    );
}

#[tokio::test]
async fn a_place_and_languages_are_the_providers_to_tell() {
    let cloud = cloud_at(START).await;
    let one = provider(&cloud, "Provider One").await;
    let id = offer(&one, json!({ "languages": ["EN", "en", "pt-br"] })).await;
    let path = format!("/v1/services/{id}");
    let read = body(one.get(&path).await.unwrap(), 200);
    assert_eq!(read["place"], json!({ "latitude": 38.722, "longitude": -9.139 }));
    assert_eq!(read["languages"], json!(["en", "pt-BR"]));
    let online = one.patch(&path, &json!({ "location_kind": "online" })).await.unwrap();
    assert_eq!((online.status.as_u16(), &online.body["errors"][0]["pointer"]), (422, &json!("/place")));
    let ask = json!({ "location_kind": "online", "place": null, "languages": null });
    let changed = body(one.patch(&path, &ask).await.unwrap(), 200);
    assert_eq!((&changed["place"], &changed["languages"]), (&json!(null), &json!([])));
    for (bad, pointer) in [
        (json!({ "place": { "latitude": 91, "longitude": 0 } }), "/place/latitude"),
        (json!({ "place": { "latitude": 1 } }), "/place/longitude"),
        (json!({ "languages": ["english"] }), "/languages/0"),
    ] {
        let answer = one.patch(&path, &bad).await.unwrap();
        assert_eq!(
            (answer.status.as_u16(), &answer.body["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{bad}"
        );
    }
    let categories = body(one.get("/v1/categories").await.unwrap(), 200);
    let massage = categories["items"].as_array().unwrap().iter().find(|item| item["slug"] == "massage");
    assert_eq!(massage.unwrap()["group"], json!({ "slug": "wellbeing", "title": "Wellbeing" }));
}
