//! `GET /v1/categories` and `GET /v1/services`.

use banister_local::client::Client;
use serde_json::{Value, json};

use super::draft;
use crate::problems::{refused, refused_parameter};
use crate::support::{all_pages, body, cloud, each, provider, stranger, text};

/// Published services in these categories; answers their ids.
async fn offer(provider: &Client, categories: &[&str]) -> Vec<String> {
    let mut ids = Vec::new();
    for category in categories {
        let mut ask = draft();
        ask["category"] = (*category).into();
        let service = body(provider.post("/v1/services", &ask).await.unwrap(), 201);
        let id = text(&service, "id").to_owned();
        body(provider.act(&format!("/v1/services/{id}/publish")).await.unwrap(), 200);
        ids.push(id);
    }
    ids
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| text(item, "id").to_owned()).collect()
}

#[tokio::test]
async fn the_categories_have_slugs_and_titles() {
    let cloud = cloud().await;
    let list = body(stranger(&cloud).get("/v1/categories").await.unwrap(), 200);
    assert_eq!((each(&list, "slug").len(), &list["next_cursor"]), (10, &Value::Null));
    let group = json!({ "slug": "wellbeing", "title": "Wellbeing" });
    assert_eq!(list["items"][3], json!({ "slug": "massage", "title": "Massage", "group": group }));
    for slug in each(&list, "slug") {
        body(stranger(&cloud).get(&format!("/v1/services?category={slug}")).await.unwrap(), 200);
    }
}

#[tokio::test]
async fn an_empty_catalogue_is_an_empty_page() {
    let cloud = cloud().await;
    let list = body(stranger(&cloud).get("/v1/services").await.unwrap(), 200);
    assert_eq!(list, json!({ "items": [], "next_cursor": null }));
}

/// Pages hold every item once, in one order, whatever their size and the filter.
#[tokio::test]
async fn pages_hold_every_service_once() {
    let cloud = cloud().await;
    let (one, two) = (provider(&cloud, "Provider One").await, provider(&cloud, "Provider Two").await);
    let first = offer(&one, &["massage", "beauty", "massage", "lessons", "massage"]).await;
    let second = offer(&two, &["massage", "beauty"]).await;
    body(one.post("/v1/services", &draft()).await.unwrap(), 201);
    let pick = |wanted: &[usize], all: &[String]| wanted.iter().map(|n| all[*n].clone()).collect::<Vec<_>>();
    let cases = [
        ("/v1/services?".to_owned(), [first.clone(), second.clone()].concat()),
        ("/v1/services?category=massage".into(), [pick(&[0, 2, 4], &first), pick(&[0], &second)].concat()),
        (format!("/v1/services?provider_id={}", one.id), first.clone()),
        (format!("/v1/services?provider_id={}&category=massage", one.id), pick(&[0, 2, 4], &first)),
        (format!("/v1/services?provider_id={}&category=photography", one.id), vec![]),
    ];
    let anyone = stranger(&cloud);
    for (path, expected) in cases {
        for limit in [1, 2, 3, 100] {
            let items = all_pages(&anyone, &path, limit).await;
            assert_eq!(ids(&items), expected, "{path} by {limit}");
        }
    }
}

/// What is published while somebody reads comes last, and moves nothing else.
#[tokio::test]
async fn a_new_service_between_two_pages_skips_and_repeats_nothing() {
    let cloud = cloud().await;
    let provider = provider(&cloud, "Provider One").await;
    let mut expected = offer(&provider, &["massage", "massage", "massage"]).await;
    let anyone = stranger(&cloud);
    let page = body(anyone.get("/v1/services?limit=2").await.unwrap(), 200);
    expected.extend(offer(&provider, &["massage"]).await);
    let cursor = text(&page, "next_cursor");
    let rest = body(anyone.get(&format!("/v1/services?limit=100&cursor={cursor}")).await.unwrap(), 200);
    assert_eq!([each(&page, "id"), each(&rest, "id")].concat(), expected);
    assert_eq!(rest["next_cursor"], Value::Null);
}

/// A provider sees the own drafts and archived services too, newest last, and the order stays when
/// one of them changes its status between two pages.
#[tokio::test]
async fn the_own_list_is_in_order_whatever_the_status() {
    let cloud = cloud().await;
    let provider = provider(&cloud, "Provider One").await;
    let mut expected = offer(&provider, &["massage", "beauty"]).await;
    for _ in 0..3 {
        let service = body(provider.post("/v1/services", &draft()).await.unwrap(), 201);
        expected.push(text(&service, "id").to_owned());
    }
    body(provider.delete(&format!("/v1/services/{}", expected[1])).await.unwrap(), 204);
    let path = format!("/v1/services?provider_id={}", provider.id);
    assert_eq!(ids(&all_pages(&provider, &path, 2).await), expected);
    let page = body(provider.get(&format!("{path}&limit=3")).await.unwrap(), 200);
    body(provider.delete(&format!("/v1/services/{}", expected[4])).await.unwrap(), 204);
    body(provider.act(&format!("/v1/services/{}/publish", expected[2])).await.unwrap(), 200);
    let cursor = text(&page, "next_cursor");
    let rest = body(provider.get(&format!("{path}&cursor={cursor}")).await.unwrap(), 200);
    assert_eq!([each(&page, "id"), each(&rest, "id")].concat(), expected);
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_only() {
    let cloud = cloud().await;
    let provider = provider(&cloud, "Provider One").await;
    offer(&provider, &["massage", "massage", "massage"]).await;
    let anyone = stranger(&cloud);
    let own = format!("/v1/services?provider_id={}", provider.id);
    let page = body(provider.get(&format!("{own}&limit=1")).await.unwrap(), 200);
    let cursor = text(&page, "next_cursor");
    body(provider.get(&format!("{own}&limit=2&cursor={cursor}")).await.unwrap(), 200);
    let mut turned = cursor.as_bytes().to_vec();
    turned[30] = if turned[30] == b'A' { b'B' } else { b'A' };
    let turned = String::from_utf8(turned).unwrap();
    for (who, path) in [
        (&anyone, format!("{own}&cursor={cursor}")),
        (&provider, format!("/v1/services?cursor={cursor}")),
        (&provider, format!("/v1/services?category=massage&cursor={cursor}")),
        (&provider, format!("{own}&category=massage&cursor={cursor}")),
        (&provider, format!("/v1/bookings?cursor={cursor}")),
        (&provider, format!("{own}&cursor={turned}")),
        (&provider, format!("{own}&cursor={}", &cursor[..cursor.len() - 4])),
        (&provider, format!("{own}&cursor=")),
        (&provider, format!("{own}&cursor=AAAA")),
        (&provider, format!("{own}&cursor=%00")),
    ] {
        refused(&who.get(&path).await.unwrap(), 400, "invalid_cursor");
    }
}

#[tokio::test]
async fn unknown_and_wrong_parameters_are_refused() {
    let cloud = cloud().await;
    let anyone = stranger(&cloud);
    for (query, parameter, kind) in [
        ("limit=0", "limit", "invalid"),
        ("limit=101", "limit", "invalid"),
        ("limit=-1", "limit", "invalid"),
        ("limit=ten", "limit", "invalid"),
        ("limit=", "limit", "invalid"),
        ("limit=1&limit=2", "limit", "invalid"),
        ("category=gardening", "category", "invalid"),
        ("category=", "category", "invalid"),
        ("provider_id=1", "provider_id", "invalid"),
        ("provider_id=svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "provider_id", "invalid"),
        ("status=draft", "status", "unknown"),
        ("page=2", "page", "unknown"),
        ("Limit=2", "Limit", "unknown"),
    ] {
        refused_parameter(&anyone.get(&format!("/v1/services?{query}")).await.unwrap(), parameter, kind);
    }
}
