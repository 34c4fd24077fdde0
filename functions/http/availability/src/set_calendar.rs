//! `PUT /v1/me/calendar`: a provider sets the own calendar's rules.

use axum::extract::State;
use banister_domain::availability::CalendarRules;
use banister_platform::http::{Code, Json, OkJson, Problem, Provider};

use crate::Availability;

pub(crate) const PROBLEMS: &[Code] = &[];

/// Set the own calendar
///
/// Bookings made before stand, also outside the new hours.
#[utoipa::path(put, path = "/v1/me/calendar", request_body = CalendarRules,
    responses((status = 200, description = "The calendar's rules as kept", body = CalendarRules)))]
pub(crate) async fn set_calendar(
    State(availability): State<Availability>,
    caller: Provider,
    Json(rules): Json<CalendarRules>,
) -> Result<OkJson<CalendarRules>, Problem> {
    availability.store.set_rules(caller.user_id, rules.clone()).await?;
    Ok(OkJson(rules))
}
