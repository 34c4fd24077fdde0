//! The dashboard of staff: what the own permissions let one act on.

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_domain::booking::{Booking, Status};
use banister_domain::id::{BookingId, ServiceId, UserId};
use banister_domain::service::{Service, ServiceStatus};
use banister_domain::statistics::Counts;
use banister_domain::text::Title;
use banister_platform::http::Problem;
use banister_platform::store::ListMarketServices;
use banister_platform::table::StorageError;
use banister_platform::view::CountsView;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::SHOWN;
use crate::Bookings;

/// What staff may act on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({ "expiring_requests": [], "newest_services": null, "market": null }))]
pub(crate) struct StaffDashboard {
    /// With the permission `booking_management`: up to 5 requests, soonest deadline first.
    #[schema(value_type = Option<Vec<ExpiringRequest>>)]
    expiring_requests: Option<Vec<ExpiringRequest>>,
    /// With the permission `service_management`: the last 5 services made.
    #[schema(value_type = Option<Vec<NewService>>)]
    newest_services: Option<Vec<NewService>>,
    /// With the permission `financial_reports`: how the marketplace does.
    #[schema(value_type = Option<MarketFigures>)]
    market: Option<MarketFigures>,
}

/// How the marketplace does, from its counters: the same as `GET /v1/admin/statistics` says of these days (UTC).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "today": { "users": {}, "services": {}, "bookings": { "requested": 3 }, "booked": [] },
    "month": { "users": {}, "services": {}, "bookings": { "confirmed": 61 }, "booked": [{ "amount": 512_500, "currency": "usd" }] },
    "totals": { "users": {}, "services": {}, "bookings": { "confirmed": 190 }, "booked": [{ "amount": 1_262_500, "currency": "usd" }] },
}))]
pub(crate) struct MarketFigures {
    /// What was made today, as it stands now.
    today: CountsView,
    /// What was made since the first day of this month, today included, as it stands now.
    month: CountsView,
    /// All that was ever made, as it stands now.
    totals: CountsView,
}

/// A request that waits for its provider.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "bkg_01KB2QHZ3K6N9Q2T5W8YABCDEF",
    "service_title": "Deep tissue massage",
    "customer_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "provider_id": "usr_01KB2Q8A4N7Y5V3T1R9QWXMCDF",
    "starts_at": "2026-03-10T10:00:00Z",
    "answer_by": "2026-03-10T08:00:00Z",
}))]
pub(crate) struct ExpiringRequest {
    id: BookingId,
    service_title: Title,
    customer_id: UserId,
    provider_id: UserId,
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T10:00:00Z")]
    starts_at: Timestamp,
    /// When it expires.
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T08:00:00Z")]
    answer_by: Timestamp,
}

impl From<Booking> for ExpiringRequest {
    fn from(booking: Booking) -> Self {
        let answer_by = booking.answer_by.unwrap_or(booking.starts_at);
        let Booking { id, service_title, customer_id, provider_id, starts_at, .. } = booking;
        Self { id, service_title, customer_id, provider_id, starts_at, answer_by }
    }
}

/// A service made lately.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "svc_01KB2QB6Y2D5F8H1K4N7QSTVWX",
    "provider_id": "usr_01KB2Q8A4N7Y5V3T1R9QWXMCDF",
    "title": "Deep tissue massage",
    "status": "published",
    "created_at": "2026-03-09T08:00:00Z",
}))]
pub(crate) struct NewService {
    id: ServiceId,
    provider_id: UserId,
    title: Title,
    status: ServiceStatus,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    created_at: Timestamp,
}

impl From<Service> for NewService {
    fn from(service: Service) -> Self {
        let Service { id, provider_id, title, status, created_at, .. } = service;
        Self { id, provider_id, title, status, created_at }
    }
}

impl Bookings {
    pub(crate) async fn of_staff(
        &self,
        (role, granted): (Role, Permissions),
        now: Timestamp,
    ) -> Result<StaffDashboard, Problem> {
        let may = |permission| role.may(granted, permission);
        let expiring = async {
            if may(Permission::BookingManagement) { self.expiring(now).await.map(Some) } else { Ok(None) }
        };
        let newest = async {
            if may(Permission::ServiceManagement) { self.newest().await.map(Some) } else { Ok(None) }
        };
        let market = async {
            if may(Permission::FinancialReports) { self.figures(now).await.map(Some) } else { Ok(None) }
        };
        let (expiring_requests, newest_services, market) = tokio::try_join!(expiring, newest, market)?;
        Ok(StaffDashboard { expiring_requests, newest_services, market })
    }

    async fn figures(&self, now: Timestamp) -> Result<MarketFigures, StorageError> {
        let today = now.to_zoned(TimeZone::UTC).date();
        let told = self.statistics.tell(today.first_of_month(), today).await?;
        let mut month = Counts::default();
        told.days.values().for_each(|day| month.add_all(day));
        let today = told.days.get(&today).cloned().unwrap_or_default();
        Ok(MarketFigures {
            today: CountsView::new(&today),
            month: CountsView::new(&month),
            totals: CountsView::new(&told.totals),
        })
    }

    async fn expiring(&self, now: Timestamp) -> Result<Vec<ExpiringRequest>, StorageError> {
        let requests = self.store.expiring(now, SHOWN).await?;
        let waiting = requests.into_iter().filter(|booking| booking.status_at(now) == Status::Requested);
        Ok(waiting.take(SHOWN.into()).map(Into::into).collect())
    }

    async fn newest(&self) -> Result<Vec<NewService>, StorageError> {
        let all = ListMarketServices {
            provider: None,
            category: None,
            status: None,
            created_from: Timestamp::UNIX_EPOCH,
            created_to: Timestamp::MAX,
            ascending: false,
        };
        let (services, _) = self.services.list_market(&all, SHOWN, None).await?;
        Ok(services.into_iter().map(Into::into).collect())
    }
}
