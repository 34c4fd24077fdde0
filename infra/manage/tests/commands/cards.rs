//! `rebuild-cards`.

use banister_domain::search::CardId;
use banister_local::client::Client;
use banister_platform::table::key;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Folder, cloud, delete, manage};

#[tokio::test]
async fn cards_are_made_again() {
    let folder = Folder::new();
    let cloud = cloud(&folder).await;
    let provider = Client::join(&cloud, "provider", "Provider One").await.unwrap();
    let ask = json!({ "title": "Massage", "description": "", "category": "massage", "duration_minutes": 60,
        "price": { "amount": 5_000, "currency": "eur" }, "location_kind": "online" });
    let made =
        provider.post("/v1/services", &ask).await.unwrap().expect(StatusCode::CREATED, "draft").unwrap();
    let id = made["id"].as_str().unwrap();
    provider.act(&format!("/v1/services/{id}/publish")).await.unwrap();
    cloud.quiet().await.unwrap();
    // As from before there were cards.
    let client = cloud.table.client("local-check");
    for id in [CardId::Service(id.parse().unwrap()), CardId::Provider(provider.id.parse().unwrap())] {
        let key = key::card(id);
        delete(&client, &key.pk, &key.sk).await;
    }
    let found = async || -> Value {
        let page = provider.get("/v1/search/services?q=massage%20provider").await.unwrap();
        page.expect(StatusCode::OK, "search").unwrap()["items"].clone()
    };
    assert_eq!(found().await, json!([]));
    let said = manage(&folder.0, "rebuild-cards --json", "").await;
    assert_eq!(said.code, Some(0), "{}", said.error);
    assert_eq!(said.json(), json!({ "looked_at": 1, "unreadable": 0 }));
    let items = found().await;
    assert_eq!((items[0]["id"].as_str(), items.as_array().map(Vec::len)), (Some(id), Some(1)));
    // The second time there is nothing to do.
    let again = manage(&folder.0, "rebuild-cards --json", "").await;
    assert_eq!(again.json(), json!({ "looked_at": 3, "unreadable": 0 }));
    cloud.stop().await;
}
