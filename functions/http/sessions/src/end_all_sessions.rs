//! `DELETE /v1/sessions`: whoever is signed in signs out everywhere.

use axum::extract::State;
use banister_platform::http::{ClientAddress, Code, Enrolling, NoContent, Problem};

use crate::Sessions;

pub(crate) const PROBLEMS: &[Code] = &[];

/// Sign out everywhere
///
/// Ends all of the caller's sessions, this one too: their refresh tokens are void at once, their access
/// tokens within five seconds, and their WebSocket connections are closed.
#[utoipa::path(delete, path = "/v1/sessions",
    responses((status = 204, description = "Signed out everywhere")))]
pub(crate) async fn end_all_sessions(
    State(sessions): State<Sessions>,
    caller: Enrolling,
    address: ClientAddress,
) -> Result<NoContent, Problem> {
    let now = sessions.clock.now();
    sessions.store.end_all(caller.user_id, address.subject(), now).await?;
    sessions.gate.forget(caller.session_id);
    Ok(NoContent)
}
