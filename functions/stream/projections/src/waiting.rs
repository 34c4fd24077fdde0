//! Whose time the changes of a batch are of.

use aws_lambda_events::event::dynamodb::EventRecord;
use banister_platform::store::Changes;
use banister_platform::table::Item;

/// What is to be looked at once for the whole batch. What stands there is read when those who wait are looked through.
#[derive(Default)]
pub(crate) struct Changed {
    pub(crate) changes: Changes,
    /// Place in the batch and sequence number of the first change.
    first: Option<(usize, Option<String>)>,
}

impl Changed {
    /// Takes note of a change, if it is of somebody's time.
    pub(crate) fn note(&mut self, place: usize, record: &EventRecord) {
        let keys = record.change.keys.clone().into_inner().into_iter();
        let keys: Item = keys.map(|(name, value)| (name, value.into())).collect();
        if self.changes.note(&keys) {
            self.first.get_or_insert_with(|| (place, record.change.sequence_number.clone()));
        }
    }

    /// Where the first change is, if there is one.
    pub(crate) fn first(&self) -> Option<(usize, Option<String>)> {
        self.first.clone()
    }
}
