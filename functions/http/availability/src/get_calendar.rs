//! `GET /v1/me/calendar`: a provider reads the own calendar's rules.

use axum::extract::State;
use banister_domain::availability::CalendarRules;
use banister_platform::http::{Code, OkJson, Problem, Provider};

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
) -> Result<OkJson<CalendarRules>, Problem> {
    if let Some(rules) = availability.store.rules(caller.user_id).await? {
        return Ok(OkJson(rules));
    }
    let account = availability.accounts.get(caller.user_id).await?;
    let account = account.ok_or(Problem::new(Code::Unauthenticated))?;
    Ok(OkJson(CalendarRules::closed(account.value.time_zone)))
}
