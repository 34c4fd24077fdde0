//! What is found.

use super::{Facets, ProviderCard, Rank, ServiceCard};
use crate::id::{ServiceId, UserId};

/// A service that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceHit<'a> {
    /// Its place in the order.
    pub rank: Rank<ServiceId>,
    /// The service; without the words of its description.
    pub service: &'a ServiceCard,
    /// Whose it is.
    pub provider: &'a ProviderCard,
    /// How far it is, where a place was asked for.
    pub metres: Option<u32>,
}

/// A provider who has a service that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderHit<'a> {
    /// Their place in the order.
    pub rank: Rank<UserId>,
    /// The provider.
    pub provider: &'a ProviderCard,
    /// Those of their services that fit, in that order; at least one.
    pub services: Vec<ServiceHit<'a>>,
}

/// A page of what is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<H> {
    /// In their order.
    pub hits: Vec<H>,
    /// Whether there are more behind them.
    pub more: bool,
    /// How many fit under each heading, whichever was asked for.
    pub facets: Facets,
}
