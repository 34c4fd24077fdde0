//! The one table: reads, bounded queries and transactions. Only operators' commands go through all of it
//! (`every.rs`); no function has the right to.

mod attempts;
mod every;
pub mod key;
#[cfg(test)]
mod key_tests;
mod query;
mod record;
mod transaction;

pub(crate) use attempts::Attempts;
pub use query::{Page, Position, Query};
pub use record::{Item, Record, Versioned, from_item};
pub use transaction::{CommitError, Transaction};

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity};

use crate::aws::client_config;
use crate::config::{ConfigError, Settings};
use crate::telemetry::TableCall;
pub use key::Key;

/// Why the table gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The table could not be reached or is overloaded; whether a write took place is not known.
    #[error("the table is unavailable: {0}")]
    Unavailable(String),
    /// The table refused the call itself: a right is missing, or the call is wrong. Nothing was
    /// written, and trying again will not help.
    #[error("the table refused the call: {0}")]
    Rejected(String),
    /// An item does not read as what it should be.
    #[error("malformed item: {0}")]
    Malformed(String),
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
pub(crate) fn unavailable<E, R>(error: SdkError<E, R>) -> StorageError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    // The code and the kind of failure say enough; the message may repeat keys, which hold addresses.
    match (error.code(), &error) {
        (Some(code), _) if PASSING.contains(&code) => StorageError::Unavailable(code.to_owned()),
        (Some(code), SdkError::ServiceError(_)) => StorageError::Rejected(code.to_owned()),
        (_, SdkError::TimeoutError(_)) => StorageError::Unavailable("timed out".into()),
        (_, SdkError::DispatchFailure(_)) => StorageError::Unavailable("not reached".into()),
        _ => StorageError::Unavailable("no usable answer".into()),
    }
}

/// The errors that pass by themselves
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>).
const PASSING: [&str; 9] = [
    "InternalServerError",
    "ItemCollectionSizeLimitExceededException",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Asked of every call, for the log: the total of the table and its indexes.
const CAPACITY: ReturnConsumedCapacity = ReturnConsumedCapacity::Total;

/// The table of a deployment.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// The table that `TABLE_NAME` names, reached at `AWS_ENDPOINT_URL_DYNAMODB` if that is set.
    pub fn from_settings(settings: &Settings) -> Result<Self, ConfigError> {
        let mut config = client_config(settings)?;
        config.set_endpoint_url(settings.optional("AWS_ENDPOINT_URL_DYNAMODB"));
        Ok(Self { client: Client::new(&config.build()), name: settings.required("TABLE_NAME")? })
    }

    /// The table of this name as `client` reaches it, for what brings its own way to a table.
    #[must_use]
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Reads one record, strongly consistent; none where there is none.
    pub async fn get<R: Record>(&self, key: &Key) -> Result<Option<Versioned<R>>, StorageError> {
        let call = self.client.get_item().table_name(&self.name).set_key(Some(attributes(key)));
        let (call, counted) = (call.return_consumed_capacity(CAPACITY), TableCall::begin());
        let answer = call.consistent_read(true).send().await.map_err(unavailable)?;
        counted.read(&answer.consumed_capacity);
        answer.item.map(from_item).transpose()
    }

    /// Reads items, each strongly consistent though not all of one moment; up to 100 in one call. What is missing is
    /// absent from the answer.
    pub async fn get_all(&self, keys: &[Key]) -> Result<Found, StorageError> {
        let mut found = HashMap::new();
        for part in keys.chunks(100) {
            self.get_part(part, &mut found).await?;
        }
        Ok(Found(found))
    }

    async fn get_part(&self, keys: &[Key], found: &mut HashMap<Key, Item>) -> Result<(), StorageError> {
        let mut wanted: Vec<_> = keys.iter().map(attributes).collect();
        // DynamoDB answers a part only when it is overloaded or the answer is over 16 MB.
        for attempt in 0..5_u32 {
            if wanted.is_empty() {
                break;
            }
            let batch = KeysAndAttributes::builder().consistent_read(true).set_keys(Some(wanted)).build();
            let batch = batch.map_err(|error| StorageError::Malformed(error.to_string()))?;
            let call = self.client.batch_get_item().request_items(&self.name, batch);
            let counted = TableCall::begin();
            let answer = call.return_consumed_capacity(CAPACITY).send().await.map_err(unavailable)?;
            counted.read(answer.consumed_capacity());
            for item in
                answer.responses.into_iter().filter_map(|mut tables| tables.remove(&self.name)).flatten()
            {
                if let Some(key) = key_of(&item) {
                    found.insert(key, item);
                }
            }
            let rest = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&self.name));
            wanted = rest.map(|rest| rest.keys).unwrap_or_default();
            if !wanted.is_empty() {
                tokio::time::sleep(backoff(attempt)).await;
            }
        }
        if wanted.is_empty() { Ok(()) } else { Err(StorageError::Unavailable("unprocessed keys".into())) }
    }

    /// Writes a record whatever was there before.
    pub async fn put<R: Record>(&self, record: &R) -> Result<(), StorageError> {
        let call = self.client.put_item().table_name(&self.name).set_item(Some(record::to_item(record, 1)?));
        let counted = TableCall::begin();
        let answer = call.return_consumed_capacity(CAPACITY).send().await.map_err(unavailable)?;
        counted.wrote(&answer.consumed_capacity);
        Ok(())
    }

    /// Writes a record that was at `version` when read, 0 where there was none, for half of what a transaction
    /// costs; whether it still was.
    pub async fn put_if<R: Record>(&self, record: &R, version: u64) -> Result<bool, StorageError> {
        let item = record::to_item(record, version + 1)?;
        let call = self.client.put_item().table_name(&self.name).set_item(Some(item));
        let call = if version == 0 {
            call.condition_expression("attribute_not_exists(PK)")
        } else {
            let expected = AttributeValue::N(version.to_string());
            call.condition_expression("v = :expected").expression_attribute_values(":expected", expected)
        };
        let counted = TableCall::begin();
        match call.return_consumed_capacity(CAPACITY).send().await {
            Ok(answer) => {
                counted.wrote(&answer.consumed_capacity);
                Ok(true)
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Deletes what is at `key`, if anything is.
    pub async fn delete(&self, key: &Key) -> Result<(), StorageError> {
        let call = self.client.delete_item().table_name(&self.name).set_key(Some(attributes(key)));
        let counted = TableCall::begin();
        let answer = call.return_consumed_capacity(CAPACITY).send().await.map_err(unavailable)?;
        counted.wrote(&answer.consumed_capacity);
        Ok(())
    }
}

/// Items read together, by key.
#[derive(Debug, Default)]
pub struct Found(HashMap<Key, Item>);

impl Found {
    /// Whether anything is at `key`.
    #[must_use]
    pub fn has(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }

    /// Takes what is at `key` out as it is; none where there was nothing.
    pub(crate) fn take_item(&mut self, key: &Key) -> Option<Item> {
        self.0.remove(key)
    }

    /// Takes the record at `key` out; none where there was none.
    pub fn take<R: Record>(&mut self, key: &Key) -> Result<Option<Versioned<R>>, StorageError> {
        self.0.remove(key).map(from_item).transpose()
    }
}

/// How long to wait before attempt number `attempt + 1`: full jitter (AWS Architecture Blog,
/// "Exponential Backoff And Jitter") up to 10 ms, doubled each time, at most 1.28 s. Never nothing at all: a sleep
/// that is over at once does not yield, and the simulator's histories would depend on who threw it.
pub fn backoff(attempt: u32) -> Duration {
    Duration::from_micros(1 + crate::random::below(10_000 << attempt.min(7)))
}

fn attributes(key: &Key) -> Item {
    HashMap::from([
        ("PK".into(), AttributeValue::S(key.pk.clone())),
        ("SK".into(), AttributeValue::S(key.sk.clone())),
    ])
}

/// The key of an item as the SDK has it.
pub(crate) fn key_of(item: &Item) -> Option<Key> {
    let text = |name| item.get(name).and_then(|value: &AttributeValue| value.as_s().ok()).cloned();
    Some(Key { pk: text("PK")?, sk: text("SK")? })
}
