//! `DELETE /v1/services/{id}`: a provider takes an own service out of the catalogue for good.

use axum::extract::State;
use banister_domain::id::ServiceId;
use banister_domain::service::{Service, ServiceCommand};
use banister_platform::http::{Code, NoContent, Path, Problem, Provider};

use crate::Catalog;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::NotFound, Code::ServiceArchived];

/// Archive a service
///
/// It can no longer be found or booked; bookings made before stand. Archiving twice changes nothing.
#[utoipa::path(delete, path = "/v1/services/{id}", params(("id" = ServiceId, Path, description = "The service")),
    responses((status = 204, description = "Archived")))]
pub(crate) async fn archive_service(
    State(catalog): State<Catalog>,
    caller: Provider,
    Path(id): Path<ServiceId>,
) -> Result<NoContent, Problem> {
    let change = |service: Service| {
        let status = service.status.transition(ServiceCommand::Archive);
        let status = status.map_err(|_| Problem::new(Code::ServiceArchived))?;
        // Its provider gives it up for good, whoever archived it before.
        Ok(Service { status, archived: None, ..service })
    };
    catalog.change(caller.user_id, id, change).await?;
    Ok(NoContent)
}
