//! `PUT /v1/me/calendar`: a provider sets the own calendar's rules.

use axum::extract::State;
use banister_domain::availability::CalendarRules;
use banister_platform::http::{Code, Fingerprinted, Json, OptionalSeen, Problem, Provider};
use banister_platform::store::{Race, RulesRecord};
use banister_platform::table::CommitError;

use crate::Availability;
use crate::view::CalendarView;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::Stale];

/// Set the own calendar
///
/// Bookings made before stand, also outside the new hours: `bookings_outside` names those. With `If-Match`, nothing
/// changes unless the calendar is what was read with that `ETag`.
#[utoipa::path(put, path = "/v1/me/calendar", request_body = CalendarRules,
    params(("If-Match" = Option<String>, Header, description = "The ETag of what was read")),
    responses((status = 200, description = "The calendar's rules as kept, and what is booked outside of them",
        body = CalendarView)))]
pub(crate) async fn set_calendar(
    State(availability): State<Availability>,
    caller: Provider,
    seen: OptionalSeen,
    Json(rules): Json<CalendarRules>,
) -> Result<Fingerprinted<CalendarView>, Problem> {
    let mut race = Race::new();
    while race.goes_on().await {
        let known = availability.rules(caller.user_id).await?;
        // Set already, maybe by an earlier try whose answer was lost: no conflict, whatever was seen (RFC 9110, 13.1.1).
        if known.version > 0 && known.value.rules == rules {
            let outside = availability.outside(caller.user_id, &rules).await?;
            return Ok(Fingerprinted::of(CalendarView::new(rules.clone(), outside), &rules));
        }
        seen.check(&known.value.rules)?;
        let kept = RulesRecord { rules: rules.clone(), ..known.value };
        match availability.store.set_rules(&kept, known.version).await {
            Ok(()) => {
                let outside = availability.outside(caller.user_id, &rules).await?;
                return Ok(Fingerprinted::of(CalendarView::new(rules.clone(), outside), &rules));
            }
            Err(CommitError::Refused(()) | CommitError::Contention) => {}
            Err(CommitError::Storage(error)) => return Err(error.into()),
        }
    }
    Err(Problem::busy())
}
