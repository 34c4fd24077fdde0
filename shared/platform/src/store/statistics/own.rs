//! Counters of what is one customer's or one provider's: they change in the transaction that counts the thing for
//! the marketplace.

use banister_domain::statistics::{Counts, Side};

use super::{OWN_COUNTERS, Statistics, counters};
use crate::table::{Item, Query, StorageError, key, key_of};

/// Items of one side that are read: the generation that is told, the one that is made, and one more.
const GENERATIONS: u16 = 3;

impl Statistics {
    /// What the counters of one side's own things say.
    pub async fn own(&self, side: Side) -> Result<Counts, StorageError> {
        let all = Query::all(None, key::own_counts_of(side), GENERATIONS);
        // The newest, so that what was left of old generations hides none.
        let newest = Query { ascending: false, ..all };
        let (generation, (items, _)) =
            futures_util::try_join!(self.generation(), self.table.query_items(newest))?;
        let told = key::own_counts(side, generation.value.told).sk;
        let mut found = items.iter().filter_map(counters);
        Ok(found.find(|(sort_key, _)| *sort_key == told).map(|(_, counts)| counts).unwrap_or_default())
    }

    /// Removes an item of such counters that is of a generation before the last one; `made` is the next one. Answers
    /// whether it is such counters at all.
    pub(super) async fn outlived(&self, item: &Item, made: u64) -> Result<bool, StorageError> {
        let kind = item.get("t").and_then(|kind| kind.as_s().ok());
        if kind.is_none_or(|kind| kind != OWN_COUNTERS) {
            return Ok(false);
        }
        let found = key_of(item).and_then(|key| Some((key.sk.parse::<u64>().ok()?, key)));
        if let Some((_, key)) = found.filter(|(generation, _)| generation + 1 < made) {
            self.table.delete(&key).await?;
        }
        Ok(true)
    }
}
