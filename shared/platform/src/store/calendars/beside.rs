//! What bookings take beside their provider's time: the days of resources.

use std::collections::{BTreeMap, BTreeSet};

use banister_domain::availability::{Busy, Day};
use banister_domain::id::{ResourceId, UserId};
use banister_domain::service::Service;
use futures_util::TryFutureExt;
use futures_util::future::{try_join, try_join_all};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Calendars;
use crate::store::ResourceRecord;
use crate::table::{Found, Key, Query, Record, StorageError, key};

/// One UTC day of a resource as kept; its version is the item's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceDayRecord {
    /// Of which.
    pub resource_id: ResourceId,
    /// Which day.
    pub date: Date,
    /// What is taken.
    pub busy: Vec<Busy>,
}

impl Record for ResourceDayRecord {
    const TYPE: &'static str = "resource_day";

    fn key(&self) -> Key {
        key::resource_day(self.resource_id, self.date)
    }
}

/// What is taken of resources, and which of them a provider may take.
#[derive(Debug, Default)]
pub(super) struct Beside {
    usable: BTreeSet<ResourceId>,
    busy: BTreeMap<ResourceId, Vec<Busy>>,
}

impl Beside {
    /// What is in the way of a service beside what its provider's calendar has; none where it needs a resource that
    /// the provider may not take.
    pub(super) fn of(&self, service: &Service) -> Option<Vec<Busy>> {
        let needed = service.resource_ids.as_slice();
        needed.iter().all(|id| self.usable.contains(id)).then(|| {
            let busy = needed.iter().filter_map(|id| self.busy.get(id)).flatten();
            busy.map(|busy| busy.beside(service.id)).collect()
        })
    }
}

impl Calendars {
    /// What is in the way of a service on the UTC days from `first` to `last`, both included: of its provider's
    /// time and of the resources that it needs. None where it needs one that the provider may not take.
    pub async fn in_the_way(
        &self,
        service: &Service,
        first: Date,
        last: Date,
    ) -> Result<Option<Vec<Busy>>, StorageError> {
        let provider = service.provider_id;
        let needed = service.resource_ids.as_slice().iter().copied().collect();
        let own = self.busy(provider, first, last);
        let (mut busy, beside) = try_join(own, self.beside(provider, &needed, first, last)).await?;
        Ok(beside.of(service).map(|beside| {
            busy.extend(beside);
            busy
        }))
    }

    /// The same of several services of one provider, without the provider's time.
    pub(super) async fn beside(
        &self,
        provider: UserId,
        needed: &BTreeSet<ResourceId>,
        first: Date,
        last: Date,
    ) -> Result<Beside, StorageError> {
        if needed.is_empty() {
            return Ok(Beside::default());
        }
        let mut usable = BTreeSet::new();
        let each: Vec<_> = needed.iter().copied().collect();
        let mut busy = BTreeMap::new();
        // As many as one call takes.
        for ids in each.chunks(100) {
            let keys: Vec<_> = ids.iter().map(|id| key::resource(*id)).collect();
            let taken = ids.iter().map(|id| self.busy_of(*id, first, last).map_ok(move |busy| (*id, busy)));
            let (mut found, taken) = try_join(self.table.get_all(&keys), try_join_all(taken)).await?;
            for id in ids {
                let resource = found.take::<ResourceRecord>(&key::resource(*id))?;
                usable.extend(resource.filter(|kept| kept.value.0.serves(provider)).map(|_| *id));
            }
            busy.extend(taken);
        }
        Ok(Beside { usable, busy })
    }

    /// What is taken of a resource on the UTC days from `first` to `last`, both included.
    async fn busy_of(&self, id: ResourceId, first: Date, last: Date) -> Result<Vec<Busy>, StorageError> {
        let whole = Query::all(None, key::resource_days(id), 500);
        let mut query = Query { from: key::day(first), to: key::day(last), ..whole };
        let mut busy = Vec::new();
        loop {
            let page =
                self.table.query_attribute::<ResourceDayRecord, Vec<Busy>>(query.clone(), "busy").await?;
            busy.extend(page.0.into_iter().flatten());
            match page.1 {
                Some(position) => query.after = Some(position),
                None => return Ok(busy),
            }
        }
    }
}

/// The given days of a resource among what was found; days never stored are empty.
pub(super) fn days(found: &mut Found, id: ResourceId, dates: &[Date]) -> Result<Vec<Day>, StorageError> {
    let day = |date: &Date| {
        let stored = found.take::<ResourceDayRecord>(&key::resource_day(id, *date))?;
        Ok(stored.map_or(Day::empty(*date), |record| Day {
            date: *date,
            version: record.version,
            busy: record.value.busy,
        }))
    };
    dates.iter().map(day).collect()
}
