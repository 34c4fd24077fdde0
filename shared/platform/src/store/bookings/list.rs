//! Lists of bookings.

use banister_domain::booking::Booking;
pub use banister_domain::statistics::Side;
use futures_util::future::try_join_all;
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

use super::{BookingRecord, Bookings};
use crate::table::key::{self, Index};
use crate::table::{Page, Position, Query, StorageError};

/// Where the bookings of a side lie.
fn partition(side: Side) -> (Index, String) {
    match side {
        Side::Customer(id) => (Index::Gsi1, key::bookings_of_customer(id)),
        Side::Provider(id) => (Index::Gsi2, key::bookings_of_provider(id)),
    }
}

/// What a booking is overdue for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// The provider's answer to a request.
    Answer,
    /// Somebody's word that it did not take place.
    Completion,
}

impl Due {
    /// All there is.
    pub const ALL: [Self; 2] = [Self::Answer, Self::Completion];
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
        let (index, pk) = partition(wanted.side);
        let mut query = Query { after, ..Query::all(Some(index), pk, limit) };
        if let Some(from) = wanted.from {
            query.from = key::moment(rounded_up(from));
        }
        if let Some(to) = wanted.to {
            // Sort keys of this very moment go on with `#`, so they lie behind its bare text.
            query.to = key::moment(rounded_up(to));
        }
        self.table.query(query).await
    }

    /// The requests whose deadline comes next after `now`, soonest first: up to `limit` of each shard. The
    /// index lags behind.
    pub async fn expiring(&self, now: Timestamp, limit: u16) -> Result<Vec<Booking>, StorageError> {
        let shards = (0..key::SHARDS).map(|shard| {
            let all = Query::all(Some(Index::Gsi3), key::bookings_due(shard), limit);
            self.table.query::<BookingRecord>(Query { from: key::moment(now), ..all })
        });
        let pages = try_join_all(shards).await?.into_iter().flat_map(|page| page.items);
        let mut found: Vec<_> = pages.map(|(record, _)| record.value.0).collect();
        found.sort_by_key(Booking::due_at);
        Ok(found)
    }

    /// A page of up to 25 bookings of one shard that time moves on at `now` or before, longest
    /// overdue first. The index lags behind: the caller decides on the booking itself.
    pub async fn due(
        &self,
        (due, shard): (Due, u8),
        now: Timestamp,
        after: Option<Position>,
    ) -> Result<Page<BookingRecord>, StorageError> {
        let partition = match due {
            Due::Answer => key::bookings_due(shard),
            Due::Completion => key::bookings_completing(shard),
        };
        let all = Query::all(Some(Index::Gsi3), partition, 25);
        self.table.query(Query { to: format!("{}~", key::moment(now)), after, ..all }).await
    }
}

/// The first whole millisecond not before `at`: keys have no finer time, and one cut down would lie
/// before bookings that start earlier than `at`.
pub(super) fn rounded_up(at: Timestamp) -> Timestamp {
    let up = TimestampRound::new().smallest(Unit::Millisecond).mode(RoundMode::Ceil);
    at.round(up).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_never_cut_down() {
        let rounded = |text: &str| key::moment(rounded_up(text.parse().expect("an instant")));
        assert_eq!(rounded("2026-03-10T10:00:00Z"), "2026-03-10T10:00:00.000Z");
        assert_eq!(rounded("2026-03-10T10:00:00.000000001Z"), "2026-03-10T10:00:00.001Z");
        assert_eq!(rounded("2026-03-10T10:00:00.9995Z"), "2026-03-10T10:00:01.000Z");
        assert_eq!(rounded_up(Timestamp::MAX), Timestamp::MAX);
    }
}
