//! Which things of a batch are to be counted, and as what.

use std::collections::BTreeMap;

use aws_lambda_events::event::dynamodb::EventRecord;
use banister_platform::store::Counted;
use banister_platform::table::Item;

/// The things of a batch by their partition keys, each as it was last changed: what it was in between counts
/// for nothing in the end.
#[derive(Default)]
pub(crate) struct Things {
    last: BTreeMap<String, Counted>,
    /// Place in the batch and sequence number of the first change.
    first: Option<(usize, Option<String>)>,
}

impl Things {
    /// Takes note of a change, if it is of something that is counted and changes what that counts for.
    pub(crate) fn note(&mut self, place: usize, record: &EventRecord) {
        let change = &record.change;
        let (old, new) = (counted(&change.old_image), counted(&change.new_image));
        let contribution = |counted: &Option<Counted>| counted.as_ref().and_then(|c| c.contribution.clone());
        if contribution(&old) == contribution(&new) {
            return;
        }
        // Only what was removed is gone: what cannot be read stays counted as it was.
        let removed = record.event_name == "REMOVE";
        let Some(thing) = new.or_else(|| old.filter(|_| removed).map(Counted::gone)) else { return };
        self.first.get_or_insert_with(|| (place, change.sequence_number.clone()));
        self.last.insert(thing.pk.clone(), thing);
    }

    /// Where the first change is, if there is one.
    pub(crate) fn first(&self) -> Option<(usize, Option<String>)> {
        self.first.clone()
    }

    pub(crate) fn into_counted(self) -> Vec<Counted> {
        self.last.into_values().collect()
    }
}

/// What an image is counted as. One that cannot be read is left out: it must not hold up all that comes after
/// it, and making the counters again counts it when it is mended.
fn counted(image: &serde_dynamo::Item) -> Option<Counted> {
    let item = image.clone().into_inner().into_iter();
    let item: Item = item.map(|(name, value)| (name, value.into())).collect();
    Counted::of(item).unwrap_or_else(|error| {
        tracing::error!(%error, "not counted");
        None
    })
}
