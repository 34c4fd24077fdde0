//! What is asked of a series.

use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::rule::instant;
use super::{SeriesAction, TASK_DUE_AFTER};
use crate::availability::{DurationMinutes, Seats, Zone};
use crate::booking::{Actor, Booking, Command, Status, WantedExtra};
use crate::id::{ProposalId, UserId};
use crate::money::Price;
use crate::text::{Note, Place, Reason};

/// What is being done to a series, kept until it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// What.
    pub doing: Doing,
    /// In which capacity.
    pub actor: Actor,
    /// Who.
    pub actor_id: UserId,
    /// Why, in the actor's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// When it was asked.
    pub at: Timestamp,
}

impl Task {
    /// When somebody else carries it out.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        self.at.saturating_add(TASK_DUE_AFTER).unwrap_or(Timestamp::MAX)
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// Make its bookings.
    Book(Box<WantedBooking>),
    /// Give a command to those of its bookings that stand at these places and allow it.
    Command(Command, Vec<u16>),
    /// Move these of its bookings.
    Move(Vec<Target>),
    /// Answer the times that are proposed for these of its bookings.
    Answer(SeriesAnswer, Vec<Answered>),
    /// Give back what was taken for a series that cannot be booked as a whole.
    Undo,
}

impl Doing {
    /// What it is called once it is done.
    #[must_use]
    pub const fn action(&self) -> SeriesAction {
        match self {
            Self::Book(_) | Self::Undo => SeriesAction::Booked,
            Self::Command(Command::Confirm, _) => SeriesAction::Confirmed,
            Self::Command(Command::Decline, _) => SeriesAction::Declined,
            Self::Command(Command::Cancel | Command::Expire | Command::Complete | Command::MarkNoShow, _) => {
                SeriesAction::Cancelled
            }
            Self::Move(_) => SeriesAction::Rescheduled,
            Self::Answer(SeriesAnswer::Accept, _) => SeriesAction::RescheduleAccepted,
            Self::Answer(SeriesAnswer::Decline, _) => SeriesAction::RescheduleDeclined,
        }
    }
}

/// What every booking of a series is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedBooking {
    /// How long.
    pub duration: DurationMinutes,
    /// How many seats.
    pub seats: Seats,
    /// With what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<WantedExtra>,
    /// What each costs: that at the asking.
    pub price: Price,
    /// The address, where the provider comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Place>,
    /// Words for the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
}

/// Where a booking of a series is to be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Which, by its place in the series.
    pub index: u16,
    /// When it is to begin; none where the clock never shows that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// The booking's revision when it was asked: one that has gone on since stays where that led.
    pub revision: u32,
}

/// What is said to the times that are proposed for bookings of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeriesAnswer {
    /// Yes: the bookings move.
    Accept,
    /// No, or the own proposal is taken back: they stay.
    Decline,
}

/// A proposal that is answered with others of its series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// For which booking, by its place in the series.
    pub index: u16,
    /// Which proposal; none where what was agreed to is not what is proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ProposalId>,
    /// The start that is proposed.
    pub starts_at: Timestamp,
}

impl Answered {
    /// What is proposed for `bookings` at `now`.
    #[must_use]
    pub fn open(bookings: &[(u16, &Booking)], now: Timestamp) -> Vec<Self> {
        let answered = |(index, booking): &(u16, &Booking)| {
            let open = booking.open_proposal(now)?;
            Some(Self { index: *index, proposal: Some(open.id), starts_at: open.place.starts_at })
        };
        bookings.iter().filter_map(answered).collect()
    }

    /// The same for those at the starts that were agreed to, by their places in the series.
    #[must_use]
    pub fn agreed(open: &[Self], agreed: &[(u16, Timestamp)]) -> Vec<Self> {
        let answered = |(index, starts_at): &(u16, Timestamp)| {
            let same = |open: &&Self| (open.index, open.starts_at) == (*index, *starts_at);
            let proposal = open.iter().find(same).and_then(|open| open.proposal);
            Self { index: *index, proposal, starts_at: *starts_at }
        };
        agreed.iter().map(answered).collect()
    }
}

impl Target {
    /// Where `bookings` go when `moved`, one of them, begins at `starts_at`: each as many days away, at that time of
    /// day. In the order in which none is in the way of another that is yet to go.
    #[must_use]
    pub fn all(
        bookings: &[(u16, &Booking)],
        moved: &Booking,
        starts_at: Timestamp,
        zone: &Zone,
    ) -> Vec<Self> {
        let there = starts_at.to_zoned(zone.rules().clone()).datetime();
        let days = moved.local_start.date().until(there.date()).map_or(0, |span| span.get_days());
        let target = |index: u16, booking: &Booking| {
            let revision = booking.revision;
            if booking.id == moved.id {
                return Self { index, starts_at: Some(starts_at), revision };
            }
            let date = booking.local_start.date().checked_add(days.days()).ok();
            let starts_at = date.and_then(|date| instant(date.to_datetime(there.time()), zone));
            Self { index, starts_at, revision }
        };
        let mut ordered: Vec<_> = bookings.iter().collect();
        ordered.sort_by_key(|(_, booking)| booking.starts_at);
        if moved.starts_at < starts_at {
            ordered.reverse();
        }
        ordered.into_iter().map(|(index, booking)| target(*index, booking)).collect()
    }
}

/// Whether a booking is where a command leads, be it by this task or otherwise.
#[must_use]
pub fn is_done(booking: &Booking, command: Command, at: Timestamp) -> bool {
    let led = match command {
        Command::Confirm => Status::Confirmed,
        Command::Decline => Status::Declined,
        Command::Cancel => Status::Cancelled,
        Command::Expire => Status::Expired,
        Command::Complete => Status::Completed,
        Command::MarkNoShow => Status::NoShow,
    };
    booking.status_at(at) == led
}
