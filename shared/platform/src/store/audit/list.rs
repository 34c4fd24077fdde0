//! Lists of the log, newest first.

use banister_domain::id::{AuditId, UserId};
use futures_util::future::try_join_all;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Audit, AuditRecord};
use crate::table::key::{self, Index};
use crate::table::{Position, Query, StorageError};

/// Days (UTC), both included; without a bound where none is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditSpan {
    /// The oldest.
    pub from: Option<Date>,
    /// The newest.
    pub to: Option<Date>,
}

impl AuditSpan {
    /// The lowest and the highest id of these days: ids begin with the time at which they were made.
    fn bounds(self) -> (Option<String>, Option<String>) {
        // No id is of a day behind all that a timestamp can be.
        let begins = |day: Date| {
            let at = day.to_zoned(TimeZone::UTC).map(|at| at.timestamp().as_millisecond());
            at.map_or(u64::MAX, |at| u64::try_from(at).unwrap_or(0))
        };
        let from = self.from.map(|day| AuditId::from_parts(begins(day), 0));
        let next = self.to.and_then(|day| day.tomorrow().ok()).map(begins);
        let to = next.map(|next| AuditId::from_parts(next.saturating_sub(1), u128::MAX));
        (from.map(|id| id.to_string()), to.map(|id| id.to_string()))
    }
}

/// Which records to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListAudit {
    /// Those about this user, of these days.
    Target(UserId, AuditSpan),
    /// Those of what this user did to others, on these days.
    Actor(UserId, AuditSpan),
    /// Those of these days (UTC), both included.
    Days {
        /// The oldest.
        from: Date,
        /// The newest.
        to: Date,
    },
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditPosition {
    /// In a list of one user.
    Item(Position),
    /// In the list of days: in `day`, behind the record `below`, or at its newest record. Ids are in the
    /// order of time in all shards, so that one id is the position in each of them.
    Day {
        /// Which day.
        day: Date,
        /// The last record of the page.
        below: Option<String>,
    },
}

/// A page, newest first.
#[derive(Debug)]
pub struct AuditPage {
    /// The records.
    pub items: Vec<AuditRecord>,
    /// Where to go on, where there may be more.
    pub last: Option<AuditPosition>,
}

impl Audit {
    /// One page of up to `limit` records. Of days, a page is of one day, and may be short or empty with
    /// more to come: each page asks each shard once.
    pub async fn list(
        &self,
        wanted: ListAudit,
        limit: u16,
        after: Option<AuditPosition>,
    ) -> Result<AuditPage, StorageError> {
        match wanted {
            ListAudit::Target(user, span) => {
                self.of_user(Query::all(Some(Index::Gsi1), key::audited(user), limit), span, after).await
            }
            ListAudit::Actor(user, span) => {
                self.of_user(Query::all(Some(Index::Gsi2), key::acted(user), limit), span, after).await
            }
            ListAudit::Days { from, to } => {
                let (day, below) = match after {
                    Some(AuditPosition::Day { day, below }) => (day, below),
                    _ => (to, None),
                };
                self.of_day(day, from, limit, below).await
            }
        }
    }

    async fn of_user(
        &self,
        all: Query,
        span: AuditSpan,
        after: Option<AuditPosition>,
    ) -> Result<AuditPage, StorageError> {
        let after = match after {
            Some(AuditPosition::Item(position)) => Some(position),
            _ => None,
        };
        let (from, to) = span.bounds();
        let (from, to) = (from.unwrap_or(all.from), to.unwrap_or(all.to));
        let query = Query { from, to, ascending: false, after, ..all };
        let page = self.table.query::<AuditRecord>(query).await?;
        let items = page.items.into_iter().map(|(record, _)| record.value).collect();
        Ok(AuditPage { items, last: page.last.map(AuditPosition::Item) })
    }

    async fn of_day(
        &self,
        day: Date,
        from: Date,
        limit: u16,
        below: Option<String>,
    ) -> Result<AuditPage, StorageError> {
        let shards = try_join_all((0..key::SHARDS).map(|shard| {
            let all = Query::all(None, key::audit_shard(day, shard), limit + 1);
            let to = below.clone().unwrap_or(all.to);
            self.table.query::<AuditRecord>(Query { ascending: false, to, ..all })
        }));
        let mut items = Vec::new();
        // Below it, some shard may have records that were not read.
        let mut read_to: Option<String> = None;
        for shard in shards.await? {
            read_to = read_to.max(shard.last.and_then(|position| position.sort_key()));
            items.extend(shard.items.into_iter().map(|(record, _)| record.value));
        }
        items.sort_by_key(|record| std::cmp::Reverse(record.id));
        items.retain(|record| {
            let id = record.id.to_string();
            // The bounds of a query are part of it; the last page had this one.
            below.as_ref().is_none_or(|below| id < *below) && read_to.as_ref().is_none_or(|to| id >= *to)
        });
        let cut = items.len() > limit.into();
        items.truncate(limit.into());
        let last = items.last().filter(|_| cut).map(|record| record.id.to_string()).or(read_to);
        let last = match last {
            Some(below) => Some(AuditPosition::Day { day, below: Some(below) }),
            None if day > from => {
                day.checked_sub(1.day()).ok().map(|day| AuditPosition::Day { day, below: None })
            }
            None => None,
        };
        Ok(AuditPage { items, last })
    }
}
