//! Things that providers share: what they are, and who may use them. Their days are with the calendars.

use axum::http::StatusCode;
use banister_domain::account::Role;
use banister_domain::id::{ResourceId, UserId};
use banister_domain::resource::{Resource, ResourceIds, ResourceUsers};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{AccountRecord, Act, AuditEntry, AuditRecord, Once};
use crate::table::key::{self, Index, IndexKey};
use crate::table::{
    CommitError, Key, Page, Position, Query, Record, StorageError, Table, Transaction, Versioned,
};

/// A resource as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceRecord(pub Resource);

impl Record for ResourceRecord {
    const TYPE: &'static str = "resource";

    fn key(&self) -> Key {
        key::resource(self.0.id)
    }

    fn indexes(&self) -> Vec<IndexKey> {
        vec![key::resource_list(self.0.id)]
    }
}

/// That a provider may use a resource: only for the provider's list; what decides is the resource itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceUserRecord {
    /// Who.
    pub provider_id: UserId,
    /// What.
    pub resource_id: ResourceId,
}

impl Record for ResourceUserRecord {
    const TYPE: &'static str = "resource_user";

    fn key(&self) -> Key {
        key::resource_user(self.provider_id, self.resource_id)
    }
}

/// Why a resource was not written.
#[derive(Debug)]
pub enum ResourceError {
    /// It has changed since it was read.
    Stale,
    /// The request was answered before.
    Seen,
}

/// All resources.
#[derive(Debug, Clone)]
pub struct Resources {
    table: Table,
}

impl Resources {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// One resource.
    pub async fn get(&self, id: ResourceId) -> Result<Option<Versioned<Resource>>, StorageError> {
        let found = self.table.get::<ResourceRecord>(&key::resource(id)).await?;
        Ok(found.map(|record| record.map(|record| record.0)))
    }

    /// Those of these resources, a hundred at most, that there are.
    async fn get_all(&self, ids: &[ResourceId]) -> Result<Vec<Resource>, StorageError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = ids.iter().copied().map(key::resource).collect();
        let mut found = self.table.get_all(&keys).await?;
        let each = keys.iter().map(|key| found.take::<ResourceRecord>(key));
        each.filter_map(Result::transpose).map(|found| Ok(found?.value.0)).collect()
    }

    /// The place in the list of the first of these resources that a new booking with the provider may not take.
    pub async fn first_closed(
        &self,
        ids: &ResourceIds,
        provider: UserId,
    ) -> Result<Option<usize>, StorageError> {
        let found = self.get_all(ids.as_slice()).await?;
        let open = |id: &ResourceId| found.iter().any(|one| one.id == *id && one.serves(provider));
        Ok(ids.as_slice().iter().position(|id| !open(id)))
    }

    /// The first of these users who is no provider, or is not there at all.
    pub async fn first_stranger(
        &self,
        users: impl Iterator<Item = UserId>,
    ) -> Result<Option<UserId>, StorageError> {
        let users: Vec<_> = users.collect();
        if users.is_empty() {
            return Ok(None);
        }
        let keys: Vec<_> = users.iter().copied().map(key::user).collect();
        let mut found = self.table.get_all(&keys).await?;
        for (user, key) in users.iter().zip(&keys) {
            let account = found.take::<AccountRecord>(key)?.map(|record| record.value.0);
            if account.is_none_or(|account| account.role != Role::Provider || account.status.is_final()) {
                return Ok(Some(*user));
            }
        }
        Ok(None)
    }

    /// Writes a new resource with the receipt of the request, and who may use it.
    pub async fn create(
        &self,
        resource: Resource,
        act: &Act,
        receipt: Option<(&Once, &impl Serialize)>,
        now: Timestamp,
    ) -> Result<(), CommitError<ResourceError>> {
        let mut transaction = Transaction::new();
        if let Some((once, body)) = receipt {
            once.record(&mut transaction, StatusCode::CREATED, body, now, ResourceError::Seen)?;
        }
        open_to(&mut transaction, &resource, &ResourceUsers::default());
        transaction.put_over(&line(act, AuditEntry::ResourceMade).change(&Value::Null, &said(&resource)));
        transaction.create(&ResourceRecord(resource), ResourceError::Stale);
        transaction.commit(&self.table).await
    }

    /// Makes `after` of a resource, if it is still what was read.
    pub async fn replace(
        &self,
        before: Versioned<Resource>,
        after: Resource,
        act: &Act,
    ) -> Result<(), CommitError<ResourceError>> {
        let mut transaction = Transaction::new();
        open_to(&mut transaction, &after, &before.value.provider_ids);
        for provider in before.value.provider_ids.without(&after.provider_ids) {
            transaction.delete(&key::resource_user(provider, after.id));
        }
        transaction
            .put_over(&line(act, AuditEntry::ResourceChanged).change(&said(&before.value), &said(&after)));
        let changed = Versioned { value: ResourceRecord(after), version: before.version };
        transaction.replace(&changed, ResourceError::Stale);
        transaction.commit(&self.table).await
    }

    /// One page of all resources, oldest first. Indexes lag: one that was just made may be missing.
    pub async fn list(
        &self,
        limit: u16,
        after: Option<Position>,
    ) -> Result<Page<ResourceRecord>, StorageError> {
        let query = Query::all(Some(Index::Gsi3), key::RESOURCES.into(), limit);
        self.table.query(Query { after, ..query }).await
    }

    /// One page of what a provider may use, oldest first: a hundred at most.
    pub async fn of_provider(
        &self,
        provider: UserId,
        limit: u16,
        after: Option<Position>,
    ) -> Result<(Vec<Resource>, Option<Position>), StorageError> {
        let query = Query::beginning(key::calendar(provider), key::RESOURCES_OPEN, limit);
        let page = self.table.query::<ResourceUserRecord>(Query { after, ..query }).await?;
        let ids: Vec<_> = page.items.into_iter().map(|(record, _)| record.value.resource_id).collect();
        Ok((self.get_all(&ids).await?, page.last))
    }
}

/// Writes who may use the resource beside those who might before.
fn open_to(transaction: &mut Transaction<ResourceError>, resource: &Resource, before: &ResourceUsers) {
    for provider_id in resource.provider_ids.without(before) {
        transaction.put_over(&ResourceUserRecord { provider_id, resource_id: resource.id });
    }
}

/// What the audit log says of a resource: how many may use it and not who, since a record is about one person at most.
fn said(resource: &Resource) -> Value {
    let Resource { id, name, active, provider_ids, .. } = resource;
    json!({ "resource_id": id, "name": name, "active": active, "providers": provider_ids.iter().count() })
}

fn line(act: &Act, entry: AuditEntry) -> AuditRecord {
    AuditRecord { actor_id: act.by, ..AuditRecord::new(entry, None, act.address.clone(), act.at) }
}
