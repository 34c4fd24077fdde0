//! `GET /v1/services/{id}/slots`: anyone lists the free slots of a published service.

use axum::extract::State;
use banister_domain::availability::{
    CalendarRules, Interval, InvalidWindow, Slot, Zone, days_to_load, search_window, slots, window_of_dates,
};
use banister_domain::id::ServiceId;
use banister_domain::service::ServiceStatus;
use banister_platform::http::{Anyone, Code, ListOf, OkJson, Path, Problem, Query, date};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::Availability;

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidInput, Code::NotFound];

/// Which days.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SlotsQuery {
    /// First day.
    #[serde(deserialize_with = "date")]
    #[param(value_type = String, format = Date, example = "2026-03-09")]
    from: Date,
    /// Last day, included; at most 31 days in all.
    #[serde(deserialize_with = "date")]
    #[param(value_type = String, format = Date, example = "2026-03-15")]
    to: Date,
    /// The zone that the days are meant in; the provider's if not given.
    time_zone: Option<Zone>,
}

/// List free slots
///
/// Each slot is one that a booking made now would get. Times are in UTC.
#[utoipa::path(get, path = "/v1/services/{id}/slots",
    params(("id" = ServiceId, Path, description = "The service"), SlotsQuery),
    responses((status = 200, description = "The free slots, earliest first", body = ListOf<Slot>)))]
pub(crate) async fn list_slots(
    State(availability): State<Availability>,
    _: Anyone,
    Path(id): Path<ServiceId>,
    Query(query): Query<SlotsQuery>,
) -> Result<OkJson<ListOf<Slot>>, Problem> {
    let now = availability.clock.now();
    // Before anything is read: a bad span is refused, whatever the service.
    window_of_dates(query.from, query.to, &Zone::UTC).map_err(refusal)?;
    let service = availability.services.get(id).await?.map(|found| found.value);
    let service = service.filter(|service| service.status == ServiceStatus::Published);
    let service = service.ok_or(Problem::new(Code::NotFound))?;
    let Some(rules) = availability.store.load(service.provider_id, &[]).await?.rules else {
        return Ok(OkJson(ListOf { items: Vec::new(), next_cursor: None }));
    };
    let zone = query.time_zone.as_ref().unwrap_or(&rules.time_zone);
    let window = window_of_dates(query.from, query.to, zone).map_err(refusal)?;
    // Days that no slot can be on are not read.
    let Some(window) = possible(now, &rules, window) else {
        return Ok(OkJson(ListOf { items: Vec::new(), next_cursor: None }));
    };
    let dates = days_to_load(&rules, service.duration_minutes, window);
    let busy = match (dates.first(), dates.last()) {
        (Some(first), Some(last)) => availability.store.busy(service.provider_id, *first, *last).await?,
        _ => Vec::new(),
    };
    let items = slots(now, &rules, service.duration_minutes, window, &busy);
    Ok(OkJson(ListOf { items, next_cursor: None }))
}

/// The part of the window that a slot can start in.
fn possible(now: Timestamp, rules: &CalendarRules, window: Interval) -> Option<Interval> {
    let rest = search_window(now, rules, window.from())?;
    Interval::new(rest.from(), rest.to().min(window.to())).ok()
}

fn refusal(invalid: InvalidWindow) -> Problem {
    Problem::invalid_parameter("to", invalid.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_booked_is_read() {
        let rules = CalendarRules::closed(Zone::UTC);
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let now = at("2026-03-09T12:00:00Z");
        let part =
            |from: &str, to: &str| possible(now, &rules, Interval::new(at(from), at(to)).expect("a span"));
        assert_eq!(part("0001-01-01T00:00:00Z", "0001-02-01T00:00:00Z"), None);
        assert_eq!(part("9999-12-01T00:00:00Z", "9999-12-30T00:00:00Z"), None);
        let today = part("2026-03-09T00:00:00Z", "2026-03-10T00:00:00Z");
        assert_eq!(today, Interval::new(now, at("2026-03-10T00:00:00Z")).ok());
        let later = part("2026-03-20T00:00:00Z", "2026-03-21T00:00:00Z");
        assert_eq!(later, Interval::new(at("2026-03-20T00:00:00Z"), at("2026-03-21T00:00:00Z")).ok());
    }
}
