//! Looking through a line: whoever has waited longest is offered what suits them first.

use std::collections::{BTreeMap, BTreeSet};

use banister_domain::availability::{
    Busy, CalendarRules, Interval, Slot, Visit, days_to_load, search_window,
};
use banister_domain::booking::Request;
use banister_domain::id::{ServiceId, UserId, WaitlistEntryId};
use banister_domain::service::{Service, ServiceStatus};
use banister_domain::waitlist::{LOOK_EVERY, WaitlistEntry, WaitlistState, WaitlistStep};
use jiff::Timestamp;
use jiff::civil::Date;

use super::{WaitError, Waitlist};
use crate::random;
use crate::store::{Claim, ReserveError};
use crate::table::StorageError;

/// How often a place is looked for that others take meanwhile.
const TRIES: usize = 5;

/// What is known while a line is looked through.
struct Sight {
    /// Asked for: starts around this time only.
    around: Option<Interval>,
    rules: Option<CalendarRules>,
    services: BTreeMap<ServiceId, Option<Service>>,
    /// What is taken, and from which day to which.
    taken: Option<(Date, Date, Vec<Busy>)>,
}

/// What came of looking for a place for one.
enum Outcome {
    /// It is offered.
    Offered,
    /// There is none; something may come free by the clock at that moment.
    Nothing(Option<Timestamp>),
    /// There can be none any more.
    Never,
    /// The wait went on otherwise meanwhile.
    Moved,
}

impl Waitlist {
    /// Looks through a provider's line, at `now`, and offers what is free to those whom it suits: all of it, or what is
    /// `around` some time. Done again, it finds nothing left to offer.
    pub async fn look(
        &self,
        provider: UserId,
        around: Option<Interval>,
        now: Timestamp,
    ) -> Result<(), WaitError> {
        let mut line = self.line(provider).await?;
        line.retain(|place| around.is_none_or(|around| around.overlaps(&place.window)));
        if line.is_empty() {
            return Ok(());
        }
        let (entries, empty) = self.entries(&line).await?;
        for place in empty {
            // Of an account that was erased.
            self.table.delete(&place).await?;
        }
        let rules = self.rules(provider).await?;
        let mut sight = Sight { around, rules, services: BTreeMap::new(), taken: None };
        let (offered, waiting): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.offer().is_some());
        // Nobody keeps two places of one provider from others at a time.
        let mut have: BTreeSet<UserId> = offered.iter().map(|entry| entry.customer_id).collect();
        for entry in waiting {
            let outcome = if have.contains(&entry.customer_id) {
                Outcome::Nothing(None)
            } else {
                self.look_for(entry, &mut sight, now).await?
            };
            match outcome {
                Outcome::Offered => {
                    have.insert(entry.customer_id);
                }
                Outcome::Never => self.go(entry, WaitlistStep::Expire, now).await?,
                Outcome::Nothing(sooner) => self.postpone(entry, around, sooner, now).await?,
                Outcome::Moved => {}
            }
        }
        Ok(())
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
        if entry.offer().is_some() {
            self.go(&entry, WaitlistStep::Lapse, now).await?;
        }
        // At once: until the place is the next one's, it is anybody's.
        self.look(entry.provider_id, None, now).await
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
        if entry.window.to() <= now {
            return Ok(Outcome::Never);
        }
        let Some(service) = self.service(entry, sight).await? else { return Ok(Outcome::Never) };
        let Some(rules) = sight.rules.clone() else { return Ok(Outcome::Nothing(None)) };
        let (rules, visit) = (rules.for_service(&service.calendar), service.visit(entry.seats));
        let Some(window) = possible(now, &rules, entry.window, sight.around) else {
            return Ok(Outcome::Nothing(None));
        };
        for _ in 0..TRIES {
            let busy = self.busy(entry.provider_id, (&rules, visit), window, sight).await?;
            let Some(slot) = entry.first_fit(now, (&rules, visit), window, busy) else {
                return Ok(Outcome::Nothing(entry.sooner_look(now, window, busy)));
            };
            if !self.is_active(entry.customer_id).await? {
                self.go(entry, WaitlistStep::Leave, now).await?;
                return Ok(Outcome::Moved);
            }
            sight.taken = None;
            match self.offer(entry, &service, slot, now).await {
                Ok(()) => return Ok(Outcome::Offered),
                Err(ReserveError::Seen) => return Ok(Outcome::Moved),
                Err(ReserveError::Gone) => return Ok(Outcome::Never),
                // Somebody was faster, or the rules are others by now.
                Err(ReserveError::Taken(..) | ReserveError::NotOffered(_) | ReserveError::Unbookable(_)) => {}
                Err(ReserveError::Busy) => return Err(WaitError::Busy),
                Err(ReserveError::Storage(error)) => return Err(error.into()),
            }
        }
        Err(WaitError::Busy)
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

    /// Says when the schedule looks again, where it is time for that or something may come free before. A look
    /// `around` some time only is none at all that the schedule might have taken.
    async fn postpone(
        &self,
        entry: &WaitlistEntry,
        around: Option<Interval>,
        sooner: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), WaitError> {
        let WaitlistState::Waiting { look_at } = entry.state else { return Ok(()) };
        let usual = now.saturating_add(LOOK_EVERY).unwrap_or(Timestamp::MAX);
        let looked = around.is_none() && look_at <= now;
        match sooner.filter(|sooner| *sooner < usual) {
            Some(sooner) => self.go(entry, WaitlistStep::Look(sooner), now).await,
            None if looked => self.go(entry, WaitlistStep::Look(usual), now).await,
            None => Ok(()),
        }
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

    /// What is taken where it decides about starts inside `window`; read anew only where that reaches further.
    async fn busy<'a>(
        &self,
        provider: UserId,
        (rules, visit): (&CalendarRules, Visit),
        window: Interval,
        sight: &'a mut Sight,
    ) -> Result<&'a [Busy], StorageError> {
        let dates = days_to_load(rules, visit, window);
        let (Some(first), Some(last)) = (dates.first().copied(), dates.last().copied()) else {
            return Ok(&[]);
        };
        let known = sight.taken.take().filter(|(from, to, _)| *from <= first && last <= *to);
        let taken = match known {
            Some(taken) => taken,
            None => (first, last, self.calendars.busy(provider, first, last).await?),
        };
        Ok(&sight.taken.insert(taken).2)
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
