//! `POST /v1/admin/services/{id}/restore`: staff give a service that staff archived back to its provider.

use axum::extract::State;
use banister_domain::id::ServiceId;
use banister_domain::service::{NotArchivedByStaff, Service};
use banister_platform::http::{ClientAddress, Code, OkJson, Path, Problem, Staff, needs};
use banister_platform::store::{AuditEntry, Change, ServiceEdit};
use serde_json::json;

use crate::Admin;
use crate::service_view::MarketServiceView;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound, Code::NotArchivedByStaff, Code::Busy];

/// Restore a service that staff archived
///
/// It is its provider's draft again, who can publish it. What a provider archived stays so. The second of
/// two restorations is refused.
#[utoipa::path(post, path = "/v1/admin/services/{id}/restore",
    params(("id" = ServiceId, Path, description = "The service")),
    responses((status = 200, description = "The draft", body = MarketServiceView)))]
pub(crate) async fn restore_service(
    State(admin): State<Admin>,
    caller: Staff<needs::ServiceManagement>,
    address: ClientAddress,
    Path(id): Path<ServiceId>,
) -> Result<OkJson<MarketServiceView>, Problem> {
    let now = admin.clock.now();
    let decide = |service: &Service| {
        let restored = service.clone().restored(now);
        let restored = restored.map_err(|NotArchivedByStaff| Problem::new(Code::NotArchivedByStaff))?;
        let reason = service.archived.as_ref().map(|archived| &archived.reason);
        let before = json!({ "status": service.status, "reason": reason });
        let after = json!({ "service_id": id, "status": restored.status });
        Ok(Some(ServiceEdit {
            service: restored,
            entry: AuditEntry::ServiceRestored,
            change: Change::of(&before, &after),
            payload: None,
        }))
    };
    Ok(OkJson(admin.edit_service(caller.identity, &address, id, decide).await?.into()))
}
