//! Services of providers.

use banister_domain::id::{ServiceId, UserId};
use banister_domain::service::{Category, ServiceStatus};

use super::{Index, IndexKey, Key, at, key};

/// Key of a service.
#[must_use]
pub fn service(id: ServiceId) -> Key {
    key(format!("SERVICE#{id}"), "SERVICE")
}

/// Where a service stands in the lists: with its provider and among those of its status always, in its
/// category while published.
#[must_use]
pub fn service_lists(
    provider: UserId,
    category: Category,
    status: ServiceStatus,
    id: ServiceId,
) -> Vec<IndexKey> {
    let mut keys = vec![
        at(Index::Gsi1, services_of(provider), id.to_string()),
        at(Index::Gsi3, services_that_are(status).into(), id.to_string()),
    ];
    if status == ServiceStatus::Published {
        keys.push(at(Index::Gsi2, services_in(category), id.to_string()));
    }
    keys
}

/// Partition in GSI1 of a provider's services, whatever their status: a change of status moves nothing,
/// so that pages neither skip nor repeat.
#[must_use]
pub fn services_of(provider: UserId) -> String {
    format!("SERVICES#{provider}")
}

/// Partition in GSI2 of a category's published services.
#[must_use]
pub fn services_in(category: Category) -> String {
    format!("CATEGORY#{}", category.slug())
}

/// Partition in GSI3 of all services of a status; that of the published ones is the catalogue.
#[must_use]
pub const fn services_that_are(status: ServiceStatus) -> &'static str {
    match status {
        ServiceStatus::Draft => "SERVICES#draft",
        ServiceStatus::Published => "CATALOGUE",
        ServiceStatus::Archived => "SERVICES#archived",
    }
}
