//! What providers offer.

mod category;
mod choice;

pub use category::{Category, CategoryGroup, Heading, UnknownHeading};
pub use choice::{
    DurationOption, Durations, Extra, ExtraCode, Extras, InvalidChoices, InvalidCode, Quantity,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::Languages;
use crate::availability::{DurationMinutes, Seats, ServiceRules, Visit};
use crate::booking::Terms;
use crate::id::{ServiceId, UserId};
use crate::money::Price;
use crate::place::Point;
use crate::resource::ResourceIds;
use crate::text::{Description, Reason, Title};

/// Where a service takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "at_customer")]
pub enum LocationKind {
    /// The provider comes; a booking must say where.
    AtCustomer,
    /// The customer comes.
    AtProvider,
    /// Over the network.
    Online,
}

/// Whether the public sees a service.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(example = "published")]
pub enum ServiceStatus {
    /// Only its owner sees it.
    Draft,
    /// Everybody sees it and customers book it.
    Published,
    /// Gone from the catalogue; bookings made before stand.
    Archived,
}

/// What is done to a service's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceCommand {
    /// Show it to the public.
    Publish,
    /// Take it out of the catalogue for good.
    Archive,
}

/// The status does not allow the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the service is archived")]
pub struct ServiceArchived;

impl ServiceStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Draft, Self::Published, Self::Archived];

    /// The name in JSON and the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }

    /// The status after `command`; both commands may be repeated. Archived is final.
    pub const fn transition(self, command: ServiceCommand) -> Result<Self, ServiceArchived> {
        match (self, command) {
            (Self::Draft | Self::Published, ServiceCommand::Publish) => Ok(Self::Published),
            (_, ServiceCommand::Archive) => Ok(Self::Archived),
            (Self::Archived, ServiceCommand::Publish) => Err(ServiceArchived),
        }
    }
}

/// A service of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Which.
    pub id: ServiceId,
    /// Whose.
    pub provider_id: UserId,
    /// Shown in lists.
    pub title: Title,
    /// Shown on its page.
    pub description: Description,
    /// Its heading in the catalogue.
    pub category: Category,
    /// What each seat costs.
    pub price: Price,
    /// How long it takes.
    pub duration_minutes: DurationMinutes,
    /// How long it can take instead, and for how much.
    #[serde(default, skip_serializing_if = "Durations::is_empty")]
    pub durations: Durations,
    /// What can be had with it.
    #[serde(default, skip_serializing_if = "Extras::is_empty")]
    pub extras: Extras,
    /// Where it takes place.
    pub location_kind: LocationKind,
    /// Where on the earth that is, or where the provider comes from; none over the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Point>,
    /// Spoken with its customers; where none is said, those of its provider.
    #[serde(default, skip_serializing_if = "Languages::is_empty")]
    pub languages: Languages,
    /// How many customers one time is for; one where it is shared with nobody.
    #[serde(default = "Seats::one")]
    pub seats: Seats,
    /// What each booking takes beside its provider's time.
    #[serde(default, skip_serializing_if = "ResourceIds::is_empty")]
    pub resource_ids: ResourceIds,
    /// Where it differs from its provider's calendar.
    #[serde(default)]
    pub calendar: ServiceRules,
    /// What is agreed with each booking of it.
    #[serde(default)]
    pub terms: Terms,
    /// Who sees it.
    pub status: ServiceStatus,
    /// Why and when staff archived it; none where its provider did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<Archived>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Why and when staff archived a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    /// Why; its provider is told.
    pub reason: Reason,
    /// When.
    pub at: Timestamp,
}

/// Staff restore only what staff archived: what a provider gave up is the provider's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("staff did not archive this service")]
pub struct NotArchivedByStaff;

/// Why parts of an offer do not go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOffer {
    /// The other length at this place of the list is the usual one.
    #[error("is the usual duration already")]
    UsualDuration(usize),
    /// The other length at this place of the list costs another currency.
    #[error("must be the currency of the service's price")]
    DurationCurrency(usize),
    /// The extra at this place of the list costs another currency.
    #[error("must be the currency of the service's price")]
    ExtraCurrency(usize),
    /// What is over the network is at no place.
    #[error("is only for services that are not online")]
    PlaceOnline,
}

impl Service {
    /// Refuses what no customer could be told one price of, or one place.
    pub fn check_offer(&self) -> Result<(), InvalidOffer> {
        if self.place.is_some() && self.location_kind == LocationKind::Online {
            return Err(InvalidOffer::PlaceOnline);
        }
        let currency = self.price.money().currency;
        for (at, option) in self.durations.as_slice().iter().enumerate() {
            if option.duration_minutes == self.duration_minutes {
                return Err(InvalidOffer::UsualDuration(at));
            }
            if option.price.money().currency != currency {
                return Err(InvalidOffer::DurationCurrency(at));
            }
        }
        let foreign = |extra: &Extra| extra.price.money().currency != currency;
        self.extras
            .as_slice()
            .iter()
            .position(foreign)
            .map_or(Ok(()), |at| Err(InvalidOffer::ExtraCurrency(at)))
    }

    /// The service as it is when it takes this long, with the price of that; none if it never does.
    #[must_use]
    pub fn lasting(self, duration: DurationMinutes) -> Option<Self> {
        if duration == self.duration_minutes {
            return Some(self);
        }
        let of_that = |option: &&DurationOption| option.duration_minutes == duration;
        let DurationOption { duration_minutes, price } = *self.durations.as_slice().iter().find(of_that)?;
        Some(Self { price, duration_minutes, ..self })
    }

    /// What somebody who wants this many seats of it comes for.
    #[must_use]
    pub fn visit(&self, seats: Seats) -> Visit {
        Visit {
            duration: self.duration_minutes,
            service: Some(self.id),
            seats,
            capacity: self.seats,
            max_per_day: self.calendar.max_bookings_per_day,
        }
    }

    /// Out of the catalogue for `reason`, by staff.
    #[must_use]
    pub fn archived(self, reason: Reason, now: Timestamp) -> Self {
        let archived = Some(Archived { reason, at: now });
        Self { status: ServiceStatus::Archived, archived, updated_at: now, ..self }
    }

    /// Its provider's again, as a draft: only the provider shows it to the public.
    pub fn restored(self, now: Timestamp) -> Result<Self, NotArchivedByStaff> {
        match (self.status, &self.archived) {
            (ServiceStatus::Archived, Some(_)) => {
                Ok(Self { status: ServiceStatus::Draft, archived: None, updated_at: now, ..self })
            }
            _ => Err(NotArchivedByStaff),
        }
    }

    /// Archived, without the words of whoever offered it.
    ///
    /// # Panics
    /// Never: what it is given is fixed.
    #[must_use]
    pub fn erased(self) -> Self {
        Self {
            title: deleted_title(),
            description: "".parse().expect("a description may be empty"),
            extras: Extras::default(),
            place: None,
            languages: Languages::default(),
            status: ServiceStatus::Archived,
            archived: None,
            ..self
        }
    }
}

/// The title of what somebody offered of whom all is erased.
pub(crate) fn deleted_title() -> Title {
    "Deleted service".parse().expect("a title of 15 letters")
}

#[cfg(test)]
mod tests;
