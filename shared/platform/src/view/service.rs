//! How a service is shown.

use banister_domain::account::{Language, Languages};
use banister_domain::availability::{DurationMinutes, Seats, ServiceRules};
use banister_domain::booking::Terms;
use banister_domain::id::{ResourceId, ServiceId, UserId};
use banister_domain::money::Price;
use banister_domain::place::Point;
use banister_domain::resource::ResourceIds;
use banister_domain::service::{
    Category, DurationOption, Durations, Extra, Extras, LocationKind, Service, ServiceStatus,
};
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
    "durations": [{ "duration_minutes": 90, "price": { "amount": 9000, "currency": "eur" } }],
    "extras": [{
        "code": "hot_stones", "title": "Hot stones", "price": { "amount": 1500, "currency": "eur" }, "max_quantity": 1,
    }],
    "location_kind": "at_customer",
    "place": { "latitude": 38.722, "longitude": -9.139 },
    "languages": ["en", "pt-BR"],
    "seats": 1,
    "resource_ids": [],
    "calendar": {},
    "terms": {
        "booking_type": "on_request",
        "reschedule": "consent",
        "cancellation": {
            "grace_minutes": 0,
            "tiers": [{ "before_minutes": 1440, "refund_percent": 100 }],
            "no_show_refund_percent": 0,
        },
    },
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
    /// Of each seat, at the usual duration.
    price: Price,
    duration_minutes: DurationMinutes,
    /// How long it can take instead, and for how much.
    #[schema(value_type = Vec<DurationOption>, max_items = 10)]
    durations: Durations,
    /// What customers can have with it.
    #[schema(value_type = Vec<Extra>, max_items = 20)]
    extras: Extras,
    location_kind: LocationKind,
    /// Where it takes place, or where its provider comes from; `null` where that is not told.
    #[schema(value_type = Option<Point>)]
    place: Option<Point>,
    /// Spoken with its customers; where there is none, those of its provider.
    #[schema(value_type = Vec<Language>, max_items = 10)]
    languages: Languages,
    /// How many customers one time is for.
    seats: Seats,
    /// The rooms and things that each booking takes beside its provider's time.
    #[schema(value_type = Vec<ResourceId>, max_items = 3)]
    resource_ids: ResourceIds,
    /// Where it differs from its provider's calendar.
    calendar: ServiceRules,
    /// What is agreed with each booking of it.
    terms: Terms,
    status: ServiceStatus,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    updated_at: Timestamp,
}

impl From<Service> for ServiceView {
    fn from(service: Service) -> Self {
        let Service { id, provider_id, title, description, category, price, .. } = service;
        let Service {
            duration_minutes,
            durations,
            extras,
            location_kind,
            place,
            languages,
            seats,
            resource_ids,
            calendar,
            terms,
            status,
            ..
        } = service;
        let Service { created_at, updated_at, .. } = service;
        Self {
            id,
            provider_id,
            title,
            description,
            category,
            price,
            duration_minutes,
            durations,
            extras,
            location_kind,
            place,
            languages,
            seats,
            resource_ids,
            calendar,
            terms,
            status,
            created_at,
            updated_at,
        }
    }
}
