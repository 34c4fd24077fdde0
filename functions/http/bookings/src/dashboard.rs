//! Dashboards: a section for each group of roles, and what they have in common.

mod customer;
mod provider;
mod staff;
mod totals;

use banister_domain::account::Role;
use banister_domain::booking::{Actor, Booking, Status};
use jiff::Timestamp;
use serde::Serialize;

/// How many bookings to come are looked at.
const LOOKED_AT: u16 = 50;
/// How many of a kind are shown.
const SHOWN: u16 = 5;

/// What is next and what waits; one of the sections, by the role.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Dashboard, example = json!({
    "role": "customer",
    "customer": {
        "next_bookings": [],
        "requests": [],
        "proposals": [],
        "to_confirm": ["phone"],
        "bookings": {
            "requested": 0, "confirmed": 0, "declined": 1, "cancelled": 0, "expired": 0, "completed": 3, "no_show": 0,
        },
        "booked": [],
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

/// Those for which the other side of `actor` proposed another time, soonest end of the proposal first.
fn proposals(bookings: &[Booking], actor: Actor, now: Timestamp) -> Vec<&Booking> {
    let until = |booking: &Booking| {
        let open = booking.open_proposal(now).filter(|proposal| proposal.by != actor);
        open.map(|proposal| proposal.expires_at)
    };
    let mut waiting: Vec<_> = bookings.iter().filter(|booking| until(booking).is_some()).collect();
    waiting.sort_by_key(|booking| until(booking));
    waiting
}

/// Those that wait for their provider's answer, soonest deadline first.
fn requests(bookings: &[Booking], now: Timestamp) -> Vec<&Booking> {
    let waits = |booking: &&Booking| booking.status_at(now) == Status::Requested;
    let mut waiting: Vec<_> = bookings.iter().filter(waits).collect();
    waiting.sort_by_key(|booking| booking.answer_by);
    waiting
}
