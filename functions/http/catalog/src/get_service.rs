//! `GET /v1/services/{id}`: anyone reads a published service, its owner reads it always.

use axum::extract::State;
use banister_domain::id::ServiceId;
use banister_domain::service::ServiceStatus;
use banister_platform::http::{Cacheable, Caching, Code, Path, Problem, Visitor};

use crate::view::{RatedServiceView, ServiceView};
use crate::{Catalog, KEPT};

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound, Code::Unauthenticated];

/// Read a service
///
/// To its owner the `ETag` is that of what can be edited, for `If-Match`.
#[utoipa::path(get, path = "/v1/services/{id}", params(("id" = ServiceId, Path, description = "The service")),
    responses((status = 200, description = "The service", body = RatedServiceView)))]
pub(crate) async fn get_service(
    State(catalog): State<Catalog>,
    visitor: Visitor,
    caching: Caching,
    Path(id): Path<ServiceId>,
) -> Result<Cacheable<RatedServiceView>, Problem> {
    let (service, rating) = catalog.store.rated(id).await?.ok_or(Problem::new(Code::NotFound))?;
    let own = visitor.user_id == Some(service.provider_id);
    if own || service.status == ServiceStatus::Published {
        let shown = RatedServiceView::new(service.clone(), rating);
        // The rating is nothing that its owner edits, and all that anybody else sees.
        Ok(if own {
            caching.tagged(shown, &ServiceView::from(service), KEPT)
        } else {
            caching.json(shown, KEPT)
        })
    } else {
        Err(Problem::new(Code::NotFound))
    }
}
