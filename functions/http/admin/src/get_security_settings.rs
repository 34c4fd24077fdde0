//! `GET /v1/admin/settings/security`: staff see how signing in is secured.

use axum::extract::State;
use banister_platform::http::{Code, Fingerprinted, Problem, Staff, needs};

use crate::Admin;
use crate::view::SecuritySettingsView;

pub(crate) const PROBLEMS: &[Code] = &[];

/// Read the settings about security
#[utoipa::path(get, path = "/v1/admin/settings/security",
    responses((status = 200, description = "The settings", body = SecuritySettingsView)))]
pub(crate) async fn get_security_settings(
    State(admin): State<Admin>,
    _: Staff<needs::SystemSettings>,
) -> Result<Fingerprinted<SecuritySettingsView>, Problem> {
    Ok(Fingerprinted::from(SecuritySettingsView::new(&admin.security.get().await?.value)))
}
