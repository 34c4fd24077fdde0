//! Services as staff see and change them, across the market.

use std::cmp::Reverse;

use banister_domain::event::Payload;
use banister_domain::id::{Id, ServiceId, UserId};
use banister_domain::service::{Category, Service, ServiceStatus};
use futures_util::future::try_join_all;
use jiff::Timestamp;

use super::{ServiceRecord, Services};
use crate::store::{Act, AuditEntry, AuditRecord, Change, OutboxRecord};
use crate::table::key::{self, Index};
use crate::table::{CommitError, Query, StorageError, Transaction, Versioned, backoff};

/// Which services of the market to list, by the time they were made.
#[derive(Debug, Clone, Copy)]
pub struct ListMarketServices {
    /// Of this provider.
    pub provider: Option<UserId>,
    /// In this category.
    pub category: Option<Category>,
    /// Of this status.
    pub status: Option<ServiceStatus>,
    /// Made at this moment or later.
    pub created_from: Timestamp,
    /// Made before this moment.
    pub created_to: Timestamp,
    /// Oldest first, or newest first.
    pub ascending: bool,
}

impl ListMarketServices {
    /// The partitions that all that fits lies in.
    fn partitions(&self) -> Vec<(Index, String)> {
        let of_status = |status| (Index::Gsi3, key::services_that_are(status).to_owned());
        match (self.provider, self.status, self.category) {
            (Some(provider), ..) => vec![(Index::Gsi1, key::services_of(provider))],
            (None, Some(ServiceStatus::Published), Some(category)) => {
                vec![(Index::Gsi2, key::services_in(category))]
            }
            (None, Some(status), _) => vec![of_status(status)],
            (None, None, _) => ServiceStatus::ALL.map(of_status).into(),
        }
    }

    fn fits(&self, service: &Service) -> bool {
        self.category.is_none_or(|category| service.category == category)
            && self.status.is_none_or(|status| service.status == status)
            && (self.created_from..self.created_to).contains(&service.created_at)
    }

    /// The lowest and the highest id to read where a page before ended at `after`. Ids begin with the
    /// time at which they were made.
    fn bounds(&self, after: Option<ServiceId>) -> (String, String) {
        let first = |at: Timestamp| -> ServiceId {
            Id::from_parts(u64::try_from(at.as_millisecond()).unwrap_or(0), 0)
        };
        let (from, to) = (first(self.created_from), first(self.created_to));
        let (from, to) = match after {
            Some(after) if self.ascending => (from.max(after), to),
            Some(after) => (from, to.min(after)),
            None => (from, to),
        };
        (from.to_string(), to.to_string())
    }
}

/// What a service becomes, and who is told.
#[derive(Debug, Clone)]
pub struct ServiceEdit {
    /// The service.
    pub service: Service,
    /// What was done.
    pub entry: AuditEntry,
    /// What was before and after, for the audit log.
    pub change: Change,
    /// What others are told.
    pub payload: Option<Payload>,
}

/// Why staff did not change a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceEditError<E> {
    /// There is no such service.
    Missing,
    /// It may not become that.
    Refused(E),
    /// It was changed at the same time, again and again.
    Stale,
}

impl Services {
    /// One page, and the id to go on after where there may be more: `limit` services in all are looked at,
    /// and what does not fit is left out. Each partition is asked once, all at the same time; ids are in
    /// the order of time in all of them, so that one id is the position in each, and a service that
    /// changes its status between two pages is neither left out nor shown twice.
    pub async fn list_market(
        &self,
        wanted: &ListMarketServices,
        limit: u16,
        after: Option<ServiceId>,
    ) -> Result<(Vec<Service>, Option<ServiceId>), StorageError> {
        let (from, to) = wanted.bounds(after);
        let pages = wanted.partitions().into_iter().map(|(index, pk)| {
            let (from, to, ascending) = (from.clone(), to.clone(), wanted.ascending);
            // The bounds of a query are part of it: one of them was on the page before.
            let query = Query { from, to, ascending, ..Query::all(Some(index), pk, limit + 1) };
            async move { Ok((index, self.table.query::<ServiceRecord>(query).await?)) }
        });
        let mut found = Vec::new();
        // Beyond it, some partition may have services that were not read.
        let mut read_to: Option<ServiceId> = None;
        for (index, page) in try_join_all(pages).await? {
            let end = page.last.and_then(|last| last.index_sort_key(index)?.parse().ok());
            read_to = match (read_to, end) {
                (Some(one), Some(two)) if wanted.ascending => Some(one.min(two)),
                (Some(one), Some(two)) => Some(one.max(two)),
                (one, two) => one.or(two),
            };
            found.extend(page.items.into_iter().map(|(record, _)| record.value.0));
        }
        // Indexes lag: a service under way from one status to another may be in both.
        found.sort_by_key(|service: &Service| (service.id, Reverse(service.updated_at)));
        found.dedup_by_key(|service| service.id);
        if !wanted.ascending {
            found.reverse();
        }
        let beyond = |id, end| if wanted.ascending { id > end } else { id < end };
        found.retain(|service| {
            Some(service.id) != after && read_to.is_none_or(|end| !beyond(service.id, end))
        });
        let cut = found.len() > limit.into();
        found.truncate(limit.into());
        let last = found.last().filter(|_| cut).map(|service| service.id).or(read_to);
        found.retain(|service| wanted.fits(service));
        Ok((found, last))
    }

    /// Makes of a service what `decide` says, with an audit line about its provider; nothing where it says
    /// `None`. Where somebody else changes the service meanwhile, it is decided anew. Answers what it is then.
    pub async fn edit<E>(
        &self,
        id: ServiceId,
        act: &Act,
        decide: impl Fn(&Service) -> Result<Option<ServiceEdit>, E>,
    ) -> Result<Service, CommitError<ServiceEditError<E>>> {
        for attempt in 0..5 {
            let found = self.get(id).await?.ok_or(CommitError::Refused(ServiceEditError::Missing))?;
            let edit = decide(&found.value);
            let edit = edit.map_err(|error| CommitError::Refused(ServiceEditError::Refused(error)))?;
            let Some(ServiceEdit { service, entry, change, payload }) = edit else {
                return Ok(found.value);
            };
            let mut transaction = Transaction::new();
            let changed = Versioned { value: ServiceRecord(service.clone()), version: found.version };
            transaction.replace(&changed, ());
            let line = act.line(entry, service.provider_id);
            transaction.put_over(&AuditRecord { change: Some(change), ..line });
            if let Some(payload) = payload {
                transaction.put_over(&OutboxRecord::new(payload, act.at)?);
            }
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(service),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Refused(()) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
            }
        }
        Err(CommitError::Refused(ServiceEditError::Stale))
    }
}
