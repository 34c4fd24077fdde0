//! `PATCH /v1/admin/resources/{id}`: staff change what providers share, and who may use it.

use axum::extract::State;
use banister_domain::id::{ResourceId, UserId};
use banister_domain::resource::{Resource, ResourceUsers};
use banister_domain::text::ResourceName;
use banister_platform::http::{
    ClientAddress, Code, Fingerprinted, Json, Path, Problem, Seen, Staff, needs, present,
};
use banister_platform::store::Act;
use banister_platform::table::{CommitError, backoff};
use serde::Deserialize;

use crate::Admin;
use crate::resource_view::ResourceView;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::NotFound, Code::Stale, Code::IfMatchRequired];

/// What changes; a field that is absent stays (JSON Merge Patch, RFC 7396).
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "active": false }))]
pub(crate) struct UpdateResource {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ResourceName>)]
    name: Option<ResourceName>,
    /// Whether new bookings may take it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    active: Option<bool>,
    /// Whose services may need it, as a whole: at most forty providers.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<UserId>>, max_items = 40)]
    provider_ids: Option<ResourceUsers>,
}

/// Change a resource
///
/// Bookings made before stand. New ones of services that need it are refused while it is switched off, and where
/// their provider may not use it any more; such services have no free slots then. `If-Match` names the `ETag` with which the
/// resource was read: of two who change it at once, the second one is told.
#[utoipa::path(patch, path = "/v1/admin/resources/{id}", params(("id" = ResourceId, Path, description = "The resource"),
        ("If-Match" = String, Header, description = "The ETag of what was read")),
    request_body(content((UpdateResource = "application/json"), (UpdateResource = "application/merge-patch+json"))),
    responses((status = 200, description = "The resource after the change", body = ResourceView)))]
pub(crate) async fn update_resource(
    State(admin): State<Admin>,
    caller: Staff<needs::ServiceManagement>,
    address: ClientAddress,
    Path(id): Path<ResourceId>,
    seen: Seen,
    Json(ask): Json<UpdateResource>,
) -> Result<Fingerprinted<ResourceView>, Problem> {
    let act = Act { by: Some(caller.identity.user_id), address: address.subject(), at: admin.clock.now() };
    for attempt in 0..5 {
        let before = admin.resources.get(id).await?.ok_or(Problem::new(Code::NotFound))?;
        seen.check(&ResourceView::from(before.value.clone()))?;
        let after = ask.clone().of(before.value.clone());
        if after == before.value {
            return Ok(ResourceView::from(after).into());
        }
        // Whoever may use it already stays, whatever became of the account.
        admin.only_providers(after.provider_ids.without(&before.value.provider_ids)).await?;
        let after = Resource { updated_at: act.at, ..after };
        match admin.resources.replace(before, after.clone(), &act).await {
            Ok(()) => return Ok(ResourceView::from(after).into()),
            Err(CommitError::Storage(error)) => return Err(error.into()),
            Err(CommitError::Refused(_) | CommitError::Contention) => {
                tokio::time::sleep(backoff(attempt)).await;
            }
        }
    }
    Err(Problem::busy())
}

impl UpdateResource {
    fn of(self, resource: Resource) -> Resource {
        Resource {
            name: self.name.unwrap_or(resource.name),
            active: self.active.unwrap_or(resource.active),
            provider_ids: self.provider_ids.unwrap_or(resource.provider_ids),
            ..resource
        }
    }
}
