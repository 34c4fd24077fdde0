//! Candidates whose calendars are looked into, so many a page at most.

use std::collections::BTreeMap;

use banister_domain::availability::{Interval, Slot};
use banister_domain::id::{ServiceId, UserId};
use banister_platform::http::Problem;
use jiff::Timestamp;

use crate::Search;

/// Services, or providers, whose calendars are looked into for a page.
pub(crate) const EXAMINED: usize = 50;
/// How many are looked into side by side.
const AT_ONCE: usize = 16;

/// What is looked into: whose calendar, and which of their services, best first.
pub(crate) type Candidate = (UserId, Vec<ServiceId>);

/// Which candidates are free.
pub(crate) struct Free<'a> {
    search: &'a Search,
    now: Timestamp,
    window: Interval,
}

impl<'a> Free<'a> {
    pub(crate) fn new(search: &'a Search, window: Interval) -> Self {
        Self { search, now: search.clock.now(), window }
    }

    /// The first slot of each service that has one.
    pub(crate) async fn slots(&self, of: &[Candidate]) -> Result<BTreeMap<ServiceId, Slot>, Problem> {
        let mut by_provider: BTreeMap<UserId, Vec<ServiceId>> = BTreeMap::new();
        for (provider, services) in of {
            by_provider.entry(*provider).or_default().extend(services);
        }
        let wanted: Vec<_> = by_provider.into_iter().collect();
        Ok(self.search.calendars.first_free(self.now, &wanted, self.window).await?)
    }

    /// The first `limit` candidates of which a service is free, with it and its first slot, and how many were looked
    /// into for that.
    pub(crate) async fn first(
        &self,
        candidates: &[Candidate],
        limit: usize,
    ) -> Result<(Vec<(usize, ServiceId, Slot)>, usize), Problem> {
        let mut found = Vec::new();
        for (part, from) in candidates.chunks(AT_ONCE).zip((0..).step_by(AT_ONCE)) {
            let free = self.slots(part).await?;
            for (place, (_, services)) in (from..).zip(part) {
                let first = services.iter().find_map(|id| Some((place, *id, *free.get(id)?)));
                found.extend(first);
                if found.len() == limit {
                    return Ok((found, place + 1));
                }
            }
        }
        Ok((found, candidates.len()))
    }
}
