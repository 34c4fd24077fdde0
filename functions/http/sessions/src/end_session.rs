//! `DELETE /v1/sessions/{id}`: whoever is signed in signs out somewhere else.

use axum::extract::State;
use banister_domain::id::SessionId;
use banister_platform::http::{ClientAddress, Code, Enrolling, NoContent, Path, Problem};
use banister_platform::store::AuditEntry;

use crate::Sessions;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound];

/// End a session
///
/// One of the caller's own, this one too: its refresh token is void at once, its access token within five
/// seconds, and its WebSocket connections are closed.
#[utoipa::path(delete, path = "/v1/sessions/{id}",
    params(("id" = SessionId, Path, description = "The session")),
    responses((status = 204, description = "Ended")))]
pub(crate) async fn end_session(
    State(sessions): State<Sessions>,
    caller: Enrolling,
    address: ClientAddress,
    Path(id): Path<SessionId>,
) -> Result<NoContent, Problem> {
    let (now, why) = (sessions.clock.now(), AuditEntry::SessionEnded);
    let session = sessions.store.get(caller.user_id, id, now).await?;
    if !session.is_some_and(|session| session.value.stands_in(caller.epoch, now)) {
        return Err(Problem::new(Code::NotFound));
    }
    sessions.store.end(caller.user_id, id, why, address.subject(), now).await?;
    sessions.gate.forget(id);
    Ok(NoContent)
}
