//! Services of providers.

mod staff;

pub use staff::{ListMarketServices, ServiceEdit, ServiceEditError};

use axum::http::StatusCode;
use banister_domain::id::{ServiceId, UserId};
use banister_domain::review::Tally;
use banister_domain::service::{Category, Service, ServiceStatus};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Once, reviews};
use crate::table::key::{self, Index, IndexKey};
use crate::table::{
    CommitError, Key, Page, Position, Query, Record, StorageError, Table, Transaction, Versioned,
};

/// A service as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServiceRecord(pub Service);

impl Record for ServiceRecord {
    const TYPE: &'static str = "service";

    fn key(&self) -> Key {
        key::service(self.0.id)
    }

    fn indexes(&self) -> Vec<IndexKey> {
        key::service_lists(self.0.provider_id, self.0.category, self.0.status, self.0.id)
    }
}

/// Why a service was not written.
#[derive(Debug)]
pub enum SaveError {
    /// It has changed since it was read.
    Stale,
    /// The request was answered before.
    Seen,
}

/// Which services to list.
#[derive(Debug, Clone, Copy)]
pub struct ListServices {
    /// Of this provider.
    pub provider: Option<UserId>,
    /// In this category.
    pub category: Option<Category>,
    /// Drafts and archived ones too (for the provider's own eyes).
    pub unpublished: bool,
}

/// All services.
#[derive(Debug, Clone)]
pub struct Services {
    table: Table,
}

impl Services {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// One service.
    pub async fn get(&self, id: ServiceId) -> Result<Option<Versioned<Service>>, StorageError> {
        let found = self.table.get::<ServiceRecord>(&key::service(id)).await?;
        Ok(found.map(|record| record.map(|record| record.0)))
    }

    /// One service, and what its ratings add up to.
    pub async fn rated(&self, id: ServiceId) -> Result<Option<(Service, Tally)>, StorageError> {
        let keys = [key::service(id), key::service_rating(id)];
        let mut found = self.table.get_all(&keys).await?;
        let Some(service) = found.take::<ServiceRecord>(&keys[0])? else { return Ok(None) };
        Ok(Some((service.value.0, reviews::taken(&mut found, &keys[1])?)))
    }

    /// Those of these services that there are.
    pub async fn get_all(&self, ids: &[ServiceId]) -> Result<Vec<Service>, StorageError> {
        let mut services = Vec::with_capacity(ids.len());
        // As many as one call takes.
        for ids in ids.chunks(100) {
            let keys: Vec<_> = ids.iter().copied().map(key::service).collect();
            let mut found = self.table.get_all(&keys).await?;
            for key in &keys {
                services.extend(found.take::<ServiceRecord>(key)?.map(|record| record.value.0));
            }
        }
        Ok(services)
    }

    /// Writes a new service and the receipt of the request.
    pub async fn create(
        &self,
        service: Service,
        receipt: Option<(&Once, &impl Serialize)>,
        now: Timestamp,
    ) -> Result<(), CommitError<SaveError>> {
        let mut transaction = Transaction::new();
        if let Some((once, body)) = receipt {
            once.record(&mut transaction, StatusCode::CREATED, body, now, SaveError::Seen)?;
        }
        transaction.create(&ServiceRecord(service), SaveError::Stale);
        transaction.commit(&self.table).await
    }

    /// Writes a changed service, if it has not changed since it was read.
    pub async fn replace(&self, service: Versioned<Service>) -> Result<(), CommitError<SaveError>> {
        let mut transaction = Transaction::new();
        transaction.replace(&service.map(ServiceRecord), SaveError::Stale);
        transaction.commit(&self.table).await
    }

    /// One page: at most `limit` services are read, those that do not fit the filters left out, so
    /// a page may be short.
    pub async fn list(
        &self,
        wanted: ListServices,
        limit: u16,
        after: Option<Position>,
    ) -> Result<Page<ServiceRecord>, StorageError> {
        let query = match (wanted.provider, wanted.category) {
            (Some(provider), _) => Query::all(Some(Index::Gsi1), key::services_of(provider), limit),
            (None, Some(category)) => Query::all(Some(Index::Gsi2), key::services_in(category), limit),
            (None, None) => {
                Query::all(Some(Index::Gsi3), key::services_that_are(ServiceStatus::Published).into(), limit)
            }
        };
        let mut page = self.table.query::<ServiceRecord>(Query { after, ..query }).await?;
        page.items.retain(|(record, _)| {
            let service = &record.value.0;
            let visible = wanted.unpublished || service.status == ServiceStatus::Published;
            visible && wanted.category.is_none_or(|category| service.category == category)
        });
        Ok(page)
    }
}
