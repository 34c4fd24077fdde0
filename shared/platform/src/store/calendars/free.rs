//! What is free, read from the table: the same for whoever lists slots and for whoever looks for a service.

use std::collections::BTreeMap;

use banister_domain::account::AccountStatus;
use banister_domain::availability::{
    self, CalendarRules, Interval, Seats, Slot, Visit, days_to_load, search_window,
};
use banister_domain::id::{ServiceId, UserId};
use banister_domain::service::{Service, ServiceStatus};
use futures_util::future::{try_join, try_join_all};
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Calendars, RulesRecord};
use crate::store::{AccountRecord, ServiceRecord};
use crate::table::{Found, StorageError, key};

/// Items that one call reads.
const AT_ONCE: usize = 100;

impl Calendars {
    /// The slots of a visit to a service that start inside `window`, by time, with a provider of these rules, which are
    /// those for the service. Days that no slot can be on are not read.
    pub async fn slots(
        &self,
        now: Timestamp,
        service: &Service,
        (rules, visit): (&CalendarRules, Visit),
        window: Interval,
    ) -> Result<Vec<Slot>, StorageError> {
        let Some(window) = possible(now, rules, window) else { return Ok(Vec::new()) };
        let dates = days_to_load(rules, visit, window);
        let (Some(first), Some(last)) = (dates.first(), dates.last()) else { return Ok(Vec::new()) };
        let Some(busy) = self.in_the_way(service, *first, *last).await? else { return Ok(Vec::new()) };
        Ok(availability::slots(now, rules, visit, window, &busy))
    }

    /// When each of these services, by provider, is first free inside `window` for one customer at the usual duration;
    /// none where it is not, or cannot be booked at all. All is read strongly: what is told free a booking would
    /// take at that moment. Each provider is asked for once, with fewer than a hundred services.
    pub async fn first_free(
        &self,
        now: Timestamp,
        wanted: &[(UserId, Vec<ServiceId>)],
        window: Interval,
    ) -> Result<BTreeMap<ServiceId, Slot>, StorageError> {
        let mut free = BTreeMap::new();
        let mut rest = wanted;
        while !rest.is_empty() {
            let mut keys = Vec::new();
            let mut asked = |(provider, services): &(UserId, Vec<ServiceId>)| {
                let mut own = vec![key::user(*provider), key::calendar_rules(*provider)];
                own.extend(services.iter().map(|id| key::service(*id)));
                let fits = keys.is_empty() || keys.len() + own.len() <= AT_ONCE;
                if fits {
                    keys.extend(own);
                }
                fits
            };
            let (part, later) = rest.split_at(rest.iter().take_while(|one| asked(one)).count());
            rest = later;
            let mut found = self.table.get_all(&keys).await?;
            let mut reads = Vec::new();
            for (provider, services) in part {
                let Some(rules) = bookable_rules(&mut found, *provider)? else { continue };
                let mut visits = Vec::new();
                for id in services {
                    let service = found.take::<ServiceRecord>(&key::service(*id))?;
                    let service = service.map(|record| record.value.0).filter(|service| {
                        service.status == ServiceStatus::Published && service.provider_id == *provider
                    });
                    visits.extend(service.map(|service| (rules_and_visit(&rules, &service), service)));
                }
                reads.push(self.first_of_one(now, *provider, visits, window));
            }
            free.extend(try_join_all(reads).await?.into_iter().flatten());
        }
        Ok(free)
    }

    /// The same of one provider, whose days are read once.
    async fn first_of_one(
        &self,
        now: Timestamp,
        provider: UserId,
        visits: Vec<((CalendarRules, Visit), Service)>,
        window: Interval,
    ) -> Result<Vec<(ServiceId, Slot)>, StorageError> {
        let possible = visits.into_iter().filter_map(|((rules, visit), service)| {
            let window = possible(now, &rules, window)?;
            let dates = days_to_load(&rules, visit, window);
            Some((service, rules, visit, window, (*dates.first()?, *dates.last()?)))
        });
        let possible: Vec<_> = possible.collect();
        let spans = || possible.iter().map(|(.., span)| *span);
        let first: Option<Date> = spans().map(|(first, _)| first).min();
        let last: Option<Date> = spans().map(|(_, last)| last).max();
        let (Some(first), Some(last)) = (first, last) else { return Ok(Vec::new()) };
        let needed =
            possible.iter().flat_map(|(service, ..)| service.resource_ids.as_slice()).copied().collect();
        let own = self.busy(provider, first, last);
        let (own, beside) = try_join(own, self.beside(provider, &needed, first, last)).await?;
        let first_slot = |(service, rules, visit, window, _): &(Service, CalendarRules, _, _, _)| {
            let beside = beside.of(service)?;
            let mut offered = availability::offered(now, rules, *visit, *window, own.iter().chain(&beside));
            offered.next().map(|slot| (service.id, slot))
        };
        Ok(possible.iter().filter_map(first_slot).collect())
    }
}

/// The part of the window that a slot can start in.
fn possible(now: Timestamp, rules: &CalendarRules, window: Interval) -> Option<Interval> {
    let rest = search_window(now, rules, window.from())?;
    Interval::new(rest.from(), rest.to().min(window.to())).ok()
}

/// The rules of a provider who takes bookings.
fn bookable_rules(found: &mut Found, provider: UserId) -> Result<Option<CalendarRules>, StorageError> {
    let account = found.take::<AccountRecord>(&key::user(provider))?;
    let active = account.is_some_and(|account| account.value.0.status == AccountStatus::Active);
    let rules = found.take::<RulesRecord>(&key::calendar_rules(provider))?;
    Ok(rules.filter(|_| active).map(|record| record.value.rules))
}

fn rules_and_visit(rules: &CalendarRules, service: &Service) -> (CalendarRules, Visit) {
    (rules.clone().for_service(&service.calendar), service.visit(Seats::MIN))
}

#[cfg(test)]
mod tests {
    use banister_domain::availability::Zone;

    use super::*;

    #[test]
    fn only_what_can_be_booked_is_read() {
        let rules = CalendarRules::closed(Zone::UTC);
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let now = at("2026-03-09T12:00:00Z");
        let part =
            |from: &str, to: &str| possible(now, &rules, Interval::new(at(from), at(to)).expect("a span"));
        assert_eq!(part("0001-01-01T00:00:00Z", "0001-02-01T00:00:00Z"), None);
        assert_eq!(part("9999-12-01T00:00:00Z", "9999-12-30T00:00:00Z"), None);
        let today = part("2026-03-09T00:00:00Z", "2026-03-10T00:00:00Z");
        assert_eq!(today, Interval::new(now, at("2026-03-10T00:00:00Z")).ok());
        let later = part("2026-03-20T00:00:00Z", "2026-03-21T00:00:00Z");
        assert_eq!(later, Interval::new(at("2026-03-20T00:00:00Z"), at("2026-03-21T00:00:00Z")).ok());
    }
}
