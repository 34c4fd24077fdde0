//! How a service is shown.

use banister_domain::review::Tally;
use banister_domain::service::Service;
use banister_platform::view::RatingView;
pub(crate) use banister_platform::view::ServiceView;
use serde::Serialize;

/// A service, and what customers say of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RatedService, example = json!({
    "id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "provider_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDF",
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
    "status": "published",
    "created_at": "2026-03-09T08:00:00Z",
    "updated_at": "2026-03-09T08:00:00Z",
    "rating": { "count": 12, "average": 4.75 },
}))]
pub(crate) struct RatedServiceView {
    #[serde(flatten)]
    service: ServiceView,
    /// What customers say of it; `GET /v1/reviews` has the reviews.
    rating: RatingView,
}

impl RatedServiceView {
    pub(crate) fn new(service: Service, rating: Tally) -> Self {
        Self { service: service.into(), rating: rating.into() }
    }
}
