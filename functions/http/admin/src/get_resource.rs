//! `GET /v1/admin/resources/{id}`: staff read what providers share.

use axum::extract::State;
use banister_domain::id::ResourceId;
use banister_platform::http::{Code, Fingerprinted, Path, Problem, Staff, needs};

use crate::Admin;
use crate::resource_view::ResourceView;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound];

/// Read a resource
///
/// To change it, send the `ETag` back as `If-Match`.
#[utoipa::path(get, path = "/v1/admin/resources/{id}", params(("id" = ResourceId, Path, description = "The resource")),
    responses((status = 200, description = "The resource", body = ResourceView)))]
pub(crate) async fn get_resource(
    State(admin): State<Admin>,
    _: Staff<needs::ServiceManagement>,
    Path(id): Path<ResourceId>,
) -> Result<Fingerprinted<ResourceView>, Problem> {
    let found = admin.resources.get(id).await?.ok_or(Problem::new(Code::NotFound))?;
    Ok(Fingerprinted::from(ResourceView::from(found.value)))
}
