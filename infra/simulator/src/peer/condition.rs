//! The conditions that the platform writes under.

use serde_json::{Map, Value};

use super::{Item, number};

/// Whether the condition of one item of a transaction holds for what is there.
///
/// # Panics
/// On a condition that the platform's table layer does not use.
pub(super) fn holds(write: &Map<String, Value>, there: Option<&Item>) -> bool {
    let Some(expression) = write.get("ConditionExpression").and_then(Value::as_str) else { return true };
    let expected = || {
        let value = write.get("ExpressionAttributeValues").and_then(|values| values.get(":expected"));
        let number = value.and_then(|value| value.get("N")?.as_str()?.parse::<i64>().ok());
        number.expect("the platform expects whole numbers")
    };
    match expression {
        "attribute_not_exists(PK)" => there.is_none(),
        "attribute_exists(PK)" => there.is_some(),
        "v = :expected" => there.and_then(|item| number(item, "v")) == Some(expected()),
        "attribute_not_exists(PK) OR #ttl <= :expected" => {
            let name = write.get("ExpressionAttributeNames").and_then(|names| names.get("#ttl"));
            assert_eq!(name.and_then(Value::as_str), Some("ttl"), "#ttl stands for another attribute");
            there.is_none_or(|item| number(item, "ttl").is_some_and(|ttl| ttl <= expected()))
        }
        other => panic!("the peer does not know the condition {other:?}"),
    }
}
