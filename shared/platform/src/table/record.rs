//! From records to items and back.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StorageError;
use super::key::{IndexKey, Key};

/// An item as the SDK has it.
pub type Item = HashMap<String, AttributeValue>;

/// Something kept in the table under one key.
pub trait Record: Serialize + DeserializeOwned + Send + Sync {
    /// The entity's name, kept in attribute `t`.
    const TYPE: &'static str;

    /// Its key.
    fn key(&self) -> Key;

    /// Where it stands in the indexes.
    fn indexes(&self) -> Vec<IndexKey> {
        Vec::new()
    }

    /// When DynamoDB may delete it. Deletion can be days late: readers compare for themselves.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// A record with the version it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// What was read.
    pub value: T,
    /// Its version, from 1.
    pub version: u64,
}

impl<T> Versioned<T> {
    /// The same version with another content: what a replacement takes.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Versioned<U> {
        Versioned { value: change(self.value), version: self.version }
    }
}

/// The item of `record` at `version`.
pub(super) fn to_item<R: Record>(record: &R, version: u64) -> Result<Item, StorageError> {
    let mut item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(record)
        .map_err(|error| StorageError::Malformed(format!("{}: {error}", R::TYPE)))?;
    let Key { pk, sk } = record.key();
    item.insert("PK".into(), AttributeValue::S(pk));
    item.insert("SK".into(), AttributeValue::S(sk));
    for IndexKey { index, key } in record.indexes() {
        let (pk, sk) = index.attributes();
        item.insert(pk.into(), AttributeValue::S(key.pk));
        item.insert(sk.into(), AttributeValue::S(key.sk));
    }
    item.insert("t".into(), AttributeValue::S(R::TYPE.into()));
    item.insert("v".into(), AttributeValue::N(version.to_string()));
    if let Some(moment) = record.expires_at() {
        item.insert("ttl".into(), AttributeValue::N(moment.as_second().to_string()));
    }
    Ok(item)
}

/// The record in `item`; an item of another type is malformed.
pub fn from_item<R: Record>(item: Item) -> Result<Versioned<R>, StorageError> {
    let malformed = |problem: String| StorageError::Malformed(format!("{}: {problem}", R::TYPE));
    let kind = item.get("t").and_then(|value| value.as_s().ok()).map(String::as_str);
    if kind != Some(R::TYPE) {
        return Err(malformed(format!("the item is a {kind:?}")));
    }
    let version = item.get("v").and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok());
    let version = version.ok_or_else(|| malformed("no version".into()))?;
    let value =
        serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|error| malformed(error.to_string()))?;
    Ok(Versioned { value, version })
}
