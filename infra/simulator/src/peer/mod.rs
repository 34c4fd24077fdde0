//! One table in memory that answers as DynamoDB does, as far as the platform's table layer asks it. What it does
//! not know it refuses by a panic, so that nothing is ever checked against a guess.

mod calls;
mod condition;
mod flaw;
mod index;
mod transact;

pub use calls::Answer;
pub use flaw::Flaw;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use serde_json::{Map, Value};

use index::Indexes;

/// An item as DynamoDB's JSON has it: `{"PK": {"S": "…"}, …}`.
pub type Item = Arc<Map<String, Value>>;

/// Partition and sort key.
pub type Place = (String, String);

/// One item before and after a commit.
#[derive(Debug, Clone)]
pub struct Write {
    /// Which.
    pub place: Place,
    /// As it was; none where it was not.
    pub before: Option<Item>,
    /// As it is; none where it was deleted.
    pub after: Option<Item>,
}

/// What was written at one moment.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Its number, from 1: the table's state after it has that number, too.
    pub number: u64,
    /// On whose behalf; none where the table itself deleted something.
    pub by: Option<usize>,
    /// What was written.
    pub writes: Vec<Write>,
}

/// The table.
#[derive(Debug, Default)]
pub struct Peer {
    partitions: BTreeMap<String, BTreeMap<String, Item>>,
    indexes: Indexes,
    /// Tokens of transactions that took effect, with what they asked.
    tokens: HashMap<String, Vec<u8>>,
    commits: u64,
    fresh: VecDeque<Commit>,
    flaw: Option<Flaw>,
}

impl Peer {
    /// From here on the table has this flaw, or none.
    pub fn spoil(&mut self, flaw: Option<Flaw>) {
        self.flaw = flaw;
    }

    /// The number of the latest commit.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits
    }

    /// What was committed since this was last asked.
    pub fn take_commits(&mut self) -> Vec<Commit> {
        self.fresh.drain(..).collect()
    }

    /// Every item.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.partitions.values().flat_map(BTreeMap::values)
    }

    /// Lets the indexes follow the table by up to `count` writes.
    pub fn index_some(&mut self, count: usize) {
        self.indexes.follow(count);
    }

    /// Deletes what may be deleted at `now`, seconds of the Unix epoch, as TTL does: late, and in no order that
    /// matters. How much was deleted.
    pub fn delete_expired(&mut self, now: i64) -> usize {
        let due = |item: &&Item| number(item, "ttl").is_some_and(|ttl| ttl < now);
        let places: Vec<Place> = self.items().filter(due).filter_map(|item| place_of(item)).collect();
        let count = places.len();
        for place in places {
            self.commit(None, vec![(place, None)]);
        }
        count
    }

    fn get(&self, (pk, sk): &Place) -> Option<&Item> {
        self.partitions.get(pk)?.get(sk)
    }

    /// An item as a read gives it.
    fn read(&self, place: &Place) -> Option<Item> {
        let item = self.get(place)?;
        Some(self.flaw.map_or_else(|| Arc::clone(item), |flaw| flaw.seen(item)))
    }

    /// An item as a write leaves it.
    fn kept(&self, item: Item) -> Item {
        match self.flaw {
            Some(flaw) => flaw.kept(item),
            None => item,
        }
    }

    fn commit(&mut self, by: Option<usize>, changes: Vec<(Place, Option<Item>)>) {
        self.commits += 1;
        let mut writes = Vec::with_capacity(changes.len());
        for (place, after) in changes {
            let partition = self.partitions.entry(place.0.clone()).or_default();
            let before = match &after {
                Some(item) => partition.insert(place.1.clone(), Arc::clone(item)),
                None => partition.remove(&place.1),
            };
            self.indexes.note(before.as_ref(), after.as_ref());
            writes.push(Write { place, before, after });
        }
        self.fresh.push_back(Commit { number: self.commits, by, writes });
    }
}

/// The text of an attribute.
#[must_use]
pub fn text<'a>(item: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    item.get(name)?.get("S")?.as_str()
}

/// The whole number of an attribute.
#[must_use]
pub fn number(item: &Map<String, Value>, name: &str) -> Option<i64> {
    item.get(name)?.get("N")?.as_str()?.parse().ok()
}

/// The key of an item.
#[must_use]
pub fn place_of(item: &Map<String, Value>) -> Option<Place> {
    Some((text(item, "PK")?.to_owned(), text(item, "SK")?.to_owned()))
}
