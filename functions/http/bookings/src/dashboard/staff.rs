//! The dashboard of staff: what the own permissions let one act on.

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_domain::booking::{Booking, Status};
use banister_domain::id::{BookingId, ServiceId, UserId};
use banister_domain::service::{Service, ServiceStatus};
use banister_domain::text::Title;
use banister_platform::http::Problem;
use banister_platform::store::ListMarketServices;
use banister_platform::table::StorageError;
use jiff::Timestamp;
use serde::Serialize;

use super::SHOWN;
use crate::Bookings;

/// What staff may act on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({ "expiring_requests": [], "newest_services": null }))]
pub(crate) struct StaffDashboard {
    /// With the permission `booking_management`: up to 5 requests, soonest deadline first.
    #[schema(value_type = Option<Vec<ExpiringRequest>>)]
    expiring_requests: Option<Vec<ExpiringRequest>>,
    /// With the permission `service_management`: the last 5 services made.
    #[schema(value_type = Option<Vec<NewService>>)]
    newest_services: Option<Vec<NewService>>,
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
        let Booking { id, service_title, customer_id, provider_id, starts_at, answer_by, .. } = booking;
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
        let (expiring_requests, newest_services) = tokio::try_join!(expiring, newest)?;
        Ok(StaffDashboard { expiring_requests, newest_services })
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
