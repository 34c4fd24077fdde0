//! Bounded queries of one partition, of the table or of an index.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_dynamo::from_attribute_value;

use super::key::Index;
use super::{CAPACITY, Item, Record, StorageError, Table, Versioned, from_item, unavailable};
use crate::telemetry::TableCall;

/// Where a page ended: the key attributes of its last item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position(BTreeMap<String, String>);

impl Position {
    /// Right behind an item of the table, or of an index.
    pub(crate) fn from_item(item: &Item, index: Option<Index>) -> Option<Self> {
        let mut names = vec!["PK", "SK"];
        names.extend(index.map(Index::attributes).iter().flat_map(|(pk, sk)| [*pk, *sk]));
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        names.into_iter().map(|name| Some((name.to_owned(), text(name)?))).collect::<Option<_>>().map(Self)
    }

    /// The sort key in the table.
    pub(crate) fn sort_key(&self) -> Option<String> {
        self.0.get("SK").cloned()
    }

    /// The sort key in an index that the page was read from.
    pub(crate) fn index_sort_key(&self, index: Index) -> Option<&str> {
        self.0.get(index.attributes().1).map(String::as_str)
    }

    /// Where a list goes on, as a job keeps it; nothing at its end.
    pub fn keep(place: Option<&Self>) -> Result<Option<String>, StorageError> {
        let text = place.map(serde_json::to_string).transpose();
        text.map_err(|error| StorageError::Malformed(error.to_string()))
    }

    /// Where a list goes on, from what a job keeps; at its beginning where that is nothing.
    pub fn kept(text: Option<&str>) -> Result<Option<Self>, StorageError> {
        let place = text.map(serde_json::from_str).transpose();
        place.map_err(|error| StorageError::Malformed(error.to_string()))
    }

    fn into_key(self) -> HashMap<String, AttributeValue> {
        self.0.into_iter().map(|(name, text)| (name, AttributeValue::S(text))).collect()
    }
}

/// What to read: one partition, the sort keys between two bounds (both included), in order.
#[derive(Debug, Clone)]
pub struct Query {
    /// The index, or the table itself (then strongly consistent, unless it may lag).
    pub index: Option<Index>,
    /// Whether what was written a moment ago may be missing, for half the price; of an index it always may.
    pub lagging: bool,
    /// Partition key.
    pub pk: String,
    /// Lowest sort key.
    pub from: String,
    /// Highest sort key.
    pub to: String,
    /// Oldest first, or newest first.
    pub ascending: bool,
    /// At most how many items are read.
    pub limit: u16,
    /// After which item to go on.
    pub after: Option<Position>,
}

/// The highest text that a sort key can begin with.
pub(crate) const LAST: &str = "\u{10FFFF}";

impl Query {
    /// The whole partition, lowest sort key first.
    #[must_use]
    pub fn all(index: Option<Index>, pk: String, limit: u16) -> Self {
        let (from, to) = (" ".into(), LAST.into());
        Self { index, lagging: false, pk, from, to, ascending: true, limit, after: None }
    }

    /// What of a partition of the table has sort keys that begin with `prefix`, lowest first.
    #[must_use]
    pub fn beginning(pk: String, prefix: &str, limit: u16) -> Self {
        Self { from: prefix.to_owned(), to: format!("{prefix}{LAST}"), ..Self::all(None, pk, limit) }
    }
}

/// One page of records, each with the position right after it, so that a reader who filters can
/// stop anywhere and go on there.
#[derive(Debug)]
pub struct Page<R> {
    /// The records with their positions.
    pub items: Vec<(Versioned<R>, Position)>,
    /// How many items were left out because they do not read as what they should be.
    pub unreadable: usize,
    /// The position behind the last item read, where there may be more.
    pub last: Option<Position>,
}

impl Table {
    /// Runs one query: one call, at most `limit` items and 1 MB. An item that cannot be read is
    /// logged and left out, so that it hides none of those around it.
    pub async fn query<R: Record>(&self, query: Query) -> Result<Page<R>, StorageError> {
        let index = query.index;
        let (found, last) = self.query_items(query).await?;
        let count = found.len();
        let read = |item: Item| {
            let position = Position::from_item(&item, index)?;
            Some((from_item(item).ok()?, position))
        };
        let items: Vec<_> = found.into_iter().filter_map(read).collect();
        let unreadable = count - items.len();
        if unreadable > 0 {
            // Neither key nor content, which hold addresses.
            tracing::error!(kind = R::TYPE, unreadable, "malformed items were left out of a page");
        }
        Ok(Page { items, unreadable, last })
    }

    /// Runs one query for one attribute of each item of a kind, with the position behind the last one where there may be
    /// more. It reads as many units as for whole items, and takes less time.
    pub async fn query_attribute<R: Record, T: DeserializeOwned>(
        &self,
        query: Query,
        name: &str,
    ) -> Result<(Vec<T>, Option<Position>), StorageError> {
        let (found, last) = self.run(query, Some(name)).await?;
        let count = found.len();
        let read = |mut item: Item| from_attribute_value(item.remove(name)?).ok();
        let values: Vec<_> = found.into_iter().filter_map(read).collect();
        let unreadable = count - values.len();
        if unreadable > 0 {
            tracing::error!(kind = R::TYPE, unreadable, "malformed items were left out of a page");
        }
        Ok((values, last))
    }

    /// Runs one query for items as they are, whatever they are, with the position behind the last one
    /// where there may be more.
    pub(crate) async fn query_items(
        &self,
        query: Query,
    ) -> Result<(Vec<Item>, Option<Position>), StorageError> {
        self.run(query, None).await
    }

    /// The same for all of each item, or for one attribute only.
    async fn run(
        &self,
        query: Query,
        only: Option<&str>,
    ) -> Result<(Vec<Item>, Option<Position>), StorageError> {
        // DynamoDB refuses bounds that are the wrong way round; such a span holds nothing.
        if query.from > query.to {
            return Ok((Vec::new(), None));
        }
        let (pk, sk) = query.index.map_or(("PK", "SK"), Index::attributes);
        let call = self
            .client
            .query()
            .table_name(&self.name)
            .set_index_name(query.index.map(|index| index.name().to_owned()))
            .consistent_read(query.index.is_none() && !query.lagging)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
            .expression_attribute_names("#pk", pk)
            .expression_attribute_names("#sk", sk)
            .expression_attribute_values(":pk", AttributeValue::S(query.pk))
            .expression_attribute_values(":from", AttributeValue::S(query.from))
            .expression_attribute_values(":to", AttributeValue::S(query.to))
            .scan_index_forward(query.ascending)
            .limit(query.limit.into())
            .set_exclusive_start_key(query.after.map(Position::into_key));
        let call = match only {
            Some(name) => call.projection_expression("#only").expression_attribute_names("#only", name),
            None => call,
        };
        let counted = TableCall::begin();
        let answer = call.return_consumed_capacity(CAPACITY).send().await.map_err(unavailable)?;
        counted.read(&answer.consumed_capacity);
        let last = answer.last_evaluated_key.and_then(|key| Position::from_item(&key, query.index));
        Ok((answer.items.unwrap_or_default(), last))
    }
}
