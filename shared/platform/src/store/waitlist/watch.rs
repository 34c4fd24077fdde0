//! After which changes of the table somebody who waits may have a place.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use banister_domain::availability::Interval;
use banister_domain::id::{ResourceId, UserId};
use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Waitlist;
use crate::store::ResourceRecord;
use crate::table::key;
use crate::table::{Item, StorageError};

/// Whose time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Watched {
    /// A provider's calendar.
    Provider(UserId),
    /// The days of a resource, or the resource itself.
    Resource(ResourceId),
}

/// Whose time has changed, and where; all of it where no time is said.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes(BTreeMap<Watched, Option<Interval>>);

impl Changes {
    /// Takes note of a change of the item with these keys. False where nobody waits for such a thing.
    pub fn note(&mut self, keys: &Item) -> bool {
        let text = |name: &str| keys.get(name).and_then(|value| value.as_s().ok()).map(String::as_str);
        let watched = text("PK").zip(text("SK")).and_then(|(pk, sk)| {
            let calendar =
                || key::part_of_calendar(pk, sk).map(|(provider, date)| (Watched::Provider(provider), date));
            let resource =
                || key::part_of_resource(pk, sk).map(|(resource, date)| (Watched::Resource(resource), date));
            calendar().or_else(resource)
        });
        let Some((whose, date)) = watched else { return false };
        add(&mut self.0, whose, date.and_then(around));
        true
    }
}

/// Lines that are looked through as one, in the order of waiting, and where in time; all of it where none is said.
pub type Lines = BTreeMap<UserId, Option<Interval>>;

impl Waitlist {
    /// The lines that are to be looked through after these changes, each once: those of the calendars, and of all who may
    /// use the resources. Those who share something are looked at together, since what comes free is offered to whoever
    /// of them all has waited longest.
    pub async fn lines(&self, changes: &Changes) -> Result<Vec<Lines>, StorageError> {
        let mut apart = Vec::new();
        for (whose, around) in &changes.0 {
            match whose {
                Watched::Provider(provider) => join(&mut apart, Lines::from([(*provider, *around)])),
                Watched::Resource(resource) => {
                    let sharing = self.sharing(*resource).await?;
                    join(&mut apart, sharing.into_iter().map(|provider| (provider, *around)).collect());
                }
            }
        }
        Ok(apart)
    }

    /// Who may use a resource.
    pub(super) async fn sharing(&self, resource: ResourceId) -> Result<Vec<UserId>, StorageError> {
        let found = self.table.get::<ResourceRecord>(&key::resource(resource)).await?;
        Ok(found
            .into_iter()
            .flat_map(|record| record.value.0.provider_ids.iter().collect::<Vec<_>>())
            .collect())
    }
}

/// Adds lines, together with all those that have one in common with them.
fn join(apart: &mut Vec<Lines>, lines: Lines) {
    if lines.is_empty() {
        return;
    }
    let shares = |some: &mut Lines| some.keys().any(|provider| lines.contains_key(provider));
    let touched: Vec<Lines> = apart.extract_if(.., shares).collect();
    let mut together = Lines::new();
    for (provider, around) in touched.into_iter().flatten().chain(lines) {
        add(&mut together, provider, around);
    }
    apart.push(together);
}

/// One look serves all changes, from the first to the last.
fn add<Of: Ord>(looks: &mut BTreeMap<Of, Option<Interval>>, of: Of, around: Option<Interval>) {
    match looks.entry(of) {
        Entry::Vacant(entry) => {
            entry.insert(around);
        }
        Entry::Occupied(mut entry) => {
            let both = entry.get().zip(around);
            entry.insert(both.and_then(|(one, two)| {
                Interval::new(one.from().min(two.from()), one.to().max(two.to())).ok()
            }));
        }
    }
}

/// The time in which a start may have become free by a change of a UTC day: days are counted by weeks where those are
/// limited.
pub(super) fn around(date: Date) -> Option<Interval> {
    let noon = date.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let days = SignedDuration::from_hours(24 * 8);
    Interval::new(noon.saturating_sub(days).ok()?, noon.saturating_add(days).ok()?).ok()
}
