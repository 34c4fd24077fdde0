//! `GET /v1/services/{id}`: anyone reads a published service, its owner reads it always.

use axum::extract::State;
use banister_domain::id::ServiceId;
use banister_domain::service::ServiceStatus;
use banister_platform::http::{Code, Fingerprinted, Path, Problem, Visitor};

use crate::Catalog;
use crate::view::{RatedServiceView, ServiceView};

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound, Code::Unauthenticated];

/// Read a service
#[utoipa::path(get, path = "/v1/services/{id}", params(("id" = ServiceId, Path, description = "The service")),
    responses((status = 200, description = "The service", body = RatedServiceView)))]
pub(crate) async fn get_service(
    State(catalog): State<Catalog>,
    visitor: Visitor,
    Path(id): Path<ServiceId>,
) -> Result<Fingerprinted<RatedServiceView>, Problem> {
    let (service, rating) = catalog.store.rated(id).await?.ok_or(Problem::new(Code::NotFound))?;
    let own = visitor.user_id == Some(service.provider_id);
    if own || service.status == ServiceStatus::Published {
        let shown = RatedServiceView::new(service.clone(), rating);
        // The rating is nothing that its owner edits.
        Ok(Fingerprinted::of(shown, &ServiceView::from(service)))
    } else {
        Err(Problem::new(Code::NotFound))
    }
}
