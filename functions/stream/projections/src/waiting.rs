//! Whose calendars the changes of a batch are of.

use std::collections::BTreeMap;

use aws_lambda_events::event::dynamodb::EventRecord;
use banister_domain::availability::Interval;
use banister_domain::id::UserId;
use banister_platform::store::watched;
use banister_platform::table::Item;

/// The calendars, each once, with the time around which something may have come free; all of it where that is none. What
/// stands there is read when those who wait are looked through.
#[derive(Default)]
pub(crate) struct Changed {
    looks: BTreeMap<UserId, Option<Interval>>,
    /// Place in the batch and sequence number of the first change.
    first: Option<(usize, Option<String>)>,
}

impl Changed {
    /// Takes note of a change, if it is of a calendar.
    pub(crate) fn note(&mut self, place: usize, record: &EventRecord) {
        let keys = record.change.keys.clone().into_inner().into_iter();
        let keys: Item = keys.map(|(name, value)| (name, value.into())).collect();
        let Some(change) = watched(&keys) else { return };
        self.first.get_or_insert_with(|| (place, record.change.sequence_number.clone()));
        let around = change.around();
        let known = self.looks.entry(change.provider_id).or_insert(around);
        *known = known
            .zip(around)
            .and_then(|(one, two)| Interval::new(one.from().min(two.from()), one.to().max(two.to())).ok());
    }

    /// Where the first change is, if there is one.
    pub(crate) fn first(&self) -> Option<(usize, Option<String>)> {
        self.first.clone()
    }

    pub(crate) fn into_looks(self) -> BTreeMap<UserId, Option<Interval>> {
        self.looks
    }
}
