//! `DELETE /v1/me/photo`: whoever is signed in takes the own photo away.

use axum::extract::State;
use banister_domain::event::Payload;
use banister_platform::http::{Code, NoContent, Problem, SignedIn};

use crate::{Files, problem};

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy];

/// Take the own photo away
///
/// Any upload that waits is taken back too. The photo's addresses stop working a little later: files
/// are removed within seconds, and copies near the reader within a day. Taking away what is not
/// there is no error.
#[utoipa::path(delete, path = "/v1/me/photo", responses((status = 204, description = "There is no photo any more")))]
pub(crate) async fn remove_photo(State(files): State<Files>, caller: SignedIn) -> Result<NoContent, Problem> {
    let event = Payload::PhotoRemoved { user_id: caller.user_id };
    let now = files.clock.now();
    let change = files.accounts.change_photo(caller.user_id, |photo| Ok(photo.remove()), Some(event), now);
    change.await.map(|_| NoContent).map_err(problem)
}
