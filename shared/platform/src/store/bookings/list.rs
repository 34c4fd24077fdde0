//! Lists of bookings.

use banister_domain::id::{BookingId, UserId};
use jiff::Timestamp;

use super::{BookingRecord, Bookings};
use crate::table::key::{self, Index};
use crate::table::{Page, Position, Query, StorageError};

/// Whose bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those that this customer made.
    Customer(UserId),
    /// Those made with this provider.
    Provider(UserId),
}

/// Which bookings to list, by their start.
#[derive(Debug, Clone, Copy)]
pub struct ListBookings {
    /// Whose.
    pub side: Side,
    /// Starting then or later.
    pub from: Option<Timestamp>,
    /// Starting before.
    pub to: Option<Timestamp>,
}

impl Bookings {
    /// One page: at most `limit` bookings are read, earliest start first.
    pub async fn list(
        &self,
        wanted: ListBookings,
        limit: u16,
        after: Option<Position>,
    ) -> Result<Page<BookingRecord>, StorageError> {
        let (index, pk) = match wanted.side {
            Side::Customer(id) => (Index::Gsi1, key::bookings_of_customer(id)),
            Side::Provider(id) => (Index::Gsi2, key::bookings_of_provider(id)),
        };
        let mut query = Query { after, ..Query::all(Some(index), pk, limit) };
        if let Some(from) = wanted.from {
            query.from = key::moment(from);
        }
        if let Some(to) = wanted.to {
            // Sort keys of this very moment go on with `#`, so they lie behind its bare text.
            query.to = key::moment(to);
        }
        // DynamoDB refuses bounds that are the wrong way round; such a span holds nothing.
        if query.from > query.to {
            return Ok(Page { items: Vec::new(), last: None });
        }
        self.table.query(query).await
    }

    /// Up to 25 requests of one shard whose deadline was at `now` or before, longest overdue first.
    /// The index lags behind: the caller decides on the booking itself.
    pub async fn due(&self, shard: u8, now: Timestamp) -> Result<Vec<BookingId>, StorageError> {
        let all = Query::all(Some(Index::Gsi3), key::bookings_due(shard), 25);
        let query = Query { to: format!("{}~", key::moment(now)), ..all };
        let page = self.table.query::<BookingRecord>(query).await?;
        Ok(page.items.into_iter().map(|(record, _)| record.value.0.id).collect())
    }
}
