//! The dashboard of a customer.

use std::collections::BTreeMap;

use banister_domain::booking::{Actor, Booking, Status};
use banister_domain::id::UserId;
use banister_domain::money::Money;
use banister_platform::http::Problem;
use banister_platform::store::{ListBookings, Side};
use jiff::Timestamp;
use serde::Serialize;

use super::totals::{self, ToConfirm};
use super::{LOOKED_AT, SHOWN, proposals, requests};
use crate::Bookings;
use crate::view::BookingView;

/// What is next for a customer, and what waits.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "next_bookings": [],
    "requests": [],
    "proposals": [],
    "to_confirm": ["phone"],
    "bookings": {
        "requested": 0, "confirmed": 0, "declined": 1, "cancelled": 0, "expired": 0, "completed": 3, "no_show": 0,
    },
    "booked": [],
}))]
pub(crate) struct CustomerDashboard {
    /// Of the next 50 bookings, up to 5 that are requested or confirmed, earliest start first.
    #[schema(value_type = Vec<BookingView>)]
    next_bookings: Vec<BookingView>,
    /// Those of the next 50 bookings that wait for their provider, who has until `answer_by`; soonest deadline first.
    #[schema(value_type = Vec<BookingView>)]
    requests: Vec<BookingView>,
    /// Those of the next 50 bookings for which the provider proposed another time and waits for an answer (`proposal`), the
    /// proposal that ends soonest first.
    #[schema(value_type = Vec<BookingView>)]
    proposals: Vec<BookingView>,
    /// What of the account waits for the code that was sent, or for asking for another one.
    to_confirm: Vec<ToConfirm>,
    /// All own bookings by status, counted within seconds.
    #[schema(example = json!({
        "requested": 1, "confirmed": 2, "declined": 0, "cancelled": 1, "expired": 0, "completed": 3, "no_show": 0,
    }))]
    bookings: BTreeMap<Status, i64>,
    /// Prices of all own bookings that are agreed or took place, and what was kept of others, a sum for each currency in
    /// which there are any.
    #[schema(value_type = Vec<Money>)]
    booked: Vec<Money>,
}

impl Bookings {
    pub(crate) async fn of_customer(
        &self,
        customer: UserId,
        now: Timestamp,
    ) -> Result<CustomerDashboard, Problem> {
        let side = Side::Customer(customer);
        let coming = ListBookings { side, from: Some(now), to: None };
        let (coming, counts, to_confirm) = tokio::try_join!(
            self.store.list(coming, LOOKED_AT, None),
            self.statistics.own(side),
            self.to_confirm(customer),
        )?;
        let coming: Vec<_> = coming.items.into_iter().map(|(record, _)| record.value.0).collect();
        let stands =
            |booking: &&Booking| matches!(booking.status_at(now), Status::Requested | Status::Confirmed);
        let next = coming.iter().filter(stands).take(SHOWN.into());
        let shown = |booking: &Booking| BookingView::new(booking.clone(), now);
        Ok(CustomerDashboard {
            next_bookings: next.map(shown).collect(),
            requests: requests(&coming, now).into_iter().map(shown).collect(),
            proposals: proposals(&coming, Actor::Customer, now).into_iter().map(shown).collect(),
            to_confirm,
            bookings: totals::bookings(&counts),
            booked: totals::booked(&counts),
        })
    }
}
