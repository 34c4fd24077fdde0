//! The dashboard of a customer.

use banister_domain::booking::Status;
use banister_domain::id::UserId;
use banister_platform::http::Problem;
use banister_platform::store::{ListBookings, Side};
use jiff::Timestamp;
use serde::Serialize;

use super::{CountsView, LOOKED_AT, SHOWN};
use crate::Bookings;
use crate::view::BookingView;

/// What is next for a customer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "next_bookings": [],
    "bookings": {
        "requested": 0, "confirmed": 0, "declined": 1, "cancelled": 0, "expired": 0, "more": false,
    },
}))]
pub(crate) struct CustomerDashboard {
    /// Of the next 50 bookings, up to 5 that are requested or confirmed, earliest start first.
    #[schema(value_type = Vec<BookingView>)]
    next_bookings: Vec<BookingView>,
    /// How the last 50 stand; those requested wait for their provider.
    #[schema(value_type = CountsView)]
    bookings: CountsView,
}

impl Bookings {
    pub(crate) async fn of_customer(
        &self,
        customer: UserId,
        now: Timestamp,
    ) -> Result<CustomerDashboard, Problem> {
        let side = Side::Customer(customer);
        let coming = ListBookings { side, from: Some(now), to: None };
        let (coming, latest) =
            tokio::try_join!(self.store.list(coming, LOOKED_AT, None), self.store.latest(side, LOOKED_AT))?;
        let stands = |status| matches!(status, Status::Requested | Status::Confirmed);
        let coming = coming.items.into_iter().map(|(record, _)| record.value.0);
        let next = coming.filter(|booking| stands(booking.status_at(now))).take(SHOWN.into());
        Ok(CustomerDashboard {
            next_bookings: next.map(|booking| BookingView::new(booking, now)).collect(),
            bookings: CountsView::of(latest.iter(), latest.len() >= LOOKED_AT.into(), now),
        })
    }
}
