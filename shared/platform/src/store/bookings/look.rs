//! What is read before a place is taken.

use std::collections::BTreeSet;

use banister_domain::availability::{
    self, CalendarRules, Day, Interval, Joint, NotOffered, Slot, Visit, counted_week, days_to_load,
    days_touched,
};
use banister_domain::booking::Request;
use banister_domain::id::ResourceId;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{Bookings, ReserveError};
use crate::store::Loaded;
use crate::table::StorageError;

/// The widest buffer that rules can have, in minutes: which days to read is asked before the rules
/// are known.
const WIDEST_BUFFER: u16 = 240;

/// How far ahead other slots are looked for when one is taken.
const NEXT_SLOTS_WITHIN: SignedDuration = SignedDuration::from_hours(24 * 14);

/// All that decides about a request.
pub(super) struct Look {
    /// The provider's rules, as they are for the service.
    pub(super) rules: CalendarRules,
    /// What is asked for.
    pub(super) visit: Visit,
    /// The days that decide.
    pub(super) days: Joint<Vec<Day>>,
    /// The week in which the booking is counted, and its version; none where nothing is limited.
    pub(super) week: Option<(Date, u64)>,
}

impl Bookings {
    /// Reads the provider's rules and `dates` strongly, of the resources that the service needs and of those in
    /// `given_back` too, and what else must be read once the rules are known; that is added to `dates`. Refused where
    /// the provider takes no bookings, or may not take one of the resources.
    pub(super) async fn look(
        &self,
        request: &Request,
        given_back: &[ResourceId],
        dates: &mut Vec<Date>,
    ) -> Result<Look, ReserveError> {
        let provider = request.service.provider_id;
        let needed = &request.service.resource_ids;
        let resources: BTreeSet<_> = needed.as_slice().iter().chain(given_back).copied().collect();
        let visit = request.service.visit(request.seats);
        let mut week = None;
        loop {
            let loaded = self.calendars.load(provider, &resources, dates).await?;
            if !loaded.has(needed) {
                return Err(ReserveError::NotOffered(NotOffered::NoResource));
            }
            let Loaded { rules, days, .. } = loaded;
            let rules = rules.map(|rules| rules.for_service(&request.service.calendar));
            let rules = rules.ok_or(ReserveError::NotOffered(NotOffered::OutsideHours))?;
            // With a limit, whole days or weeks are counted.
            let counted = counted_week(&rules, &visit, request.starts_at);
            let moment = request.starts_at.saturating_add(SignedDuration::from_secs(1));
            let start = Interval::new(request.starts_at, moment.unwrap_or(Timestamp::MAX));
            let reached = start.map(|start| days_to_load(&rules, visit, start)).unwrap_or_default();
            let missing: Vec<_> = reached.into_iter().filter(|date| !dates.contains(date)).collect();
            if counted == week.map(|(monday, _)| monday) && missing.is_empty() {
                return Ok(Look { rules, visit, days, week });
            }
            dates.extend(missing);
            // Before the days, which are read once more: none of them can change without it from here on.
            week = match counted {
                Some(monday) => Some((monday, self.calendars.week(provider, monday).await?)),
                None => None,
            };
        }
    }

    /// The first three free slots of a service that start at `after` or within two weeks of it.
    pub(super) async fn next_slots(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Vec<Slot>, StorageError> {
        let (service, after) = (&request.service, request.starts_at);
        let Some(found) = self.calendars.rules(service.provider_id).await? else { return Ok(Vec::new()) };
        let rules = found.value.rules.for_service(&service.calendar);
        let visit = service.visit(request.seats);
        let end = after.saturating_add(NEXT_SLOTS_WITHIN).unwrap_or(Timestamp::MAX);
        let Ok(window) = Interval::new(after, end) else { return Ok(Vec::new()) };
        let dates = days_to_load(&rules, visit, window);
        let (Some(first), Some(last)) = (dates.first(), dates.last()) else { return Ok(Vec::new()) };
        let Some(busy) = self.calendars.in_the_way(service, *first, *last).await? else {
            return Ok(Vec::new());
        };
        Ok(availability::offered(now, &rules, visit, window, &busy).take(3).collect())
    }
}

/// The days on which a request's place can lie, whatever the buffers are.
pub(super) fn dates_around(request: &Request) -> Vec<Date> {
    let minutes = request.service.duration_minutes.get();
    let length = SignedDuration::from_mins(i64::from(minutes));
    let end = request.starts_at.saturating_add(length).unwrap_or(Timestamp::MAX);
    let around =
        Interval::new(request.starts_at, end).map(|place| place.extend(WIDEST_BUFFER, WIDEST_BUFFER));
    around.map(days_touched).unwrap_or_default()
}
