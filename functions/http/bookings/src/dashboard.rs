//! Dashboards: a section for each group of roles, and what they have in common.

mod customer;
mod provider;
mod staff;

use banister_domain::account::Role;
use banister_domain::booking::{Booking, Status};
use jiff::Timestamp;
use serde::Serialize;

/// How many bookings or services are looked at for a count.
const LOOKED_AT: u16 = 50;
/// How many of a kind are shown.
const SHOWN: u16 = 5;

/// What is next and what waits; one of the sections, by the role.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Dashboard, example = json!({
    "role": "customer",
    "customer": {
        "next_bookings": [],
        "bookings": {
            "requested": 0, "confirmed": 0, "declined": 1, "cancelled": 0, "expired": 0, "more": false,
        },
    },
    "provider": null,
    "staff": null,
}))]
pub(crate) struct DashboardView {
    /// Of whoever is signed in.
    pub(crate) role: Role,
    /// For customers.
    #[schema(value_type = Option<customer::CustomerDashboard>)]
    pub(crate) customer: Option<customer::CustomerDashboard>,
    /// For providers.
    #[schema(value_type = Option<provider::ProviderDashboard>)]
    pub(crate) provider: Option<provider::ProviderDashboard>,
    /// For staff.
    #[schema(value_type = Option<staff::StaffDashboard>)]
    pub(crate) staff: Option<staff::StaffDashboard>,
}

/// So many of the last 50 bookings, by their start, stand like this.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = BookingCounts, example = json!({
    "requested": 1, "confirmed": 2, "declined": 0, "cancelled": 1, "expired": 0, "more": false,
}))]
pub(crate) struct CountsView {
    requested: u16,
    confirmed: u16,
    declined: u16,
    cancelled: u16,
    expired: u16,
    /// Whether there may be bookings before these.
    more: bool,
}

impl CountsView {
    fn of<'a>(bookings: impl Iterator<Item = &'a Booking>, more: bool, now: Timestamp) -> Self {
        bookings.fold(Self { more, ..Self::default() }, |mut counts, booking| {
            let count = match booking.status_at(now) {
                Status::Requested => &mut counts.requested,
                Status::Confirmed => &mut counts.confirmed,
                Status::Declined => &mut counts.declined,
                Status::Cancelled => &mut counts.cancelled,
                Status::Expired => &mut counts.expired,
            };
            *count += 1;
            counts
        })
    }
}
