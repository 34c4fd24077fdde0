//! What providers offer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::availability::{DurationMinutes, Seats, ServiceRules, Visit};
use crate::booking::Terms;
use crate::id::{ServiceId, UserId};
use crate::money::Price;
use crate::text::{Description, Reason, Title};

/// A heading of the catalogue.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(example = "massage")]
pub enum Category {
    /// Cleaning of homes and offices.
    Cleaning,
    /// Repairs in and around the house.
    Repairs,
    /// Hair, nails, make-up.
    Beauty,
    /// Massage and bodywork.
    Massage,
    /// Sport and personal training.
    Fitness,
    /// Lessons and tutoring.
    Lessons,
    /// Help with computers and networks.
    Technology,
    /// Law, tax and business advice.
    Consulting,
    /// Photography and video.
    Photography,
    /// Care of animals.
    PetCare,
}

impl Category {
    /// Every category, in the order of the catalogue.
    pub const ALL: [Self; 10] = [
        Self::Cleaning,
        Self::Repairs,
        Self::Beauty,
        Self::Massage,
        Self::Fitness,
        Self::Lessons,
        Self::Technology,
        Self::Consulting,
        Self::Photography,
        Self::PetCare,
    ];

    /// The name in JSON and the table.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Cleaning => "cleaning",
            Self::Repairs => "repairs",
            Self::Beauty => "beauty",
            Self::Massage => "massage",
            Self::Fitness => "fitness",
            Self::Lessons => "lessons",
            Self::Technology => "technology",
            Self::Consulting => "consulting",
            Self::Photography => "photography",
            Self::PetCare => "pet_care",
        }
    }

    /// The name shown to people, in English.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Cleaning => "Cleaning",
            Self::Repairs => "Repairs",
            Self::Beauty => "Beauty",
            Self::Massage => "Massage",
            Self::Fitness => "Fitness",
            Self::Lessons => "Lessons",
            Self::Technology => "Technology",
            Self::Consulting => "Consulting",
            Self::Photography => "Photography",
            Self::PetCare => "Pet care",
        }
    }
}

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
    /// What it costs.
    pub price: Price,
    /// How long it takes.
    pub duration_minutes: DurationMinutes,
    /// Where it takes place.
    pub location_kind: LocationKind,
    /// How many customers one time is for; one where it is shared with nobody.
    #[serde(default = "Seats::one")]
    pub seats: Seats,
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

impl Service {
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
mod tests {
    use super::*;

    #[test]
    fn every_status_and_command() {
        use {ServiceCommand as C, ServiceStatus as S};
        let table = [
            (S::Draft, C::Publish, Ok(S::Published)),
            (S::Draft, C::Archive, Ok(S::Archived)),
            (S::Published, C::Publish, Ok(S::Published)),
            (S::Published, C::Archive, Ok(S::Archived)),
            (S::Archived, C::Publish, Err(ServiceArchived)),
            (S::Archived, C::Archive, Ok(S::Archived)),
        ];
        for (from, command, to) in table {
            assert_eq!(from.transition(command), to, "{from:?} {command:?}");
        }
    }

    #[test]
    fn staff_restore_what_staff_archived() {
        let (made, now): (Timestamp, Timestamp) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        let service: Service = serde_json::from_value(serde_json::json!({
            "id": crate::id::ServiceId::from_parts(1, 1), "provider_id": UserId::from_parts(1, 2),
            "title": "Massage", "description": "", "category": "massage",
            "price": { "amount": 1, "currency": "eur" }, "duration_minutes": 60, "location_kind": "online",
            "status": "published", "created_at": made, "updated_at": made,
        }))
        .unwrap();
        let reason: Reason = "Not what it says.".parse().unwrap();
        let archived = service.clone().archived(reason.clone(), now);
        assert_eq!((archived.status, archived.updated_at), (ServiceStatus::Archived, now));
        assert_eq!(archived.archived, Some(Archived { reason, at: now }));
        assert_eq!(archived.status.transition(ServiceCommand::Publish), Err(ServiceArchived));
        let restored = archived.restored(now).unwrap();
        assert_eq!(restored, Service { status: ServiceStatus::Draft, updated_at: now, ..service.clone() });
        for status in ServiceStatus::ALL {
            let own = Service { status, ..service.clone() };
            assert_eq!(own.restored(now), Err(NotArchivedByStaff), "{status:?}");
        }
    }

    #[test]
    fn slugs_are_the_json_names() {
        for category in Category::ALL {
            assert_eq!(serde_json::to_value(category).ok(), Some(category.slug().into()));
        }
    }
}
