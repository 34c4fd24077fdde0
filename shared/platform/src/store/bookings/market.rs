//! Bookings as staff see and change them, across the market.

use std::collections::BTreeMap;

use banister_domain::booking::{Actor, Booking, Command, HistoryEntry, Request};
use banister_domain::id::{BookingId, UserId};
use banister_domain::text::Reason;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::change::{BookingCommand, Order};
use super::list::rounded_up;
use super::reserve::OnBehalf;
use super::{
    BookingRecord, Bookings, ChangeError, Claim, HistoryRecord, MoveError, MoveWish, Receipt, ReserveError,
};
use crate::random;
use crate::store::Act;
use crate::table::key::{self, Index};
use crate::table::{Position, Query, StorageError};

/// Where a page of the bookings of all ended: on a day, behind a booking or before the first one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketPosition {
    day: Date,
    after: Option<Position>,
}

impl Bookings {
    /// One page of the bookings of all that start in `from..to`, earliest start first, and where to go on.
    /// A page is of one UTC day: it may be short or empty with more to come.
    pub async fn list_market(
        &self,
        (from, to): (Timestamp, Timestamp),
        limit: u16,
        after: Option<MarketPosition>,
    ) -> Result<(Vec<Booking>, Option<MarketPosition>), StorageError> {
        let day_of = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
        let MarketPosition { day, after } =
            after.unwrap_or_else(|| MarketPosition { day: day_of(from), after: None });
        let all = Query::all(Some(Index::Gsi1), key::bookings_on(day), limit);
        // Sort keys of the very moment `to` go on with `#`, so they lie behind its bare text.
        let (from, end) = (key::moment(rounded_up(from)), key::moment(rounded_up(to)));
        let page = self.table.query::<HistoryRecord>(Query { from, to: end, after, ..all }).await?;
        let keys: Vec<_> = page.items.iter().map(|(line, _)| key::booking(line.value.booking_id)).collect();
        let mut found = self.table.get_all(&keys).await?;
        let records = keys.iter().filter_map(|key| found.take::<BookingRecord>(key).transpose());
        let bookings = records.map(|record| Ok(record?.value.0)).collect::<Result<_, StorageError>>()?;
        let next_day = || {
            let next = day.checked_add(1.day()).ok()?;
            let begins = next.to_zoned(TimeZone::UTC).ok()?.timestamp();
            (begins < to).then_some(MarketPosition { day: next, after: None })
        };
        let last = page.last.map(|position| MarketPosition { day, after: Some(position) }).or_else(next_day);
        Ok((bookings, last))
    }

    /// What has happened to a booking, oldest first, up to 100 lines.
    pub async fn history(&self, id: BookingId) -> Result<Vec<HistoryEntry>, StorageError> {
        let lines = Query::beginning(key::booking(id).pk, key::HISTORY, 100);
        let page = self.table.query::<HistoryRecord>(lines).await?;
        let lines: BTreeMap<_, _> =
            page.items.into_iter().map(|(line, _)| (line.value.entry.revision, line.value.entry)).collect();
        Ok(lines.into_values().collect())
    }

    /// Calls a booking off by a member of staff, for `reason`: with the audit line of `act`, about the customer.
    pub async fn cancel_by_staff(
        &self,
        id: BookingId,
        act: &Act,
        reason: Reason,
        receipt: Option<Receipt<'_>>,
    ) -> Result<Booking, ChangeError> {
        let given =
            BookingCommand { reason: Some(reason), ..BookingCommand::from((Command::Cancel, Actor::Staff)) };
        let order = Order { given, act: Some(act) };
        self.obey(id, &order, receipt, act.at).await
    }

    /// Moves a booking at once by the member of staff of `act`, for `reason`, whatever its terms say of the two sides.
    pub async fn reschedule_by_staff(
        &self,
        id: BookingId,
        act: &Act,
        (starts_at, reason): (Timestamp, Reason),
        receipt: Option<Receipt<'_>>,
    ) -> Result<Booking, MoveError> {
        let wish = MoveWish { starts_at, actor: Actor::Staff, reason: Some(reason), series: None };
        // Staff propose nothing, so that the id is not used.
        let proposal = random::id(act.at);
        Box::pin(self.move_to(id, (&wish, Some(act)), proposal, receipt, act.at)).await
    }

    /// Books for a customer by the member of staff `staff` of `act`, for `reason`: by the same guard as the customer.
    pub async fn reserve_by_staff(
        &self,
        request: &Request,
        (act, staff): (&Act, UserId),
        reason: &Reason,
        receipt: Option<Receipt<'_>>,
    ) -> Result<Booking, ReserveError> {
        let on_behalf = OnBehalf { act, staff, reason };
        self.take(request, (Claim::Booking(None), Some(&on_behalf)), receipt, act.at).await
    }
}
