//! Commands to bookings: a place is settled, kept or given back together with everything that explains it.

use axum::http::StatusCode;
use banister_domain::availability::{Calendar, ChangedDay, Joint, Refusal};
use banister_domain::booking::{Actor, Booking, Change, Command, PlaceChange, Refund, WrongState};
use banister_domain::id::{BookingId, SeriesId};
use banister_domain::money::Money;
use banister_domain::text::Reason;
use jiff::Timestamp;
use serde_json::json;

use super::reschedule::{let_go, own_dates, own_resources};
use super::reserve::{Lost, Receipt, ReserveError, add, explain};
use super::{BookingRecord, Bookings, HistoryRecord};
use crate::http::{Code, Problem, Replayable};
use crate::store::{Act, AuditEntry, AuditRecord, Loaded, Once, Race};
use crate::table::{CommitError, StorageError, Table, Transaction, Versioned, key};

/// Why a booking was not changed.
#[derive(Debug)]
pub enum ChangeError {
    /// There is no such booking.
    Missing,
    /// Its state does not allow it.
    WrongState(WrongState),
    /// This would be given back, and not what was expected.
    RefundChanged(Refund),
    /// Another start is proposed than the one that was meant.
    ProposalChanged(Timestamp),
    /// The request was answered before.
    Seen,
    /// Too many others at once.
    Busy,
    /// The table did not answer.
    Storage(StorageError),
}

impl From<WrongState> for ChangeError {
    fn from(wrong: WrongState) -> Self {
        Self::WrongState(wrong)
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
                let allowed: Vec<_> = wrong.allowed.iter().map(|action| action.as_str()).collect();
                Self::new(Code::WrongState)
                    .detail(wrong.to_string())
                    .with("booking_status", wrong.status)
                    .with("allowed", allowed)
            }
            ChangeError::RefundChanged(refund) => Self::new(Code::RefundChanged).with("refund", refund),
            ChangeError::ProposalChanged(starts_at) => {
                Self::new(Code::ProposalChanged).with("starts_at", starts_at)
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
        if let (
            Some(once),
            Self::Seen | Self::WrongState(_) | Self::RefundChanged(_) | Self::ProposalChanged(_),
        ) = (once, &self)
            && let Some(replay) = once.replay(table, now).await?
        {
            return replay.answer();
        }
        Err(self.into())
    }
}

/// A command to a booking.
#[derive(Debug, Clone)]
pub struct BookingCommand {
    /// What is asked.
    pub command: Command,
    /// In which capacity.
    pub actor: Actor,
    /// Why, in the actor's words.
    pub reason: Option<Reason>,
    /// What is expected to be given back; refused if it is another sum.
    pub refund: Option<Money>,
    /// The series with which the booking is changed.
    pub series: Option<SeriesId>,
}

impl From<(Command, Actor)> for BookingCommand {
    /// Without a word.
    fn from((command, actor): (Command, Actor)) -> Self {
        Self { command, actor, reason: None, refund: None, series: None }
    }
}

/// A command, and, where staff give it, their act.
pub(super) struct Order<'a> {
    pub(super) given: BookingCommand,
    pub(super) act: Option<&'a Act>,
}

impl Order<'_> {
    fn given_to(&self, booking: &Booking, now: Timestamp) -> Result<Change, ChangeError> {
        let BookingCommand { command, actor, reason, refund: expected, series } = self.given.clone();
        let mut change = booking.change(command, actor, reason, now)?;
        if let Some(series) = series {
            change.payload = change.payload.with_series(series);
        }
        if let (Some(expected), Some(refund)) = (expected, change.booking.refund)
            && refund.amount != expected
        {
            return Err(ChangeError::RefundChanged(refund));
        }
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
    /// Gives a command to a booking, at `now`.
    pub async fn change(
        &self,
        id: BookingId,
        given: impl Into<BookingCommand>,
        receipt: Option<Receipt<'_>>,
        now: Timestamp,
    ) -> Result<Booking, ChangeError> {
        self.obey(id, &Order { given: given.into(), act: None }, receipt, now).await
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
            let change = order.given_to(&found.value, now)?;
            let line = order.line(&found.value, &change);
            let Change { booking, history, place, payload } = change;
            // The booking was read before the days: where they do not know it, it has been changed in between.
            let Some(days) = self.moved(&found.value, place).await? else { continue };
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

    /// The days of a booking after its place changes, without the one that was held for a proposal; none where they
    /// do not know it.
    async fn moved(
        &self,
        booking: &Booking,
        place: PlaceChange,
    ) -> Result<Option<Joint<Vec<ChangedDay>>>, StorageError> {
        let proposal = booking.proposal.as_ref();
        if place == PlaceChange::Keep && proposal.is_none() {
            return Ok(Some(Joint::default()));
        }
        let dates: Vec<_> = own_dates(booking).into_iter().collect();
        let resources = own_resources(booking);
        let Loaded { days, .. } = self.calendars.load(booking.provider_id, &resources, &dates).await?;
        let change = || {
            let mut calendars = Joint::<Calendar>::new(days)?;
            match place {
                PlaceChange::Settle => calendars.settle(booking.id, &booking.resource_ids)?,
                PlaceChange::Release => calendars.release(booking.id, &booking.resource_ids)?,
                PlaceChange::Keep | PlaceChange::Move => {}
            }
            let_go(&mut calendars, proposal)?;
            Ok::<_, Refusal>(calendars.into_changes())
        };
        Ok(change().ok())
    }

    /// A transaction that expires the bookings whose expired holds are in the way; none where one of them has been
    /// changed since the days were read. One that takes resources has places in days that were not read, maybe of
    /// another provider: it is expired by itself first, as the schedule would, and all is to be decided again.
    pub(super) async fn expire_displaced(
        &self,
        displaced: &[BookingId],
        now: Timestamp,
    ) -> Result<Option<Transaction<Lost>>, ReserveError> {
        let mut transaction = Transaction::new();
        let keys: Vec<_> = displaced.iter().copied().map(key::booking).collect();
        let mut found = self.table.get_all(&keys).await?;
        let mut apart = Vec::new();
        for key in &keys {
            let Some(record) = found.take::<BookingRecord>(key)? else { return Ok(None) };
            let Ok(change) = record.value.0.change(Command::Expire, Actor::Time, None, now) else {
                return Ok(None);
            };
            let Change { booking, history, payload, place: _ } = change;
            let id = booking.id;
            if !booking.resource_ids.is_empty() {
                apart.push(id);
                continue;
            }
            transaction
                .replace(&Versioned { value: BookingRecord(booking), version: record.version }, Lost::Race);
            explain(&mut transaction, &HistoryRecord::of(id, history), payload, now)?;
        }
        if apart.is_empty() {
            return Ok(Some(transaction));
        }
        self.expire_some(&apart, now).await?;
        Ok(None)
    }

    /// Expires bookings one by one, where too many are in the way for one transaction.
    pub(super) async fn expire_some(
        &self,
        bookings: &[BookingId],
        now: Timestamp,
    ) -> Result<(), ReserveError> {
        for id in bookings {
            let expire = (Command::Expire, Actor::Time);
            match Box::pin(self.change(*id, expire, None, now)).await {
                Ok(_)
                | Err(
                    ChangeError::Missing
                    | ChangeError::WrongState(_)
                    | ChangeError::RefundChanged(_)
                    | ChangeError::ProposalChanged(_)
                    | ChangeError::Seen,
                ) => {}
                Err(ChangeError::Busy) => return Err(ReserveError::Busy),
                Err(ChangeError::Storage(error)) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
