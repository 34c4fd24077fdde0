//! Taking a place, together with everything that explains it.

use axum::http::StatusCode;
use banister_domain::availability::{
    self, Calendar, ChangedDay, Day, Joint, NotOffered, Refusal, Slot, Wanted,
};
use banister_domain::booking::{Booking, Hold, Request, Unbookable};
use banister_domain::event::Payload;
use banister_domain::id::{BookingId, HoldId, SeriesId, UserId, WaitlistEntryId};
use banister_domain::resource::ResourceIds;
use banister_domain::service::{Service, ServiceStatus};
use banister_domain::text::Reason;
use banister_domain::waitlist::{Offer, WaitlistEntry, WaitlistStep};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::holds::HoldRecord;
use super::look::{Look, dates_around};
use super::waiting::follow;
use super::{BookingRecord, Bookings, HistoryRecord};
use crate::store::series::{BEING_MADE, SeriesRecord};
use crate::store::{Act, AuditEntry, DayRecord, Once, OutboxRecord, Race, ResourceDayRecord, WeekRecord};
use crate::table::{CommitError, StorageError, Transaction, Versioned, key};

/// How many expired bookings are moved away in the transaction that takes their place. Each is three of the 100 items
/// that a transaction has room for. A place touches up to three days of its provider and of each of three resources, and
/// what is displaced up to four more; a move with a proposal changes three places, of other resources each: 52 days. With
/// what explains a move, seven more are written.
pub(super) const MAX_DISPLACED: usize = 12;

/// What an answer's receipt needs: the intention, and how a booking is shown.
pub type Receipt<'a> = (&'a Once, &'a (dyn Fn(&Booking) -> Value + Sync));

/// Why a place was not taken.
#[derive(Debug)]
pub enum ReserveError {
    /// The service can no longer be booked.
    Gone,
    /// Taken, full, or on a day with enough bookings; and the next free ones.
    Taken(NotOffered, Vec<Slot>),
    /// Not with these extras, or not for this price.
    Unbookable(Unbookable),
    /// Not a place that the service offers.
    NotOffered(NotOffered),
    /// The request was answered before.
    Seen,
    /// Too many others at once.
    Busy,
    /// The table did not answer.
    Storage(StorageError),
}

impl From<Unbookable> for ReserveError {
    fn from(unbookable: Unbookable) -> Self {
        match unbookable {
            Unbookable::EndOfTime => Self::NotOffered(NotOffered::TooFar),
            other => Self::Unbookable(other),
        }
    }
}

impl From<StorageError> for ReserveError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// What a failed condition means to a writer of time.
#[derive(Debug)]
pub(super) enum Lost {
    /// Something was changed since it was read: decide again.
    Race,
    /// The receipt is there already.
    Seen,
}

/// A member of staff who books for a customer.
pub(super) struct OnBehalf<'a> {
    pub(super) act: &'a Act,
    pub(super) staff: UserId,
    pub(super) reason: &'a Reason,
}

/// What a place is taken for.
#[derive(Debug, Clone, Copy)]
pub enum Claim {
    /// A booking, in the stead of a hold where there is one.
    Booking(Option<HoldId>),
    /// A hold.
    Hold(HoldId),
    /// A hold for a customer who waits; refused as answered where they wait no more, or have another offer.
    Offer(HoldId, WaitlistEntryId),
}

impl Claim {
    /// What it is to a wait.
    fn step(self, booking: &Booking) -> WaitlistStep {
        match self {
            Self::Offer(id, _) | Self::Hold(id) => WaitlistStep::Offer(Offer::of(id, booking)),
            Self::Booking(_) => WaitlistStep::Book(booking.id),
        }
    }

    /// The hold that it makes.
    fn of(self, booking: &Booking) -> Option<Hold> {
        match self {
            Self::Booking(_) => None,
            Self::Hold(id) => Some(Hold::of(id, booking)),
            Self::Offer(id, entry) => {
                let until = Offer::of(id, booking).kept_until();
                Some(Hold::of(id, booking).offered(entry, until))
            }
        }
    }
}

/// Takes the wanted place with all its resources, once the held one is given back: the days to be written, and whose
/// expired holds are in the way.
fn decide(
    now: Timestamp,
    days: Joint<Vec<Day>>,
    held: Option<&Hold>,
    (wanted, resources): (Wanted, &ResourceIds),
) -> Result<(Joint<Vec<ChangedDay>>, Vec<BookingId>), Refusal> {
    let mut calendars = Joint::<Calendar>::new(days)?;
    if let Some(hold) = held {
        calendars.let_go(hold.id, &hold.resource_ids)?;
    }
    let displaced = calendars.reserve(now, wanted, resources)?;
    Ok((calendars.into_changes(), displaced))
}

impl Bookings {
    /// Takes the place that `request` asks for, at `now`: books it, or holds it as if it were to be booked.
    pub async fn reserve(
        &self,
        request: &Request,
        claim: Claim,
        receipt: Option<Receipt<'_>>,
        now: Timestamp,
    ) -> Result<Booking, ReserveError> {
        self.take(request, (claim, None), receipt, now).await
    }

    /// The same for customers and for staff, whose act it is then. Whatever speaks against it by now, it may have been
    /// done by an earlier try of this very request.
    pub(super) async fn take(
        &self,
        request: &Request,
        by: (Claim, Option<&OnBehalf<'_>>),
        receipt: Option<Receipt<'_>>,
        now: Timestamp,
    ) -> Result<Booking, ReserveError> {
        let done = Box::pin(self.try_to_take(request, by, receipt, now)).await;
        match (&done, receipt) {
            (
                Err(ReserveError::Gone | ReserveError::Unbookable(_) | ReserveError::NotOffered(_)),
                Some((once, _)),
            ) if once.replay(&self.table, now).await?.is_some() => Err(ReserveError::Seen),
            _ => done,
        }
    }

    async fn try_to_take(
        &self,
        request: &Request,
        (claim, on_behalf): (Claim, Option<&OnBehalf<'_>>),
        receipt: Option<Receipt<'_>>,
        now: Timestamp,
    ) -> Result<Booking, ReserveError> {
        let mut dates = dates_around(request);
        let mut request = request.clone();
        let provider = request.service.provider_id;
        let mut race = Race::new();
        while race.goes_on().await {
            if race.lost() {
                // Time has passed: what is booked is the service as it is now.
                request.service = self.still_offered(&request).await?;
                if let Some(series) = request.series
                    && !self.is_being_made(series).await?
                {
                    return Err(ReserveError::Gone);
                }
            }
            let held = self.held(&request, claim).await?;
            dates.extend(held.iter().flat_map(|hold| availability::days_touched(hold.occupies)));
            dates.sort_unstable();
            dates.dedup();
            let given_back = held.as_ref().map(|hold| hold.resource_ids.as_slice()).unwrap_or_default();
            let Look { rules, visit, days, week } = self.look(&request, given_back, &mut dates).await?;
            let waits = self.waits(request.customer_id, claim, held.as_ref()).await?;
            let own = held.as_ref().map(|hold| hold.id.into());
            let busy: Vec<_> = days.busy(request.service.id).filter(|busy| Some(busy.owner) != own).collect();
            // The notice was kept when the place was held.
            let kept = held.as_ref().filter(|hold| now < hold.expires_at);
            let asked = kept.map_or(now, |hold| hold.created_at);
            let offered = availability::is_still_offered(asked, now, &rules, visit, request.starts_at, &busy);
            let booking = request.booking(&rules, now)?;
            let made = claim.of(&booking);
            let busy = made.as_ref().map_or_else(|| booking.place(), |hold| hold.place(&booking));
            let wanted = Wanted { busy, capacity: visit.capacity, beside: None };
            let wanted = (wanted, &booking.resource_ids);
            let decision = offered.map(|()| decide(now, days, held.as_ref(), wanted));
            let (days, displaced) = match decision {
                Ok(Ok(decided)) => decided,
                Ok(Err(Refusal::NeedsDays(more))) => {
                    dates.extend(more);
                    continue;
                }
                Err(reason @ (NotOffered::Taken | NotOffered::Full | NotOffered::CapReached)) => {
                    return Err(self.taken(&request, reason, receipt, now).await?);
                }
                // The same as was just said of what is offered, but for a day with no room for one more entry, or one
                // that an earlier try put there, of which it was not known whether it took effect.
                Ok(Err(
                    Refusal::Taken { .. } | Refusal::Full { .. } | Refusal::DayFull(_) | Refusal::Duplicate,
                )) => {
                    return Err(self.taken(&request, NotOffered::Taken, receipt, now).await?);
                }
                Err(reason) => return Err(ReserveError::NotOffered(reason)),
                Ok(Err(refusal)) => return Err(StorageError::Malformed(refusal.to_string()).into()),
            };
            if displaced.len() > MAX_DISPLACED {
                self.expire_some(&displaced[..MAX_DISPLACED], now).await?;
                continue;
            }
            let Some(mut transaction) = self.expire_displaced(&displaced, now).await? else {
                continue;
            };
            add(&mut transaction, provider, days);
            if let Some((monday, version)) = week {
                let week = WeekRecord { provider_id: provider, monday };
                transaction.create_or_replace(&week, version, Lost::Race);
            }
            if let Some(series) = request.series {
                // Nobody who is late takes a place for a series that is made, or given up.
                transaction.check(&key::series(series), BEING_MADE, Lost::Race);
            }
            if let Some(entry) = waits {
                let Ok((after, told)) = entry.value.take(claim.step(&booking), now) else {
                    return Err(ReserveError::Seen);
                };
                follow(&mut transaction, &entry, (after, told), now)?;
            }
            if let Some(made) = made {
                transaction.create(&HoldRecord(made), Lost::Race);
            } else {
                open(&mut transaction, &booking, on_behalf, now)?;
            }
            if let Some(held) = held {
                // Read before the days: one that was let go or booked since is no reason for anything.
                transaction.remove_any(&key::hold(held.customer_id, held.id), Lost::Race);
            }
            if let Some((once, show)) = receipt {
                once.record(&mut transaction, StatusCode::CREATED, &show(&booking), now, Lost::Seen)?;
            }
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(booking),
                Err(CommitError::Refused(Lost::Seen)) => return Err(ReserveError::Seen),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Refused(Lost::Race) | CommitError::Contention) => {}
            }
        }
        Err(ReserveError::Busy)
    }

    /// The hold that is to become a booking, if it is for this; also one that has expired.
    async fn held(&self, request: &Request, claim: Claim) -> Result<Option<Hold>, StorageError> {
        let Claim::Booking(Some(id)) = claim else { return Ok(None) };
        let hold = self.hold(request.customer_id, id).await?;
        Ok(hold.filter(|hold| hold.is_for(&request.service, request.starts_at, request.seats)))
    }

    /// The wait that an offer answers, or that ends with a booking.
    async fn waits(
        &self,
        customer: UserId,
        claim: Claim,
        held: Option<&Hold>,
    ) -> Result<Option<Versioned<WaitlistEntry>>, ReserveError> {
        match (claim, held.and_then(|hold| Some((hold.id, hold.waitlist_entry_id?)))) {
            (Claim::Offer(_, id), _) => Ok(Some(self.wait(customer, id).await?.ok_or(ReserveError::Seen)?)),
            (Claim::Booking(_), Some((kept, id))) => {
                let found = self.wait(customer, id).await?;
                Ok(found.filter(|found| found.value.offer().is_some_and(|offer| offer.hold_id == kept)))
            }
            (Claim::Booking(_) | Claim::Hold(_), _) => Ok(None),
        }
    }

    /// The service of a request as it is now.
    async fn still_offered(&self, request: &Request) -> Result<Service, ReserveError> {
        let found = self.services.get(request.service.id).await?.map(|found| found.value);
        let service = found.filter(|service| service.status == ServiceStatus::Published);
        service
            .and_then(|service| service.lasting(request.service.duration_minutes))
            .ok_or(ReserveError::Gone)
    }

    /// Whether bookings may be added to a series: until it is said what became of it.
    async fn is_being_made(&self, id: SeriesId) -> Result<bool, StorageError> {
        let found = self.table.get::<SeriesRecord>(&key::series(id)).await?;
        Ok(found.is_some_and(|found| found.version == BEING_MADE))
    }

    /// The place is taken: by an earlier try of this very request, or by somebody else.
    pub(super) async fn taken(
        &self,
        request: &Request,
        reason: NotOffered,
        receipt: Option<Receipt<'_>>,
        now: Timestamp,
    ) -> Result<ReserveError, StorageError> {
        if let Some((once, _)) = receipt
            && once.replay(&self.table, now).await?.is_some()
        {
            return Ok(ReserveError::Seen);
        }
        // Whoever books a whole series is not helped by other slots for one of it.
        let next = match request.series {
            Some(_) => Vec::new(),
            None => self.next_slots(request, now).await?,
        };
        Ok(ReserveError::Taken(reason, next))
    }
}

/// Writes a booking that is made, with the first line of its history and its event.
fn open(
    transaction: &mut Transaction<Lost>,
    booking: &Booking,
    on_behalf: Option<&OnBehalf<'_>>,
    now: Timestamp,
) -> Result<(), StorageError> {
    let by_staff = on_behalf.map(|OnBehalf { staff, reason, .. }| (*staff, (*reason).clone()));
    let (entry, payload) = booking.opening(by_staff);
    if let Some(OnBehalf { act, .. }) = on_behalf {
        let line = act.line(AuditEntry::BookingMade, booking.customer_id);
        let made = json!({ "booking_id": booking.id, "starts_at": booking.starts_at });
        transaction.put_over(&line.change(&Value::Null, &made));
    }
    transaction.create(&BookingRecord(booking.clone()), Lost::Race);
    let line = HistoryRecord { starts_at: Some(booking.starts_at), ..HistoryRecord::of(booking.id, entry) };
    explain(transaction, &line, payload, now)
}

/// Writes the days of a provider and of resources, if none of them has changed since it was read.
pub(super) fn add(transaction: &mut Transaction<Lost>, provider_id: UserId, days: Joint<Vec<ChangedDay>>) {
    for ChangedDay { expected_version, day } in days.provider {
        let record = DayRecord { provider_id, date: day.date, busy: day.busy };
        transaction.create_or_replace(&record, expected_version, Lost::Race);
    }
    for (resource_id, days) in days.resources {
        for ChangedDay { expected_version, day } in days {
            let record = ResourceDayRecord { resource_id, date: day.date, busy: day.busy };
            transaction.create_or_replace(&record, expected_version, Lost::Race);
        }
    }
}

pub(super) fn explain(
    transaction: &mut Transaction<Lost>,
    line: &HistoryRecord,
    payload: Payload,
    now: Timestamp,
) -> Result<(), StorageError> {
    transaction.create(line, Lost::Race).put_over(&OutboxRecord::new(payload, now)?);
    Ok(())
}
