//! The capacity that calls are said to consume is what the service would bill: "DynamoDB capacity
//! unit consumption" in the Amazon DynamoDB Developer Guide, and for indexes "Provisioned throughput
//! considerations for Global Secondary Indexes".

use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};

use super::*;

const TOTAL: ReturnConsumedCapacity = ReturnConsumedCapacity::Total;

/// An item of so many bytes: names and values, as the service counts them.
fn sized(pk: &str, bytes: usize, attributes: &[(&str, &str)]) -> Item {
    let mut item = item(pk, attributes);
    let size: usize = item.iter().map(|(name, value)| name.len() + value.as_s().unwrap().len()).sum();
    item.insert("P".to_owned(), text(&"x".repeat(bytes - size - 1)));
    item
}

async fn written(client: &Client, item: Item) -> f64 {
    let put = client.put_item().table_name(TABLE).set_item(Some(item)).return_consumed_capacity(TOTAL);
    put.send().await.unwrap().consumed_capacity.unwrap().capacity_units.unwrap()
}

async fn deleted(client: &Client, pk: &str) -> f64 {
    let delete = client.delete_item().table_name(TABLE).key("PK", text(pk)).key("SK", text("X"));
    let answer = delete.return_consumed_capacity(TOTAL).send().await.unwrap();
    answer.consumed_capacity.unwrap().capacity_units.unwrap()
}

async fn got(client: &Client, pk: &str, consistent: bool) -> f64 {
    let get = client.get_item().table_name(TABLE).key("PK", text(pk)).key("SK", text("X"));
    let answer = get.consistent_read(consistent).return_consumed_capacity(TOTAL).send().await.unwrap();
    answer.consumed_capacity.unwrap().capacity_units.unwrap()
}

/// Index or none, and whether strongly consistent.
async fn queried(client: &Client, index: Option<&str>, key: &str) -> f64 {
    let name = index.map_or("PK".to_owned(), |index| format!("{index}PK"));
    let query = client.query().table_name(TABLE).set_index_name(index.map(ToOwned::to_owned));
    let query = query.key_condition_expression("#k = :k").expression_attribute_names("#k", name);
    let query = query.expression_attribute_values(":k", text(key)).consistent_read(index.is_none());
    let answer = query.return_consumed_capacity(TOTAL).send().await.unwrap();
    answer.consumed_capacity.unwrap().capacity_units.unwrap()
}

async fn assert_written(client: &Client, cases: &[(&str, Item, f64)]) {
    for (what, item, units) in cases {
        assert_eq!(written(client, item.clone()).await.to_string(), units.to_string(), "{what}");
    }
}

#[tokio::test]
async fn a_write_is_a_unit_a_kilobyte_and_the_same_for_each_index_that_it_changes() {
    let (_front, client, _) = started().await;
    let (here, there) = ([("GSI1PK", "K"), ("GSI1SK", "1")], [("GSI1PK", "K"), ("GSI1SK", "2")]);
    assert_written(
        &client,
        &[
            ("a kilobyte", sized("A", 1_024, &[]), 1.0),
            ("a byte more", sized("A", 1_025, &[]), 2.0),
            ("smaller than before", sized("A", 100, &[]), 2.0),
            ("with an index", sized("B", 1_024, &here), 2.0),
            ("with an index, unchanged", sized("B", 1_024, &here), 1.0),
            ("with an index, changed beside its key", sized("B", 1_000, &here), 2.0),
            ("moved in the index", sized("B", 1_000, &there), 3.0),
            ("out of the index", sized("B", 1_000, &[]), 2.0),
            (
                "into two indexes",
                sized("C", 1_025, &[here[0], here[1], ("GSI2PK", "K"), ("GSI2SK", "1")]),
                6.0,
            ),
        ],
    )
    .await;
    assert_eq!(deleted(&client, "C").await.to_string(), "6");
    assert_eq!(deleted(&client, "nothing").await.to_string(), "1");
}

#[tokio::test]
async fn a_transaction_costs_twice_the_table_and_a_repeated_one_is_a_read() {
    let (_front, client, _) = started().await;
    let transact = || {
        let items = [sized("A", 1_025, &[]), sized("B", 100, &[("GSI1PK", "K"), ("GSI1SK", "1")])];
        let call = client.transact_write_items().client_request_token("one");
        call.set_transact_items(Some(items.map(put).to_vec())).return_consumed_capacity(TOTAL).send()
    };
    let units = |answer: aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsOutput| {
        let [consumed] = answer.consumed_capacity() else { panic!("one table") };
        let text = |units: Option<f64>| units.map(|units| units.to_string()).unwrap_or_default();
        (text(consumed.write_capacity_units()), text(consumed.read_capacity_units()))
    };
    // Two kilobytes and one, twice, and the index once.
    assert_eq!(units(transact().await.unwrap()), ("7".into(), String::new()));
    assert_eq!(units(transact().await.unwrap()), (String::new(), "4".into()));
}

#[tokio::test]
async fn a_read_is_a_unit_for_four_kilobytes_and_half_of_it_from_an_index() {
    let (_front, client, _) = started().await;
    let index = [("GSI1PK", "K"), ("GSI1SK", "1")];
    for (pk, bytes) in [("A", 4_096), ("B", 4_097), ("C", 100)] {
        store(&client, sized(pk, bytes, &index)).await;
    }
    for (pk, consistent, units) in
        [("A", true, "1"), ("A", false, "0.5"), ("B", true, "2"), ("B", false, "1"), ("nothing", true, "1")]
    {
        assert_eq!(got(&client, pk, consistent).await.to_string(), units, "{pk}");
    }
    // Each item of a batch is rounded for itself, the items of a query together.
    let key = |pk: &str| Item::from([("PK".to_owned(), text(pk)), ("SK".to_owned(), text("X"))]);
    let keys = ["B", "C", "nothing"].map(key).to_vec();
    let batch = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build().unwrap();
    let call = client.batch_get_item().request_items(TABLE, batch).return_consumed_capacity(TOTAL);
    let answer = call.send().await.unwrap();
    assert_eq!(answer.consumed_capacity()[0].capacity_units().unwrap().to_string(), "4");
    assert_eq!(queried(&client, Some("GSI1"), "K").await.to_string(), "1.5");
    assert_eq!(queried(&client, Some("GSI1"), "nothing").await.to_string(), "0.5");
    assert_eq!(queried(&client, None, "B").await.to_string(), "2");
    assert_eq!(queried(&client, None, "nothing").await.to_string(), "1");
}
