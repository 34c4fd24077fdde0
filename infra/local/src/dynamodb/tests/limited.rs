//! Limits of the service, whether the engine or the front keeps them.

use std::fmt::Debug;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{Get, TransactGetItem, Update};

use super::*;

/// Asserts that the service refused the request as invalid, in words that contain `words`.
fn assert_invalid<T: Debug, E: ProvideErrorMetadata + Debug, R: Debug>(
    result: Result<T, SdkError<E, R>>,
    words: &str,
) {
    let error = result.expect_err(words);
    assert_eq!(error.code(), Some("ValidationException"), "{error:?}");
    let message = error.message().unwrap_or_default();
    assert!(message.contains(words), "{message:?} does not contain {words:?}");
}

fn key(pk: &str) -> Item {
    item(pk, &[])
}

#[tokio::test]
async fn a_transaction_holds_at_most_100_different_items() {
    let (_front, client, _) = started().await;
    let items = |count: usize| (0..count).map(|n| put(key(&n.to_string()))).collect::<Vec<_>>();
    client.transact_write_items().set_transact_items(Some(items(100))).send().await.unwrap();
    let more = client.transact_write_items().set_transact_items(Some(items(101))).send().await;
    assert_invalid(more, "less than or equal to 100");
    let twice = Some(vec![put(key("A")), put(key("A"))]);
    let twice = client.transact_write_items().set_transact_items(twice).send().await;
    assert_invalid(twice, "cannot include multiple operations on one item");
}

#[tokio::test]
async fn an_item_holds_at_most_400_kb_and_a_transaction_4_mb() {
    let (_front, client, _) = started().await;
    let large = |pk: &str, size: usize| item(pk, &[("data", &"x".repeat(size))]);
    store(&client, large("A", 400 * 1024 - 20)).await;
    let larger = client.put_item().table_name(TABLE).set_item(Some(large("A", 400 * 1024))).send().await;
    assert_invalid(larger, "Item size has exceeded the maximum allowed size");
    let grow =
        client.update_item().table_name(TABLE).set_key(Some(key("A"))).update_expression("SET more = :more");
    let grow = grow.expression_attribute_values(":more", text("twenty more characters")).send().await;
    assert_invalid(grow, "Item size to update has exceeded the maximum allowed size");
    let many = (0..11).map(|n| put(large(&n.to_string(), 399 * 1024))).collect();
    let many = client.transact_write_items().set_transact_items(Some(many)).send().await;
    assert_invalid(many, "exceeding the 4MB limit");
}

#[tokio::test]
async fn an_expression_holds_at_most_300_operators_and_4_kb() {
    let (_front, client, _) = started().await;
    let condition = |expression: String| {
        client.put_item().table_name(TABLE).set_item(Some(key("A"))).condition_expression(expression)
    };
    let terms = |count: usize| vec!["a=b"; count].join(" AND ");
    condition(format!("attribute_not_exists(PK) OR {}", terms(149))).send().await.unwrap();
    let more = condition(format!("attribute_not_exists(PK) OR {}", terms(150))).send().await;
    assert_invalid(
        more,
        "Invalid ConditionExpression: The expression contains too many operators; operator count: 301",
    );
    let long = condition(format!("attribute_not_exists({})", "a".repeat(4096))).send().await;
    assert_invalid(long, "Expression size has exceeded the maximum allowed size");
    let update = Update::builder().table_name(TABLE).set_key(Some(key("A")));
    let sums: Vec<_> = (0..301).map(|n| format!("a{n}=b+c")).collect();
    let update = update.update_expression(format!("SET {}", sums.join(","))).build().unwrap();
    let update = TransactWriteItem::builder().update(update).build();
    let update = client.transact_write_items().transact_items(update).send().await;
    assert_invalid(update, "Invalid UpdateExpression: The expression contains too many operators");
}

#[tokio::test]
async fn index_keys_are_neither_empty_nor_larger_than_keys_may_be() {
    let (_front, client, _) = started().await;
    let entry = |pk: usize, sk: usize| item("A", &[("GSI1PK", &"p".repeat(pk)), ("GSI1SK", &"s".repeat(sk))]);
    let put_item = |item: Item| client.put_item().table_name(TABLE).set_item(Some(item)).send();
    put_item(entry(2048, 1024)).await.unwrap();
    assert_invalid(put_item(entry(2049, 1)).await, "Size of hashkey has exceeded");
    assert_invalid(put_item(entry(1, 1025)).await, "Aggregated size of all range keys has exceeded");
    assert_invalid(put_item(entry(0, 1)).await, "empty string value");
    let transaction = client.transact_write_items().transact_items(put(entry(1, 1025))).send().await;
    assert_invalid(transaction, "Aggregated size of all range keys has exceeded");
    let empty = client.transact_write_items().transact_items(put(entry(1, 0))).send().await;
    assert_invalid(empty, "empty string value");
    let set = |expression: &str, size: usize| {
        let update =
            client.update_item().table_name(TABLE).set_key(Some(key("A"))).update_expression(expression);
        let update = update.expression_attribute_names("#k", "GSI1SK");
        update.expression_attribute_values(":v", text(&"s".repeat(size))).send()
    };
    set("SET spare = :v, #k = if_not_exists(absent, :v)", 1024).await.unwrap();
    assert_invalid(set("SET #k = if_not_exists(#k, :v)", 1025).await, "Aggregated size of all range keys");
    assert_invalid(set("REMOVE spare SET #k = :v", 0).await, "empty string value");
}

#[tokio::test]
async fn a_transactional_read_returns_what_was_asked() {
    let (_front, client, _) = started().await;
    store(&client, item("A", &[("one", "1"), ("two", "2")])).await;
    let get = |pk: &str, projection: Option<&str>| {
        let get = Get::builder().table_name(TABLE).set_key(Some(key(pk)));
        let get = get.set_projection_expression(projection.map(str::to_owned));
        let names = projection.map(|_| HashMap::from([("#n".to_owned(), "two".to_owned())]));
        TransactGetItem::builder().get(get.set_expression_attribute_names(names).build().unwrap()).build()
    };
    let gets = vec![get("A", Some("SK, #n")), get("B", Some("#n")), get("C", None)];
    let found = client.transact_get_items().set_transact_items(Some(gets)).send().await.unwrap();
    let found: Vec<_> = found.responses().iter().map(|found| found.item().cloned()).collect();
    let expected = [("SK", "X"), ("two", "2")].map(|(name, value)| (name.to_owned(), text(value)));
    assert_eq!(found, [Some(HashMap::from(expected)), None, None]);
}
