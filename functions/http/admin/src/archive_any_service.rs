//! `POST /v1/admin/services/{id}/archive`: staff take a service out of the catalogue.

use axum::extract::State;
use banister_domain::event::Payload;
use banister_domain::id::ServiceId;
use banister_domain::service::{Service, ServiceStatus};
use banister_domain::text::Reason;
use banister_platform::http::{ClientAddress, Code, Json, OkJson, Path, Problem, Staff, needs};
use banister_platform::store::{AuditEntry, Change, ServiceEdit};
use serde::Deserialize;
use serde_json::json;

use crate::Admin;
use crate::service_view::MarketServiceView;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound, Code::Busy];

/// Why the service is archived.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "The description is of another service." }))]
pub(crate) struct ArchiveAnyService {
    /// Mailed to its provider, and kept in the audit log.
    reason: Reason,
}

/// Archive any service
///
/// It can no longer be found or booked, and its provider cannot publish it again; bookings made before
/// stand. The provider gets a mail with the reason. One that is archived already stays as it is.
#[utoipa::path(post, path = "/v1/admin/services/{id}/archive", request_body = ArchiveAnyService,
    params(("id" = ServiceId, Path, description = "The service")),
    responses((status = 200, description = "The archived service", body = MarketServiceView)))]
pub(crate) async fn archive_any_service(
    State(admin): State<Admin>,
    caller: Staff<needs::ServiceManagement>,
    address: ClientAddress,
    Path(id): Path<ServiceId>,
    Json(ask): Json<ArchiveAnyService>,
) -> Result<OkJson<MarketServiceView>, Problem> {
    let now = admin.clock.now();
    let decide = |service: &Service| {
        let archive = || {
            let archived = service.clone().archived(ask.reason.clone(), now);
            let after = json!({ "service_id": id, "status": archived.status, "reason": ask.reason });
            ServiceEdit {
                service: archived,
                entry: AuditEntry::ServiceArchived,
                change: Change::of(&json!({ "status": service.status }), &after),
                payload: Some(Payload::ServiceArchivedByStaff {
                    service_id: id,
                    provider_id: service.provider_id,
                }),
            }
        };
        Ok((service.status != ServiceStatus::Archived).then(archive))
    };
    Ok(OkJson(admin.edit_service(caller.identity, &address, id, decide).await?.into()))
}
