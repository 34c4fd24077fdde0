//! What is told of a service and of a provider to whoever looks for one.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::words;
use crate::account::{Account, AccountStatus, Languages, Role, ServiceArea};
use crate::availability::DurationMinutes;
use crate::id::{ServiceId, UserId};
use crate::money::Price;
use crate::place::Point;
use crate::review::Tally;
use crate::service::{Category, LocationKind, Service, ServiceStatus};
use crate::text::Title;

/// What there is a card of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CardId {
    /// A service.
    Service(ServiceId),
    /// A provider.
    Provider(UserId),
}

impl fmt::Display for CardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(id) => id.fmt(f),
            Self::Provider(id) => id.fmt(f),
        }
    }
}

/// A service that can be found. It says nothing of its provider but who that is: what they are called and whether
/// they are there at all is on their own card, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceCard {
    /// Which.
    pub id: ServiceId,
    /// Whose.
    pub provider_id: UserId,
    /// Its title.
    pub title: Title,
    /// The words of its description, folded, each once, in the order of the alphabet.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub words: String,
    /// Its heading in the catalogue.
    pub category: Category,
    /// Of each seat, at the usual duration.
    pub price: Price,
    /// The usual duration.
    pub duration_minutes: DurationMinutes,
    /// Where it takes place.
    pub location_kind: LocationKind,
    /// Where on the earth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Point>,
    /// Spoken with its customers, where that is not as with its provider.
    #[serde(default, skip_serializing_if = "Languages::is_empty")]
    pub languages: Languages,
    /// What its ratings add up to.
    #[serde(default)]
    pub rating: Tally,
}

impl ServiceCard {
    /// The card of a service; none where it is not to be found.
    #[must_use]
    pub fn of(service: &Service, rating: Tally) -> Option<Self> {
        let shown = service.status == ServiceStatus::Published;
        shown.then(|| Self {
            id: service.id,
            provider_id: service.provider_id,
            title: service.title.clone(),
            words: different_words(service.description.as_str()),
            category: service.category,
            price: service.price,
            duration_minutes: service.duration_minutes,
            location_kind: service.location_kind,
            place: service.place,
            languages: service.languages.clone(),
            rating,
        })
    }
}

fn different_words(text: &str) -> String {
    let different: BTreeSet<_> = words(text).into_iter().collect();
    different.into_iter().collect::<Vec<_>>().join(" ")
}

/// A provider whose services can be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderCard {
    /// Who.
    pub id: UserId,
    /// What they are called.
    pub name: String,
    /// Spoken with customers.
    #[serde(default, skip_serializing_if = "Languages::is_empty")]
    pub languages: Languages,
    /// Where they come to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<ServiceArea>,
    /// What their ratings add up to.
    #[serde(default)]
    pub rating: Tally,
}

impl ProviderCard {
    /// The card of a provider; none where nobody is to find them.
    #[must_use]
    pub fn of(account: &Account, rating: Tally) -> Option<Self> {
        let shown = account.status == AccountStatus::Active && account.role == Role::Provider;
        shown.then(|| Self {
            id: account.id,
            name: format!("{} {}", account.first_name, account.last_name),
            languages: account.provider.languages.clone(),
            area: account.provider.service_area,
            rating,
        })
    }
}

/// A card of either kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Card {
    /// Of a service.
    Service(Box<ServiceCard>),
    /// Of a provider.
    Provider(Box<ProviderCard>),
}

/// What is known of a card since a moment. Of two that are known of the same card, the later one counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dealt {
    /// Of what.
    pub id: CardId,
    /// Since when; no two of one card are of the same moment.
    pub at: Timestamp,
    /// What it says; nothing where what it is of is not to be found.
    pub card: Option<Card>,
}
