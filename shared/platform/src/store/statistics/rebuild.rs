//! Making the counters again from what they count, while it goes on changing.

use std::collections::{BTreeMap, BTreeSet};

use banister_domain::statistics::Counter;
use jiff::civil::{Date, date};

use super::{Counted, GenerationRecord, MOST, OWN_COUNTERS, Statistics, Told};
use crate::store::{AccountRecord, BookingRecord, ServiceRecord};
use crate::table::key::{self, SHARDS};
use crate::table::{CommitError, Query, Record, StorageError, Transaction, Versioned, backoff, key_of};

/// The types of items that are counted, and of those that are looked through for what is old.
const LOOKED_AT: [&str; 4] = [AccountRecord::TYPE, ServiceRecord::TYPE, BookingRecord::TYPE, OWN_COUNTERS];

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The generation that is told now.
    pub generation: u64,
    /// Things that were counted.
    pub things: u64,
    /// Things that do not read as what they should be, and are not counted.
    pub unreadable: u64,
    /// Counters of all days that stood elsewhere: before and now. What changed since it began is in it.
    pub corrected: BTreeMap<Counter, (i64, i64)>,
    /// Days of which any counter stood elsewhere.
    pub corrected_days: u64,
}

impl Statistics {
    /// Makes all counters again in the next generation, and tells that one. One that was begun and not
    /// finished is gone on with. Goes through the whole table.
    pub async fn rebuild(&self) -> Result<Rebuilt, StorageError> {
        let generation = self.begin().await?;
        let before = self.everything().await?;
        let (mut things, mut unreadable, mut after) = (0, 0, None);
        loop {
            let (items, last) = self.table.every_item(&LOOKED_AT, after).await?;
            let mut page = Vec::new();
            for item in items {
                if self.outlived(&item, generation).await? {
                    continue;
                }
                match Counted::of(item) {
                    Ok(counted) => page.extend(counted),
                    Err(error) => {
                        tracing::error!(%error, "not counted");
                        unreadable += 1;
                    }
                }
            }
            self.count(&page).await?;
            things += u64::try_from(page.len()).unwrap_or(u64::MAX);
            after = last;
            if after.is_none() {
                break;
            }
        }
        self.finish(generation).await?;
        let after = self.everything().await?;
        let counters: BTreeSet<Counter> =
            before.totals.iter().chain(after.totals.iter()).map(|(counter, _)| counter).collect();
        let stood = |counter| (counter, (before.totals.get(counter), after.totals.get(counter)));
        let corrected =
            counters.into_iter().map(stood).filter(|(_, (before, after))| before != after).collect();
        let days: BTreeSet<&Date> = before.days.keys().chain(after.days.keys()).collect();
        let corrected_days =
            days.into_iter().filter(|day| before.days.get(day) != after.days.get(day)).count();
        let corrected_days = u64::try_from(corrected_days).unwrap_or(u64::MAX);
        Ok(Rebuilt { generation, things, unreadable, corrected, corrected_days })
    }

    async fn everything(&self) -> Result<Told, StorageError> {
        self.tell(date(1, 1, 1), Date::MAX).await
    }

    /// The generation that is being made; a new one if none is.
    async fn begin(&self) -> Result<u64, StorageError> {
        self.change(|record| GenerationRecord {
            made: Some(record.made.unwrap_or(record.told + 1)),
            ..record
        })
        .await
        .map(GenerationRecord::counting)
    }

    /// Tells this generation, if no later one is told, and removes those before the last one.
    async fn finish(&self, generation: u64) -> Result<(), StorageError> {
        let finished = |record: GenerationRecord| GenerationRecord {
            told: record.told.max(generation),
            made: record.made.filter(|made| *made > generation),
        };
        let told = self.change(finished).await?.told;
        // A few more than one, should an earlier removal not have come to its end. The one just before stays
        // until the next time: somebody may be reading it.
        for old in told.saturating_sub(8)..told.saturating_sub(1) {
            for shard in 0..SHARDS {
                self.clear(old, shard).await?;
            }
        }
        Ok(())
    }

    async fn change(
        &self,
        change: impl Fn(GenerationRecord) -> GenerationRecord,
    ) -> Result<GenerationRecord, StorageError> {
        for attempt in 0..8 {
            let Versioned { value, version } = self.generation().await?;
            let changed = change(value);
            let mut transaction = Transaction::new();
            transaction.create_or_replace(&changed, version, ());
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(changed),
                Err(CommitError::Storage(error)) => return Err(error),
                Err(CommitError::Refused(()) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
            }
        }
        Err(StorageError::Unavailable("contention".into()))
    }

    async fn clear(&self, generation: u64, shard: u8) -> Result<(), StorageError> {
        let limit = u16::try_from(MOST).unwrap_or(u16::MAX);
        loop {
            let query = Query::all(None, key::statistics_shard(generation, shard), limit);
            let (items, last) = self.table.query_items(query).await?;
            for item in items {
                if let Some(key) = key_of(&item) {
                    self.table.delete(&key).await?;
                }
            }
            if last.is_none() {
                return Ok(());
            }
        }
    }
}
