//! A second, late copy of a table, from which stale index reads are answered.
//!
//! It follows the table's stream, so it sees what an index would see: each item's writes in order, those of one
//! transaction apart. Conditions, order and pages are the engine's own. It never goes back in time.

use std::collections::VecDeque;

use dynoxide::{Database, DynoxideError};
use hyper::http::uri::Authority;
use serde::Deserialize;
use serde_json::{Value, json};

use super::StartError;
use super::engine::Engine;

/// Most records of one `GetRecords`.
const PAGE: usize = 1000;

/// The late copy.
pub(super) struct Replica {
    table: String,
    database: Database,
    engine: Engine,
    iterator: String,
    pending: VecDeque<Value>,
}

impl Replica {
    /// An empty copy at the start of the table's stream; none when there is no such table or stream.
    pub(super) fn open(source: &Database, table: &str) -> Result<Option<Self>, StartError> {
        let Ok(description) = describe(source, table) else { return Ok(None) };
        let Some(stream) = description["LatestStreamArn"].as_str() else { return Ok(None) };
        let shard = dynoxide::streams::shard_id(table);
        let first = json!({"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
        let Some(iterator) = source.get_shard_iterator(from(first)?)?.shard_iterator else { return Ok(None) };
        let database = Database::memory()?;
        database.create_table(from(definition(&description))?)?;
        let engine = Engine::start(database.clone())?;
        Ok(Some(Self { table: table.to_owned(), database, engine, iterator, pending: VecDeque::new() }))
    }

    /// Where to ask it.
    pub(super) fn authority(&self) -> &Authority {
        self.engine.authority()
    }

    /// Follows the table up to its last `lag` item writes.
    pub(super) fn follow(&mut self, source: &Database, lag: usize) -> Result<(), DynoxideError> {
        loop {
            let page = source.get_records(from(json!({"ShardIterator": self.iterator, "Limit": PAGE}))?)?;
            let full = page.records.len() == PAGE;
            let records = page.records.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>();
            self.pending.extend(records.map_err(|error| unreadable(&error))?);
            if let Some(next) = page.next_shard_iterator {
                self.iterator = next;
            }
            if !full {
                break;
            }
        }
        while self.pending.len() > lag {
            let Some(record) = self.pending.pop_front() else { break };
            self.apply(&record)?;
        }
        Ok(())
    }

    pub(super) async fn stop(self) {
        drop(self.database);
        self.engine.stop().await;
    }

    fn apply(&self, record: &Value) -> Result<(), DynoxideError> {
        let change = &record["dynamodb"];
        if change["NewImage"].is_object() {
            let put = json!({"TableName": self.table, "Item": change["NewImage"]});
            self.database.put_item(from(put)?).map(drop)
        } else {
            let delete = json!({"TableName": self.table, "Key": change["Keys"]});
            self.database.delete_item(from(delete)?).map(drop)
        }
    }
}

/// The `Table` of a `DescribeTable` answer.
pub(super) fn describe(database: &Database, table: &str) -> Result<Value, DynoxideError> {
    let description = database.describe_table(from(json!({"TableName": table}))?)?;
    let mut description = serde_json::to_value(description).map_err(|error| unreadable(&error))?;
    Ok(description["Table"].take())
}

fn definition(description: &Value) -> Value {
    let indexes = description["GlobalSecondaryIndexes"].as_array().into_iter().flatten().map(|index| {
        json!({
            "IndexName": index["IndexName"],
            "KeySchema": index["KeySchema"],
            "Projection": index["Projection"],
        })
    });
    let indexes: Vec<_> = indexes.collect();
    let mut definition = json!({
        "TableName": description["TableName"],
        "AttributeDefinitions": description["AttributeDefinitions"],
        "KeySchema": description["KeySchema"],
        "BillingMode": "PAY_PER_REQUEST",
    });
    if !indexes.is_empty() {
        definition["GlobalSecondaryIndexes"] = indexes.into();
    }
    definition
}

fn from<T: for<'de> Deserialize<'de>>(value: Value) -> Result<T, DynoxideError> {
    serde_json::from_value(value).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> DynoxideError {
    DynoxideError::InternalServerError(error.to_string())
}
