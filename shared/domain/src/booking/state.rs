//! The state machine of a booking: one function says which command leads where.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Booking, PlaceChange};

/// Where a booking stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(example = "requested")]
pub enum Status {
    /// Waits for the provider's answer; holds its place until then.
    Requested,
    /// Agreed.
    Confirmed,
    /// The provider said no.
    Declined,
    /// One side, or staff, called it off.
    Cancelled,
    /// Nobody answered in time.
    Expired,
    /// It took place.
    Completed,
    /// The customer did not come.
    NoShow,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Requested,
        Self::Confirmed,
        Self::Declined,
        Self::Cancelled,
        Self::Expired,
        Self::Completed,
        Self::NoShow,
    ];

    /// The name in JSON and the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Confirmed => "confirmed",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Completed => "completed",
            Self::NoShow => "no_show",
        }
    }
}

/// What can be asked of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Say yes to a request.
    Confirm,
    /// Say no to a request.
    Decline,
    /// Call it off before it starts.
    Cancel,
    /// Let an unanswered request go after its deadline.
    Expire,
    /// Say that it took place, once it has begun.
    Complete,
    /// Say that the customer did not come, once it has begun.
    MarkNoShow,
}

impl Command {
    /// Every command.
    pub const ALL: [Self; 6] =
        [Self::Confirm, Self::Decline, Self::Cancel, Self::Expire, Self::Complete, Self::MarkNoShow];

    /// The name in problem documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Decline => "decline",
            Self::Cancel => "cancel",
            Self::Expire => "expire",
            Self::Complete => "complete",
            Self::MarkNoShow => "mark_no_show",
        }
    }
}

/// All that can be asked of a booking: a command, or a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A command.
    Command(Command),
    /// Move it, or propose to.
    Reschedule,
    /// Say yes to the place that the other side proposed.
    AcceptReschedule,
    /// Say no to it, or take the own proposal back.
    DeclineReschedule,
}

impl From<Command> for Action {
    fn from(command: Command) -> Self {
        Self::Command(command)
    }
}

impl Action {
    /// Every action.
    pub fn all() -> impl Iterator<Item = Self> {
        let moves = [Self::Reschedule, Self::AcceptReschedule, Self::DeclineReschedule];
        Command::ALL.into_iter().map(Self::Command).chain(moves)
    }

    /// The name in problem documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Command(command) => command.as_str(),
            Self::Reschedule => "reschedule",
            Self::AcceptReschedule => "accept_reschedule",
            Self::DeclineReschedule => "decline_reschedule",
        }
    }
}

/// In which capacity somebody acts on a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The one who booked.
    Customer,
    /// The one who is booked.
    Provider,
    /// Staff, on behalf of the two.
    Staff,
    /// Nobody: a deadline passed.
    Time,
}

impl Actor {
    /// Every actor.
    pub const ALL: [Self; 4] = [Self::Customer, Self::Provider, Self::Staff, Self::Time];

    const fn may(self, action: Action) -> bool {
        let command = match action {
            Action::Command(command) => command,
            Action::Reschedule => return matches!(self, Self::Customer | Self::Provider | Self::Staff),
            Action::AcceptReschedule | Action::DeclineReschedule => {
                return matches!(self, Self::Customer | Self::Provider);
            }
        };
        matches!(
            (self, command),
            (
                Self::Provider,
                Command::Confirm
                    | Command::Decline
                    | Command::Cancel
                    | Command::Complete
                    | Command::MarkNoShow
            ) | (Self::Customer | Self::Staff, Command::Cancel)
                | (Self::Time, Command::Expire | Command::Complete)
        )
    }
}

/// The outcome of an allowed command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// The status after.
    pub to: Status,
    /// What happens to the place in the calendar.
    pub place: PlaceChange,
}

/// The booking's state does not allow the command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a booking that is {} cannot be changed by {}", status.as_str(), action.as_str())]
pub struct WrongState {
    /// The status at the moment of asking.
    pub status: Status,
    /// What was asked.
    pub action: Action,
    /// What this actor could ask instead.
    pub allowed: Vec<Action>,
}

/// The deadline for the provider's answer: the sooner of 24 hours after the request and the start.
#[must_use]
pub fn answer_by(requested_at: Timestamp, starts_at: Timestamp) -> Timestamp {
    // Past the end of representable time there is no later moment to choose.
    let day_later = requested_at.checked_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
    day_later.min(starts_at)
}

/// A booking that has changed so often is not moved any more: its history is read whole.
pub const MOST_CHANGES: u32 = 60;

/// How long after its end a booking of which nobody said otherwise has taken place.
pub const COMPLETES_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// The one place where it is decided which command leads where.
pub(super) fn transition(
    booking: &Booking,
    action: impl Into<Action>,
    actor: Actor,
    now: Timestamp,
) -> Result<Transition, WrongState> {
    let action = action.into();
    step(booking, action, actor, now).ok_or_else(|| refusal(booking, action, actor, now))
}

/// What an actor is told whose action leads nowhere.
pub(super) fn refusal(booking: &Booking, action: Action, actor: Actor, now: Timestamp) -> WrongState {
    WrongState {
        status: booking.status_at(now),
        action,
        allowed: Action::all().filter(|other| step(booking, *other, actor, now).is_some()).collect(),
    }
}

fn step(booking: &Booking, action: Action, actor: Actor, now: Timestamp) -> Option<Transition> {
    if !actor.may(action) {
        return None;
    }
    let command = match action {
        Action::Command(command) => command,
        moving => return step_aside(booking, moving, actor, now),
    };
    let (to, place) = match (booking.status_at(now), command) {
        (Status::Requested, Command::Confirm) => (Status::Confirmed, PlaceChange::Settle),
        (Status::Requested, Command::Decline) => (Status::Declined, PlaceChange::Release),
        (Status::Requested, Command::Cancel) => (Status::Cancelled, PlaceChange::Release),
        (Status::Confirmed, Command::Cancel) if now < booking.starts_at => {
            (Status::Cancelled, PlaceChange::Release)
        }
        (Status::Confirmed, Command::Complete) if actor == Actor::Provider && booking.starts_at <= now => {
            (Status::Completed, PlaceChange::Keep)
        }
        (Status::Confirmed, Command::MarkNoShow) if booking.starts_at <= now => {
            (Status::NoShow, PlaceChange::Keep)
        }
        // Completed by the clock, and not yet written down.
        (Status::Completed, Command::Complete)
            if actor == Actor::Time && booking.status == Status::Confirmed =>
        {
            (Status::Completed, PlaceChange::Keep)
        }
        // Expired by the clock, and not yet written down: this is what writes it down.
        (Status::Expired, Command::Expire) if booking.status == Status::Requested => {
            (Status::Expired, PlaceChange::Release)
        }
        _ => return None,
    };
    Some(Transition { to, place })
}

/// Moves are of what is agreed and has not begun.
fn step_aside(booking: &Booking, action: Action, actor: Actor, now: Timestamp) -> Option<Transition> {
    let to = Status::Confirmed;
    if booking.status_at(now) != to || booking.starts_at <= now {
        return None;
    }
    let open = booking.open_proposal(now);
    let place = match action {
        Action::Reschedule if booking.revision < MOST_CHANGES => PlaceChange::Move,
        Action::AcceptReschedule if open?.by != actor => PlaceChange::Move,
        Action::DeclineReschedule if open.is_some() => PlaceChange::Keep,
        _ => return None,
    };
    Some(Transition { to, place })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::availability::Interval;
    use crate::id::Id;
    use crate::money::{Currency, Money, Price};
    use crate::service::LocationKind;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    pub(crate) fn booking(status: Status) -> Booking {
        let (starts_at, ends_at) = (at("2026-03-10T10:00:00Z"), at("2026-03-10T11:00:00Z"));
        let created_at = at("2026-03-09T08:00:00Z");
        Booking {
            id: Id::from_parts(1, 1),
            customer_id: Id::from_parts(1, 2),
            provider_id: Id::from_parts(1, 3),
            service_id: Id::from_parts(1, 4),
            service_title: "Massage".parse().expect("a title"),
            price: Price::try_from(Money::new(100, Currency::Usd)).expect("a price"),
            extras: Vec::new(),
            location_kind: LocationKind::Online,
            location: None,
            seats: crate::availability::Seats::MIN,
            note: None,
            starts_at,
            ends_at,
            time_zone: crate::availability::Zone::UTC,
            local_start: starts_at.to_zoned(jiff::tz::TimeZone::UTC).datetime(),
            occupies: Interval::new(starts_at, ends_at).expect("an interval"),
            resource_ids: crate::resource::ResourceIds::NONE,
            status,
            answer_by: Some(answer_by(created_at, starts_at)),
            series_id: None,
            terms: crate::booking::Terms::default(),
            refund: None,
            refund_at_most: None,
            proposal: None,
            created_at,
            updated_at: created_at,
            revision: 0,
        }
    }

    /// Every status × command × actor × (before the deadline, after it, at the start, a day after the end): what is
    /// not listed here must be refused.
    #[test]
    fn every_status_command_and_actor() {
        let (before, late, started) =
            (at("2026-03-09T09:00:00Z"), at("2026-03-10T08:00:00Z"), at("2026-03-10T10:00:00Z"));
        let over = at("2026-03-11T11:00:00Z");
        let allowed = [
            (Status::Requested, Command::Confirm, Actor::Provider, before, Status::Confirmed),
            (Status::Requested, Command::Decline, Actor::Provider, before, Status::Declined),
            (Status::Requested, Command::Cancel, Actor::Provider, before, Status::Cancelled),
            (Status::Requested, Command::Cancel, Actor::Customer, before, Status::Cancelled),
            (Status::Requested, Command::Cancel, Actor::Staff, before, Status::Cancelled),
            (Status::Requested, Command::Expire, Actor::Time, late, Status::Expired),
            (Status::Requested, Command::Expire, Actor::Time, started, Status::Expired),
            (Status::Confirmed, Command::Cancel, Actor::Provider, before, Status::Cancelled),
            (Status::Confirmed, Command::Cancel, Actor::Customer, before, Status::Cancelled),
            (Status::Confirmed, Command::Cancel, Actor::Staff, before, Status::Cancelled),
            (Status::Confirmed, Command::Cancel, Actor::Staff, late, Status::Cancelled),
            (Status::Confirmed, Command::Cancel, Actor::Provider, late, Status::Cancelled),
            (Status::Confirmed, Command::Cancel, Actor::Customer, late, Status::Cancelled),
            (Status::Requested, Command::Expire, Actor::Time, over, Status::Expired),
            (Status::Confirmed, Command::Complete, Actor::Provider, started, Status::Completed),
            (Status::Confirmed, Command::MarkNoShow, Actor::Provider, started, Status::NoShow),
            (Status::Confirmed, Command::Complete, Actor::Time, over, Status::Completed),
        ];
        for status in Status::ALL {
            for command in Command::ALL {
                for actor in Actor::ALL {
                    for now in [before, late, started, over] {
                        let outcome = booking(status).change(command, actor, None, now);
                        let wanted = allowed
                            .iter()
                            .find(|row| (row.0, row.1, row.2, row.3) == (status, command, actor, now));
                        match wanted {
                            Some(row) => assert_eq!(outcome.map(|change| change.booking.status), Ok(row.4)),
                            None => assert!(outcome.is_err(), "{status:?} {command:?} {actor:?} {now}"),
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_refusal_says_what_is_possible() {
        let refusal = booking(Status::Confirmed)
            .change(Command::Confirm, Actor::Provider, None, at("2026-03-09T09:00:00Z"))
            .expect_err("already confirmed");
        let allowed: Vec<_> = refusal.allowed.into_iter().map(Action::as_str).collect();
        assert_eq!((refusal.status, allowed), (Status::Confirmed, vec!["cancel", "reschedule"]));
    }

    #[test]
    fn only_a_confirmation_keeps_the_place() {
        let now = at("2026-03-09T09:00:00Z");
        let place =
            |command| booking(Status::Requested).change(command, Actor::Provider, None, now).map(|c| c.place);
        assert_eq!(place(Command::Confirm), Ok(PlaceChange::Settle));
        assert_eq!(place(Command::Decline), Ok(PlaceChange::Release));
        assert_eq!(place(Command::Cancel), Ok(PlaceChange::Release));
    }

    #[test]
    fn the_deadline_is_a_day_or_the_start() {
        let now = at("2026-03-09T08:00:00Z");
        assert_eq!(answer_by(now, at("2026-03-20T08:00:00Z")), at("2026-03-10T08:00:00Z"));
        assert_eq!(answer_by(now, at("2026-03-09T12:00:00Z")), at("2026-03-09T12:00:00Z"));
    }
}
