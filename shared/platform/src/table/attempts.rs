//! The item of a rate limit: when the latest attempts were, as a list that one conditional write adds to, and when
//! the audit log last had a line of one that was refused.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure, Update};
use jiff::Timestamp;

use super::{CAPACITY, Item, Key, StorageError, Table, Transaction, attributes, unavailable};
use crate::telemetry::TableCall;

/// Whether an attempt was written down; if it was not, what was there instead.
pub(crate) type Counted = Result<(), Attempts>;

/// What an item has. All times are in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Attempts {
    /// When the latest attempts were.
    pub(crate) times: Vec<i64>,
    /// When the audit log last had a line of one that was refused.
    pub(crate) told: Option<i64>,
}

impl Table {
    /// Writes an attempt `at` down at `key`, unless `count` are there already; the item may be deleted after
    /// `expires_at`. A refusal brings the item along, so that nothing is read for it.
    pub(crate) async fn add_attempt(
        &self,
        key: &Key,
        at: i64,
        count: u32,
        expires_at: Timestamp,
    ) -> Result<Counted, StorageError> {
        let call = self
            .attempt(key, expires_at)
            .update_expression("SET #at = list_append(if_not_exists(#at, :none), :at), #t = :t, #ttl = :ttl")
            .condition_expression("attribute_not_exists(#at) OR size(#at) < :count")
            .expression_attribute_values(":none", times(&[]))
            .expression_attribute_values(":at", times(&[at]))
            .expression_attribute_values(":count", AttributeValue::N(count.to_string()));
        send(call).await
    }

    /// Writes the attempts `new` down at `key` in the place of `old`, unless others are there by now.
    pub(crate) async fn replace_attempts(
        &self,
        key: &Key,
        (old, new): (&[i64], &[i64]),
        expires_at: Timestamp,
    ) -> Result<Counted, StorageError> {
        let call = self
            .attempt(key, expires_at)
            .update_expression("SET #at = :new, #t = :t, #ttl = :ttl")
            .condition_expression("#at = :old")
            .expression_attribute_values(":old", times(old))
            .expression_attribute_values(":new", times(new));
        send(call).await
    }

    fn attempt(&self, key: &Key, expires_at: Timestamp) -> UpdateItemFluentBuilder {
        let call = self.client.update_item().table_name(&self.name).set_key(Some(attributes(key)));
        call.return_consumed_capacity(CAPACITY)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .expression_attribute_names("#at", "at")
            .expression_attribute_names("#t", "t")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":t", AttributeValue::S("limit".into()))
            .expression_attribute_values(":ttl", AttributeValue::N(expires_at.as_second().to_string()))
    }
}

async fn send(call: UpdateItemFluentBuilder) -> Result<Counted, StorageError> {
    let counted = TableCall::begin();
    match call.send().await {
        Ok(answer) => {
            counted.wrote(&answer.consumed_capacity);
            Ok(Ok(()))
        }
        Err(error) => match error.as_service_error() {
            // Nothing is there where the item was deleted meanwhile.
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                failed.item().map_or(Ok(Err(Attempts::default())), |item| read(item).map(Err))
            }
            _ => Err(unavailable(error)),
        },
    }
}

fn times(times: &[i64]) -> AttributeValue {
    AttributeValue::L(times.iter().map(|time| AttributeValue::N(time.to_string())).collect())
}

fn read(item: &Item) -> Result<Attempts, StorageError> {
    let time = |value: &AttributeValue| value.as_n().ok()?.parse().ok();
    let list = item.get("at").and_then(|value| value.as_l().ok());
    let times: Option<Vec<i64>> = list.and_then(|list| list.iter().map(time).collect());
    let times = times.ok_or_else(|| StorageError::Malformed("attempts".into()))?;
    Ok(Attempts { times, told: item.get("told").and_then(time) })
}

impl<M> Transaction<M> {
    /// Writes down `at` the limit's item at `key` that the audit log has a line of a refused attempt, unless that
    /// was done since `last`, or the attempts were forgotten.
    pub(crate) fn tell_refusal(&mut self, key: &Key, last: Option<i64>, at: i64, told: M) -> &mut Self {
        let number = |number: i64| AttributeValue::N(number.to_string());
        let as_read = if last.is_some() { "#told = :last" } else { "attribute_not_exists(#told)" };
        let update = Update::builder()
            .table_name("")
            .set_key(Some(attributes(key)))
            .update_expression("SET #told = :at")
            .condition_expression(format!("attribute_exists(#at) AND {as_read}"))
            .expression_attribute_names("#told", "told")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":at", number(at));
        let update = match last {
            Some(last) => update.expression_attribute_values(":last", number(last)),
            None => update,
        };
        self.update(update.build(), told)
    }
}
