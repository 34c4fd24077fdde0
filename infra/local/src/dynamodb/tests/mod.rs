//! Real SDK clients against the front.

mod consumed;
mod injected;
mod limited;
mod stored;

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};

use super::*;
use crate::template::Template;

const TABLE: &str = "banister";
const ROLE: &str = "local-http";
const SAMPLE: &str = include_str!("../../template/sample.yaml");

type Item = HashMap<String, AttributeValue>;

/// A front with its table, and a client whose calls count as [`ROLE`]'s. The table was made by another role.
async fn started() -> (Front, Client, Faults) {
    let faults = Faults::new();
    let front = Front::start(None, faults.clone()).await.unwrap();
    create(&front).await;
    let client = front.client(ROLE);
    (front, client, faults)
}

async fn create(front: &Front) {
    let table = Template::parse(&[SAMPLE]).unwrap().table().unwrap();
    table.create(&front.client("operator"), TABLE).await.unwrap();
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn item(pk: &str, attributes: &[(&str, &str)]) -> Item {
    let keys = [("PK", pk), ("SK", "X")];
    keys.iter().chain(attributes).map(|(name, value)| ((*name).to_owned(), text(value))).collect()
}

fn put(item: Item) -> TransactWriteItem {
    TransactWriteItem::builder()
        .put(Put::builder().table_name(TABLE).set_item(Some(item)).build().unwrap())
        .build()
}

async fn store(client: &Client, item: Item) {
    client.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
}

async fn read(client: &Client, pk: &str) -> Option<Item> {
    let get = client.get_item().table_name(TABLE).key("PK", text(pk)).key("SK", text("X"));
    get.consistent_read(true).send().await.unwrap().item
}

/// The partition keys of the table's items that index 1 has under this key.
async fn indexed(client: &Client, key: &str) -> Vec<String> {
    let query = client.query().table_name(TABLE).index_name("GSI1").key_condition_expression("GSI1PK = :k");
    let found = query.expression_attribute_values(":k", text(key)).send().await.unwrap();
    found.items().iter().map(|item| item["PK"].as_s().unwrap().clone()).collect()
}
