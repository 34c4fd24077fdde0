//! Doing to each booking of a series what is asked of the series.

use banister_domain::booking::{Actor, Booking, Command, Proposal};
use banister_domain::id::BookingId;
use banister_domain::series::{
    Answered, Conflict, Doing, Occurrence, Refused, Series, SeriesAnswer, Target, Task, is_done,
};
use jiff::Timestamp;

use super::{SeriesError, SeriesStore};
use crate::random;
use crate::store::{BookingCommand, ChangeError, MoveError, MoveWish, ProposalAnswer, ReserveError};

/// The places in the series to which it was done, and to which not.
pub(super) type Outcome = (Vec<u16>, Vec<Refused>);

impl SeriesStore {
    /// Does what is not done yet. Done again, it finds all done.
    pub(super) async fn carry_out(
        &self,
        series: &Series,
        task: &Task,
        now: Timestamp,
    ) -> Result<Outcome, SeriesError> {
        let (mut done, mut refused) = (Vec::new(), Vec::new());
        let mut note = |index, conflict: Option<Conflict>| match conflict {
            None => done.push(index),
            Some(conflict) => refused.push(Refused { index, conflict }),
        };
        match &task.doing {
            Doing::Book(wanted) => return self.book(series, wanted, now).await,
            Doing::Undo => self.undo(series, now).await?,
            Doing::Command(command, places) => {
                for (index, planned) in series.booked().filter(|(index, _)| places.contains(index)) {
                    let given = BookingCommand {
                        reason: task.reason.clone(),
                        series: Some(series.id),
                        ..BookingCommand::from((*command, task.actor))
                    };
                    // As of the moment at which it was asked: what is given back falls with time.
                    let done = self.bookings.change(planned.booking_id, given, None, task.at).await;
                    note(index, self.obeyed(planned.booking_id, done, *command, now).await?);
                }
            }
            Doing::Move(targets) => {
                for target in targets {
                    note(target.index, self.moved(series, task, *target, now).await?);
                }
            }
            Doing::Answer(answer, proposals) => {
                for proposal in proposals {
                    note(proposal.index, self.answered(series, (task, *answer), *proposal, now).await?);
                }
            }
        }
        done.sort_unstable();
        refused.sort_unstable_by_key(|refused| refused.index);
        Ok((done, refused))
    }

    /// What was in the way of a command, if anything was.
    async fn obeyed(
        &self,
        id: BookingId,
        done: Result<Booking, ChangeError>,
        command: Command,
        now: Timestamp,
    ) -> Result<Option<Conflict>, SeriesError> {
        match done {
            Ok(_) => Ok(None),
            Err(ChangeError::Storage(error)) => Err(error.into()),
            Err(ChangeError::Seen | ChangeError::Busy) => Err(SeriesError::Busy),
            Err(_) => {
                let found = self.bookings.get(id).await?;
                let led = found.is_some_and(|found| is_done(&found.value, command, now));
                Ok((!led).then_some(Conflict::WrongState))
            }
        }
    }

    /// Moves one booking, unless it is there, or proposed to be: what is in the way, if anything is.
    async fn moved(
        &self,
        series: &Series,
        task: &Task,
        Target { index, starts_at, revision }: Target,
        now: Timestamp,
    ) -> Result<Option<Conflict>, SeriesError> {
        let Some(starts_at) = starts_at else { return Ok(Some(Conflict::NoSuchTime)) };
        let Some(planned) = series.occurrences.get(usize::from(index)) else {
            return Ok(Some(Conflict::WrongState));
        };
        if self.is_there(planned, task.actor, starts_at, now).await? {
            return Ok(None);
        }
        let (actor, reason) = (task.actor, task.reason.clone());
        let wish = MoveWish { starts_at, actor, reason, series: Some((series.id, revision)) };
        let refused =
            match self.bookings.reschedule(planned.booking_id, &wish, random::id(now), None, now).await {
                Ok(_) => return Ok(None),
                Err(error) => in_the_way(error)?,
            };
        if refused.is_some() {
            return Ok(refused);
        }
        // Maybe by an earlier try of this, of which the answer was lost.
        let there = self.is_there(planned, task.actor, starts_at, now).await?;
        Ok((!there).then_some(Conflict::WrongState))
    }

    /// Says yes or no to what is proposed for one booking, if that is still proposed: what is in the way, if anything is.
    async fn answered(
        &self,
        series: &Series,
        (task, answer): (&Task, SeriesAnswer),
        Answered { index, proposal, starts_at }: Answered,
        now: Timestamp,
    ) -> Result<Option<Conflict>, SeriesError> {
        let Some(planned) = series.occurrences.get(usize::from(index)) else {
            return Ok(Some(Conflict::WrongState));
        };
        let Some(proposal) = proposal else { return Ok(Some(Conflict::ProposalChanged)) };
        let said = match answer {
            SeriesAnswer::Accept => ProposalAnswer::Accept(starts_at),
            SeriesAnswer::Decline => ProposalAnswer::Decline(task.reason.clone()),
        };
        let (id, about) = (planned.booking_id, (proposal, series.id));
        let refused = match self.bookings.answer_with_series(id, (task.actor, &said), about, now).await {
            Ok(_) => return Ok(None),
            Err(error) => in_the_way(error)?,
        };
        if refused.is_some() {
            return Ok(refused);
        }
        // As above. What is not proposed any more is declined, whoever did that, unless the booking has moved there or
        // somewhere else is proposed by now.
        let found = self.bookings.get(id).await?.map(|found| found.value);
        let led = found.is_some_and(|booking| match answer {
            SeriesAnswer::Accept => booking.starts_at == starts_at,
            SeriesAnswer::Decline => booking.starts_at != starts_at && booking.open_proposal(now).is_none(),
        });
        Ok((!led).then_some(Conflict::ProposalChanged))
    }

    /// Whether a booking begins then, or `actor` has proposed that.
    async fn is_there(
        &self,
        planned: &Occurrence,
        actor: Actor,
        starts_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, SeriesError> {
        let Some(found) = self.bookings.get(planned.booking_id).await? else { return Ok(false) };
        let same = |open: &Proposal| (open.by, open.place.starts_at) == (actor, starts_at);
        Ok(found.value.starts_at == starts_at || found.value.open_proposal(now).is_some_and(same))
    }
}

/// What keeps a booking from a place; none where the booking itself is to be asked, which is not as it was.
fn in_the_way(error: MoveError) -> Result<Option<Conflict>, SeriesError> {
    match error {
        MoveError::Place(ReserveError::Taken(reason, _) | ReserveError::NotOffered(reason)) => {
            Ok(Some(reason.into()))
        }
        MoveError::Place(ReserveError::Gone | ReserveError::Unbookable(_)) => Ok(Some(Conflict::NotBookable)),
        MoveError::Place(ReserveError::Storage(error)) | MoveError::Change(ChangeError::Storage(error)) => {
            Err(error.into())
        }
        MoveError::Place(ReserveError::Seen | ReserveError::Busy)
        | MoveError::Change(ChangeError::Seen | ChangeError::Busy) => Err(SeriesError::Busy),
        MoveError::There | MoveError::WentOn | MoveError::Change(_) => Ok(None),
    }
}
