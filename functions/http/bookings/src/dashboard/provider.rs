//! The dashboard of a provider.

use banister_domain::booking::{Booking, Status};
use banister_domain::id::UserId;
use banister_domain::service::ServiceStatus;
use banister_platform::http::Problem;
use banister_platform::store::{ListBookings, ListServices, Side};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;

use super::{CountsView, LOOKED_AT, SHOWN};
use crate::Bookings;
use crate::view::BookingView;

/// What is next for a provider, and what waits.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "next_bookings": [],
    "requests": [],
    "today": 0,
    "services": { "draft": 1, "published": 2, "archived": 0, "more": false },
    "bookings": {
        "requested": 0, "confirmed": 0, "declined": 1, "cancelled": 0, "expired": 0, "more": false,
    },
}))]
pub(crate) struct ProviderDashboard {
    /// Of the next 50 bookings, up to 5 that are confirmed, earliest start first.
    #[schema(value_type = Vec<BookingView>)]
    next_bookings: Vec<BookingView>,
    /// Those of the next 50 bookings that wait for an answer, soonest deadline (`answer_by`) first.
    #[schema(value_type = Vec<BookingView>)]
    requests: Vec<BookingView>,
    /// How many of those from today on are confirmed and start today, in the zone of the calendar.
    today: usize,
    /// The first 50 services.
    #[schema(value_type = ServiceCounts)]
    services: ServiceCounts,
    /// How the last 50 bookings stand.
    #[schema(value_type = CountsView)]
    bookings: CountsView,
}

/// So many services stand like this.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(example = json!({ "draft": 1, "published": 2, "archived": 0, "more": false }))]
pub(crate) struct ServiceCounts {
    draft: u16,
    published: u16,
    archived: u16,
    /// Whether there may be services beyond these.
    more: bool,
}

impl Bookings {
    pub(crate) async fn of_provider(
        &self,
        provider: UserId,
        now: Timestamp,
    ) -> Result<ProviderDashboard, Problem> {
        let zone = self.calendars.rules(provider).await?;
        let zone = zone.map_or(TimeZone::UTC, |rules| rules.value.time_zone.rules().clone());
        let (today, tomorrow) = day(now, zone).map_err(Problem::internal)?;
        let side = Side::Provider(provider);
        let coming = ListBookings { side, from: Some(today), to: None };
        let own = ListServices { provider: Some(provider), category: None, unpublished: true };
        let (coming, latest, services) = tokio::try_join!(
            self.store.list(coming, LOOKED_AT, None),
            self.store.latest(side, LOOKED_AT),
            self.services.list(own, LOOKED_AT, None),
        )?;
        let coming: Vec<_> = coming.items.into_iter().map(|(record, _)| record.value.0).collect();
        let stands = |status| move |booking: &&Booking| booking.status_at(now) == status;
        let mut requests: Vec<_> = coming.iter().filter(stands(Status::Requested)).collect();
        requests.sort_by_key(|booking| booking.answer_by);
        let confirmed = || coming.iter().filter(stands(Status::Confirmed));
        let next = confirmed().filter(|booking| booking.starts_at >= now).take(SHOWN.into());
        let shown = |booking: &Booking| BookingView::new(booking.clone(), now);
        let more = services.last.is_some();
        let statuses = services.items.iter().map(|(record, _)| record.value.0.status);
        Ok(ProviderDashboard {
            next_bookings: next.map(shown).collect(),
            requests: requests.into_iter().map(shown).collect(),
            today: confirmed().filter(|booking| booking.starts_at < tomorrow).count(),
            services: ServiceCounts::of(statuses, more),
            bookings: CountsView::of(latest.iter(), latest.len() >= LOOKED_AT.into(), now),
        })
    }
}

/// The first moment of the day that it is in a zone, and the first of the next one.
fn day(now: Timestamp, zone: TimeZone) -> Result<(Timestamp, Timestamp), jiff::Error> {
    let today = now.to_zoned(zone).start_of_day()?;
    let tomorrow = today.checked_add(1.day())?.start_of_day()?;
    Ok((today.timestamp(), tomorrow.timestamp()))
}

impl ServiceCounts {
    fn of(statuses: impl Iterator<Item = ServiceStatus>, more: bool) -> Self {
        statuses.fold(Self { more, ..Self::default() }, |mut counts, status| {
            let count = match status {
                ServiceStatus::Draft => &mut counts.draft,
                ServiceStatus::Published => &mut counts.published,
                ServiceStatus::Archived => &mut counts.archived,
            };
            *count += 1;
            counts
        })
    }
}
