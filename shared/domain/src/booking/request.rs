//! What is asked for, and the booking that it makes.

use jiff::{SignedDuration, Timestamp};

use super::{Booking, BookingType, InvalidExtra, Status, WantedExtra, answer_by, price};
use crate::availability::{CalendarRules, EmptyInterval, Seats};
use crate::id::{BookingId, SeriesId, UserId};
use crate::money::Price;
use crate::service::Service;
use crate::text::{Note, Place};

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
    /// How many seats are wanted.
    pub seats: Seats,
    /// What is to come with it.
    pub extras: Vec<WantedExtra>,
    /// What it is expected to cost; refused if it costs anything else. None where any price will do.
    pub price: Option<Price>,
    /// The address, where the provider comes.
    pub location: Option<Place>,
    /// Words for the provider.
    pub note: Option<Note>,
    /// The series it is booked with.
    pub series: Option<SeriesId>,
}

/// Why a request makes no booking, wherever its place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unbookable {
    /// At the end of representable time.
    #[error("lies too far ahead")]
    EndOfTime,
    /// All its seats cost more than one charge takes.
    #[error("cost more together than a booking may")]
    TooDear,
    /// Its seats alone do not cost more than one charge takes, but with all its extras it does.
    #[error("cost more together than a booking may")]
    ExtrasTooDear,
    /// The extra at this place of the list is not to be had.
    #[error("{1}")]
    Extra(usize, InvalidExtra),
    /// It costs this, and not what was expected.
    #[error("costs {}", .0.money())]
    PriceChanged(Price),
}

impl From<EmptyInterval> for Unbookable {
    fn from(EmptyInterval: EmptyInterval) -> Self {
        Self::EndOfTime
    }
}

impl Request {
    /// What it costs, or why it cannot be booked wherever its place is.
    pub fn price(&self) -> Result<Price, Unbookable> {
        let (price, _) = price::price(&self.service, self.seats, &self.extras)?;
        match self.price {
            Some(expected) if expected != price => Err(Unbookable::PriceChanged(price)),
            _ => Ok(price),
        }
    }

    /// The booking that this request makes under the rules for its service, if its place is free. Its price is
    /// that of all its seats and extras, as they are in its service.
    pub fn booking(&self, rules: &CalendarRules, now: Timestamp) -> Result<Booking, Unbookable> {
        let price = self.price()?;
        let (_, extras) = price::price(&self.service, self.seats, &self.extras)?;
        let Self { id, customer_id, service, starts_at, seats, location, note, .. } = self.clone();
        let occupies = rules.occupied(starts_at, service.duration_minutes)?;
        let (status, answer_by) = match service.terms.booking_type {
            BookingType::Instant => (Status::Confirmed, None),
            BookingType::OnRequest => (Status::Requested, Some(answer_by(now, starts_at))),
        };
        let length = SignedDuration::from_mins(service.duration_minutes.get().into());
        Ok(Booking {
            id,
            customer_id,
            provider_id: service.provider_id,
            service_id: service.id,
            service_title: service.title,
            price,
            extras,
            location_kind: service.location_kind,
            location,
            seats,
            note,
            starts_at,
            ends_at: starts_at.checked_add(length).map_err(|_| Unbookable::EndOfTime)?,
            local_start: starts_at.to_zoned(rules.time_zone.rules().clone()).datetime(),
            time_zone: rules.time_zone.clone(),
            occupies,
            resource_ids: service.resource_ids,
            status,
            answer_by,
            series_id: self.series,
            terms: service.terms,
            refund: None,
            refund_at_most: None,
            proposal: None,
            created_at: now,
            updated_at: now,
            revision: 0,
        })
    }
}
