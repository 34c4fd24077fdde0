//! `GET /v1/me/resources`: a provider lists the rooms and things that the own services may need.

use axum::extract::State;
use banister_domain::id::ResourceId;
use banister_domain::resource::Resource;
use banister_domain::text::ResourceName;
use banister_platform::http::{Code, ListOf, OkJson, PageSize, Problem, Provider, Query};
use serde::{Deserialize, Serialize};

use crate::Catalog;

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidCursor, Code::InvalidInput];

/// Which page.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OwnResourcesQuery {
    /// Items a page, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, example = 20)]
    limit: PageSize,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A room or a thing that a provider may use.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = OwnResource, example = json!({
    "id": "rsc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "name": "Blue room",
    "active": true,
}))]
pub(crate) struct OwnResourceView {
    id: ResourceId,
    name: ResourceName,
    /// Whether new bookings may take it.
    active: bool,
}

impl From<Resource> for OwnResourceView {
    fn from(Resource { id, name, active, .. }: Resource) -> Self {
        Self { id, name, active }
    }
}

/// List the resources that you may use
///
/// Oldest first. Services name in `resource_ids` what each of their bookings takes.
#[utoipa::path(get, path = "/v1/me/resources", params(OwnResourcesQuery),
    responses((status = 200, description = "A page of resources", body = ListOf<OwnResourceView>)))]
pub(crate) async fn list_own_resources(
    State(catalog): State<Catalog>,
    caller: Provider,
    Query(OwnResourcesQuery { limit, cursor }): Query<OwnResourcesQuery>,
) -> Result<OkJson<ListOf<OwnResourceView>>, Problem> {
    let scope = ("list_own_resources", caller.user_id);
    let after = cursor.map(|cursor| catalog.cursors.read(&cursor, &scope)).transpose()?;
    let (found, last) = catalog.resources.of_provider(caller.user_id, limit.get(), after).await?;
    let next_cursor = last.and_then(|position| catalog.cursors.write(&position, &scope));
    Ok(OkJson(ListOf { items: found.into_iter().map(Into::into).collect(), next_cursor }))
}
