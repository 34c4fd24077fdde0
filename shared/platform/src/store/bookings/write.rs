//! The writes: a place is taken, settled or given back together with everything that explains it.

use axum::http::StatusCode;
use banister_domain::availability::{self, ChangedDay, Interval, NotOffered, Refusal, Slot};
use banister_domain::booking::{Actor, Booking, Change, Command, PlaceChange, Request, WrongState};
use banister_domain::event::Payload;
use banister_domain::id::{BookingId, UserId};
use banister_domain::service::{Service, ServiceStatus};
use banister_domain::text::Reason;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::race::Race;
use super::{BookingRecord, Bookings, HistoryRecord};
use crate::http::{Code, Problem, Replayable};
use crate::store::{Act, AuditEntry, AuditRecord, DayRecord, Loaded, Once, OutboxRecord};
use crate::table::{CommitError, StorageError, Table, Transaction, Versioned, key};

/// How many expired bookings are moved away in the transaction that takes their place; a
/// transaction has room for 100 items.
const MAX_DISPLACED: usize = 20;

/// The widest buffer that rules can have, in minutes: which days to read is asked before the rules
/// are known.
const WIDEST_BUFFER: u16 = 240;

/// How far ahead other slots are looked for when one is taken.
const NEXT_SLOTS_WITHIN: SignedDuration = SignedDuration::from_hours(24 * 14);

/// What an answer's receipt needs: the intention, and how a booking is shown.
pub type Receipt<'a> = (&'a Once, &'a (dyn Fn(&Booking) -> Value + Sync));

/// Why a place was not taken.
#[derive(Debug)]
pub enum ReserveError {
    /// The service can no longer be booked.
    Gone,
    /// Taken; these are the next free ones.
    Taken(Vec<Slot>),
    /// Not a place that the service offers.
    NotOffered(NotOffered),
    /// The request was answered before.
    Seen,
    /// Too many others at once.
    Busy,
    /// The table did not answer.
    Storage(StorageError),
}

/// Why a booking was not changed.
#[derive(Debug)]
pub enum ChangeError {
    /// There is no such booking.
    Missing,
    /// Its state does not allow it.
    WrongState(WrongState),
    /// The request was answered before.
    Seen,
    /// Too many others at once.
    Busy,
    /// The table did not answer.
    Storage(StorageError),
}

impl From<StorageError> for ReserveError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}
impl From<StorageError> for ChangeError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Missing => Self::new(Code::NotFound),
            ChangeError::WrongState(wrong) => {
                let allowed: Vec<_> = wrong.allowed.iter().map(|command| command.as_str()).collect();
                Self::new(Code::WrongState)
                    .detail(wrong.to_string())
                    .with("booking_status", wrong.status)
                    .with("allowed", allowed)
            }
            ChangeError::Seen | ChangeError::Busy => Self::busy(),
            ChangeError::Storage(error) => error.into(),
        }
    }
}

impl ChangeError {
    /// What the client is told: an earlier try of this very request may be what has changed the state.
    pub async fn answer<T>(
        self,
        once: Option<&Once>,
        table: &Table,
        now: Timestamp,
    ) -> Result<Replayable<T>, Problem> {
        if let (Some(once), Self::Seen | Self::WrongState(_)) = (once, &self)
            && let Some(replay) = once.replay(table, now).await?
        {
            return replay.answer();
        }
        Err(self.into())
    }
}

/// What a failed condition means to a writer of time.
#[derive(Debug)]
enum Lost {
    /// Something was changed since it was read: decide again.
    Race,
    /// The receipt is there already.
    Seen,
}

/// A command to a booking: in which capacity, why, and, where staff give it, their act.
pub(super) struct Order<'a> {
    pub(super) command: Command,
    pub(super) actor: Actor,
    pub(super) reason: Option<Reason>,
    pub(super) act: Option<&'a Act>,
}

impl Order<'_> {
    fn given_to(&self, booking: &Booking, now: Timestamp) -> Result<Change, WrongState> {
        let change = booking.change(self.command, self.actor, self.reason.clone(), now)?;
        Ok(match self.act.and_then(|act| act.by) {
            Some(staff) => change.by(staff),
            None => change,
        })
    }

    /// What the audit log says of an act of staff; a change by the two sides is in the history only, and so
    /// are the words, which are about either side.
    fn line(&self, before: &Booking, Change { booking, .. }: &Change) -> Option<AuditRecord> {
        let line = self.act?.line(AuditEntry::BookingCancelled, booking.customer_id);
        let after = json!({ "booking_id": booking.id, "status": booking.status });
        Some(line.change(&json!({ "status": before.status }), &after))
    }
}

impl Bookings {
    /// Takes the place that `request` asks for, at `now`.
    pub async fn reserve(
        &self,
        request: &Request,
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
            }
            let Loaded { rules, days } = self.calendars.load(provider, &dates).await?;
            let rules = rules.ok_or(ReserveError::NotOffered(NotOffered::OutsideHours))?;
            let busy = days.iter().flat_map(|day| &day.busy);
            let duration = request.service.duration_minutes;
            let offered = availability::is_offered(now, &rules, duration, request.starts_at, busy);
            let booking =
                request.booking(&rules, now).map_err(|_| ReserveError::NotOffered(NotOffered::TooFar))?;
            let decision = offered.map(|()| availability::reserve(now, days, booking.hold()));
            let reservation = match decision {
                Ok(Ok(reservation)) => reservation,
                Ok(Err(Refusal::NeedsDays(more))) => {
                    dates.extend(more);
                    continue;
                }
                Err(NotOffered::Taken) | Ok(Err(Refusal::Taken { .. })) => {
                    return Err(self.taken(&request, receipt, now).await?);
                }
                Err(reason) => return Err(ReserveError::NotOffered(reason)),
                Ok(Err(Refusal::DayFull(_))) => return Err(ReserveError::Taken(Vec::new())),
                Ok(Err(refusal)) => return Err(StorageError::Malformed(refusal.to_string()).into()),
            };
            if reservation.displaced.len() > MAX_DISPLACED {
                self.expire_some(&reservation.displaced[..MAX_DISPLACED], now).await?;
                continue;
            }
            let Some(mut transaction) = self.expire_displaced(&reservation.displaced, now).await? else {
                continue;
            };
            let (entry, payload) = booking.opening();
            let record = BookingRecord(booking.clone());
            transaction.create(&record, Lost::Race);
            add(&mut transaction, provider, reservation.days);
            let line =
                HistoryRecord { starts_at: Some(booking.starts_at), ..HistoryRecord::of(booking.id, entry) };
            explain(&mut transaction, &line, payload, now)?;
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

    /// Gives `command` to a booking as `actor`, at `now`.
    pub async fn change(
        &self,
        id: BookingId,
        (command, actor): (Command, Actor),
        reason: Option<Reason>,
        receipt: Option<Receipt<'_>>,
        now: Timestamp,
    ) -> Result<Booking, ChangeError> {
        self.obey(id, &Order { command, actor, reason, act: None }, receipt, now).await
    }

    /// Does to a booking what `order` says, at `now`.
    pub(super) async fn obey(
        &self,
        id: BookingId,
        order: &Order<'_>,
        receipt: Option<Receipt<'_>>,
        now: Timestamp,
    ) -> Result<Booking, ChangeError> {
        let mut race = Race::new();
        while race.goes_on().await {
            let found = self.get(id).await?.ok_or(ChangeError::Missing)?;
            let change = order.given_to(&found.value, now).map_err(ChangeError::WrongState)?;
            let line = order.line(&found.value, &change);
            let Change { booking, history, place, payload } = change;
            let dates = availability::days_touched(booking.occupies);
            let Loaded { days, .. } = self.calendars.load(booking.provider_id, &dates).await?;
            let days = match place {
                PlaceChange::Settle => availability::settle(days, id),
                PlaceChange::Release => availability::release(days, id),
            };
            // The booking was read before the days: it has been changed in between.
            let Ok(days) = days else { continue };
            let mut transaction = Transaction::new();
            let changed = Versioned { value: BookingRecord(booking.clone()), version: found.version };
            transaction.replace(&changed, Lost::Race);
            add(&mut transaction, booking.provider_id, days);
            explain(&mut transaction, &HistoryRecord::of(id, history), payload, now)?;
            if let Some(line) = line {
                transaction.put_over(&line);
            }
            if let Some((once, show)) = receipt {
                once.record(&mut transaction, StatusCode::OK, &show(&booking), now, Lost::Seen)?;
            }
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(booking),
                Err(CommitError::Refused(Lost::Seen)) => return Err(ChangeError::Seen),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Refused(Lost::Race) | CommitError::Contention) => {}
            }
        }
        Err(ChangeError::Busy)
    }

    /// A transaction that expires the bookings whose expired holds are in the way; none where one
    /// of them has been changed since the days were read.
    async fn expire_displaced(
        &self,
        displaced: &[BookingId],
        now: Timestamp,
    ) -> Result<Option<Transaction<Lost>>, StorageError> {
        let mut transaction = Transaction::new();
        let keys: Vec<_> = displaced.iter().copied().map(key::booking).collect();
        let mut found = self.table.get_all(&keys).await?;
        for key in &keys {
            let Some(record) = found.take::<BookingRecord>(key)? else { return Ok(None) };
            let Ok(change) = record.value.0.change(Command::Expire, Actor::Time, None, now) else {
                return Ok(None);
            };
            let Change { booking, history, payload, place: _ } = change;
            let id = booking.id;
            transaction
                .replace(&Versioned { value: BookingRecord(booking), version: record.version }, Lost::Race);
            explain(&mut transaction, &HistoryRecord::of(id, history), payload, now)?;
        }
        Ok(Some(transaction))
    }

    /// Expires bookings one by one, where too many are in the way for one transaction.
    async fn expire_some(&self, bookings: &[BookingId], now: Timestamp) -> Result<(), ReserveError> {
        for id in bookings {
            let expire = (Command::Expire, Actor::Time);
            match Box::pin(self.change(*id, expire, None, None, now)).await {
                Ok(_) | Err(ChangeError::Missing | ChangeError::WrongState(_) | ChangeError::Seen) => {}
                Err(ChangeError::Busy) => return Err(ReserveError::Busy),
                Err(ChangeError::Storage(error)) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The service of a request as it is now.
    async fn still_offered(&self, request: &Request) -> Result<Service, ReserveError> {
        let found = self.services.get(request.service.id).await?.map(|found| found.value);
        let service = found.filter(|service| service.status == ServiceStatus::Published);
        service
            .filter(|service| service.duration_minutes == request.service.duration_minutes)
            .ok_or(ReserveError::Gone)
    }

    /// The place is taken: by an earlier try of this very request, or by somebody else.
    async fn taken(
        &self,
        request: &Request,
        receipt: Option<Receipt<'_>>,
        now: Timestamp,
    ) -> Result<ReserveError, StorageError> {
        if let Some((once, _)) = receipt
            && once.replay(&self.table, now).await?.is_some()
        {
            return Ok(ReserveError::Seen);
        }
        Ok(ReserveError::Taken(self.next_slots(&request.service, request.starts_at, now).await?))
    }

    /// The first three free slots of a service that start at `after` or within two weeks of it.
    async fn next_slots(
        &self,
        service: &Service,
        after: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Slot>, StorageError> {
        let Some(rules) = self.calendars.rules(service.provider_id).await? else { return Ok(Vec::new()) };
        let rules = rules.value;
        let end = after.saturating_add(NEXT_SLOTS_WITHIN).unwrap_or(Timestamp::MAX);
        let Ok(window) = Interval::new(after, end) else { return Ok(Vec::new()) };
        let dates = availability::days_to_load(&rules, service.duration_minutes, window);
        let (Some(first), Some(last)) = (dates.first(), dates.last()) else { return Ok(Vec::new()) };
        let busy = self.calendars.busy(service.provider_id, *first, *last).await?;
        Ok(availability::offered(now, &rules, service.duration_minutes, window, &busy).take(3).collect())
    }
}

/// The days on which a request's place can lie, whatever the buffers are.
fn dates_around(request: &Request) -> Vec<Date> {
    let minutes = request.service.duration_minutes.get();
    let length = SignedDuration::from_mins(i64::from(minutes));
    let end = request.starts_at.saturating_add(length).unwrap_or(Timestamp::MAX);
    let around =
        Interval::new(request.starts_at, end).map(|place| place.extend(WIDEST_BUFFER, WIDEST_BUFFER));
    around.map(availability::days_touched).unwrap_or_default()
}

fn add(transaction: &mut Transaction<Lost>, provider_id: UserId, days: Vec<ChangedDay>) {
    for ChangedDay { expected_version, day } in days {
        let record = DayRecord { provider_id, date: day.date, busy: day.busy };
        transaction.create_or_replace(&record, expected_version, Lost::Race);
    }
}

fn explain(
    transaction: &mut Transaction<Lost>,
    line: &HistoryRecord,
    payload: Payload,
    now: Timestamp,
) -> Result<(), StorageError> {
    transaction.create(line, Lost::Race).put_over(&OutboxRecord::new(payload, now)?);
    Ok(())
}
