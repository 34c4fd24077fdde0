//! Looking through lines: whoever has waited longest is offered what suits them first.

use std::collections::{BTreeMap, BTreeSet};

use banister_domain::availability::{
    Busy, CalendarRules, Interval, Slot, Visit, days_to_load, search_window,
};
use banister_domain::booking::Request;
use banister_domain::id::{ServiceId, UserId, WaitlistEntryId};
use banister_domain::service::{Service, ServiceStatus};
use banister_domain::waitlist::{LOOK_EVERY, Offer, WaitlistEntry, WaitlistState, WaitlistStep, next_expiry};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Lines, WaitError, Waitlist, watch};
use crate::random;
use crate::store::{Claim, ReserveError};
use crate::table::{Key, StorageError};

/// How often a place is looked for that others take meanwhile.
const TRIES: usize = 5;

/// What is known while a line is looked through.
struct Sight {
    /// Asked for: starts around this time only.
    around: Option<Interval>,
    rules: Option<CalendarRules>,
    services: BTreeMap<ServiceId, Option<Service>>,
    /// What is in the way of which service, and from which day to which.
    taken: Option<(ServiceId, Date, Date, Vec<Busy>)>,
    /// When something of that first comes free by the clock.
    expiry: Option<Timestamp>,
    /// Places in the line at which there is no wait any more.
    empty: Vec<Key>,
}

/// What came of looking for a place for one.
enum Outcome {
    /// It is offered.
    Offered,
    /// There is none.
    Nothing,
    /// There can be none any more.
    Never,
    /// The wait went on otherwise meanwhile, or its customer has another offer.
    Moved,
}

impl Waitlist {
    /// Looks through lines as one, at `now`, and offers what is free to those whom it suits: all of it, or what is around
    /// some time. Done again, it finds nothing left to offer.
    pub async fn look(&self, lines: &Lines, now: Timestamp) -> Result<(), WaitError> {
        let (mut all, mut sights) = (Vec::new(), BTreeMap::new());
        for (provider, around) in lines {
            let mut line = self.line(*provider).await?;
            line.retain(|place| around.is_none_or(|around| around.overlaps(&place.window)));
            if line.is_empty() {
                continue;
            }
            let (entries, empty) = self.entries(&line).await?;
            let rules = self.rules(*provider).await?;
            let services = BTreeMap::new();
            sights.insert(
                *provider,
                Sight { around: *around, rules, services, taken: None, expiry: None, empty },
            );
            all.extend(entries);
        }
        // Identifiers are in the order of their making.
        all.sort_by_key(|entry| entry.id);
        self.look_at(&all, &mut sights, now).await
    }

    async fn look_at(
        &self,
        all: &[WaitlistEntry],
        sights: &mut BTreeMap<UserId, Sight>,
        now: Timestamp,
    ) -> Result<(), WaitError> {
        let (offered, waiting): (Vec<_>, Vec<_>) = all.iter().partition(|entry| entry.offer().is_some());
        let who = |entry: &WaitlistEntry| (entry.provider_id, entry.customer_id);
        let mut have: BTreeSet<_> = offered.into_iter().map(who).collect();
        let (mut over, mut idle, mut done) = (Vec::new(), Vec::new(), Ok(()));
        for entry in waiting {
            let Some(sight) = sights.get_mut(&entry.provider_id) else { continue };
            let outcome = if now < entry.window.to() && have.contains(&who(entry)) {
                Ok(Outcome::Nothing)
            } else {
                self.look_for(entry, sight, now).await
            };
            match outcome {
                // Or else to another wait of the same customer, who does not get two.
                Ok(Outcome::Offered | Outcome::Moved) => {
                    have.insert(who(entry));
                }
                Ok(Outcome::Never) => over.push(entry),
                Ok(Outcome::Nothing) => idle.push(entry),
                // Whoever comes behind is looked at all the same.
                Err(error) => {
                    idle.push(entry);
                    done = Err(error);
                }
            }
        }
        // Nothing is written before all is offered: what is free is anybody's until then.
        for place in sights.values().flat_map(|sight| &sight.empty) {
            // Of an account that was erased.
            self.table.delete(place).await?;
        }
        for entry in over {
            self.go(entry, WaitlistStep::Expire, now).await?;
        }
        for (provider, sight) in &*sights {
            let idle: Vec<_> = idle.iter().copied().filter(|entry| entry.provider_id == *provider).collect();
            self.postpone(&idle, sight, now).await?;
        }
        done
    }

    /// Sees to a wait that is due: hands an offer on that nobody took, or looks whether there is something by now.
    pub async fn attend(
        &self,
        customer: UserId,
        id: WaitlistEntryId,
        now: Timestamp,
    ) -> Result<(), WaitError> {
        let Some(found) = self.bookings.wait(customer, id).await? else { return Ok(()) };
        let entry = found.value;
        if entry.due_at().is_none_or(|due| now < due) {
            return Ok(());
        }
        let mut lines = Lines::new();
        if let Some(offer) = entry.offer() {
            lines = self.of_the_same(&entry, &offer).await?;
            self.go(&entry, WaitlistStep::Lapse, now).await?;
        }
        // At once: until the place is the next one's, it is anybody's.
        lines.insert(entry.provider_id, None);
        self.look(&lines, now).await
    }

    /// The lines of all who share what an offer keeps, around its time.
    async fn of_the_same(&self, entry: &WaitlistEntry, offer: &Offer) -> Result<Lines, StorageError> {
        let service = self.services.get(entry.service_id).await?.map(|found| found.value);
        let around = watch::around(offer.starts_at.to_zoned(TimeZone::UTC).date());
        let mut lines = Lines::new();
        for resource in service.iter().flat_map(|service| service.resource_ids.as_slice()) {
            lines.extend(self.sharing(*resource).await?.into_iter().map(|provider| (provider, around)));
        }
        Ok(lines)
    }

    /// Takes a step with a wait, if it can still be taken.
    async fn go(&self, entry: &WaitlistEntry, step: WaitlistStep, now: Timestamp) -> Result<(), WaitError> {
        match self.bookings.step(entry.customer_id, entry.id, step, now).await {
            Ok(_) | Err(WaitError::Missing | WaitError::Wrong(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn look_for(
        &self,
        entry: &WaitlistEntry,
        sight: &mut Sight,
        now: Timestamp,
    ) -> Result<Outcome, WaitError> {
        for _ in 0..TRIES {
            let service = self.service(entry, sight).await?;
            let Some(service) = service.filter(|_| now < entry.window.to()) else {
                return Ok(Outcome::Never);
            };
            let Some(rules) = sight.rules.clone() else { return Ok(Outcome::Nothing) };
            let (rules, visit) = (rules.for_service(&service.calendar), service.visit(entry.seats));
            let Some(window) = possible(now, &rules, entry.window, sight.around) else {
                return Ok(Outcome::Nothing);
            };
            let busy = self.busy(&service, (&rules, visit), window, sight).await?;
            let Some(busy) = busy else { return Ok(Outcome::Nothing) };
            let Some(slot) = entry.first_fit(now, (&rules, visit), window, busy) else {
                let expiry = next_expiry(now, busy);
                sight.expiry = sight.expiry.into_iter().chain(expiry).min();
                return Ok(Outcome::Nothing);
            };
            if !self.is_active(entry.customer_id).await? {
                self.go(entry, WaitlistStep::Leave, now).await?;
                return Ok(Outcome::Moved);
            }
            sight.taken = None;
            match self.offer(entry, &service, slot, now).await {
                Ok(()) => return Ok(Outcome::Offered),
                Err(ReserveError::Seen) => return Ok(Outcome::Moved),
                Err(ReserveError::Gone | ReserveError::Unbookable(_)) => return Ok(Outcome::Never),
                // Somebody was faster, or the rules are others by now.
                Err(ReserveError::Taken(..) | ReserveError::NotOffered(_)) => {}
                Err(ReserveError::Busy) => return Err(WaitError::Busy),
                Err(ReserveError::Storage(error)) => return Err(error.into()),
            }
            sight.services.clear();
            sight.rules = self.rules(entry.provider_id).await?;
        }
        // Others are, again and again: the schedule looks once more.
        Ok(Outcome::Nothing)
    }

    async fn offer(
        &self,
        entry: &WaitlistEntry,
        service: &Service,
        slot: Slot,
        now: Timestamp,
    ) -> Result<(), ReserveError> {
        let request = Request {
            id: random::id(now),
            customer_id: entry.customer_id,
            service: service.clone(),
            starts_at: slot.starts_at,
            seats: entry.seats,
            extras: Vec::new(),
            price: None,
            location: None,
            note: None,
            series: None,
        };
        self.bookings.reserve(&request, Claim::Offer(random::id(now), entry.id), None, now).await?;
        Ok(())
    }

    /// Says when the schedule looks again: within the hour for whom it has looked now, and for the first one when
    /// something may come free by the clock, since it looks through all of the line then.
    async fn postpone(
        &self,
        idle: &[&WaitlistEntry],
        sight: &Sight,
        now: Timestamp,
    ) -> Result<(), WaitError> {
        let usual = now.saturating_add(LOOK_EVERY).unwrap_or(Timestamp::MAX);
        let mut expiry = sight.expiry.filter(|expiry| *expiry < usual);
        for entry in idle {
            let WaitlistState::Waiting { look_at } = entry.state else { continue };
            // Around some time only is no look that the schedule might have taken.
            let looked = sight.around.is_none() && look_at <= now;
            let step = match expiry.take() {
                Some(expiry) if looked || expiry < look_at => Some(expiry),
                _ => looked.then_some(usual),
            };
            if let Some(moment) = step {
                self.go(entry, WaitlistStep::Look(moment), now).await?;
            }
        }
        Ok(())
    }

    /// The service that is waited for, if it is to be had like that.
    async fn service(
        &self,
        entry: &WaitlistEntry,
        sight: &mut Sight,
    ) -> Result<Option<Service>, StorageError> {
        let known = if let Some(known) = sight.services.get(&entry.service_id) {
            known.clone()
        } else {
            let found = self.services.get(entry.service_id).await?.map(|found| found.value);
            let offered = found.filter(|service| {
                service.status == ServiceStatus::Published && service.provider_id == entry.provider_id
            });
            sight.services.insert(entry.service_id, offered.clone());
            offered
        };
        Ok(known
            .filter(|service| entry.seats <= service.seats)
            .and_then(|service| service.lasting(entry.duration)))
    }

    /// What is in the way where it decides about starts inside `window`; read anew only where that reaches further, or is
    /// of another service. None where the provider may not take what the service needs.
    async fn busy<'a>(
        &self,
        service: &Service,
        (rules, visit): (&CalendarRules, Visit),
        window: Interval,
        sight: &'a mut Sight,
    ) -> Result<Option<&'a [Busy]>, StorageError> {
        let dates = days_to_load(rules, visit, window);
        let (Some(first), Some(last)) = (dates.first().copied(), dates.last().copied()) else {
            return Ok(Some(&[]));
        };
        let known =
            sight.taken.take().filter(|(of, from, to, _)| *of == service.id && *from <= first && last <= *to);
        let taken = match known {
            Some(taken) => taken,
            None => match self.calendars.in_the_way(service, first, last).await? {
                Some(busy) => (service.id, first, last, busy),
                None => return Ok(None),
            },
        };
        Ok(Some(&sight.taken.insert(taken).3))
    }
}

/// The part of a wait's time in which a start can be, and is asked for.
fn possible(
    now: Timestamp,
    rules: &CalendarRules,
    window: Interval,
    around: Option<Interval>,
) -> Option<Interval> {
    let from = around.map_or(window.from(), |around| around.from().max(window.from()));
    let rest = search_window(now, rules, from)?;
    let to = around.map_or(window.to(), |around| around.to().min(window.to()));
    Interval::new(rest.from(), rest.to().min(to)).ok()
}
