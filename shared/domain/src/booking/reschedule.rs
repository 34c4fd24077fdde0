//! Moving a booking: at once, or once the other side has said yes to a place that is held until then.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::state::{self, Action};
use super::{
    Actor, Booking, Change, HistoryEntry, Percent, PlaceChange, Request, RescheduleRule, Status, WrongState,
    answer_by,
};
use crate::availability::{Busy, CalendarRules, DurationMinutes, EmptyInterval, Interval, OutOfRange, Zone};
use crate::event::Payload;
use crate::id::ProposalId;
use crate::resource::ResourceIds;
use crate::service::Service;
use crate::text::Reason;

/// A place in the provider's time: of a service, its buffers, and what the provider's clock shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// First moment of the service.
    pub starts_at: Timestamp,
    /// First moment after the service.
    pub ends_at: Timestamp,
    /// The provider's zone when the place was chosen.
    pub time_zone: Zone,
    /// The start on the provider's clock then.
    pub local_start: DateTime,
    /// The time that is taken, buffers included.
    pub occupies: Interval,
    /// What is taken beside that.
    #[serde(default, skip_serializing_if = "ResourceIds::is_empty")]
    pub resource_ids: ResourceIds,
}

impl Place {
    /// The place of a service that begins at `starts_at`, as long as it takes and with what it needs.
    pub fn of(rules: &CalendarRules, starts_at: Timestamp, service: &Service) -> Result<Self, EmptyInterval> {
        let duration = service.duration_minutes;
        let length = SignedDuration::from_mins(duration.get().into());
        Ok(Self {
            starts_at,
            ends_at: starts_at.checked_add(length).map_err(|_| EmptyInterval)?,
            local_start: starts_at.to_zoned(rules.time_zone.rules().clone()).datetime(),
            time_zone: rules.time_zone.clone(),
            occupies: rules.occupied(starts_at, duration)?,
            resource_ids: service.resource_ids.clone(),
        })
    }
}

/// Another place that one side proposes; it is held until the other side answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Which: the owner of the held place.
    pub id: ProposalId,
    /// The side that proposes it.
    pub by: Actor,
    /// Where to.
    pub place: Place,
    /// It can be accepted before this moment.
    pub expires_at: Timestamp,
    /// What a customer who asked for it is given back at most from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_at_most: Option<Percent>,
}

/// What a line of the history says of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({
    "step": "moved", "from": "2026-03-10T10:00:00Z", "to": "2026-03-11T10:00:00Z",
}))]
pub struct Reschedule {
    /// What became of it.
    pub step: RescheduleStep,
    /// The start as it was.
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T10:00:00Z")]
    pub from: Timestamp,
    /// The start that was wanted.
    #[schema(value_type = String, format = DateTime, example = "2026-03-11T10:00:00Z")]
    pub to: Timestamp,
}

/// What became of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "moved")]
pub enum RescheduleStep {
    /// It was proposed to the other side.
    Proposed,
    /// One of the two sides turned it down.
    Declined,
    /// The booking was moved.
    Moved,
}

impl Booking {
    /// How long the service takes, as agreed.
    pub fn duration(&self) -> Result<DurationMinutes, OutOfRange> {
        let minutes = self.ends_at.duration_since(self.starts_at).as_mins();
        DurationMinutes::new(u16::try_from(minutes).unwrap_or(u16::MAX))
    }

    /// What is asked for when the booking moves to another start: of the service as it is now what was agreed.
    pub fn at_another(&self, service: Service, starts_at: Timestamp) -> Result<Request, OutOfRange> {
        let service = Service { duration_minutes: self.duration()?, ..service };
        let Self { id, customer_id, seats, location, note, .. } = self.clone();
        // Only its place is asked for: what it costs was agreed.
        Ok(Request {
            id,
            customer_id,
            service,
            starts_at,
            seats,
            extras: Vec::new(),
            price: None,
            location,
            note,
            series: None,
        })
    }

    /// The proposal that can be answered at `now`.
    #[must_use]
    pub fn open_proposal(&self, now: Timestamp) -> Option<&Proposal> {
        let open = self.status_at(now) == Status::Confirmed;
        self.proposal.as_ref().filter(|proposal| open && now < proposal.expires_at)
    }

    /// What the calendar has for a proposal.
    #[must_use]
    pub fn proposed(&self, proposal: &Proposal) -> Busy {
        let there = self.clone().put(proposal.place.clone()).place();
        Busy { owner: proposal.id.into(), until: Some(proposal.expires_at), ..there }
    }

    /// Whether `actor` moves it without asking the other side. A provider never does: the terms are the provider's, and
    /// a customer might get less back at the new time.
    #[must_use]
    pub fn moves_at_once(&self, actor: Actor) -> bool {
        let free = self.terms.reschedule == RescheduleRule::Free;
        actor == Actor::Staff || (actor == Actor::Customer && free)
    }

    /// Moves it to `place` at `now`, or proposes that to the other side under `id`, by its terms.
    pub fn reschedule(
        &self,
        id: ProposalId,
        place: Place,
        (actor, reason): (Actor, Option<Reason>),
        now: Timestamp,
    ) -> Result<Change, WrongState> {
        state::transition(self, Action::Reschedule, actor, now)?;
        let refund_at_most = (actor == Actor::Customer).then(|| self.given_back(actor, now).percent);
        if self.moves_at_once(actor) {
            return Ok(self.moved(place, (actor, reason), refund_at_most, now));
        }
        let expires_at = answer_by(now, self.starts_at.min(place.starts_at));
        let step = (RescheduleStep::Proposed, place.starts_at);
        let proposal = Proposal { id, by: actor, place, expires_at, refund_at_most };
        let booking = Self { proposal: Some(proposal), ..self.clone() };
        Ok(booking.after(self, step, (actor, reason), now))
    }

    /// Says yes to the place that the other side proposed.
    pub fn accept(&self, actor: Actor, now: Timestamp) -> Result<Change, WrongState> {
        state::transition(self, Action::AcceptReschedule, actor, now)?;
        let proposal = self.open_proposal(now).ok_or_else(|| {
            // Without one, there is no such transition.
            state::refusal(self, Action::AcceptReschedule, actor, now)
        })?;
        Ok(self.moved(proposal.place.clone(), (actor, None), proposal.refund_at_most, now))
    }

    /// Says no to the place that was proposed, or takes the own proposal back.
    pub fn decline_proposal(
        &self,
        actor: Actor,
        reason: Option<Reason>,
        now: Timestamp,
    ) -> Result<Change, WrongState> {
        state::transition(self, Action::DeclineReschedule, actor, now)?;
        let wanted = self.proposal.as_ref().map_or(self.starts_at, |proposal| proposal.place.starts_at);
        let booking = Self { proposal: None, ..self.clone() };
        Ok(booking.after(self, (RescheduleStep::Declined, wanted), (actor, reason), now))
    }

    fn moved(
        &self,
        place: Place,
        by: (Actor, Option<Reason>),
        refund_at_most: Option<Percent>,
        now: Timestamp,
    ) -> Change {
        let step = (RescheduleStep::Moved, place.starts_at);
        // Who moves a booking when little would be given back gets no more by moving it away.
        let least = [self.refund_at_most, refund_at_most].into_iter().flatten().min();
        let booking = Self { proposal: None, refund_at_most: least, ..self.clone().put(place) };
        booking.after(self, step, by, now)
    }

    fn put(self, place: Place) -> Self {
        let Place { starts_at, ends_at, time_zone, local_start, occupies, resource_ids } = place;
        Self { starts_at, ends_at, time_zone, local_start, occupies, resource_ids, ..self }
    }

    /// The change that led from `before` to this booking.
    fn after(
        self,
        before: &Self,
        (step, to): (RescheduleStep, Timestamp),
        (actor, reason): (Actor, Option<Reason>),
        now: Timestamp,
    ) -> Change {
        let revision = before.revision + 1;
        let history = HistoryEntry {
            revision,
            at: now,
            actor,
            actor_id: before.side(actor),
            from: Some(before.status),
            to: before.status,
            reschedule: Some(Reschedule { step, from: before.starts_at, to }),
            reason,
        };
        let about = before.reference(actor);
        let payload = match step {
            RescheduleStep::Proposed => Payload::RescheduleProposed(about),
            RescheduleStep::Declined => Payload::RescheduleDeclined(about),
            RescheduleStep::Moved => Payload::BookingRescheduled(about),
        };
        let place = if step == RescheduleStep::Moved { PlaceChange::Move } else { PlaceChange::Keep };
        Change { booking: Self { updated_at: now, revision, ..self }, history, place, payload }
    }
}

#[cfg(test)]
mod tests;
