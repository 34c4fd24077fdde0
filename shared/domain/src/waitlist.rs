//! Customers who wait for a place where nothing is free.
//!
//! Whoever waits longest is offered a place that suits them first. An offer is a hold with a deadline: the place is
//! nobody else's until it is booked, turned down, or the deadline has passed and the next in line is offered it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::availability::{Busy, CalendarRules, DurationMinutes, Interval, Seats, Slot, Visit, offered};
use crate::booking::Booking;
use crate::event::{Payload, WaitlistRef};
use crate::id::{BookingId, HoldId, ServiceId, UserId, WaitlistEntryId};

/// The longest time in which somebody waits for a start.
pub const LONGEST_WINDOW: SignedDuration = SignedDuration::from_hours(24 * 62);

/// How far ahead the end of that time may be.
pub const FURTHEST: SignedDuration = SignedDuration::from_hours(24 * 366);

/// How many waits a customer may have with one provider at a time.
pub const MOST_OF_A_CUSTOMER: usize = 5;

/// How many waits a provider may have at a time.
pub const MOST_OF_A_PROVIDER: usize = 200;

/// How many offers a customer turns down before they wait no more.
pub const MOST_DECLINED: usize = 10;

/// How long an offer outlives its deadline, so that the place goes to the next in line and to nobody in between.
pub const HANDED_ON_WITHIN: SignedDuration = SignedDuration::from_mins(2);

/// How soon the schedule looks after somebody has begun to wait: what came free beside that is found then.
pub const FIRST_LOOK_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// How often the schedule looks again: for what comes free without a change of the calendar, as days come inside the
/// horizon.
pub const LOOK_EVERY: SignedDuration = SignedDuration::from_hours(1);

const SHORTEST_OFFER: SignedDuration = SignedDuration::from_mins(15);
const LONGEST_OFFER: SignedDuration = SignedDuration::from_hours(12);

/// Until when an offer of a place that begins at `starts_at` can be taken: for a quarter of the time that is left, but
/// for 15 minutes at least and 12 hours at most, and never past the start.
#[must_use]
pub fn answer_by(now: Timestamp, starts_at: Timestamp) -> Timestamp {
    let quarter = starts_at.duration_since(now) / 4;
    let time = quarter.clamp(SHORTEST_OFFER, LONGEST_OFFER);
    now.saturating_add(time).unwrap_or(Timestamp::MAX).min(starts_at)
}

/// A place that is kept for whoever waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// What keeps it.
    pub hold_id: HoldId,
    /// First moment of the service.
    pub starts_at: Timestamp,
    /// First moment after it.
    pub ends_at: Timestamp,
    /// It can be booked before this; a little later it is the next one's.
    pub answer_by: Timestamp,
}

impl Offer {
    /// Of the place that a booking would take if it were made at its making.
    #[must_use]
    pub fn of(hold_id: HoldId, booking: &Booking) -> Self {
        let Booking { starts_at, ends_at, created_at, .. } = *booking;
        Self { hold_id, starts_at, ends_at, answer_by: answer_by(created_at, starts_at) }
    }

    /// Until when its hold keeps others away.
    #[must_use]
    pub fn kept_until(&self) -> Timestamp {
        let handed_on = self.answer_by.saturating_add(HANDED_ON_WITHIN).unwrap_or(Timestamp::MAX);
        handed_on.min(self.starts_at)
    }
}

/// How a wait stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum WaitlistState {
    /// In line; the schedule looks at `look_at`.
    Waiting {
        /// When.
        look_at: Timestamp,
    },
    /// A place is kept.
    Offered(Offer),
    /// It was booked.
    Booked {
        /// As this.
        booking_id: BookingId,
    },
    /// The customer waits no more.
    Left,
    /// The last offer was not taken in time.
    Lapsed,
    /// The time is over, or the service is not to be had any more.
    Expired,
}

/// How a wait stands, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "offered")]
pub enum WaitlistStatus {
    /// In line.
    Waiting,
    /// A place is kept until the offer's `answer_by`.
    Offered,
    /// What was offered is booked.
    Booked,
    /// The customer waits no more.
    Left,
    /// The offer was not taken in time.
    Lapsed,
    /// No place came free in time, or the service is not to be had any more.
    Expired,
}

/// What can happen to a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitlistStep {
    /// A place is offered.
    Offer(Offer),
    /// The offer is booked.
    Book(BookingId),
    /// This offer is turned down; the customer waits on.
    Decline(HoldId),
    /// The customer waits no more.
    Leave,
    /// The deadline of the offer has passed.
    Lapse,
    /// Nothing is free yet; the schedule looks at this moment.
    Look(Timestamp),
    /// Nothing can come of it any more.
    Expire,
}

/// A step that cannot be taken as the wait stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the wait is {status:?} and does not allow this")]
pub struct WrongWaitlistStatus {
    /// How it stands.
    pub status: WaitlistStatus,
}

/// A customer's wait for a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitlistEntry {
    /// Which; those with lower ids have waited longer.
    pub id: WaitlistEntryId,
    /// Who waits.
    pub customer_id: UserId,
    /// For whose time.
    pub provider_id: UserId,
    /// For which service.
    pub service_id: ServiceId,
    /// When the service is to begin.
    pub window: Interval,
    /// How long it is to take, in minutes.
    pub duration: DurationMinutes,
    /// How many seats are wanted.
    pub seats: Seats,
    /// How it stands.
    pub state: WaitlistState,
    /// Starts that were offered and turned down: they are not offered again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declined: Vec<Timestamp>,
    /// Since when.
    pub created_at: Timestamp,
}

impl WaitlistEntry {
    /// How it stands, by name.
    #[must_use]
    pub const fn status(&self) -> WaitlistStatus {
        match self.state {
            WaitlistState::Waiting { .. } => WaitlistStatus::Waiting,
            WaitlistState::Offered(_) => WaitlistStatus::Offered,
            WaitlistState::Booked { .. } => WaitlistStatus::Booked,
            WaitlistState::Left => WaitlistStatus::Left,
            WaitlistState::Lapsed => WaitlistStatus::Lapsed,
            WaitlistState::Expired => WaitlistStatus::Expired,
        }
    }

    /// What is offered, if anything is.
    #[must_use]
    pub const fn offer(&self) -> Option<Offer> {
        match self.state {
            WaitlistState::Offered(offer) => Some(offer),
            _ => None,
        }
    }

    /// Whether it is in line or has an offer.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, WaitlistState::Waiting { .. } | WaitlistState::Offered(_))
    }

    /// When the schedule sees to it; none once it is over.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        match self.state {
            WaitlistState::Waiting { look_at } => Some(look_at.min(self.window.to())),
            WaitlistState::Offered(offer) => Some(offer.answer_by),
            _ => None,
        }
    }

    /// The wait after a step at `now`, and what others are told of it.
    pub fn take(
        &self,
        step: WaitlistStep,
        now: Timestamp,
    ) -> Result<(Self, Option<Payload>), WrongWaitlistStatus> {
        let wrong = Err(WrongWaitlistStatus { status: self.status() });
        let soon = now.saturating_add(FIRST_LOOK_AFTER).unwrap_or(Timestamp::MAX);
        let mut declined = self.declined.clone();
        let state = match (self.state, step) {
            (WaitlistState::Waiting { .. }, WaitlistStep::Offer(offer)) => WaitlistState::Offered(offer),
            (WaitlistState::Waiting { .. }, WaitlistStep::Look(look_at)) => {
                WaitlistState::Waiting { look_at }
            }
            (WaitlistState::Waiting { .. }, WaitlistStep::Expire) => WaitlistState::Expired,
            (WaitlistState::Waiting { .. } | WaitlistState::Offered(_), WaitlistStep::Leave) => {
                WaitlistState::Left
            }
            (WaitlistState::Offered(_), WaitlistStep::Book(booking_id)) => {
                WaitlistState::Booked { booking_id }
            }
            (WaitlistState::Offered(offer), WaitlistStep::Decline(hold)) if offer.hold_id == hold => {
                declined.push(offer.starts_at);
                if declined.len() < MOST_DECLINED {
                    WaitlistState::Waiting { look_at: soon }
                } else {
                    WaitlistState::Left
                }
            }
            (WaitlistState::Offered(offer), WaitlistStep::Lapse) if offer.answer_by <= now => {
                WaitlistState::Lapsed
            }
            _ => return wrong,
        };
        let about = |hold_id| WaitlistRef {
            entry_id: self.id,
            customer_id: self.customer_id,
            provider_id: self.provider_id,
            hold_id,
        };
        let told = match state {
            WaitlistState::Offered(offer) => Some(Payload::WaitlistOffered(about(Some(offer.hold_id)))),
            WaitlistState::Lapsed | WaitlistState::Expired => Some(Payload::WaitlistEnded(about(None))),
            _ => None,
        };
        Ok((Self { state, declined, ..self.clone() }, told))
    }

    /// The first place inside `window` that suits, with a provider of these rules, which are those for the service.
    /// `busy` must reach as far.
    #[must_use]
    pub fn first_fit(
        &self,
        now: Timestamp,
        (rules, visit): (&CalendarRules, Visit),
        window: Interval,
        busy: &[Busy],
    ) -> Option<Slot> {
        let declined = |slot: &Slot| self.declined.contains(&slot.starts_at);
        offered(now, rules, visit, window, busy).find(|slot| !declined(slot))
    }
}

/// When something may come free by the clock alone: a hold, a proposal or a request that expires, wherever it is in what
/// decides about the starts that are asked for.
#[must_use]
pub fn next_expiry(now: Timestamp, busy: &[Busy]) -> Option<Timestamp> {
    busy.iter().filter(|busy| busy.is_live(now)).filter_map(|busy| busy.until).min()
}

#[cfg(test)]
mod tests;
