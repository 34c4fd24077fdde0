//! How a service is shown.

use banister_domain::availability::DurationMinutes;
use banister_domain::id::{ServiceId, UserId};
use banister_domain::money::Price;
use banister_domain::service::{Category, LocationKind, Service, ServiceStatus};
use banister_domain::text::{Description, Title};
use jiff::Timestamp;
use serde::Serialize;

/// A service.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Service)]
pub(crate) struct ServiceView {
    id: ServiceId,
    provider_id: UserId,
    title: Title,
    description: Description,
    category: Category,
    price: Price,
    duration_minutes: DurationMinutes,
    location_kind: LocationKind,
    status: ServiceStatus,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    updated_at: Timestamp,
}

impl From<Service> for ServiceView {
    fn from(service: Service) -> Self {
        let Service { id, provider_id, title, description, category, price, .. } = service;
        let Service { duration_minutes, location_kind, status, created_at, updated_at, .. } = service;
        Self {
            id,
            provider_id,
            title,
            description,
            category,
            price,
            duration_minutes,
            location_kind,
            status,
            created_at,
            updated_at,
        }
    }
}
