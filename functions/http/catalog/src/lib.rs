//! The catalogue: categories, and the services that providers offer.

mod archive_service;
mod create_service;
mod get_service;
mod list_categories;
mod list_own_resources;
mod list_services;
mod offer;
mod publish_service;
mod rules_patch;
mod terms_patch;
mod update_service;
mod view;

use banister_domain::id::{ServiceId, UserId};
use banister_domain::resource::ResourceIds;
use banister_domain::service::Service;
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::http::{Area, Code, Cursors, HasGate, Problem};
use banister_platform::identity::Gate;
use banister_platform::store::{self, SaveError};
use banister_platform::table::{CommitError, Table, Versioned, backoff};

/// How long caches may keep what anybody sees, in seconds.
const KEPT: u32 = 30;

/// What the endpoints of this area may touch.
#[derive(Clone)]
pub struct Catalog {
    gate: Gate,
    clock: Clock,
    table: Table,
    store: store::Services,
    reviews: store::Reviews,
    resources: store::Resources,
    cursors: Cursors,
}

impl Catalog {
    /// From the settings of a function.
    pub fn from_settings(settings: &Settings, clock: Clock) -> Result<Self, ConfigError> {
        let table = Table::from_settings(settings)?;
        Ok(Self {
            gate: Gate::from_settings(settings, table.clone(), clock.clone())?,
            store: store::Services::new(table.clone()),
            reviews: store::Reviews::new(table.clone()),
            resources: store::Resources::new(table.clone()),
            cursors: Cursors::from_settings(settings)?,
            clock,
            table,
        })
    }

    /// Refuses what new bookings with the provider may not take.
    async fn check_resources(&self, provider: UserId, ids: &ResourceIds) -> Result<(), Problem> {
        match self.resources.first_closed(ids, provider).await? {
            Some(at) => {
                Err(Problem::invalid(&format!("/resource_ids/{at}"), "is no resource that you may use"))
            }
            None => Ok(()),
        }
    }

    /// Changes an own service; somebody else's does not exist for the caller. A lost race is read
    /// and decided again.
    async fn change(
        &self,
        owner: UserId,
        id: ServiceId,
        change: impl Fn(Service) -> Result<Service, Problem>,
    ) -> Result<Service, Problem> {
        for attempt in 0..5 {
            let found = self.store.get(id).await?.filter(|service| service.value.provider_id == owner);
            let Versioned { value, version } = found.ok_or(Problem::new(Code::NotFound))?;
            let changed = Service { updated_at: self.clock.now(), ..change(value)? };
            match self.store.replace(Versioned { value: changed.clone(), version }).await {
                Ok(()) => return Ok(changed),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Refused(SaveError::Stale | SaveError::Seen) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
            }
        }
        Err(Problem::busy())
    }
}

impl HasGate for Catalog {
    fn gate(&self) -> &Gate {
        &self.gate
    }
}

/// The endpoints of this area.
#[must_use]
pub fn area() -> Area<Catalog> {
    banister_platform::area!("catalog": Catalog; list_categories, create_service, list_own_resources, list_services,
        get_service, update_service, archive_service, publish_service)
}
