//! Doing to each booking of a series what is asked of the series.

use banister_domain::booking::{Booking, Command};
use banister_domain::id::BookingId;
use banister_domain::series::{Doing, Obstacle, Refused, Series, Target, Task, is_done};
use jiff::Timestamp;

use super::{SeriesError, SeriesStore};
use crate::random;
use crate::store::{BookingCommand, ChangeError, MoveError, MoveWish, ReserveError};

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
        let mut note = |index, obstacle: Option<Obstacle>| match obstacle {
            None => done.push(index),
            Some(obstacle) => refused.push(Refused { index, obstacle }),
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
                    let done = self.bookings.change(planned.booking_id, given, None, now).await;
                    note(index, self.obeyed(planned.booking_id, done, *command, now).await?);
                }
            }
            Doing::Move(targets) => {
                for target in targets {
                    note(target.index, self.moved(series, task, *target, now).await?);
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
    ) -> Result<Option<Obstacle>, SeriesError> {
        match done {
            Ok(_) => Ok(None),
            Err(ChangeError::Storage(error)) => Err(error.into()),
            Err(ChangeError::Seen | ChangeError::Busy) => Err(SeriesError::Busy),
            Err(_) => {
                let found = self.bookings.get(id).await?;
                let led = found.is_some_and(|found| is_done(&found.value, command, now));
                Ok((!led).then_some(Obstacle::WrongState))
            }
        }
    }

    /// Moves one booking, unless it is there, or proposed to be: what is in the way, if anything is.
    async fn moved(
        &self,
        series: &Series,
        task: &Task,
        Target { index, starts_at }: Target,
        now: Timestamp,
    ) -> Result<Option<Obstacle>, SeriesError> {
        let Some(starts_at) = starts_at else { return Ok(Some(Obstacle::NoSuchTime)) };
        let planned = series.occurrences.get(usize::from(index)).ok_or(SeriesError::Missing)?;
        let found = self.bookings.get(planned.booking_id).await?.ok_or(SeriesError::Missing)?.value;
        let proposed = found.open_proposal(now).is_some_and(|open| open.place.starts_at == starts_at);
        if found.starts_at == starts_at || proposed {
            return Ok(None);
        }
        let (actor, reason) = (task.actor, task.reason.clone());
        let wish = MoveWish { starts_at, actor, reason, series: Some(series.id) };
        match self.bookings.reschedule(found.id, &wish, random::id(now), None, now).await {
            Ok(_) | Err(MoveError::There) => Ok(None),
            Err(MoveError::Place(ReserveError::Taken(reason, _) | ReserveError::NotOffered(reason))) => {
                Ok(Some(reason.into()))
            }
            Err(MoveError::Place(ReserveError::Gone | ReserveError::Unbookable(_))) => {
                Ok(Some(Obstacle::NotBookable))
            }
            Err(
                MoveError::Place(ReserveError::Storage(error))
                | MoveError::Change(ChangeError::Storage(error)),
            ) => Err(error.into()),
            Err(
                MoveError::Place(ReserveError::Seen | ReserveError::Busy)
                | MoveError::Change(ChangeError::Seen | ChangeError::Busy),
            ) => Err(SeriesError::Busy),
            Err(MoveError::Change(_)) => Ok(Some(Obstacle::WrongState)),
        }
    }
}
