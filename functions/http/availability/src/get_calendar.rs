//! `GET /v1/me/calendar`: a provider reads the own calendar's rules.

use axum::extract::State;
use banister_domain::availability::CalendarRules;
use banister_platform::http::{Code, Fingerprinted, Problem, Provider};

use crate::Availability;

pub(crate) const PROBLEMS: &[Code] = &[];

/// Read the own calendar
///
/// A provider who has set none has one that is never open.
#[utoipa::path(get, path = "/v1/me/calendar",
    responses((status = 200, description = "The calendar's rules", body = CalendarRules)))]
pub(crate) async fn get_calendar(
    State(availability): State<Availability>,
    caller: Provider,
) -> Result<Fingerprinted<CalendarRules>, Problem> {
    Ok(Fingerprinted::from(availability.rules(caller.user_id).await?.value.rules))
}
