//! Bookings that recur: made together, answered, moved and called off together, and each a booking of its own.
//!
//! A series is what ties its bookings together, never what decides about them: each is booked, changed and refused
//! by the rules for bookings. What is asked of a series is written down first, as its task; whoever carries it out
//! may stop anywhere, and whoever goes on finds done what was done.

mod rule;
mod task;

pub use rule::{Frequency, SeriesCount, SeriesRule};
pub use task::{Answered, Doing, SeriesAnswer, Target, Task, WantedBooking, is_done};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::availability::NotOffered;
use crate::booking::{Action, Actor, Booking, Request};
use crate::event::{Payload, SeriesRef};
use crate::id::{BookingId, HoldId, SeriesId, ServiceId, UserId};
use crate::service::Service;

/// A series that has changed so often is not moved any more, nor answered as a whole: its history is kept whole, and each
/// of its bookings can still be. Whatever else is done to it ends by itself.
pub const MOST_CHANGES: usize = 60;

/// A task that is not done by then is carried out by the schedule.
pub const TASK_DUE_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// What becomes of the series where one of its bookings cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "all")]
pub enum SeriesMode {
    /// Nothing is booked then.
    All,
    /// The others are.
    Some,
}

/// Where a series stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "made")]
pub enum SeriesStatus {
    /// Its bookings are being made.
    Making,
    /// They are made.
    Made,
    /// Nothing was booked.
    Failed,
    /// Its bookings are being changed.
    Changing,
}

/// A booking of a series, as it was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// When it was to begin; none where the clock never shows that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// The booking that it is, if it was booked.
    pub booking_id: BookingId,
    /// What keeps its place until all have one.
    pub hold_id: HoldId,
}

/// Why a booking of a series was not made, or not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "taken")]
pub enum Conflict {
    /// The provider's clock does not show that time on that date.
    NoSuchTime,
    /// Past, or sooner than the minimum notice.
    TooSoon,
    /// After the horizon.
    TooFar,
    /// Outside the open hours.
    OutsideHours,
    /// Not on the grid of starts.
    OffGrid,
    /// Longer than the provider's longest booking.
    TooLong,
    /// Taken.
    Taken,
    /// Fewer seats are left than are wanted.
    Full,
    /// No more bookings are taken on that day or in that week.
    CapReached,
    /// The service is not to be had any more, or not like this.
    NotBookable,
    /// The booking's status does not allow it.
    WrongState,
    /// Another time is proposed by now, or none.
    ProposalChanged,
}

impl From<NotOffered> for Conflict {
    fn from(reason: NotOffered) -> Self {
        match reason {
            NotOffered::TooSoon => Self::TooSoon,
            NotOffered::TooFar => Self::TooFar,
            NotOffered::OutsideHours => Self::OutsideHours,
            NotOffered::OffGrid => Self::OffGrid,
            NotOffered::TooLong => Self::TooLong,
            NotOffered::Taken => Self::Taken,
            NotOffered::Full => Self::Full,
            NotOffered::CapReached => Self::CapReached,
            NotOffered::NoResource => Self::NotBookable,
        }
    }
}

/// What was done to a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "booked")]
pub enum SeriesAction {
    /// Its bookings were made.
    Booked,
    /// Requests were confirmed.
    Confirmed,
    /// Requests were declined.
    Declined,
    /// Bookings were called off.
    Cancelled,
    /// Bookings were moved, or other times proposed for them.
    Rescheduled,
    /// The other side agreed to times that were proposed: bookings were moved.
    RescheduleAccepted,
    /// Times that were proposed were turned down, or taken back.
    RescheduleDeclined,
}

/// A booking that did not come along, by its place in the series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Which, from 0.
    pub index: u16,
    /// Why not.
    pub conflict: Conflict,
}

/// What came of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesChange {
    /// What was asked.
    pub action: SeriesAction,
    /// By whom.
    pub actor: Actor,
    /// When it was asked.
    pub at: Timestamp,
    /// The bookings to which it was done, by their places in the series.
    pub done: Vec<u16>,
    /// Those to which it was not.
    pub refused: Vec<Refused>,
}

/// A series as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Which.
    pub id: SeriesId,
    /// Who booked.
    pub customer_id: UserId,
    /// Who is booked.
    pub provider_id: UserId,
    /// What was booked.
    pub service_id: ServiceId,
    /// When they take place.
    pub rule: SeriesRule,
    /// What was to become of it where one could not be.
    pub mode: SeriesMode,
    /// All its bookings, as they were planned.
    pub occurrences: Vec<Occurrence>,
    /// What came of each task, oldest first; the first one is the making.
    pub changes: Vec<SeriesChange>,
    /// What is being done to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// Why nothing is done to a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SeriesRefusal {
    /// Something else is being done to it.
    #[error("the series is being changed")]
    Changing,
    /// None of its bookings can be.
    #[error("no booking of the series allows this")]
    Nothing,
    /// It was moved too often.
    #[error("the series has changed too often")]
    TooManyChanges,
    /// It is to go where it is.
    #[error("is when it starts already")]
    There,
}

impl Series {
    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> SeriesStatus {
        match (self.changes.first(), &self.task) {
            (None, _) => SeriesStatus::Making,
            (Some(made), _) if made.done.is_empty() => SeriesStatus::Failed,
            (Some(_), Some(_)) => SeriesStatus::Changing,
            (Some(_), None) => SeriesStatus::Made,
        }
    }

    /// The bookings that were made, each with its place in the series.
    pub fn booked(&self) -> impl Iterator<Item = (u16, &Occurrence)> {
        let made = self.changes.first().into_iter().flat_map(|made| &made.done);
        made.filter_map(|index| Some((*index, self.occurrences.get(usize::from(*index))?)))
    }

    /// The bookings from this place on to which `actor` may do this at `now`.
    #[must_use]
    pub fn open_for(
        bookings: &[(u16, Booking)],
        from: u16,
        action: Action,
        actor: Actor,
        now: Timestamp,
    ) -> Vec<(u16, &Booking)> {
        let open =
            bookings.iter().filter(|(index, booking)| *index >= from && booking.allows(action, actor, now));
        open.map(|(index, booking)| (*index, booking)).collect()
    }

    /// The place of a booking that was made.
    #[must_use]
    pub fn index_of(&self, booking: BookingId) -> Option<u16> {
        self.booked().find(|(_, planned)| planned.booking_id == booking).map(|(index, _)| index)
    }

    /// With something to be done to it.
    pub fn begin(&self, task: Task) -> Result<Self, SeriesRefusal> {
        if self.task.is_some() {
            return Err(SeriesRefusal::Changing);
        }
        if self.changes.len() >= MOST_CHANGES && matches!(task.doing, Doing::Move(_) | Doing::Answer(..)) {
            return Err(SeriesRefusal::TooManyChanges);
        }
        Ok(Self { task: Some(task), ..self.clone() })
    }

    /// With what came of its task, and what others are told; nobody is told that nothing was done. What was to be
    /// booked as a whole and cannot be is given back next.
    #[must_use]
    pub fn end(&self, done: Vec<u16>, refused: Vec<Refused>) -> (Self, Option<Payload>) {
        let Some(task) = &self.task else { return (self.clone(), None) };
        let Task { doing, actor, at, .. } = task;
        if *doing == Doing::Undo {
            return (Self { task: None, ..self.clone() }, None);
        }
        let whole = matches!(doing, Doing::Book(_)) && self.mode == SeriesMode::All;
        let undo = whole && !refused.is_empty();
        let done = if undo { Vec::new() } else { done };
        let next = undo.then(|| Task { doing: Doing::Undo, ..task.clone() });
        let told = !done.is_empty();
        let change = SeriesChange { action: doing.action(), actor: *actor, at: *at, done, refused };
        let changes = self.changes.iter().cloned().chain([change]).collect::<Vec<_>>();
        let change = u16::try_from(changes.len() - 1).unwrap_or(u16::MAX);
        let about = SeriesRef {
            series_id: self.id,
            customer_id: self.customer_id,
            provider_id: self.provider_id,
            actor: *actor,
            change,
        };
        (Self { changes, task: next, ..self.clone() }, told.then_some(Payload::SeriesChanged(about)))
    }

    /// What is asked for at one place of a series that is being made; none where there is nothing to ask for.
    #[must_use]
    pub fn request(
        &self,
        planned: &Occurrence,
        service: &Service,
        wanted: &WantedBooking,
    ) -> Option<Request> {
        let WantedBooking { seats, extras, price, location, note, .. } = wanted.clone();
        Some(Request {
            id: planned.booking_id,
            customer_id: self.customer_id,
            service: service.clone(),
            starts_at: planned.starts_at?,
            seats,
            extras,
            price: Some(price),
            location,
            note,
            series: Some(self.id),
        })
    }
}

#[cfg(test)]
mod tests;
