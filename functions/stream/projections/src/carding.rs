//! Which cards the changes of a batch may change.

use std::collections::BTreeSet;

use aws_lambda_events::event::dynamodb::EventRecord;
use banister_domain::account::Role;
use banister_domain::search::CardId;
use banister_platform::store::card_of;
use banister_platform::table::Item;

/// The cards, each once: what they say is read where it stands, so what it was in between is all the same.
#[derive(Default)]
pub(crate) struct Changed {
    ids: BTreeSet<CardId>,
    /// Place in the batch and sequence number of the first change.
    first: Option<(usize, Option<String>)>,
}

impl Changed {
    /// Takes note of a change, if it may be one of what a card tells.
    pub(crate) fn note(&mut self, place: usize, record: &EventRecord) {
        let keys = record.change.keys.clone().into_inner().into_iter();
        let keys: Item = keys.map(|(name, value)| (name, value.into())).collect();
        let Some(id) = card_of(&keys) else { return };
        if !concerns(record) {
            return;
        }
        self.first.get_or_insert_with(|| (place, record.change.sequence_number.clone()));
        self.ids.insert(id);
    }

    /// Where the first change is, if there is one.
    pub(crate) fn first(&self) -> Option<(usize, Option<String>)> {
        self.first.clone()
    }

    pub(crate) fn into_ids(self) -> Vec<CardId> {
        self.ids.into_iter().collect()
    }
}

/// Whether a change is of something that is on a card: accounts of customers and of staff never are.
fn concerns(record: &EventRecord) -> bool {
    let images = [&record.change.old_image, &record.change.new_image];
    let is = |image: &serde_dynamo::Item, name: &str, value: &str| matches!(image.get(name), Some(serde_dynamo::AttributeValue::S(text)) if text == value);
    let account = images.iter().any(|image| is(image, "t", "user"));
    !account || images.iter().any(|image| is(image, "role", Role::Provider.as_str()))
}
