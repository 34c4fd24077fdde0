//! Transactions in which every item says what its failed condition means.

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update};
use jiff::Timestamp;

use super::key::Key;
use super::record::to_item;
use super::{CAPACITY, Record, StorageError, Table, Versioned, attributes, unavailable};
use crate::telemetry::TableCall;

/// Why a transaction was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError<M> {
    /// A condition failed; this is what it means. Nothing was written.
    #[error("refused")]
    Refused(M),
    /// Another transaction was at work on the same items. Nothing was written; trying again helps.
    #[error("contention")]
    Contention,
    /// No answer that says whether it was written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Writes that take place all together or not at all: at most 100 items and 4 MB
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>).
/// `M` is what the caller calls a failed condition.
#[derive(Debug)]
pub struct Transaction<M> {
    items: Vec<(TransactWriteItem, Option<M>)>,
    broken: Option<StorageError>,
}

impl<M> Default for Transaction<M> {
    fn default() -> Self {
        Self { items: Vec::new(), broken: None }
    }
}

impl<M> Transaction<M> {
    /// An empty transaction.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a record that must not exist yet.
    pub fn create<R: Record>(&mut self, record: &R, exists: M) -> &mut Self {
        self.put(record, 1, Some(("attribute_not_exists(PK)", None)), Some(exists))
    }

    /// Writes a record whatever was there before.
    pub fn put_over<R: Record>(&mut self, record: &R) -> &mut Self {
        self.put(record, 1, None, None)
    }

    /// Writes a record that must still be at the version it was read at.
    pub fn replace<R: Record>(&mut self, record: &Versioned<R>, stale: M) -> &mut Self {
        let condition = ("v = :expected", Some(record.version));
        self.put(&record.value, record.version + 1, Some(condition), Some(stale))
    }

    /// Writes a record that was at `version` when read; version 0 is a record not made yet.
    pub fn create_or_replace<R: Record>(&mut self, record: &R, version: u64, stale: M) -> &mut Self {
        if version == 0 {
            return self.create(record, stale);
        }
        self.put(record, version + 1, Some(("v = :expected", Some(version))), Some(stale))
    }

    /// Writes a record that must not exist yet, except as one that has expired and that DynamoDB
    /// has not come round to delete.
    pub fn create_or_expired<R: Record>(&mut self, record: &R, now: Timestamp, exists: M) -> &mut Self {
        let now = u64::try_from(now.as_second()).unwrap_or(0);
        let condition = ("attribute_not_exists(PK) OR #ttl <= :expected", Some(now));
        self.put(record, 1, Some(condition), Some(exists))
    }

    /// Deletes a record that must still be at `version`.
    pub fn remove(&mut self, key: &Key, version: u64, stale: M) -> &mut Self {
        // The table's name is filled in by `commit`, which knows it.
        let delete = Delete::builder()
            .table_name("")
            .set_key(Some(attributes(key)))
            .condition_expression("v = :expected")
            .expression_attribute_values(":expected", AttributeValue::N(version.to_string()))
            .build();
        self.push(delete.map(|delete| TransactWriteItem::builder().delete(delete).build()), Some(stale))
    }

    /// Deletes a record that must still be there, whatever its version.
    pub fn remove_any(&mut self, key: &Key, gone: M) -> &mut Self {
        let delete = Delete::builder()
            .table_name("")
            .set_key(Some(attributes(key)))
            .condition_expression("attribute_exists(PK)")
            .build();
        self.push(delete.map(|delete| TransactWriteItem::builder().delete(delete).build()), Some(gone))
    }

    /// Deletes what is at `key`, if anything is.
    pub fn delete(&mut self, key: &Key) -> &mut Self {
        let delete = Delete::builder().table_name("").set_key(Some(attributes(key))).build();
        self.push(delete.map(|delete| TransactWriteItem::builder().delete(delete).build()), None)
    }

    /// Writes nothing: what is at `key` must still be at `version`.
    pub fn check(&mut self, key: &Key, version: u64, stale: M) -> &mut Self {
        let check = ConditionCheck::builder()
            .table_name("")
            .set_key(Some(attributes(key)))
            .condition_expression("v = :expected")
            .expression_attribute_values(":expected", AttributeValue::N(version.to_string()))
            .build();
        let item = check.map(|check| TransactWriteItem::builder().condition_check(check).build());
        self.push(item, Some(stale))
    }

    /// Writes nothing: there must be nothing at `key`.
    pub fn check_absent(&mut self, key: &Key, exists: M) -> &mut Self {
        let check = ConditionCheck::builder()
            .table_name("")
            .set_key(Some(attributes(key)))
            .condition_expression("attribute_not_exists(PK)")
            .build();
        let item = check.map(|check| TransactWriteItem::builder().condition_check(check).build());
        self.push(item, Some(exists))
    }

    /// Adds to numbers of the item of type `kind` at `key`, whatever they are now; what is not there yet
    /// is 0. Additions need no version, since their order does not matter.
    pub fn add<'a>(
        &mut self,
        key: &Key,
        kind: &str,
        amounts: impl IntoIterator<Item = (&'a str, i64)>,
    ) -> &mut Self {
        let mut update = Update::builder()
            .table_name("")
            .set_key(Some(attributes(key)))
            .expression_attribute_names("#t", "t")
            .expression_attribute_values(":t", AttributeValue::S(kind.to_owned()));
        let mut additions = Vec::new();
        for (place, (name, amount)) in amounts.into_iter().enumerate() {
            additions.push(format!("#a{place} :a{place}"));
            update = update
                .expression_attribute_names(format!("#a{place}"), name)
                .expression_attribute_values(format!(":a{place}"), AttributeValue::N(amount.to_string()));
        }
        let expression = format!("SET #t = :t ADD {}", additions.join(", "));
        let item = update.update_expression(expression).build();
        self.push(item.map(|update| TransactWriteItem::builder().update(update).build()), None)
    }

    /// Any other change of an item.
    pub(super) fn update(&mut self, update: Result<Update, BuildError>, failed: M) -> &mut Self {
        self.push(update.map(|update| TransactWriteItem::builder().update(update).build()), Some(failed))
    }

    fn put<R: Record>(
        &mut self,
        record: &R,
        version: u64,
        condition: Option<(&str, Option<u64>)>,
        meaning: Option<M>,
    ) -> &mut Self {
        let item = match to_item(record, version) {
            Ok(item) => item,
            Err(error) => {
                self.broken.get_or_insert(error);
                return self;
            }
        };
        let mut put = Put::builder().table_name("").set_item(Some(item));
        if let Some((expression, expected)) = condition {
            put = put.condition_expression(expression);
            if expression.contains("#ttl") {
                put = put.expression_attribute_names("#ttl", "ttl");
            }
            if let Some(version) = expected {
                put = put.expression_attribute_values(":expected", AttributeValue::N(version.to_string()));
            }
        }
        self.push(put.build().map(|put| TransactWriteItem::builder().put(put).build()), meaning)
    }

    fn push<E: std::fmt::Display>(
        &mut self,
        item: Result<TransactWriteItem, E>,
        meaning: Option<M>,
    ) -> &mut Self {
        match item {
            Ok(item) => self.items.push((item, meaning)),
            Err(error) => {
                self.broken.get_or_insert(StorageError::Malformed(error.to_string()));
            }
        }
        self
    }

    /// Commits. The SDK sends one token with all its attempts, so that an attempt whose answer was
    /// lost does not count twice.
    pub async fn commit(self, table: &Table) -> Result<(), CommitError<M>> {
        if let Some(error) = self.broken {
            return Err(error.into());
        }
        if self.items.is_empty() {
            return Ok(());
        }
        let (mut items, meanings): (Vec<_>, Vec<_>) = self.items.into_iter().unzip();
        for item in &mut items {
            let put = item.put.as_mut().map(|put| &mut put.table_name);
            let delete = item.delete.as_mut().map(|delete| &mut delete.table_name);
            let check = item.condition_check.as_mut().map(|check| &mut check.table_name);
            let update = item.update.as_mut().map(|update| &mut update.table_name);
            let names = put.into_iter().chain(delete).chain(check).chain(update);
            names.for_each(|name| name.clone_from(&table.name));
        }
        let call = table.client.transact_write_items().set_transact_items(Some(items));
        let counted = TableCall::begin();
        let answer = call.return_consumed_capacity(CAPACITY).send().await;
        counted.wrote(answer.map_err(|error| explain(error, meanings))?.consumed_capacity());
        Ok(())
    }
}

fn explain<M, R>(error: SdkError<TransactWriteItemsError, R>, meanings: Vec<Option<M>>) -> CommitError<M>
where
    R: std::fmt::Debug,
{
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
    else {
        let conflict =
            matches!(error.code(), Some("TransactionInProgressException" | "TransactionConflictException"));
        return if conflict { CommitError::Contention } else { unavailable(error).into() };
    };
    let codes: Vec<_> =
        cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or("None")).collect();
    // A failed condition is final; a conflict beside it is not news.
    let failed = codes.iter().position(|code| *code == "ConditionalCheckFailed");
    if let Some(meaning) = failed.and_then(|at| meanings.into_iter().nth(at).flatten()) {
        return CommitError::Refused(meaning);
    }
    if codes.contains(&"TransactionConflict") {
        return CommitError::Contention;
    }
    let throttled = ["ThrottlingError", "ProvisionedThroughputExceeded"];
    if codes.iter().any(|code| throttled.contains(code)) {
        return CommitError::Storage(StorageError::Unavailable("throttled".into()));
    }
    CommitError::Storage(StorageError::Rejected(format!("transaction cancelled: {codes:?}")))
}
