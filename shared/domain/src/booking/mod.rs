//! A booking: one customer, one service, one place in the provider's time.

mod history;
mod hold;
mod policy;
mod price;
mod request;
mod reschedule;
mod state;
mod terms;

pub use history::{Change, HistoryEntry, PlaceChange};
pub use hold::{HELD_FOR, Hold};
pub use policy::{
    CancellationPolicy, GraceMinutes, InvalidPolicy, LeadMinutes, Percent, Refund, RefundReason, Share, Tier,
};
pub use price::{BookedExtra, InvalidExtra, LineItem, LineKind, WantedExtra};
pub use request::{Request, Unbookable};
pub use reschedule::{Place as BookedPlace, Proposal, Reschedule, RescheduleStep};
#[cfg(test)]
pub(crate) use state::tests::booking as any_booking;
pub use state::{
    Action, Actor, COMPLETES_AFTER, Command, MOST_CHANGES, Status, Transition, WrongState, answer_by,
};
pub use terms::{BookingType, RescheduleRule, Terms};

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::availability::{Busy, Given, Interval, Seats, Zone};
use crate::event::{BookingRef, Payload};
use crate::id::{BookingId, SeriesId, ServiceId, UserId};
use crate::money::Price;
use crate::resource::ResourceIds;
use crate::service::LocationKind;
use crate::text::{Note, Place, Reason, Title};

/// A booking as it is kept. What it says of the service was fixed when it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// Which.
    pub id: BookingId,
    /// Who booked.
    pub customer_id: UserId,
    /// Who is booked.
    pub provider_id: UserId,
    /// What was booked.
    pub service_id: ServiceId,
    /// The service's title at that time.
    pub service_title: Title,
    /// The price of all its seats and extras at that time.
    pub price: Price,
    /// What comes with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<BookedExtra>,
    /// Where it takes place.
    pub location_kind: LocationKind,
    /// The address, where the provider comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Place>,
    /// How many seats it takes of those that the service has.
    #[serde(default = "Seats::one")]
    pub seats: Seats,
    /// What the customer says to the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// First moment of the service.
    pub starts_at: Timestamp,
    /// First moment after the service.
    pub ends_at: Timestamp,
    /// The provider's zone when it was made, and the start on the provider's clock then: what was
    /// agreed, should the zone's rules change before the visit.
    pub time_zone: Zone,
    /// See `time_zone`.
    pub local_start: DateTime,
    /// The provider's time that is taken, buffers included.
    pub occupies: Interval,
    /// What is taken beside that, from the same moment to the same moment.
    #[serde(default, skip_serializing_if = "ResourceIds::is_empty")]
    pub resource_ids: ResourceIds,
    /// Where the booking stands; see [`Booking::status_at`] for what a reader must say.
    pub status: Status,
    /// Until when the provider may answer a request; none of what was booked at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_by: Option<Timestamp>,
    /// What was agreed beside time and price.
    #[serde(default)]
    pub terms: Terms,
    /// The series it was booked with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_id: Option<SeriesId>,
    /// What the customer gets back, once it is called off or the customer did not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<Refund>,
    /// What is given back at most when the customer calls it off: the least share of when they moved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_at_most: Option<Percent>,
    /// Another place that one side proposed, also where nobody can answer any more; see [`Booking::open_proposal`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// How often it changed; the number of its last history entry.
    pub revision: u32,
}

impl Booking {
    /// What the calendar has for this booking: a hold while it is only requested.
    #[must_use]
    pub fn place(&self) -> Busy {
        // Buffers are at most 240 minutes, and none where the place ends with representable time.
        let minutes = |longer: SignedDuration| u16::try_from(longer.as_mins()).unwrap_or(0);
        let given = Given {
            service: self.service_id,
            lead_minutes: minutes(self.starts_at.duration_since(self.occupies.from())),
            tail_minutes: minutes(self.occupies.to().duration_since(self.ends_at)),
            seats: self.seats,
        };
        Busy {
            interval: self.occupies,
            owner: self.id.into(),
            until: self.answer_by.filter(|_| self.status == Status::Requested),
            given: Some(given),
        }
    }

    /// The status that is true at `now`: a request whose deadline has passed is expired, and what was to
    /// take place has, even where nobody has written that down yet.
    #[must_use]
    pub fn status_at(&self, now: Timestamp) -> Status {
        match (self.status, self.due_at()) {
            (Status::Requested, Some(due)) if due <= now => Status::Expired,
            (Status::Confirmed, Some(due)) if due <= now => Status::Completed,
            (status, _) => status,
        }
    }

    /// When time changes its status, if nobody does before; none where nothing is left to come.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        match self.status {
            Status::Requested => Some(self.answer_by.unwrap_or(self.starts_at)),
            Status::Confirmed => Some(self.ends_at.saturating_add(COMPLETES_AFTER).unwrap_or(Timestamp::MAX)),
            Status::Declined | Status::Cancelled | Status::Expired | Status::Completed | Status::NoShow => {
                None
            }
        }
    }

    /// Whether `actor` may do this to it at `now`.
    #[must_use]
    pub fn allows(&self, action: impl Into<Action>, actor: Actor, now: Timestamp) -> bool {
        state::transition(self, action, actor, now).is_ok()
    }

    /// What `actor` would give back by calling it off at `now`, and until when that is so; refused where it
    /// cannot be called off.
    pub fn cancellation(
        &self,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(Refund, Option<Timestamp>), WrongState> {
        state::transition(self, Command::Cancel, actor, now)?;
        let Share { percent, reason, until } = self.given_back(actor, now);
        Ok((Refund::of(self.price, percent, reason), until))
    }

    fn given_back(&self, actor: Actor, now: Timestamp) -> Share {
        let all = |reason| Share { percent: Percent::MAX, reason, until: None };
        match (self.status, actor) {
            (Status::Requested, _) => all(RefundReason::NotAgreed),
            (_, Actor::Provider) => all(RefundReason::ByProvider),
            (_, Actor::Staff | Actor::Time) => all(RefundReason::ByStaff),
            (_, Actor::Customer) => {
                let share = |at| self.terms.cancellation.share(self.created_at, self.starts_at, at);
                let found = share(now);
                let Some(percent) = self.refund_at_most.filter(|most| *most < found.percent) else {
                    return found;
                };
                // What the tiers give may fall for a while above what is left.
                let mut falls = found.until;
                while let Some(later) = falls.map(share).filter(|later| later.percent >= percent) {
                    falls = later.until;
                }
                Share { percent, reason: RefundReason::Moved, until: falls }
            }
        }
    }

    fn refund_of(&self, command: Command, actor: Actor, now: Timestamp) -> Option<Refund> {
        match command {
            Command::Cancel => {
                let Share { percent, reason, .. } = self.given_back(actor, now);
                Some(Refund::of(self.price, percent, reason))
            }
            Command::MarkNoShow => {
                let share = self.terms.cancellation.no_show();
                let share = self.refund_at_most.map_or(share, |most| most.min(share));
                Some(Refund::of(self.price, share, RefundReason::NoShow))
            }
            Command::Confirm | Command::Decline | Command::Expire | Command::Complete => None,
        }
    }

    /// What moves a booking on at `now` that nobody else moved on, if anything does.
    #[must_use]
    pub fn overdue(&self, now: Timestamp) -> Option<Command> {
        let mut commands = [Command::Expire, Command::Complete].into_iter();
        commands.find(|command| state::transition(self, *command, Actor::Time, now).is_ok())
    }

    /// The history line and event of a booking just made: by its customer, or by this member of staff for a reason.
    #[must_use]
    pub fn opening(&self, by_staff: Option<(UserId, Reason)>) -> (HistoryEntry, Payload) {
        let (actor, actor_id, reason) = match by_staff {
            None => (Actor::Customer, self.customer_id, None),
            Some((staff, reason)) => (Actor::Staff, staff, Some(reason)),
        };
        let entry = HistoryEntry {
            revision: 0,
            at: self.created_at,
            actor,
            actor_id: Some(actor_id),
            from: None,
            to: self.status,
            reason,
            reschedule: None,
        };
        let about = BookingRef { series_id: self.series_id, ..self.reference(actor) };
        let payload = match self.status {
            Status::Confirmed => Payload::BookingConfirmed(about),
            _ => Payload::BookingRequested(about),
        };
        (entry, payload)
    }

    /// Applies `command`, given by `actor` at `now`, or says why not.
    pub fn change(
        &self,
        command: Command,
        actor: Actor,
        reason: Option<Reason>,
        now: Timestamp,
    ) -> Result<Change, WrongState> {
        let Transition { to, place } = state::transition(self, command, actor, now)?;
        let revision = self.revision + 1;
        let refund = self.refund_of(command, actor, now);
        let booking = Self { status: to, refund, proposal: None, updated_at: now, revision, ..self.clone() };
        let history = HistoryEntry {
            revision,
            at: now,
            actor,
            actor_id: self.side(actor),
            from: Some(self.status),
            to,
            reason,
            reschedule: None,
        };
        let about = self.reference(actor);
        let payload = match command {
            Command::Confirm => Payload::BookingConfirmed(about),
            Command::Decline => Payload::BookingDeclined(about),
            Command::Cancel => Payload::BookingCancelled(about),
            Command::Expire => Payload::BookingExpired(about),
            Command::Complete => Payload::BookingCompleted(about),
            Command::MarkNoShow => Payload::BookingNoShow(about),
        };
        Ok(Change { booking, history, place, payload })
    }

    /// Without what this side said in it, or where it lives.
    #[must_use]
    pub fn without_words_of(self, side: Actor) -> Self {
        match side {
            Actor::Customer => Self { location: None, note: None, ..self },
            Actor::Provider => {
                let title = crate::service::deleted_title();
                let extras = BookedExtra::without_words(self.extras, &title);
                Self { extras, service_title: title, ..self }
            }
            Actor::Staff | Actor::Time => self,
        }
    }

    /// What a side of which all is being erased does about it at `now`: a booking that is to come is called
    /// off, a request that nobody answered expires, and what nobody spoke about has taken place; none where
    /// nothing is left to be done, or not yet.
    #[must_use]
    pub fn settled_for(&self, side: Actor, now: Timestamp) -> Option<(Command, Actor)> {
        [(Command::Expire, Actor::Time), (Command::Complete, Actor::Time), (Command::Cancel, side)]
            .into_iter()
            .find(|(command, actor)| self.change(*command, *actor, None, now).is_ok())
    }

    /// The user who acts as one of the two sides.
    const fn side(&self, actor: Actor) -> Option<UserId> {
        match actor {
            Actor::Customer => Some(self.customer_id),
            Actor::Provider => Some(self.provider_id),
            Actor::Staff | Actor::Time => None,
        }
    }

    fn reference(&self, actor: Actor) -> BookingRef {
        BookingRef {
            booking_id: self.id,
            customer_id: self.customer_id,
            provider_id: self.provider_id,
            actor,
            series_id: None,
        }
    }
}
