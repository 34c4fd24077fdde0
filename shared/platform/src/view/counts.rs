//! What there is in the marketplace, counted.

use std::collections::BTreeMap;

use banister_domain::account::{AccountStatus, Role};
use banister_domain::booking;
use banister_domain::money::{Currency, Money};
use banister_domain::service::ServiceStatus;
use banister_domain::statistics::{Counter, Counts};
use serde::Serialize;

/// Counters.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CountsView {
    /// Accounts by role and status.
    #[schema(example = json!({ "customer": { "active": 120, "disabled": 1, "erasing": 0, "erased": 2 } }))]
    users: BTreeMap<Role, BTreeMap<AccountStatus, i64>>,
    /// Services by status.
    #[schema(example = json!({ "draft": 3, "published": 40, "archived": 2 }))]
    services: BTreeMap<ServiceStatus, i64>,
    /// Bookings by status.
    #[schema(example = json!({ "requested": 4, "confirmed": 61, "declined": 2, "cancelled": 5, "expired": 1 }))]
    bookings: BTreeMap<booking::Status, i64>,
    /// Prices of the bookings that are agreed or took place and what is kept of others, a sum for each currency in which there are any.
    booked: Vec<Money>,
}

impl CountsView {
    /// Shows what was counted.
    #[must_use]
    pub fn new(counts: &Counts) -> Self {
        let users = |role| {
            let of = |status| (status, counts.get(Counter::Users(role, status)));
            AccountStatus::ALL.into_iter().map(of).collect()
        };
        let services = |status| (status, counts.get(Counter::Services(status)));
        let bookings = |status| (status, counts.get(Counter::Bookings(status)));
        let booked = |currency| Money::new(counts.get(Counter::Booked(currency)), currency);
        Self {
            users: Role::ALL.into_iter().map(|role| (role, users(role))).collect(),
            services: ServiceStatus::ALL.into_iter().map(services).collect(),
            bookings: booking::Status::ALL.into_iter().map(bookings).collect(),
            booked: Currency::ALL.iter().copied().map(booked).filter(|sum| sum.minor != 0).collect(),
        }
    }
}
