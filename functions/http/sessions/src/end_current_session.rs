//! `DELETE /v1/sessions/current`: whoever is signed in signs out.

use axum::extract::State;
use banister_platform::http::{ClientAddress, Code, Enrolling, NoContent, Problem};
use banister_platform::store::AuditEntry;

use crate::Sessions;

pub(crate) const PROBLEMS: &[Code] = &[];

/// Sign out
///
/// Ends the caller's session: its refresh token is void at once, its access token within five seconds, and its
/// WebSocket connections are closed.
#[utoipa::path(delete, path = "/v1/sessions/current", responses((status = 204, description = "Signed out")))]
pub(crate) async fn end_current_session(
    State(sessions): State<Sessions>,
    caller: Enrolling,
    address: ClientAddress,
) -> Result<NoContent, Problem> {
    let (now, why) = (sessions.clock.now(), AuditEntry::SessionEnded);
    sessions.store.end(caller.user_id, caller.session_id, why, address.subject(), now).await?;
    sessions.gate.forget(caller.session_id);
    Ok(NoContent)
}
