//! `GET /v1/admin/resources`: staff list what providers share.

use axum::extract::State;
use banister_platform::http::{Code, ListOf, OkJson, PageSize, Problem, Query, Staff, needs};
use serde::Deserialize;

use crate::Admin;
use crate::resource_view::ResourceView;

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidCursor, Code::InvalidInput];

/// Which page.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ResourcesQuery {
    /// Items a page, 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, example = 20)]
    limit: PageSize,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List resources
///
/// Oldest first, also those that are switched off. One that was just made may be missing for a moment.
#[utoipa::path(get, path = "/v1/admin/resources", params(ResourcesQuery),
    responses((status = 200, description = "A page of resources", body = ListOf<ResourceView>)))]
pub(crate) async fn list_resources(
    State(admin): State<Admin>,
    caller: Staff<needs::ServiceManagement>,
    Query(ResourcesQuery { limit, cursor }): Query<ResourcesQuery>,
) -> Result<OkJson<ListOf<ResourceView>>, Problem> {
    let scope = ("list_resources", caller.identity.user_id);
    let after = cursor.map(|cursor| admin.cursors.read(&cursor, &scope)).transpose()?;
    let page = admin.resources.list(limit.get(), after).await?;
    let next_cursor = page.last.as_ref().and_then(|position| admin.cursors.write(position, &scope));
    let items = page.items.into_iter().map(|(record, _)| record.value.0.into()).collect();
    Ok(OkJson(ListOf { items, next_cursor }))
}
