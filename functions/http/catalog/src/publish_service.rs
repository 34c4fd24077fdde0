//! `POST /v1/services/{id}/publish`: a provider shows an own service to the public.

use axum::extract::State;
use banister_domain::id::ServiceId;
use banister_domain::service::{Service, ServiceCommand};
use banister_platform::http::{Code, Fingerprinted, Path, Problem, Provider};

use crate::Catalog;
use crate::view::ServiceView;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::NotFound, Code::ServiceArchived];

/// Publish a service
///
/// From now on it is in the catalogue and can be booked. Publishing twice changes nothing.
#[utoipa::path(post, path = "/v1/services/{id}/publish",
    params(("id" = ServiceId, Path, description = "The service")),
    responses((status = 200, description = "The published service", body = ServiceView)))]
pub(crate) async fn publish_service(
    State(catalog): State<Catalog>,
    caller: Provider,
    Path(id): Path<ServiceId>,
) -> Result<Fingerprinted<ServiceView>, Problem> {
    let change = |service: Service| {
        let status = service.status.transition(ServiceCommand::Publish);
        let status = status.map_err(|_| Problem::new(Code::ServiceArchived))?;
        Ok(Service { status, ..service })
    };
    Ok(Fingerprinted::from(ServiceView::from(catalog.change(caller.user_id, id, change).await?)))
}
