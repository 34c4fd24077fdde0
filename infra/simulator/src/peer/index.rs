//! The three global secondary indexes, which follow the table late.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use super::{Item, Place, place_of, text};

const NAMES: [(&str, &str, &str); 3] =
    [("GSI1", "GSI1PK", "GSI1SK"), ("GSI2", "GSI2PK", "GSI2SK"), ("GSI3", "GSI3PK", "GSI3SK")];

/// Key in the index, then key in the table.
type Entry = (String, String, Place);

#[derive(Debug, Default)]
pub(super) struct Indexes {
    kept: [BTreeMap<Entry, Item>; 3],
    waiting: VecDeque<(Option<Item>, Option<Item>)>,
}

impl Indexes {
    /// A write that the indexes are yet to follow.
    pub(super) fn note(&mut self, before: Option<&Item>, after: Option<&Item>) {
        let listed = |item: &Item| NAMES.iter().any(|(_, pk, _)| item.contains_key(*pk));
        if before.is_some_and(listed) || after.is_some_and(listed) {
            self.waiting.push_back((before.cloned(), after.cloned()));
        }
    }

    /// Follows up to so many writes, in their order.
    pub(super) fn follow(&mut self, count: usize) {
        for _ in 0..count.min(self.waiting.len()) {
            let Some((before, after)) = self.waiting.pop_front() else { return };
            for (kept, (_, pk, sk)) in self.kept.iter_mut().zip(NAMES) {
                if let Some(entry) = before.as_ref().and_then(|item| entry(item, pk, sk)) {
                    kept.remove(&entry);
                }
                if let Some((item, entry)) =
                    after.as_ref().and_then(|item| Some((item, entry(item, pk, sk)?)))
                {
                    kept.insert(entry, item.clone());
                }
            }
        }
    }

    /// The items of a partition between two sort keys, both included, in order.
    pub(super) fn between(&self, name: &str, pk: &str, from: &str, to: &str) -> Vec<Item> {
        let place = NAMES.iter().position(|(index, ..)| *index == name);
        let kept = &self.kept[place.expect("the platform asks for its three indexes only")];
        let low = Bound::Included((pk.to_owned(), from.to_owned(), (String::new(), String::new())));
        let entries = kept.range((low, Bound::Unbounded));
        let inside = entries.take_while(|((part, sort, _), _)| part == pk && sort.as_str() <= to);
        inside.map(|(_, item)| item.clone()).collect()
    }
}

/// The names of the key attributes of an index.
pub(super) fn keys(name: &str) -> (&'static str, &'static str) {
    let found = NAMES.iter().find(|(index, ..)| *index == name);
    found.map(|(_, pk, sk)| (*pk, *sk)).expect("the platform asks for its three indexes only")
}

fn entry(item: &Item, pk: &str, sk: &str) -> Option<Entry> {
    Some((text(item, pk)?.to_owned(), text(item, sk)?.to_owned(), place_of(item)?))
}
