//! A booking: one customer, one service, one place in the provider's time.

mod state;

pub use state::{Actor, Command, Status, Transition, WrongState, answer_by};

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::availability::{Busy, CalendarRules, EmptyInterval, Interval, Zone};
use crate::event::{BookingRef, Payload};
use crate::id::{BookingId, ServiceId, UserId};
use crate::money::Price;
use crate::service::{LocationKind, Service};
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
    /// The price at that time.
    pub price: Price,
    /// Where it takes place.
    pub location_kind: LocationKind,
    /// The address, where the provider comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Place>,
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
    /// Where the booking stands; see [`Booking::status_at`] for what a reader must say.
    pub status: Status,
    /// Until when the provider may answer a request.
    pub answer_by: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// How often it changed; the number of its last history entry.
    pub revision: u32,
}

/// What a customer asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The booking's id, made by the caller.
    pub id: BookingId,
    /// Who asks.
    pub customer_id: UserId,
    /// For what.
    pub service: Service,
    /// When it is to begin.
    pub starts_at: Timestamp,
    /// The address, where the provider comes.
    pub location: Option<Place>,
    /// Words for the provider.
    pub note: Option<Note>,
}

impl Request {
    /// The booking that this request makes under the provider's rules, if its place is free.
    /// Fails only at the end of representable time.
    pub fn booking(&self, rules: &CalendarRules, now: Timestamp) -> Result<Booking, EmptyInterval> {
        let Self { id, customer_id, service, starts_at, location, note } = self.clone();
        let occupies = rules.occupied(starts_at, service.duration_minutes)?;
        let length = SignedDuration::from_mins(service.duration_minutes.get().into());
        Ok(Booking {
            id,
            customer_id,
            provider_id: service.provider_id,
            service_id: service.id,
            service_title: service.title,
            price: service.price,
            location_kind: service.location_kind,
            location,
            note,
            starts_at,
            ends_at: starts_at.checked_add(length).map_err(|_| EmptyInterval)?,
            local_start: starts_at.to_zoned(rules.time_zone.rules().clone()).datetime(),
            time_zone: rules.time_zone.clone(),
            occupies,
            status: Status::Requested,
            answer_by: answer_by(now, starts_at),
            created_at: now,
            updated_at: now,
            revision: 0,
        })
    }
}

/// One line of a booking's history: who changed what, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// 0 for the making, then one more for each change.
    pub revision: u32,
    /// When.
    pub at: Timestamp,
    /// In which capacity.
    pub actor: Actor,
    /// Who; nobody where time did it. Of staff, see [`Change::by`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<UserId>,
    /// The status before; none at the making.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Status>,
    /// The status after.
    pub to: Status,
    /// Why, in the actor's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl HistoryEntry {
    /// Without the words of this user, one of the two sides, and those of staff, which may be about both.
    #[must_use]
    pub fn without_words_of(self, user: UserId) -> Self {
        let reason = self.reason.filter(|_| self.actor != Actor::Staff && self.actor_id != Some(user));
        Self { reason, ..self }
    }
}

/// What a change of a booking asks to be written, all in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The booking after the change.
    pub booking: Booking,
    /// The line for its history.
    pub history: HistoryEntry,
    /// What happens to its place in the calendar.
    pub place: PlaceChange,
    /// What others are told.
    pub payload: Payload,
}

impl Change {
    /// With the member of staff who made it in its history; the two sides made theirs themselves.
    #[must_use]
    pub fn by(mut self, staff: UserId) -> Self {
        if self.history.actor == Actor::Staff {
            self.history.actor_id = Some(staff);
        }
        self
    }
}

/// What a change does to the provider's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceChange {
    /// The place is kept for good.
    Settle,
    /// The place is free again.
    Release,
}

impl Booking {
    /// What the calendar holds for this booking while it is only requested.
    #[must_use]
    pub fn hold(&self) -> Busy {
        Busy { interval: self.occupies, booking: self.id, until: Some(self.answer_by) }
    }

    /// The status that is true at `now`: a request whose deadline has passed is expired, even
    /// where nobody has written that down yet.
    #[must_use]
    pub fn status_at(&self, now: Timestamp) -> Status {
        if self.status == Status::Requested && self.answer_by <= now { Status::Expired } else { self.status }
    }

    /// The history line and event of a booking just made.
    #[must_use]
    pub fn opening(&self) -> (HistoryEntry, Payload) {
        let entry = HistoryEntry {
            revision: 0,
            at: self.created_at,
            actor: Actor::Customer,
            actor_id: Some(self.customer_id),
            from: None,
            to: self.status,
            reason: None,
        };
        (entry, Payload::BookingRequested(self.reference(Actor::Customer)))
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
        let booking = Self { status: to, updated_at: now, revision, ..self.clone() };
        let history = HistoryEntry {
            revision,
            at: now,
            actor,
            actor_id: match actor {
                Actor::Customer => Some(self.customer_id),
                Actor::Provider => Some(self.provider_id),
                Actor::Staff | Actor::Time => None,
            },
            from: Some(self.status),
            to,
            reason,
        };
        let about = self.reference(actor);
        let payload = match command {
            Command::Confirm => Payload::BookingConfirmed(about),
            Command::Decline => Payload::BookingDeclined(about),
            Command::Cancel => Payload::BookingCancelled(about),
            Command::Expire => Payload::BookingExpired(about),
        };
        Ok(Change { booking, history, place, payload })
    }

    /// Without what this side said in it, or where it lives.
    #[must_use]
    pub fn without_words_of(self, side: Actor) -> Self {
        match side {
            Actor::Customer => Self { location: None, note: None, ..self },
            Actor::Provider => Self { service_title: crate::service::deleted_title(), ..self },
            Actor::Staff | Actor::Time => self,
        }
    }

    /// What a side of which all is being erased does about it at `now`: a booking that is to come is called
    /// off, and a request that nobody answered expires; none where it is over.
    #[must_use]
    pub fn settled_for(&self, side: Actor, now: Timestamp) -> Option<(Command, Actor)> {
        [(Command::Expire, Actor::Time), (Command::Cancel, side)]
            .into_iter()
            .find(|(command, actor)| self.change(*command, *actor, None, now).is_ok())
    }

    fn reference(&self, actor: Actor) -> BookingRef {
        BookingRef {
            booking_id: self.id,
            customer_id: self.customer_id,
            provider_id: self.provider_id,
            actor,
        }
    }
}
