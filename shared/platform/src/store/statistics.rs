//! Counters, made from the table's stream and not in the transactions of what they count, where they would
//! be items that all bookings of a day have to wait for. The mark of each thing says what it is counted as;
//! it changes in one transaction with the counters, so that a change is counted once however often it comes.
//!
//! Counters are of a generation. To make them again is to begin the next one: from then on changes go there,
//! and marks of the generation before count for nothing.

mod own;
mod rebuild;

pub use rebuild::Rebuilt;

use std::collections::BTreeMap;

use banister_domain::statistics::{Contribution, Counts, Side};
use futures_util::future::try_join_all;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{AccountRecord, BookingRecord, ServiceRecord};
use crate::table::key::{self, SHARDS};
use crate::table::{
    CommitError, Item, Key, Query, Record, StorageError, Table, Transaction, Versioned, backoff,
};

/// Things counted in one transaction, which takes 100 items: a mark each, a day and two sides each at most, and all
/// days.
const MOST: usize = 24;
/// The type of the items that hold counters of the marketplace.
const COUNTERS: &str = "statistic";
/// The type of the items that hold counters of one side's own things.
const OWN_COUNTERS: &str = "own_counts";

/// The counters.
#[derive(Debug, Clone)]
pub struct Statistics {
    table: Table,
}

/// What a thing is to be counted as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Its partition key.
    pub pk: String,
    /// The version that it has; the highest there is where it is gone.
    pub version: u64,
    /// What it counts for; nothing where it is gone.
    pub contribution: Option<Contribution>,
}

impl Counted {
    /// What the thing in an item is to be counted as; none where it is not counted at all.
    ///
    /// # Errors
    /// Where the item is of a type that is counted and does not read as such.
    pub fn of(item: Item) -> Result<Option<Self>, StorageError> {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        let Some(pk) = text("PK") else { return Ok(None) };
        let (version, contribution) = match text("t").as_deref() {
            Some(AccountRecord::TYPE) => {
                read(item, |AccountRecord(account)| Contribution::of_account(&account))
            }
            Some(ServiceRecord::TYPE) => {
                read(item, |ServiceRecord(service)| Contribution::of_service(&service))
            }
            Some(BookingRecord::TYPE) => {
                read(item, |BookingRecord(booking)| Contribution::of_booking(&booking))
            }
            _ => return Ok(None),
        }?;
        Ok(Some(Self { pk, version, contribution: Some(contribution) }))
    }

    /// The same thing, gone.
    #[must_use]
    pub fn gone(self) -> Self {
        Self { version: u64::MAX, contribution: None, ..self }
    }
}

fn read<R: Record>(
    item: Item,
    count: impl FnOnce(R) -> Contribution,
) -> Result<(u64, Contribution), StorageError> {
    let Versioned { value, version } = crate::table::from_item::<R>(item)?;
    Ok((version, count(value)))
}

/// What a thing is counted as, in which generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct MarkRecord {
    pk: String,
    generation: u64,
    /// Of the thing.
    version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contribution: Option<Contribution>,
}

impl Record for MarkRecord {
    const TYPE: &'static str = "counted";

    fn key(&self) -> Key {
        key::counted(&self.pk)
    }
}

/// Which generation of counters is told, and which one is being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct GenerationRecord {
    told: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made: Option<u64>,
}

impl GenerationRecord {
    /// Where changes are counted.
    fn counting(self) -> u64 {
        self.made.unwrap_or(self.told)
    }
}

impl Record for GenerationRecord {
    const TYPE: &'static str = "statistics_generation";

    fn key(&self) -> Key {
        key::statistics()
    }
}

/// What the counters say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// Of all days there are.
    pub totals: Counts,
    /// Of each day asked for on which anything was made.
    pub days: BTreeMap<Date, Counts>,
}

impl Statistics {
    /// In this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Counts things as they are now, each at most once.
    pub async fn count(&self, things: &[Counted]) -> Result<(), StorageError> {
        for part in things.chunks(MOST) {
            self.count_part(part).await?;
        }
        Ok(())
    }

    async fn count_part(&self, part: &[Counted]) -> Result<(), StorageError> {
        let keys: Vec<_> = part.iter().map(|counted| key::counted(&counted.pk)).collect();
        for attempt in 0..8 {
            // Read again each time, and never remembered: a thing made while counters are made again is
            // not in what is looked through, and counts in the next generation by its change alone.
            let generation = self.generation().await?.value.counting();
            let mut found = self.table.get_all(&keys).await?;
            let mut marks = Vec::new();
            for (counted, key) in part.iter().zip(&keys) {
                marks.push((counted, found.take::<MarkRecord>(key)?));
            }
            // A generation begun since has counted some of it; there, then.
            if let Ok(transaction) = changes(generation, marks) {
                match transaction.commit(&self.table).await {
                    Ok(()) => return Ok(()),
                    Err(CommitError::Storage(error)) => return Err(error),
                    // Somebody else counts the same things, or in the same shard.
                    Err(CommitError::Refused(()) | CommitError::Contention) => {}
                }
            }
            tokio::time::sleep(backoff(attempt)).await;
        }
        Err(StorageError::Unavailable("contention".into()))
    }

    async fn generation(&self) -> Result<Versioned<GenerationRecord>, StorageError> {
        let found = self.table.get(&key::statistics()).await?;
        Ok(found.unwrap_or(Versioned { value: GenerationRecord::default(), version: 0 }))
    }

    /// What the counters say of these days, both included, and of all.
    pub async fn tell(&self, from: Date, to: Date) -> Result<Told, StorageError> {
        let generation = self.generation().await?.value.told;
        let mut told = Told::default();
        let days = Some((from, to));
        let shards = (0..SHARDS).map(|shard| self.shard(generation, shard, days));
        let totals = (0..SHARDS).map(|shard| self.shard(generation, shard, None));
        let (days, totals) = futures_util::try_join!(try_join_all(shards), try_join_all(totals))?;
        for (sort_key, counts) in days.into_iter().flatten() {
            let day = sort_key.parse();
            let day: Date = day.map_err(|_| StorageError::Malformed("the day of counters".into()))?;
            told.days.entry(day).or_default().add_all(&counts);
        }
        totals.into_iter().flatten().for_each(|(_, counts)| told.totals.add_all(&counts));
        Ok(told)
    }

    /// The items of a shard with their sort keys: of some days, or the one of all days.
    async fn shard(
        &self,
        generation: u64,
        shard: u8,
        days: Option<(Date, Date)>,
    ) -> Result<Vec<(String, Counts)>, StorageError> {
        let (from, to) = days
            .map_or((key::TOTAL.into(), key::TOTAL.into()), |(from, to)| (from.to_string(), to.to_string()));
        let mut query = Query::all(None, key::statistics_shard(generation, shard), 400);
        (query.from, query.to) = (from, to);
        let mut items = Vec::new();
        loop {
            let (found, last) = self.table.query_items(query.clone()).await?;
            items.extend(found.iter().filter_map(counters));
            match last {
                Some(last) => query.after = Some(last),
                None => return Ok(items),
            }
        }
    }
}

/// A thing is counted in a later generation than the one that was read.
struct Outdated;

/// What is written where things have these marks: nothing where all are counted as they are to be.
fn changes(
    generation: u64,
    marks: Vec<(&Counted, Option<Versioned<MarkRecord>>)>,
) -> Result<Transaction<()>, Outdated> {
    let mut transaction = Transaction::new();
    let mut sums = Sums::default();
    let mut first = None;
    for (counted, mark) in marks {
        let item_version = mark.as_ref().map_or(0, |mark| mark.version);
        if mark.as_ref().is_some_and(|mark| mark.value.generation > generation) {
            return Err(Outdated);
        }
        let mark = mark.map(|mark| mark.value).filter(|mark| mark.generation == generation);
        // The same change again, or one before it.
        if mark.as_ref().is_some_and(|mark| mark.version >= counted.version) {
            continue;
        }
        let before = mark.and_then(|mark| mark.contribution);
        if let Some(before) = &before {
            sums.change(before, Counts::take_all);
        }
        if let Some(now) = &counted.contribution {
            sums.change(now, Counts::add_all);
        }
        let Counted { pk, version, contribution } = counted.clone();
        transaction.create_or_replace(
            &MarkRecord { pk, generation, version, contribution },
            item_version,
            (),
        );
        first.get_or_insert(&counted.pk);
    }
    let Some(first) = first else { return Ok(transaction) };
    // In any one shard: what is told is the sum of all.
    let mut total = Counts::default();
    for (day, counts) in sums.days {
        total.add_all(&counts);
        add(&mut transaction, &key::statistics_day(generation, first, day), COUNTERS, &counts);
    }
    add(&mut transaction, &key::statistics_total(generation, first), COUNTERS, &total);
    for (side, counts) in sums.sides {
        add(&mut transaction, &key::own_counts(side, generation), OWN_COUNTERS, &counts);
    }
    Ok(transaction)
}

/// What is to be added where.
#[derive(Default)]
struct Sums {
    days: BTreeMap<Date, Counts>,
    sides: BTreeMap<Side, Counts>,
}

impl Sums {
    fn change(&mut self, of: &Contribution, change: fn(&mut Counts, &Counts)) {
        change(self.days.entry(of.day).or_default(), &of.counts);
        for side in &of.sides {
            change(self.sides.entry(*side).or_default(), &of.counts);
        }
    }
}

fn add(transaction: &mut Transaction<()>, key: &Key, kind: &str, counts: &Counts) {
    let names: Vec<_> = counts.iter().map(|(counter, amount)| (counter.to_string(), amount)).collect();
    if !names.is_empty() {
        transaction.add(key, kind, names.iter().map(|(name, amount)| (name.as_str(), *amount)));
    }
}

/// Sort key and counters of an item.
fn counters(item: &Item) -> Option<(String, Counts)> {
    let sort_key = item.get("SK")?.as_s().ok()?.clone();
    let number = |(name, value): (&String, &aws_sdk_dynamodb::types::AttributeValue)| {
        Some((name.parse().ok()?, value.as_n().ok()?.parse().ok()?))
    };
    Some((sort_key, item.iter().filter_map(number).collect()))
}
