//! What is counted of one side's own things, and what an account still asks of its owner.

use std::collections::BTreeMap;

use banister_domain::account::{Account, PhoneStatus};
use banister_domain::booking::Status;
use banister_domain::id::UserId;
use banister_domain::money::{Currency, Money};
use banister_domain::service::ServiceStatus;
use banister_domain::statistics::{Counter, Counts};
use banister_platform::table::StorageError;
use serde::Serialize;

use crate::Bookings;

/// All own bookings by status.
pub(super) fn bookings(counts: &Counts) -> BTreeMap<Status, i64> {
    Status::ALL.into_iter().map(|status| (status, counts.get(Counter::Bookings(status)))).collect()
}

/// All own services by status.
pub(super) fn services(counts: &Counts) -> BTreeMap<ServiceStatus, i64> {
    ServiceStatus::ALL.into_iter().map(|status| (status, counts.get(Counter::Services(status)))).collect()
}

/// What is counted as booked, a sum for each currency in which there are any.
pub(super) fn booked(counts: &Counts) -> Vec<Money> {
    let sum = |currency| Money::new(counts.get(Counter::Booked(currency)), currency);
    Currency::ALL.iter().copied().map(sum).filter(|sum| sum.minor != 0).collect()
}

/// What of an account waits for a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "phone")]
pub(crate) enum ToConfirm {
    /// The e-mail address.
    Email,
    /// The telephone number.
    Phone,
}

impl ToConfirm {
    fn of(account: &Account) -> Vec<Self> {
        let phone = account.phone.is_some() && account.phone_status != PhoneStatus::Confirmed;
        let waiting = [(!account.email_confirmed, Self::Email), (phone, Self::Phone)];
        waiting.into_iter().filter(|(waits, _)| *waits).map(|(_, what)| what).collect()
    }
}

impl Bookings {
    /// What of an account waits for a code.
    pub(super) async fn to_confirm(&self, user: UserId) -> Result<Vec<ToConfirm>, StorageError> {
        let account = self.accounts.get(user).await?;
        Ok(account.map(|account| ToConfirm::of(&account.value)).unwrap_or_default())
    }
}
