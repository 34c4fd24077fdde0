//! `GET /v1/admin/services/{id}`: staff read a service, whatever its status.

use axum::extract::State;
use banister_domain::id::ServiceId;
use banister_platform::http::{Code, OkJson, Path, Problem, Staff, needs};

use crate::Admin;
use crate::service_view::MarketServiceView;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound];

/// Read any service
#[utoipa::path(get, path = "/v1/admin/services/{id}",
    params(("id" = ServiceId, Path, description = "The service")),
    responses((status = 200, description = "The service", body = MarketServiceView)))]
pub(crate) async fn get_any_service(
    State(admin): State<Admin>,
    _: Staff<needs::ServiceManagement>,
    Path(id): Path<ServiceId>,
) -> Result<OkJson<MarketServiceView>, Problem> {
    let service = admin.services.get(id).await?.ok_or(Problem::new(Code::NotFound))?;
    Ok(OkJson(service.value.into()))
}
