//! `DELETE /v1/me/calendar/feed`: a provider takes the link to the own bookings back.

use axum::extract::State;
use banister_platform::http::{ClientAddress, Code, NoContent, Problem, Provider};
use banister_platform::store::Race;
use banister_platform::table::CommitError;

use crate::Availability;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy];

/// Revoke the link to the own calendar
///
/// It shows nothing any more from this moment on. Where there is none, there is none after it either.
#[utoipa::path(delete, path = "/v1/me/calendar/feed", responses((status = 204, description = "There is none")))]
pub(crate) async fn delete_calendar_feed(
    State(availability): State<Availability>,
    caller: Provider,
    address: ClientAddress,
) -> Result<NoContent, Problem> {
    let (now, mut race) = (availability.clock.now(), Race::new());
    while race.goes_on().await {
        match availability.feeds.revoke(caller.user_id, address.subject(), now).await {
            Ok(()) => return Ok(NoContent),
            Err(CommitError::Refused(_) | CommitError::Contention) => {}
            Err(CommitError::Storage(error)) => return Err(error.into()),
        }
    }
    Err(Problem::busy())
}
