//! Limits of the service that the engine does not enforce, see "Quotas in Amazon DynamoDB".

use std::collections::HashMap;

use serde_json::Value;

use super::expression;

/// Most operators and functions in one expression.
const MOST_OPERATORS: usize = 300;

const HASH_KEY_TOO_LARGE: &str = "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes";
const RANGE_KEY_TOO_LARGE: &str = "One or more parameter values were invalid: Aggregated size of all range keys has \
                                   exceeded the size limit of 1024 bytes";

/// The key attributes of a table's indexes, and whether each is the partition key of one. An attribute that is
/// both kinds takes the smaller limit.
#[derive(Clone, Debug, Default)]
pub(super) struct IndexKeys(HashMap<String, bool>);

impl IndexKeys {
    /// Reads them from the `Table` of a `DescribeTable` answer.
    pub(super) fn of(table: &Value) -> Self {
        let mut keys = HashMap::new();
        let indexes = table["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
        for key in indexes.flat_map(|index| index["KeySchema"].as_array().into_iter().flatten()) {
            let Some(name) = key["AttributeName"].as_str() else { continue };
            *keys.entry(name.to_owned()).or_insert(true) &= key["KeyType"] == "HASH";
        }
        Self(keys)
    }

    fn refusal(&self, attribute: &str, value: &Value) -> Option<String> {
        let partition = *self.0.get(attribute)?;
        let size = match (value["S"].as_str(), value["B"].as_str()) {
            (Some(text), _) => text.len(),
            (None, Some(base64)) => {
                base64.trim_end_matches('=').len() / 4 * 3 + base64.trim_end_matches('=').len() % 4 * 3 / 4
            }
            (None, None) => 0,
        };
        let (limit, message) =
            if partition { (2048, HASH_KEY_TOO_LARGE) } else { (1024, RANGE_KEY_TOO_LARGE) };
        (size > limit).then(|| message.to_owned())
    }
}

/// Whether an operation carries expressions or items, so that looking is worth it.
pub(super) fn concern(operation: &str) -> bool {
    let known =
        ["PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchWriteItem", "TransactWriteItems"];
    known.contains(&operation)
}

/// Why the service would refuse the request, if it would. `keys` gives the index keys of a table by its name.
pub(super) fn refusal(operation: &str, request: &Value, keys: impl Fn(&str) -> IndexKeys) -> Option<String> {
    match operation {
        "TransactWriteItems" => {
            let items = request["TransactItems"].as_array()?;
            items
                .iter()
                .filter_map(|item| item.as_object()?.values().next())
                .find_map(|action| write(action, &keys))
        }
        "BatchWriteItem" => request["RequestItems"].as_object()?.iter().find_map(|(table, writes)| {
            let keys = keys(table);
            writes.as_array()?.iter().find_map(|write| item(&write["PutRequest"]["Item"], &keys))
        }),
        _ => write(request, &keys),
    }
}

fn write(action: &Value, keys: impl Fn(&str) -> IndexKeys) -> Option<String> {
    expressions(action).or_else(|| {
        let (new, update) = (&action["Item"], action["UpdateExpression"].as_str());
        if new.is_null() && update.is_none() {
            return None;
        }
        let keys = keys(action["TableName"].as_str()?);
        item(new, &keys).or_else(|| assigned(update?, action, &keys))
    })
}

fn expressions(action: &Value) -> Option<String> {
    let names = ["UpdateExpression", "ConditionExpression", "KeyConditionExpression", "FilterExpression"];
    names.into_iter().find_map(|name| {
        let count =
            expression::operators(&expression::tokens(action[name].as_str()?), name == "UpdateExpression");
        let first = MOST_OPERATORS + 1;
        // The service stops counting there.
        let message =
            || format!("Invalid {name}: The expression contains too many operators; operator count: {first}");
        (count > MOST_OPERATORS).then(message)
    })
}

fn item(item: &Value, keys: &IndexKeys) -> Option<String> {
    item.as_object()?.iter().find_map(|(name, value)| keys.refusal(name, value))
}

fn assigned(update: &str, action: &Value, keys: &IndexKeys) -> Option<String> {
    let tokens = expression::tokens(update);
    expression::assignments(&tokens).into_iter().find_map(|(path, values)| {
        let name = resolve(path, action);
        values.into_iter().find_map(|value| keys.refusal(name, &action["ExpressionAttributeValues"][value]))
    })
}

/// Takes out of a `TransactGetItems` answer what no projection asked for: the engine adds the keys.
pub(super) fn project(request: &Value, answer: &mut Value) {
    let gets = request["TransactItems"].as_array().into_iter().flatten();
    let found = answer["Responses"].as_array_mut().into_iter().flatten();
    for (get, found) in gets.zip(found) {
        let get = &get["Get"];
        let (Some(projection), Some(item)) =
            (get["ProjectionExpression"].as_str(), found["Item"].as_object_mut())
        else {
            continue;
        };
        let tokens = expression::tokens(projection);
        let asked: Vec<_> =
            expression::projected(&tokens).into_iter().map(|name| resolve(name, get)).collect();
        item.retain(|name, _| asked.contains(&name.as_str()));
    }
}

/// The attribute a name or its `#` placeholder stands for.
fn resolve<'a>(name: &'a str, action: &'a Value) -> &'a str {
    action["ExpressionAttributeNames"][name].as_str().unwrap_or(name)
}
