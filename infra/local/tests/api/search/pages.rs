//! Orders, and pages while the market goes on.

use serde_json::{Value, json};

use super::{START, found, offer};
use crate::problems::refused;
use crate::support::{all_pages, body, cloud_at, each, provider, stranger, text};

#[tokio::test]
async fn each_order_is_kept_over_pages() {
    let cloud = cloud_at(START).await;
    let one = provider(&cloud, "Provider One").await;
    let mut ids = Vec::new();
    for (number, price) in [3_000, 1_000, 2_000, 1_000, 5_000].into_iter().enumerate() {
        let place =
            json!({ "latitude": 38.722 + [0.03, 0.01, 0.05, 0.0, 0.01][number], "longitude": -9.139 });
        let price = json!({ "amount": price, "currency": "eur" });
        ids.push(offer(&one, json!({ "price": price, "place": place, "title": "Massage" })).await);
    }
    cloud.quiet().await.unwrap();
    let anyone = stranger(&cloud);
    let near = "latitude=38.722&longitude=-9.139";
    for (query, order) in [
        ("currency=eur&sort=price".to_owned(), [1, 3, 2, 0, 4]),
        ("currency=eur&sort=-price".to_owned(), [4, 0, 2, 1, 3]),
        (format!("{near}&sort=distance"), [3, 1, 4, 0, 2]),
        (near.to_owned(), [3, 1, 4, 0, 2]),
        // Nothing tells them apart but their age.
        ("q=massage".to_owned(), [0, 1, 2, 3, 4]),
        ("sort=rating".to_owned(), [0, 1, 2, 3, 4]),
        (String::new(), [0, 1, 2, 3, 4]),
    ] {
        let path = format!("/v1/search/services?{query}");
        let pages = Value::Array(all_pages(&anyone, &path, 2).await);
        let wanted: Vec<_> = order.iter().map(|place: &usize| ids[*place].clone()).collect();
        assert_eq!(each(&pages, "id"), wanted, "{query}");
    }
    let one = all_pages(&anyone, "/v1/search/providers?q=massage", 1).await;
    assert_eq!((one.len(), &one[0]["services"]), (1, &json!(5)));
}

#[tokio::test]
async fn what_stays_is_neither_left_out_nor_shown_twice() {
    let cloud = cloud_at(START).await;
    let one = provider(&cloud, "Provider One").await;
    let price = |amount: u32| json!({ "price": { "amount": amount, "currency": "eur" } });
    let mut ids = Vec::new();
    for number in 1..=6 {
        ids.push(offer(&one, price(number * 1_000)).await);
    }
    let path = "currency=eur&sort=price&limit=2";
    let first = found(&cloud, path).await;
    assert_eq!(each(&first, "id"), ids[..2]);
    // The dearest becomes the cheapest, one of the first page the dearest; one goes, and one is new.
    for (id, amount) in [(&ids[5], 1), (&ids[0], 9_000)] {
        body(one.patch(&format!("/v1/services/{id}"), &price(amount)).await.unwrap(), 200);
    }
    one.delete(&format!("/v1/services/{}", ids[3])).await.unwrap();
    let new = offer(&one, price(4_500)).await;
    let next = |page: &Value| format!("{path}&cursor={}", text(page, "next_cursor"));
    let second = found(&cloud, &next(&first)).await;
    assert_eq!(each(&second, "id"), [ids[2].clone(), new]);
    assert_eq!(second["facets"], Value::Null);
    let third = found(&cloud, &next(&second)).await;
    assert_eq!(each(&third, "id"), [ids[4].clone(), ids[0].clone()]);
    assert_eq!(third["next_cursor"], Value::Null);
    // A cursor is good for its own question only.
    let anyone = stranger(&cloud);
    let cursor = text(&first, "next_cursor");
    for other in ["currency=eur&sort=-price", "currency=eur&sort=price&q=massage", "sort=rating"] {
        let path = format!("/v1/search/services?{other}&cursor={cursor}");
        refused(&anyone.get(&path).await.unwrap(), 400, "invalid_cursor");
    }
    let path = format!("/v1/search/providers?currency=eur&sort=price&cursor={cursor}");
    refused(&anyone.get(&path).await.unwrap(), 400, "invalid_cursor");
}
