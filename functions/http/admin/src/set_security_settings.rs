//! `PUT /v1/admin/settings/security`: staff say how signing in is secured.

use axum::extract::State;
use banister_domain::access::SecondFactorRoles;
use banister_domain::account::Role;
use banister_platform::http::{ClientAddress, Code, IfMatch, Json, Problem, Staff, Tagged, needs};
use banister_platform::store::{Act, SecurityRecord};
use banister_platform::table::CommitError;
use serde::Deserialize;

use crate::Admin;
use crate::view::SecuritySettingsView;

pub(crate) const PROBLEMS: &[Code] = &[Code::IfMatchRequired, Code::Stale];

/// How it is from now on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "second_factor_roles": ["accountant", "admin"] }))]
pub(crate) struct SetSecuritySettings {
    /// Roles of staff that must have a second factor; super admins must in any case.
    second_factor_roles: Vec<Role>,
}

/// Set the settings about security
///
/// Takes effect within five seconds: staff of these roles who have no second factor can do nothing before they set one
/// up, but what they have signed in for stays. `If-Match` names the version that was read.
#[utoipa::path(put, path = "/v1/admin/settings/security", request_body = SetSecuritySettings,
    params(("If-Match" = String, Header, description = "The `ETag` of the settings as they were read", example = "\"0\"")),
    responses((status = 200, description = "The settings; `ETag` is their version", body = SecuritySettingsView,
        headers(("ETag" = String, description = "Their version")))))]
pub(crate) async fn set_security_settings(
    State(admin): State<Admin>,
    caller: Staff<needs::SystemSettings>,
    address: ClientAddress,
    IfMatch(version): IfMatch,
    Json(ask): Json<SetSecuritySettings>,
) -> Result<Tagged<SecuritySettingsView>, Problem> {
    let second_factor_roles = SecondFactorRoles::new(&ask.second_factor_roles)
        .ok_or_else(|| Problem::invalid("/second_factor_roles", "must be roles of staff"))?;
    let known = admin.security.get().await?;
    if known.version != version {
        return Err(Problem::new(Code::Stale));
    }
    let act = Act { by: Some(caller.identity.user_id), address: address.subject(), at: admin.clock.now() };
    match admin.security.set(known, SecurityRecord { second_factor_roles }, &act).await {
        Ok(set) => Ok(SecuritySettingsView::tagged(&set)),
        Err(CommitError::Refused(()) | CommitError::Contention) => Err(Problem::new(Code::Stale)),
        Err(CommitError::Storage(error)) => Err(error.into()),
    }
}
