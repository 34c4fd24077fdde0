//! Several calendars in which one place is taken: a provider's, and those of the resources it needs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Busy, Calendar, ChangedDay, Day, Owner, Refusal, Wanted};
use crate::id::{BookingId, ResourceId, ServiceId};
use crate::resource::ResourceIds;

/// Something of a provider, and the same of resources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Joint<T> {
    /// The provider's.
    pub provider: T,
    /// Each resource's.
    pub resources: BTreeMap<ResourceId, T>,
}

impl Joint<Vec<Day>> {
    /// What stands in the way of a service: see [`Busy::beside`].
    pub fn busy(&self, service: ServiceId) -> impl Iterator<Item = Busy> {
        let own = self.provider.iter().flat_map(|day| &day.busy).copied();
        let beside = self.resources.values().flatten().flat_map(|day| &day.busy);
        own.chain(beside.map(move |busy| busy.beside(service)))
    }
}

/// Whose days change in one decision: all of them or none.
impl Joint<Calendar> {
    /// Starts from the days as they were read.
    pub fn new(days: Joint<Vec<Day>>) -> Result<Self, Refusal> {
        let beside = days.resources.into_iter().map(|(id, days)| Ok((id, Calendar::new(days)?)));
        Ok(Self { provider: Calendar::new(days.provider)?, resources: beside.collect::<Result<_, _>>()? })
    }

    /// Takes a place with the provider and each of these resources, or none of them: see [`Calendar::reserve`].
    /// A displaced booking that takes resources may have a place in days that are not loaded.
    pub fn reserve(
        &mut self,
        now: Timestamp,
        wanted: impl Into<Wanted>,
        resources: &ResourceIds,
    ) -> Result<Vec<BookingId>, Refusal> {
        let wanted = wanted.into();
        let mut after = self.clone();
        let (mut displaced, mut missing) = (BTreeSet::new(), BTreeSet::new());
        for calendar in after.of(resources)? {
            match calendar.reserve(now, wanted) {
                Ok(gone) => displaced.extend(gone),
                Err(Refusal::NeedsDays(days)) => missing.extend(days),
                Err(refusal) => return Err(refusal),
            }
        }
        if !missing.is_empty() {
            return Err(Refusal::NeedsDays(missing.into_iter().collect()));
        }
        *self = after;
        Ok(displaced.into_iter().collect())
    }

    /// Gives back the place that the owner has with the provider and each of these resources.
    pub fn release(&mut self, owner: impl Into<Owner>, resources: &ResourceIds) -> Result<(), Refusal> {
        let owner = owner.into();
        self.each(resources, |calendar| calendar.release(owner))
    }

    /// The same of a place that may have been taken by others since it expired, here or there.
    pub fn let_go(&mut self, owner: impl Into<Owner>, resources: &ResourceIds) -> Result<(), Refusal> {
        let owner = owner.into();
        self.each(resources, |calendar| match calendar.release(owner) {
            Err(Refusal::Absent) => Ok(()),
            released => released,
        })
    }

    /// Makes the owner's hold firm, with the provider and each of these resources: see [`Calendar::settle`].
    pub fn settle(&mut self, owner: impl Into<Owner>, resources: &ResourceIds) -> Result<(), Refusal> {
        let owner = owner.into();
        self.each(resources, |calendar| calendar.settle(owner))
    }

    /// The days that differ from what was read: see [`Calendar::into_changes`].
    #[must_use]
    pub fn into_changes(self) -> Joint<Vec<ChangedDay>> {
        let beside = self.resources.into_iter().map(|(id, calendar)| (id, calendar.into_changes()));
        Joint { provider: self.provider.into_changes(), resources: beside.collect() }
    }

    fn each(
        &mut self,
        resources: &ResourceIds,
        change: impl Fn(&mut Calendar) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut after = self.clone();
        after.of(resources)?.try_for_each(change)?;
        *self = after;
        Ok(())
    }

    /// The calendars of the provider and of these resources, all of which must be loaded.
    fn of(&mut self, resources: &ResourceIds) -> Result<impl Iterator<Item = &mut Calendar>, Refusal> {
        let missing = resources.as_slice().iter().find(|id| !self.resources.contains_key(id));
        if let Some(id) = missing {
            return Err(Refusal::NeedsResource(*id));
        }
        let wanted = self.resources.iter_mut().filter(|(id, _)| resources.contains(**id));
        Ok(std::iter::once(&mut self.provider).chain(wanted.map(|(_, calendar)| calendar)))
    }
}
