//! `GET /v1/services/{id}/slots`: anyone lists the free slots of a published service.

use axum::extract::State;
use banister_domain::availability::{
    CalendarRules, DurationMinutes, Interval, InvalidWindow, Seats, Slot, Vacation, Zone, days_to_load,
    search_window, slots, window_of_dates,
};
use banister_domain::id::ServiceId;
use banister_domain::service::ServiceStatus;
use banister_domain::text::Note;
use banister_platform::http::{Anyone, Code, OkJson, Path, Problem, Query, date};
use banister_platform::store::Loaded;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

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
    /// Last day, included; at most 62 days in all.
    #[serde(deserialize_with = "date")]
    #[param(value_type = String, format = Date, example = "2026-03-15")]
    to: Date,
    /// The zone that the days are meant in; the provider's if not given.
    time_zone: Option<Zone>,
    /// How many seats are wanted; 1 if not given.
    seats: Option<Seats>,
    /// How long; the service's usual duration if not given, else one of its `durations`.
    duration_minutes: Option<DurationMinutes>,
}

/// The free slots of a service.
#[derive(Default, Serialize, utoipa::ToSchema)]
#[schema(as = Slots)]
pub(crate) struct SlotsView {
    items: Vec<Slot>,
    /// Always `null`: an answer has all slots of its days.
    #[schema(example = json!(null))]
    next_cursor: Option<String>,
    /// When the provider is away in these days, by start.
    away: Vec<AwayView>,
}

/// Days on which a provider is away.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Away, example = json!({ "from": "2026-08-03", "to": "2026-08-16", "message": "Back on 17 August." }))]
struct AwayView {
    /// The first day, by the provider's calendar.
    #[schema(value_type = String, format = Date, example = "2026-08-03")]
    from: Date,
    /// The last day, included.
    #[schema(value_type = String, format = Date, example = "2026-08-16")]
    to: Date,
    message: Option<Note>,
}

impl From<Vacation> for AwayView {
    fn from(Vacation { from, to, message, .. }: Vacation) -> Self {
        Self { from, to, message }
    }
}

/// List free slots
///
/// Each slot is one that a booking made now would get. Times are in UTC.
#[utoipa::path(get, path = "/v1/services/{id}/slots",
    params(("id" = ServiceId, Path, description = "The service"), SlotsQuery),
    responses((status = 200, description = "The free slots, earliest first", body = SlotsView)))]
pub(crate) async fn list_slots(
    State(availability): State<Availability>,
    _: Anyone,
    Path(id): Path<ServiceId>,
    Query(query): Query<SlotsQuery>,
) -> Result<OkJson<SlotsView>, Problem> {
    let now = availability.clock.now();
    // Before anything is read: a bad span is refused, whatever the service.
    window_of_dates(query.from, query.to, &Zone::UTC).map_err(refusal)?;
    let service = availability.services.get(id).await?.map(|found| found.value);
    let service = service.filter(|service| service.status == ServiceStatus::Published);
    let service = service.ok_or(Problem::new(Code::NotFound))?;
    let duration = query.duration_minutes.unwrap_or(service.duration_minutes);
    let never = || Problem::invalid_parameter("duration_minutes", "is not a duration of the service");
    let service = service.lasting(duration).ok_or_else(never)?;
    let Loaded { rules, vacations, .. } = availability.store.load(service.provider_id, &[]).await?;
    let Some(rules) = rules.map(|rules| rules.for_service(&service.calendar)) else {
        return Ok(OkJson(SlotsView::default()));
    };
    let visit = service.visit(query.seats.unwrap_or(Seats::MIN));
    let zone = query.time_zone.as_ref().unwrap_or(&rules.time_zone);
    let window = window_of_dates(query.from, query.to, zone).map_err(refusal)?;
    let away = vacations.into_iter().filter(|vacation| vacation.time.overlaps(&window));
    let away = away.map(AwayView::from).collect();
    // Days that no slot can be on are not read.
    let Some(window) = possible(now, &rules, window) else {
        return Ok(OkJson(SlotsView { away, ..SlotsView::default() }));
    };
    let dates = days_to_load(&rules, visit, window);
    let busy = match (dates.first(), dates.last()) {
        (Some(first), Some(last)) => availability.store.busy(service.provider_id, *first, *last).await?,
        _ => Vec::new(),
    };
    let items = slots(now, &rules, visit, window, &busy);
    Ok(OkJson(SlotsView { items, next_cursor: None, away }))
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
