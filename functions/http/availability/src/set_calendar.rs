//! `PUT /v1/me/calendar`: a provider sets the own calendar's rules.

use axum::extract::State;
use banister_domain::availability::CalendarRules;
use banister_platform::http::{Code, Fingerprinted, Json, OptionalSeen, Problem, Provider};
use banister_platform::table::{CommitError, backoff};

use crate::Availability;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::Stale];

/// Set the own calendar
///
/// Bookings made before stand, also outside the new hours. With `If-Match`, nothing changes unless the calendar is what
/// was read with that `ETag`.
#[utoipa::path(put, path = "/v1/me/calendar", request_body = CalendarRules,
    params(("If-Match" = Option<String>, Header, description = "The ETag of what was read")),
    responses((status = 200, description = "The calendar's rules as kept", body = CalendarRules)))]
pub(crate) async fn set_calendar(
    State(availability): State<Availability>,
    caller: Provider,
    seen: OptionalSeen,
    Json(rules): Json<CalendarRules>,
) -> Result<Fingerprinted<CalendarRules>, Problem> {
    for attempt in 0..5 {
        let known = availability.rules(caller.user_id).await?;
        seen.check(&known.value)?;
        match availability.store.set_rules(caller.user_id, rules.clone(), known.version).await {
            Ok(()) => return Ok(Fingerprinted::from(rules)),
            Err(CommitError::Refused(()) | CommitError::Contention) => {
                tokio::time::sleep(backoff(attempt)).await;
            }
            Err(CommitError::Storage(error)) => return Err(error.into()),
        }
    }
    Err(Problem::busy())
}
