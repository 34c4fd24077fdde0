//! Writes: all items of a transaction together, or none.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::calls::{Answer, known, object, place};
use super::{Item, Peer, Place, condition, place_of};

/// Most items of a transaction.
const MOST_ITEMS: usize = 100;

impl Peer {
    pub(super) fn transact(&mut self, by: usize, asked: &Map<String, Value>, body: &[u8]) -> Answer {
        known(asked, &["TransactItems", "ClientRequestToken", "ReturnConsumedCapacity"]);
        let token = asked.get("ClientRequestToken").and_then(Value::as_str).unwrap_or_default();
        match self.tokens.get(token) {
            Some(earlier) if earlier == body => return Answer::fine(&json!({})),
            Some(_) => return Answer::refused("IdempotentParameterMismatchException", &json!({})),
            None => {}
        }
        let items = asked.get("TransactItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let writes: Vec<_> = items.iter().map(write).collect();
        let places: BTreeSet<&Place> = writes.iter().map(|(place, ..)| place).collect();
        if places.len() != writes.len() || writes.is_empty() || writes.len() > MOST_ITEMS {
            return Answer::refused("ValidationException", &json!({}));
        }
        let fails = |(place, write, change): &(Place, &Map<String, Value>, Change)| {
            let ignored = matches!((self.flaw, change), (Some(flaw), Change::Put(item)) if flaw.ignores_condition(item));
            !ignored && !condition::holds(write, self.get(place))
        };
        let failed: Vec<bool> = writes.iter().map(fails).collect();
        if failed.contains(&true) {
            let code = |failed: &bool| if *failed { "ConditionalCheckFailed" } else { "None" };
            return Answer::cancelled(failed.iter().map(code));
        }
        if !token.is_empty() {
            self.tokens.insert(token.to_owned(), body.to_owned());
        }
        let changes = writes.into_iter().filter_map(|(place, _, change)| match change {
            Change::Put(item) if self.flaw.is_some_and(|flaw| flaw.drops(&item)) => None,
            Change::Put(item) => Some((place, Some(self.kept(item)))),
            Change::Delete => Some((place, None)),
            Change::Nothing => None,
        });
        let changes = changes.collect();
        self.commit(Some(by), changes);
        Answer::fine(&json!({}))
    }

    pub(super) fn put(&mut self, by: usize, asked: &Map<String, Value>) -> Answer {
        known(asked, &["TableName", "Item", "ReturnConsumedCapacity"]);
        let item = item(asked);
        let place = place_of(&item).expect("every item has a key");
        self.commit(Some(by), vec![(place, Some(item))]);
        Answer::fine(&json!({}))
    }

    pub(super) fn delete(&mut self, by: usize, asked: &Map<String, Value>) -> Answer {
        known(asked, &["TableName", "Key", "ReturnConsumedCapacity"]);
        self.commit(Some(by), vec![(place(object(asked, "Key")), None)]);
        Answer::fine(&json!({}))
    }
}

enum Change {
    Put(Item),
    Delete,
    /// A condition only.
    Nothing,
}

fn write(item: &Value) -> (Place, &Map<String, Value>, Change) {
    let (kind, write) = item.as_object().and_then(|item| item.iter().next()).expect("one write");
    let write = write.as_object().expect("a write is an object");
    let condition = ["ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"];
    let mut names = vec!["TableName", if kind == "Put" { "Item" } else { "Key" }];
    names.extend(condition);
    known(write, &names);
    match kind.as_str() {
        "Put" => {
            let item = self::item(write);
            (place_of(&item).expect("every item has a key"), write, Change::Put(item))
        }
        "Delete" => (place(object(write, "Key")), write, Change::Delete),
        "ConditionCheck" => (place(object(write, "Key")), write, Change::Nothing),
        other => panic!("the peer does not know how to {other}"),
    }
}

fn item(asked: &Map<String, Value>) -> Item {
    Arc::new(object(asked, "Item").clone())
}
