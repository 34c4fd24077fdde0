//! Calls and answers in DynamoDB's JSON protocol.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Item, Peer, Place, index, text};

const TYPES: &str = "com.amazonaws.dynamodb.v20120810#";

/// What the table says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP's status.
    pub status: u16,
    /// A document.
    pub body: Vec<u8>,
}

impl Answer {
    pub(super) fn fine(body: &Value) -> Self {
        Self { status: 200, body: body.to_string().into_bytes() }
    }

    /// A refusal of this kind, with `more` beside its name.
    #[must_use]
    pub fn refused(kind: &str, more: &Value) -> Self {
        let mut body = json!({ "__type": format!("{TYPES}{kind}"), "message": kind });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let status = if kind == "InternalServerError" { 500 } else { 400 };
        Self { status, body: body.to_string().into_bytes() }
    }

    /// A transaction that was cancelled, with the reason of each of its items.
    pub fn cancelled<'a>(codes: impl Iterator<Item = &'a str>) -> Self {
        let reasons: Vec<_> = codes.map(|code| json!({ "Code": code })).collect();
        Self::refused("TransactionCanceledException", &json!({ "CancellationReasons": reasons }))
    }
}

impl Peer {
    /// Does what a call asks, on behalf of `by`. Of a read of many items it gives those alone whose bit is set in
    /// `part`, as a busy table does.
    ///
    /// # Panics
    /// On anything that the platform's table layer is not known to ask.
    pub fn call(&mut self, by: usize, operation: &str, body: &[u8], part: u64) -> Answer {
        let asked: Value = serde_json::from_slice(body).expect("the SDK writes JSON");
        let asked = asked.as_object().expect("a call is an object");
        match operation {
            "GetItem" => self.get_item(asked),
            "BatchGetItem" => self.batch_get(asked, part),
            "Query" => self.query(asked),
            "PutItem" => self.put(by, asked),
            "DeleteItem" => self.delete(by, asked),
            "TransactWriteItems" => self.transact(by, asked, body),
            other => panic!("the peer does not know the operation {other}"),
        }
    }

    fn get_item(&self, asked: &Map<String, Value>) -> Answer {
        known(asked, &["TableName", "Key", "ConsistentRead", "ReturnConsumedCapacity"]);
        let place = place(object(asked, "Key"));
        self.read(&place).map_or_else(
            || Answer::fine(&json!({})),
            |item| Answer { status: 200, body: wrapped(b"{\"Item\":", &[item], b"}") },
        )
    }

    fn batch_get(&self, asked: &Map<String, Value>, part: u64) -> Answer {
        known(asked, &["RequestItems", "ReturnConsumedCapacity"]);
        let mut tables = object(asked, "RequestItems").iter();
        let (Some((table, wanted)), None) = (tables.next(), tables.next()) else {
            panic!("the peer has one table")
        };
        let wanted = wanted.as_object().expect("what is wanted of a table is an object");
        known(wanted, &["Keys", "ConsistentRead"]);
        let keys = wanted.get("Keys").and_then(Value::as_array).expect("keys");
        let (mut found, mut left) = (Vec::new(), Vec::new());
        for (number, key) in keys.iter().enumerate() {
            if part >> (number % 64) & 1 == 1 {
                found.extend(self.read(&place(key.as_object().expect("a key"))));
            } else {
                left.push(key.clone());
            }
        }
        let before = format!("{{\"Responses\":{{\"{table}\":[");
        let left = if left.is_empty() {
            json!({})
        } else {
            json!({ table.clone(): { "Keys": left, "ConsistentRead": true } })
        };
        let after = format!("]}},\"UnprocessedKeys\":{left}}}");
        Answer { status: 200, body: wrapped(before.as_bytes(), &found, after.as_bytes()) }
    }

    fn query(&self, asked: &Map<String, Value>) -> Answer {
        known(
            asked,
            &[
                "TableName",
                "IndexName",
                "ConsistentRead",
                "KeyConditionExpression",
                "ExpressionAttributeNames",
                "ExpressionAttributeValues",
                "ScanIndexForward",
                "Limit",
                "ProjectionExpression",
                "ExclusiveStartKey",
                "ReturnConsumedCapacity",
            ],
        );
        let condition = asked.get("KeyConditionExpression").and_then(Value::as_str);
        assert_eq!(condition, Some("#pk = :pk AND #sk BETWEEN :from AND :to"), "another key condition");
        let index = asked.get("IndexName").and_then(Value::as_str);
        let wanted = index.map_or(("PK", "SK"), index::keys);
        let named = |name: &str| object(asked, "ExpressionAttributeNames").get(name).and_then(Value::as_str);
        assert_eq!((named("#pk"), named("#sk")), (Some(wanted.0), Some(wanted.1)), "other key attributes");
        let values = object(asked, "ExpressionAttributeValues");
        let value = |name| text(values, name).expect("keys are texts");
        let (pk, from, to) = (value(":pk"), value(":from"), value(":to"));
        let mut found = match index {
            Some(name) => self.indexes.between(name, pk, from, to),
            None => self.between(pk, from, to),
        };
        if asked.get("ScanIndexForward") == Some(&Value::Bool(false)) {
            found.reverse();
        }
        if let Some(start) = asked.get("ExclusiveStartKey").and_then(Value::as_object) {
            let behind = found.iter().position(|item| is_at(item, start));
            found.drain(..=behind.expect("pages go on from an item that is there"));
        }
        let limit = asked.get("Limit").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
        let limit = limit.expect("every query has a limit");
        let more = found.len() >= limit;
        found.truncate(limit);
        let count = found.len();
        let last = found.last().filter(|_| more).map(|item| last_key(item, index));
        if let Some(projection) = asked.get("ProjectionExpression") {
            assert_eq!(projection, "#only", "another projection");
            let only = named("#only").expect("the attribute has a name");
            found = found.iter().map(|item| Arc::new(one_of(item, only))).collect();
        }
        let mut end = format!("],\"Count\":{count},\"ScannedCount\":{count}");
        if let Some(last) = last {
            end += ",\"LastEvaluatedKey\":";
            end += &last.to_string();
        }
        end.push('}');
        Answer { status: 200, body: wrapped(b"{\"Items\":[", &found, end.as_bytes()) }
    }

    fn between(&self, pk: &str, from: &str, to: &str) -> Vec<Item> {
        let bounds = (Bound::Included(from), Bound::Included(to));
        let found = |items: &BTreeMap<String, Item>| {
            items.range::<str, _>(bounds).map(|(_, item)| item.clone()).collect()
        };
        self.partitions.get(pk).map(found).unwrap_or_default()
    }
}

fn is_at(item: &Item, key: &Map<String, Value>) -> bool {
    key.iter().all(|(name, value)| item.get(name) == Some(value))
}

fn one_of(item: &Item, name: &str) -> Map<String, Value> {
    item.get(name).map(|value| (name.to_owned(), value.clone())).into_iter().collect()
}

fn last_key(item: &Item, index: Option<&str>) -> Value {
    let more = index.map(index::keys);
    let names = ["PK", "SK"].into_iter().chain(more.into_iter().flat_map(|(pk, sk)| [pk, sk]));
    names.filter_map(|name| Some((name.to_owned(), item.get(name)?.clone()))).collect::<Map<_, _>>().into()
}

fn wrapped(before: &[u8], items: &[Item], after: &[u8]) -> Vec<u8> {
    let mut body = before.to_vec();
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        serde_json::to_writer(&mut body, &**item).expect("what was read as JSON is written as JSON");
    }
    body.extend_from_slice(after);
    body
}

/// The key that a call names.
pub(super) fn place(key: &Map<String, Value>) -> Place {
    let found = super::place_of(key).filter(|_| key.len() == 2);
    found.expect("a key has two texts")
}

pub(super) fn object<'a>(asked: &'a Map<String, Value>, name: &str) -> &'a Map<String, Value> {
    asked.get(name).and_then(Value::as_object).unwrap_or_else(|| panic!("the call has no {name}"))
}

/// What is not known is refused.
pub(super) fn known(asked: &Map<String, Value>, names: &[&str]) {
    for name in asked.keys() {
        assert!(names.contains(&name.as_str()), "the peer does not know {name}");
    }
}
