//! `GET /v1/me/calendar/vacations`: a provider lists the own vacations.

use axum::extract::State;
use banister_platform::http::{Code, ListOf, OkJson, Problem, Provider};

use banister_platform::view::VacationView;

use crate::Availability;

pub(crate) const PROBLEMS: &[Code] = &[];

/// List the own vacations
///
/// Those that are not over, at most 20, earliest first.
#[utoipa::path(get, path = "/v1/me/calendar/vacations",
    responses((status = 200, description = "The vacations", body = ListOf<VacationView>)))]
pub(crate) async fn list_vacations(
    State(availability): State<Availability>,
    caller: Provider,
) -> Result<OkJson<ListOf<VacationView>>, Problem> {
    let now = availability.clock.now();
    let kept = availability.store.rules(caller.user_id).await?.map(|kept| kept.value.vacations);
    let to_come = kept.unwrap_or_default().into_iter().filter(|vacation| vacation.time.to() > now);
    Ok(OkJson(ListOf { items: to_come.map(VacationView::from).collect(), next_cursor: None }))
}
