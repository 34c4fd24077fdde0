//! `DELETE /v1/me/calendar/vacations/{id}`: a provider is not away after all.

use axum::extract::State;
use banister_domain::id::VacationId;
use banister_platform::http::{Code, NoContent, Path, Problem, Provider};
use banister_platform::store::{Race, VacationError};

use crate::Availability;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::NotFound];

/// Delete a vacation
///
/// Its days can be booked again at once.
#[utoipa::path(delete, path = "/v1/me/calendar/vacations/{id}",
    params(("id" = VacationId, Path, description = "The vacation")),
    responses((status = 204, description = "It is gone")))]
pub(crate) async fn delete_vacation(
    State(availability): State<Availability>,
    caller: Provider,
    Path(id): Path<VacationId>,
) -> Result<NoContent, Problem> {
    let now = availability.clock.now();
    let mut race = Race::new();
    while race.goes_on().await {
        let known = availability.rules(caller.user_id).await?;
        match availability.store.remove_vacation(known, id, now).await {
            Ok(()) => return Ok(NoContent),
            Err(VacationError::Missing) => return Err(Problem::new(Code::NotFound)),
            Err(VacationError::Storage(error)) => return Err(error.into()),
            Err(VacationError::Race | VacationError::TooMany | VacationError::Seen) => {}
        }
    }
    Err(Problem::busy())
}
