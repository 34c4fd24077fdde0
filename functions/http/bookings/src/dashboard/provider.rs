//! The dashboard of a provider.

use std::collections::BTreeMap;

use banister_domain::booking::{Actor, Booking, Status};
use banister_domain::id::UserId;
use banister_domain::money::Money;
use banister_domain::service::ServiceStatus;
use banister_platform::http::Problem;
use banister_platform::store::{ListBookings, Side};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;

use super::totals::{self, ToConfirm};
use super::{LOOKED_AT, SHOWN, proposals, requests};
use crate::Bookings;
use crate::view::BookingView;

/// What is next for a provider, and what waits.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "next_bookings": [],
    "requests": [],
    "proposals": [],
    "today": 0,
    "to_confirm": [],
    "services": { "draft": 1, "published": 2, "archived": 0 },
    "bookings": {
        "requested": 0, "confirmed": 0, "declined": 1, "cancelled": 0, "expired": 0, "completed": 3, "no_show": 0,
    },
    "booked": [],
}))]
pub(crate) struct ProviderDashboard {
    /// Of the next 50 bookings, up to 5 that are confirmed, earliest start first.
    #[schema(value_type = Vec<BookingView>)]
    next_bookings: Vec<BookingView>,
    /// Those of the next 50 bookings that wait for an answer, soonest deadline (`answer_by`) first.
    #[schema(value_type = Vec<BookingView>)]
    requests: Vec<BookingView>,
    /// Those of the next 50 bookings for which the customer proposed another time and waits for an answer (`proposal`), the
    /// proposal that ends soonest first.
    #[schema(value_type = Vec<BookingView>)]
    proposals: Vec<BookingView>,
    /// How many of those from today on are confirmed and start today, in the zone of the calendar.
    today: usize,
    /// What of the account waits for the code that was sent, or for asking for another one.
    to_confirm: Vec<ToConfirm>,
    /// All own services by status, counted within seconds.
    #[schema(example = json!({ "draft": 1, "published": 2, "archived": 0 }))]
    services: BTreeMap<ServiceStatus, i64>,
    /// All bookings with them by status, counted within seconds.
    #[schema(example = json!({
        "requested": 1, "confirmed": 2, "declined": 0, "cancelled": 1, "expired": 0, "completed": 3, "no_show": 0,
    }))]
    bookings: BTreeMap<Status, i64>,
    /// Prices of all bookings with them that are agreed or took place, and what was kept of others, a sum for each currency in
    /// which there are any.
    #[schema(value_type = Vec<Money>)]
    booked: Vec<Money>,
}

impl Bookings {
    pub(crate) async fn of_provider(
        &self,
        provider: UserId,
        now: Timestamp,
    ) -> Result<ProviderDashboard, Problem> {
        let zone = self.calendars.rules(provider).await?;
        let zone = zone.map_or(TimeZone::UTC, |rules| rules.value.rules.time_zone.rules().clone());
        let (today, tomorrow) = day(now, zone).map_err(Problem::internal)?;
        let side = Side::Provider(provider);
        let coming = ListBookings { side, from: Some(today), to: None };
        let (coming, counts, to_confirm) = tokio::try_join!(
            self.store.list(coming, LOOKED_AT, None),
            self.statistics.own(side),
            self.to_confirm(provider),
        )?;
        let coming: Vec<_> = coming.items.into_iter().map(|(record, _)| record.value.0).collect();
        let is_confirmed = |booking: &&Booking| booking.status_at(now) == Status::Confirmed;
        let confirmed = || coming.iter().filter(is_confirmed);
        let next = confirmed().filter(|booking| booking.starts_at >= now).take(SHOWN.into());
        let shown = |booking: &Booking| BookingView::new(booking.clone(), now);
        Ok(ProviderDashboard {
            next_bookings: next.map(shown).collect(),
            requests: requests(&coming, now).into_iter().map(shown).collect(),
            today: confirmed().filter(|booking| booking.starts_at < tomorrow).count(),
            proposals: proposals(&coming, Actor::Provider, now).into_iter().map(shown).collect(),
            to_confirm,
            services: totals::services(&counts),
            bookings: totals::bookings(&counts),
            booked: totals::booked(&counts),
        })
    }
}

/// The first moment of the day that it is in a zone, and the first of the next one.
fn day(now: Timestamp, zone: TimeZone) -> Result<(Timestamp, Timestamp), jiff::Error> {
    let today = now.to_zoned(zone).start_of_day()?;
    let tomorrow = today.checked_add(1.day())?.start_of_day()?;
    Ok((today.timestamp(), tomorrow.timestamp()))
}
