//! What clients want.

use banister_domain::availability::{CalendarRules, Seats, Vacation};
use banister_domain::booking::{Actor, Command};
use banister_domain::id::{BookingId, HoldId, ServiceId, UserId, VacationId};
use jiff::Timestamp;

/// A provider's plan.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Whose.
    pub provider: UserId,
    /// The rules.
    pub rules: CalendarRules,
}

/// A place that a customer wants.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Who.
    pub customer: UserId,
    /// Of which service.
    pub service: ServiceId,
    /// When it is to begin.
    pub starts_at: Timestamp,
    /// How many seats.
    pub seats: Seats,
}

/// What one client wants to have done, once.
#[derive(Debug, Clone)]
pub enum Ask {
    /// Book a place, out of an own hold where there is one.
    Book(Wish, Option<HoldId>),
    /// Hold a place.
    Hold(Wish),
    /// Give a hold back.
    LetGo(UserId, HoldId),
    /// Confirm, decline, cancel, complete or mark a booking.
    Command(BookingId, Command, Actor),
    /// Call a booking off as staff.
    StaffCancel(BookingId),
    /// Move a booking, or propose that.
    Move(BookingId, Timestamp, Actor),
    /// Say yes to a proposed start, or no.
    Answer(BookingId, Actor, Option<Timestamp>),
    /// Write down what time has done, as the schedule does.
    Sweep,
    /// Go away.
    AddVacation(UserId, Vacation),
    /// Come back.
    RemoveVacation(UserId, VacationId),
    /// Have other rules.
    SetRules(Box<Plan>),
    /// Change nothing: a list of an index, which lags.
    List(UserId),
}

impl Ask {
    /// What people call it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Book(_, None) => "book",
            Self::Book(_, Some(_)) => "book a hold",
            Self::Hold(_) => "hold",
            Self::LetGo(..) => "let a hold go",
            Self::Command(_, Command::Confirm, _) => "confirm",
            Self::Command(_, Command::Decline, _) => "decline",
            Self::Command(_, Command::Cancel, _) => "cancel",
            Self::Command(_, Command::Expire, _) => "expire",
            Self::Command(_, Command::Complete, _) => "complete",
            Self::Command(_, Command::MarkNoShow, _) => "mark as no-show",
            Self::StaffCancel(_) => "cancel by staff",
            Self::Move(_, _, Actor::Staff) => "move by staff",
            Self::Move(..) => "reschedule",
            Self::Answer(_, _, Some(_)) => "accept a move",
            Self::Answer(_, _, None) => "decline a move",
            Self::Sweep => "expire and complete what is due",
            Self::AddVacation(..) => "add a vacation",
            Self::RemoveVacation(..) => "remove a vacation",
            Self::SetRules(_) => "change the rules",
            Self::List(_) => "list",
        }
    }

    /// Whether a receipt makes it happen once.
    #[must_use]
    pub const fn has_key(&self) -> bool {
        !matches!(
            self,
            Self::LetGo(..) | Self::Sweep | Self::RemoveVacation(..) | Self::SetRules(_) | Self::List(_)
        )
    }
}

/// What the client was told of what it made or changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    /// The booking, hold or vacation.
    pub id: String,
    /// The booking's revision; 0 of anything else.
    pub revision: u32,
    /// Its start; nothing for a vacation.
    pub starts_at: Option<Timestamp>,
}

/// Why a place was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denied {
    /// The time is over, or sooner than the notice.
    TooSoon,
    /// Behind the horizon.
    TooFar,
    /// Outside the open hours.
    OutsideHours,
    /// Not on the grid.
    OffGrid,
    /// Longer than allowed.
    TooLong,
    /// Something else is there.
    Taken,
    /// Too few seats are left.
    Full,
    /// Enough bookings.
    CapReached,
}

/// How a request ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Done by this request.
    Fresh(Shown),
    /// Done by an earlier request of the same key, and this is its answer.
    Replayed(Shown),
    /// Done, and nothing is shown.
    Nothing,
    /// The place is not to be had.
    Denied(Denied),
    /// The booking's state does not allow it.
    WrongState,
    /// Another start is proposed than the one that was answered.
    ProposalChanged,
    /// There is no such booking, hold or vacation.
    Missing,
    /// Something else was changed at the same time, and the client is told to try again.
    Stale,
    /// No answer that says what became of it.
    Unknown,
    /// An answer that must never be given.
    Broken(String),
}

impl Outcome {
    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fresh(_) => "done",
            Self::Replayed(_) => "replayed",
            Self::Nothing => "done, nothing to show",
            Self::Denied(Denied::Taken) => "refused: taken",
            Self::Denied(Denied::Full) => "refused: full",
            Self::Denied(Denied::CapReached) => "refused: limit reached",
            Self::Denied(_) => "refused: not offered",
            Self::WrongState => "refused: wrong state",
            Self::ProposalChanged => "refused: another proposal",
            Self::Missing => "refused: missing",
            Self::Stale => "refused: changed meanwhile",
            Self::Unknown => "unknown",
            Self::Broken(_) => "broken",
        }
    }
}
