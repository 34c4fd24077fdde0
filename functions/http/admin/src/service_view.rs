//! How staff see services.

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
use banister_domain::text::{Description, Reason, Title};
use jiff::Timestamp;
use serde::Serialize;

/// A service as staff see it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = MarketService, example = json!({
    "id": "svc_01KB2QB6Y2D5F8H1K4N7QSTVWX",
    "provider_id": "usr_01KB2Q8A4N7Y5V3T1R9QWXMCDF",
    "title": "Deep tissue massage",
    "description": "One hour, oil included.",
    "category": "massage",
    "price": { "amount": 6500, "currency": "eur" },
    "duration_minutes": 60,
    "durations": [],
    "extras": [],
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
    "status": "archived",
    "archived_reason": "The description is of another service.",
    "archived_at": "2026-03-10T08:00:00Z",
    "created_at": "2026-03-09T08:00:00Z",
    "updated_at": "2026-03-10T08:00:00Z",
}))]
pub(crate) struct MarketServiceView {
    id: ServiceId,
    /// Whose.
    provider_id: UserId,
    title: Title,
    description: Description,
    category: Category,
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
    /// Why staff archived it; `null` where they did not.
    archived_reason: Option<Reason>,
    /// When staff archived it.
    #[schema(value_type = Option<String>, format = DateTime, example = json!(null))]
    archived_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    updated_at: Timestamp,
}

impl From<Service> for MarketServiceView {
    fn from(service: Service) -> Self {
        let archived_at = service.archived.as_ref().map(|archived| archived.at);
        let archived_reason = service.archived.map(|archived| archived.reason);
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
            status,
            created_at,
            updated_at,
            ..
        } = service;
        let Service { calendar, terms, .. } = service;
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
            archived_reason,
            archived_at,
            created_at,
            updated_at,
        }
    }
}
