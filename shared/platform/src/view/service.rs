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
#[schema(as = Service, example = json!({
    "id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "provider_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDF",
    "title": "Deep tissue massage",
    "description": "One hour, oil included.",
    "category": "massage",
    "price": { "amount": 6500, "currency": "eur" },
    "duration_minutes": 60,
    "location_kind": "at_customer",
    "status": "published",
    "created_at": "2026-03-09T08:00:00Z",
    "updated_at": "2026-03-09T08:00:00Z",
}))]
pub struct ServiceView {
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
