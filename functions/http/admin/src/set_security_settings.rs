//! `PUT /v1/admin/settings/security`: staff say how signing in is secured.

use axum::extract::State;
use banister_domain::access::SecondFactorRoles;
use banister_domain::account::Role;
use banister_platform::http::{ClientAddress, Code, Fingerprinted, Json, Problem, Seen, Staff, needs};
use banister_platform::store::{Act, SecurityRecord};
use banister_platform::table::{CommitError, backoff};
use serde::Deserialize;

use crate::Admin;
use crate::view::SecuritySettingsView;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::IfMatchRequired, Code::Stale];

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
/// up, but what they have signed in for stays. `If-Match` names the `ETag` with which they were read.
#[utoipa::path(put, path = "/v1/admin/settings/security", request_body = SetSecuritySettings,
    params(("If-Match" = String, Header, description = "The `ETag` of the settings as they were read")),
    responses((status = 200, description = "The settings", body = SecuritySettingsView)))]
pub(crate) async fn set_security_settings(
    State(admin): State<Admin>,
    caller: Staff<needs::SystemSettings>,
    address: ClientAddress,
    seen: Seen,
    Json(ask): Json<SetSecuritySettings>,
) -> Result<Fingerprinted<SecuritySettingsView>, Problem> {
    let second_factor_roles = SecondFactorRoles::new(&ask.second_factor_roles)
        .ok_or_else(|| Problem::invalid("/second_factor_roles", "must be roles of staff"))?;
    let act = Act { by: Some(caller.identity.user_id), address: address.subject(), at: admin.clock.now() };
    for attempt in 0..5 {
        let known = admin.security.get().await?;
        seen.check(&SecuritySettingsView::new(&known.value))?;
        let after = SecurityRecord { second_factor_roles: second_factor_roles.clone() };
        match admin.security.set(known, after, &act).await {
            Ok(set) => return Ok(Fingerprinted::from(SecuritySettingsView::new(&set.value))),
            Err(CommitError::Storage(error)) => return Err(error.into()),
            // Set by somebody else at this moment: see whether that is what the caller has seen.
            Err(CommitError::Refused(()) | CommitError::Contention) => {
                tokio::time::sleep(backoff(attempt)).await;
            }
        }
    }
    Err(Problem::busy())
}
