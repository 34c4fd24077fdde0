//! `POST /v1/admin/resources`: staff enter a room or a thing that providers share.

use axum::extract::State;
use banister_domain::id::UserId;
use banister_domain::resource::{Resource, ResourceUsers};
use banister_domain::text::ResourceName;
use banister_platform::http::{
    ClientAddress, Code, Created, IdempotencyKey, Json, Problem, Replayable, Staff, needs,
};
use banister_platform::random;
use banister_platform::store::{Act, Once, ResourceError};
use banister_platform::table::CommitError;
use serde::{Deserialize, Serialize};

use crate::Admin;
use crate::resource_view::ResourceView;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy];

/// A new resource; it can be booked at once.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Blue room", "provider_ids": ["usr_01KB2Q7S3H8Z6W4V5N9RXTMCDF"] }))]
pub(crate) struct CreateResource {
    name: ResourceName,
    /// Whose services may need it: at most forty providers.
    #[serde(default)]
    #[schema(value_type = Vec<UserId>, max_items = 40)]
    provider_ids: ResourceUsers,
}

/// Enter a resource
///
/// A room, a van: one booking at a time takes it, whichever of these providers it is with.
#[utoipa::path(post, path = "/v1/admin/resources", request_body = CreateResource,
    params(("Idempotency-Key" = String, Header, description = "Makes a retry safe")),
    responses((status = 201, description = "The resource", body = ResourceView)))]
pub(crate) async fn create_resource(
    State(admin): State<Admin>,
    caller: Staff<needs::ServiceManagement>,
    address: ClientAddress,
    key: IdempotencyKey,
    Json(ask): Json<CreateResource>,
) -> Result<Replayable<Created<ResourceView>>, Problem> {
    let now = admin.clock.now();
    let staff = caller.identity.user_id;
    let once = Once::new(staff.to_string(), "create_resource", &key, &ask)?;
    if let Some(replay) = once.replay(&admin.table, now).await? {
        return replay.answer();
    }
    admin.only_providers(ask.provider_ids.iter()).await?;
    let resource = Resource {
        id: random::id(now),
        name: ask.name,
        active: true,
        provider_ids: ask.provider_ids,
        created_at: now,
        updated_at: now,
    };
    let view = ResourceView::from(resource.clone());
    let act = Act { by: Some(staff), address: address.subject(), at: now };
    match admin.resources.create(resource, &act, Some((&once, &view)), now).await {
        Ok(()) => Ok(Replayable::Fresh(Created(view))),
        Err(CommitError::Storage(error)) => Err(error.into()),
        Err(CommitError::Refused(ResourceError::Seen)) => {
            once.replay(&admin.table, now).await?.ok_or(Problem::busy())?.answer()
        }
        Err(CommitError::Refused(ResourceError::Stale) | CommitError::Contention) => Err(Problem::busy()),
    }
}

impl Admin {
    /// Refuses users who are no providers.
    pub(crate) async fn only_providers(&self, users: impl Iterator<Item = UserId>) -> Result<(), Problem> {
        match self.resources.first_stranger(users).await? {
            Some(user) => Err(Problem::invalid("/provider_ids", format!("{user} is no provider"))),
            None => Ok(()),
        }
    }
}
