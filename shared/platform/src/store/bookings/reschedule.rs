//! Moving a booking in one transaction, or holding another place for it until the other side answers.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use banister_domain::availability::{self, Calendar, Day, Joint, NotOffered, Owner, Refusal, Seats, Wanted};
use banister_domain::booking::{Actor, BookedPlace, Booking, Change, PlaceChange, Proposal, Request};
use banister_domain::id::{BookingId, ProposalId, ResourceId, SeriesId};
use banister_domain::text::Reason;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

use super::look::{Look, dates_around};
use super::reserve::{Lost, MAX_DISPLACED, add, explain};
use super::{BookingRecord, Bookings, ChangeError, HistoryRecord, Receipt, ReserveError};
use crate::http::{Code, Problem, Replayable};
use crate::store::{Act, AuditEntry, AuditRecord, Loaded, Once, Race, WeekRecord};
use crate::table::{CommitError, StorageError, Table, Transaction, Versioned, key};

/// Where somebody wants a booking to be.
#[derive(Debug, Clone)]
pub struct MoveWish {
    /// When it is to begin.
    pub starts_at: Timestamp,
    /// Who wants it.
    pub actor: Actor,
    /// Why, in their words.
    pub reason: Option<Reason>,
    /// The series with which it is moved, if it is still at this revision.
    pub series: Option<(SeriesId, u32)>,
}

/// What is said to a proposal.
#[derive(Debug, Clone)]
pub enum ProposalAnswer {
    /// Yes, to this start.
    Accept(Timestamp),
    /// No, and why.
    Decline(Option<Reason>),
}

/// Why a booking was not moved.
#[derive(Debug)]
pub enum MoveError {
    /// It does not allow it.
    Change(ChangeError),
    /// The other place does not.
    Place(ReserveError),
    /// It starts there already.
    There,
    /// It has changed since its series was to be moved.
    WentOn,
}

impl From<ChangeError> for MoveError {
    fn from(error: ChangeError) -> Self {
        Self::Change(error)
    }
}

impl From<ReserveError> for MoveError {
    fn from(error: ReserveError) -> Self {
        Self::Place(error)
    }
}

impl From<StorageError> for MoveError {
    fn from(error: StorageError) -> Self {
        Self::Change(error.into())
    }
}

impl MoveError {
    /// What the client is told of a move that was not made: an earlier try of this very request may have made it.
    pub async fn answer<T>(
        self,
        once: Option<&Once>,
        table: &Table,
        now: Timestamp,
    ) -> Result<Replayable<T>, Problem> {
        match (self, once) {
            (Self::Change(error), once) => error.answer(once, table, now).await,
            (Self::Place(ReserveError::Seen), Some(once)) => {
                once.instead_of(Problem::busy(), table, now).await
            }
            (Self::There, Some(once)) => once.instead_of(there(), table, now).await,
            (Self::There, None) => Err(there()),
            (Self::WentOn, _) => Err(Problem::busy()),
            (Self::Place(ReserveError::Gone), _) => {
                Err(Problem::new(Code::SlotNotOffered).detail("the service is gone"))
            }
            (Self::Place(error), _) => Err(error.into()),
        }
    }
}

/// A change of a booking with what it is made on.
struct Move<'a> {
    found: &'a Versioned<Booking>,
    change: Change,
    /// What the audit log says of it, where staff move it.
    line: Option<AuditRecord>,
    days: Joint<Vec<Day>>,
    week: Option<(Date, u64)>,
    capacity: Seats,
}

/// What came of trying to write a move.
enum Tried {
    Done(Box<Booking>),
    /// Decide again, with these days too.
    Again(Vec<Date>),
    /// The place is taken, or has too few seats left.
    Taken(NotOffered),
}

impl Bookings {
    /// Moves a booking to another free slot of its service, or holds that for it and asks the other side, as its
    /// terms say, at `now`. A proposal gets the id `proposal`, and takes the place of one that was open.
    pub async fn reschedule(
        &self,
        id: BookingId,
        wish: &MoveWish,
        proposal: ProposalId,
        receipt: Option<Receipt<'_>>,
        now: Timestamp,
    ) -> Result<Booking, MoveError> {
        Box::pin(self.move_to(id, (wish, None), proposal, receipt, now)).await
    }

    /// The same for the two sides and for staff, whose act it is then.
    pub(super) async fn move_to(
        &self,
        id: BookingId,
        (wish, act): (&MoveWish, Option<&Act>),
        proposal: ProposalId,
        receipt: Option<Receipt<'_>>,
        now: Timestamp,
    ) -> Result<Booking, MoveError> {
        let mut more = Vec::new();
        let mut race = Race::new();
        while race.goes_on().await {
            let found = self.get(id).await?.ok_or(ChangeError::Missing)?;
            if found.value.starts_at == wish.starts_at {
                return Err(MoveError::There);
            }
            if wish.series.is_some_and(|(_, revision)| revision != found.value.revision) {
                return Err(MoveError::WentOn);
            }
            let request = Request {
                series: wish.series.map(|(id, _)| id),
                ..self.elsewhere(&found.value, wish.starts_at).await?
            };
            let mut dates: BTreeSet<Date> = dates_around(&request).into_iter().collect();
            dates.extend(own_dates(&found.value));
            dates.extend(more.iter().copied());
            let mut dates = dates.into_iter().collect();
            let given_back: Vec<_> = own_resources(&found.value).into_iter().collect();
            let Look { rules, visit, days, week } = self.look(&request, &given_back, &mut dates).await?;
            let place = BookedPlace::of(&rules, wish.starts_at, &request.service);
            let place = place.map_err(|_| ReserveError::NotOffered(NotOffered::TooFar))?;
            let change = found.value.reschedule(proposal, place, (wish.actor, wish.reason.clone()), now);
            let change = change.map_err(ChangeError::from)?;
            let mut change = act.and_then(|act| act.by).map_or(change.clone(), |staff| change.by(staff));
            if let Some((series, _)) = wish.series {
                change.payload = change.payload.with_series(series);
            }
            let line = act.map(|act| audit_line(act, &found.value, &change.booking));
            let own = owners(&found.value);
            let others: Vec<_> =
                days.busy(request.service.id).filter(|busy| !own.contains(&busy.owner)).collect();
            match availability::is_offered(now, &rules, visit, wish.starts_at, &others) {
                Ok(()) => {}
                Err(reason @ (NotOffered::Taken | NotOffered::Full | NotOffered::CapReached)) => {
                    return Err(self.taken(&request, reason, receipt, now).await?.into());
                }
                Err(reason) => return Err(ReserveError::NotOffered(reason).into()),
            }
            let wanted = Move { found: &found, change, line, days, week, capacity: visit.capacity };
            match self.try_move(wanted, receipt, now).await? {
                Tried::Done(booking) => return Ok(*booking),
                Tried::Again(dates) => more.extend(dates),
                Tried::Taken(reason) => {
                    return Err(self.taken(&request, reason, receipt, now).await?.into());
                }
            }
        }
        Err(ChangeError::Busy.into())
    }

    /// Says yes or no to the place that is proposed for a booking, at `now`.
    pub async fn answer_proposal(
        &self,
        id: BookingId,
        (actor, answer): (Actor, &ProposalAnswer),
        receipt: Option<Receipt<'_>>,
        now: Timestamp,
    ) -> Result<Booking, MoveError> {
        Box::pin(self.answer_one(id, (actor, answer, None), receipt, now)).await
    }

    /// The same with others of its series, if still this is what is proposed.
    pub async fn answer_with_series(
        &self,
        id: BookingId,
        (actor, answer): (Actor, &ProposalAnswer),
        proposal: (ProposalId, SeriesId),
        now: Timestamp,
    ) -> Result<Booking, MoveError> {
        Box::pin(self.answer_one(id, (actor, answer, Some(proposal)), None, now)).await
    }

    async fn answer_one(
        &self,
        id: BookingId,
        (actor, answer, of_series): (Actor, &ProposalAnswer, Option<(ProposalId, SeriesId)>),
        receipt: Option<Receipt<'_>>,
        now: Timestamp,
    ) -> Result<Booking, MoveError> {
        let mut more = Vec::new();
        let mut race = Race::new();
        while race.goes_on().await {
            let found = self.get(id).await?.ok_or(ChangeError::Missing)?;
            let open = found.value.open_proposal(now).map(|open| open.id);
            if of_series.is_some_and(|(proposal, _)| open != Some(proposal)) {
                return Err(MoveError::WentOn);
            }
            let mut change = match answer {
                ProposalAnswer::Accept(starts_at) => {
                    let change = found.value.accept(actor, now).map_err(ChangeError::from)?;
                    if change.booking.starts_at != *starts_at {
                        return Err(ChangeError::ProposalChanged(change.booking.starts_at).into());
                    }
                    change
                }
                ProposalAnswer::Decline(reason) => {
                    found.value.decline_proposal(actor, reason.clone(), now).map_err(ChangeError::from)?
                }
            };
            if let Some((_, series)) = of_series {
                change.payload = change.payload.with_series(series);
            }
            let mut dates = own_dates(&found.value);
            dates.extend(more.iter().copied());
            let dates: Vec<_> = dates.into_iter().collect();
            let resources = own_resources(&found.value);
            let Loaded { days, .. } =
                self.calendars.load(found.value.provider_id, &resources, &dates).await?;
            let service = self.services.get(found.value.service_id).await?;
            let capacity = service.map_or(found.value.seats, |service| service.value.seats);
            let there = change.booking.starts_at;
            let wanted = Move { found: &found, change, line: None, days, week: None, capacity };
            match self.try_move(wanted, receipt, now).await? {
                Tried::Done(booking) => return Ok(*booking),
                Tried::Again(dates) => more.extend(dates),
                Tried::Taken(reason) => {
                    let request = self.elsewhere(&found.value, there).await?;
                    let request = Request { series: of_series.map(|(_, series)| series), ..request };
                    return Err(self.taken(&request, reason, receipt, now).await?.into());
                }
            }
        }
        Err(ChangeError::Busy.into())
    }

    /// Writes a move with all that explains it, unless something was changed since it was read.
    async fn try_move(
        &self,
        wanted: Move<'_>,
        receipt: Option<Receipt<'_>>,
        now: Timestamp,
    ) -> Result<Tried, MoveError> {
        let Move { found, change, line, days, week, capacity } = wanted;
        let malformed = |refusal: Refusal| StorageError::Malformed(refusal.to_string());
        let mut calendars = Joint::<Calendar>::new(days).map_err(malformed)?;
        let displaced = match edit(&mut calendars, &found.value, &change, capacity, now) {
            Ok(displaced) => displaced,
            Err(Refusal::NeedsDays(more)) => return Ok(Tried::Again(more)),
            // The booking was read before the days: it has been changed in between.
            Err(Refusal::Absent | Refusal::Duplicate) => return Ok(Tried::Again(Vec::new())),
            Err(Refusal::Full { .. }) => return Ok(Tried::Taken(NotOffered::Full)),
            Err(Refusal::Taken { .. } | Refusal::DayFull(_)) => {
                return Ok(Tried::Taken(NotOffered::Taken));
            }
            Err(refusal @ (Refusal::RepeatedDay(_) | Refusal::NeedsResource(_))) => {
                return Err(malformed(refusal).into());
            }
        };
        if displaced.len() > MAX_DISPLACED {
            self.expire_some(&displaced[..MAX_DISPLACED], now).await?;
            return Ok(Tried::Again(Vec::new()));
        }
        let Some(mut transaction) = self.expire_displaced(&displaced, now).await? else {
            return Ok(Tried::Again(Vec::new()));
        };
        let Change { booking, history, place, payload } = change;
        let (id, provider_id) = (booking.id, booking.provider_id);
        let changed = Versioned { value: BookingRecord(booking.clone()), version: found.version };
        transaction.replace(&changed, Lost::Race);
        add(&mut transaction, provider_id, calendars.into_changes());
        if let Some((monday, version)) = week {
            transaction.create_or_replace(&WeekRecord { provider_id, monday }, version, Lost::Race);
        }
        if place == PlaceChange::Move {
            self.list_anew(&mut transaction, &booking).await?;
        }
        explain(&mut transaction, &HistoryRecord::of(id, history), payload, now)?;
        if let Some(line) = line {
            transaction.put_over(&line);
        }
        if let Some((once, show)) = receipt {
            once.record(&mut transaction, StatusCode::OK, &show(&booking), now, Lost::Seen)?;
        }
        match transaction.commit(&self.table).await {
            Ok(()) => Ok(Tried::Done(Box::new(booking))),
            Err(CommitError::Refused(Lost::Seen)) => Err(ChangeError::Seen.into()),
            Err(CommitError::Storage(error)) => Err(error.into()),
            Err(CommitError::Refused(Lost::Race) | CommitError::Contention) => Ok(Tried::Again(Vec::new())),
        }
    }

    /// The first line of its history stands for a booking in the list of all, by its start.
    async fn list_anew(
        &self,
        transaction: &mut Transaction<Lost>,
        booking: &Booking,
    ) -> Result<(), StorageError> {
        let first = self.table.get::<HistoryRecord>(&key::booking_history(booking.id, 0)).await?;
        let first = first.ok_or_else(|| StorageError::Malformed("a booking without a history".into()))?;
        let first = first.map(|line| HistoryRecord { starts_at: Some(booking.starts_at), ..line });
        transaction.replace(&first, Lost::Race);
        Ok(())
    }

    /// What is asked for when a booking moves. An archived service keeps its bookings, and they may move.
    async fn elsewhere(&self, booking: &Booking, starts_at: Timestamp) -> Result<Request, MoveError> {
        let service = self.services.get(booking.service_id).await?.ok_or(ReserveError::Gone)?.value;
        let request = booking.at_another(service, starts_at);
        Ok(request.map_err(|range| StorageError::Malformed(range.to_string()))?)
    }
}

fn there() -> Problem {
    Problem::invalid("/starts_at", "is when it starts already")
}

/// What the audit log says of a booking that staff moved.
fn audit_line(act: &Act, before: &Booking, after: &Booking) -> AuditRecord {
    let line = act.line(AuditEntry::BookingRescheduled, after.customer_id);
    let after = json!({ "booking_id": after.id, "starts_at": after.starts_at });
    line.change(&json!({ "starts_at": before.starts_at }), &after)
}

/// Every place in the calendar that is the booking's.
fn owners(booking: &Booking) -> Vec<Owner> {
    let proposal = booking.proposal.as_ref().map(|proposal| proposal.id.into());
    proposal.into_iter().chain([booking.id.into()]).collect()
}

/// The days on which those places lie.
pub(super) fn own_dates(booking: &Booking) -> BTreeSet<Date> {
    let proposal = booking.proposal.as_ref().map(|proposal| proposal.place.occupies);
    proposal.into_iter().chain([booking.occupies]).flat_map(availability::days_touched).collect()
}

/// The resources that those places take.
pub(super) fn own_resources(booking: &Booking) -> BTreeSet<ResourceId> {
    let proposal = booking.proposal.as_ref().map(|proposal| &proposal.place.resource_ids);
    let all = proposal.into_iter().chain([&booking.resource_ids]);
    all.flat_map(banister_domain::resource::ResourceIds::as_slice).copied().collect()
}

/// Lets the place go that was held for a proposal; it may have been taken since it expired.
pub(super) fn let_go(calendars: &mut Joint<Calendar>, proposal: Option<&Proposal>) -> Result<(), Refusal> {
    proposal.map_or(Ok(()), |proposal| calendars.let_go(proposal.id, &proposal.place.resource_ids))
}

/// Changes the days as the booking changes, and says whose expired holds were in the way.
fn edit(
    calendars: &mut Joint<Calendar>,
    before: &Booking,
    Change { booking, place, .. }: &Change,
    capacity: Seats,
    now: Timestamp,
) -> Result<Vec<BookingId>, Refusal> {
    let_go(calendars, before.proposal.as_ref())?;
    if let Some(proposal) = &booking.proposal {
        let wanted = Wanted { busy: booking.proposed(proposal), capacity, beside: Some(before.id.into()) };
        return calendars.reserve(now, wanted, &proposal.place.resource_ids);
    }
    if *place != PlaceChange::Move {
        return Ok(Vec::new());
    }
    calendars.release(before.id, &before.resource_ids)?;
    let wanted = Wanted { busy: booking.place(), capacity, beside: None };
    calendars.reserve(now, wanted, &booking.resource_ids)
}
