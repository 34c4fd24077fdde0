//! How staff see what providers share.

use banister_domain::id::{ResourceId, UserId};
use banister_domain::resource::{Resource, ResourceUsers};
use banister_domain::text::ResourceName;
use jiff::Timestamp;
use serde::Serialize;

/// A room or a thing that providers share.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Resource, example = json!({
    "id": "rsc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "name": "Blue room",
    "active": true,
    "provider_ids": ["usr_01KB2Q7S3H8Z6W4V5N9RXTMCDF"],
    "created_at": "2026-03-09T08:00:00Z",
    "updated_at": "2026-03-09T08:00:00Z",
}))]
pub(crate) struct ResourceView {
    id: ResourceId,
    name: ResourceName,
    /// Whether new bookings may take it.
    active: bool,
    /// Whose services may need it, by the age of their accounts.
    #[schema(value_type = Vec<UserId>, max_items = 40)]
    provider_ids: ResourceUsers,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    updated_at: Timestamp,
}

impl From<Resource> for ResourceView {
    fn from(resource: Resource) -> Self {
        let Resource { id, name, active, provider_ids, created_at, updated_at } = resource;
        Self { id, name, active, provider_ids, created_at, updated_at }
    }
}
