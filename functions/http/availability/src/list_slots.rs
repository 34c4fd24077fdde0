//! `GET /v1/services/{id}/slots`: anyone lists the free slots of a published service.

use axum::extract::State;
use banister_domain::availability::{InvalidWindow, Slot, Zone, days_to_load, slots, window_of_dates};
use banister_domain::id::ServiceId;
use banister_domain::service::ServiceStatus;
use banister_platform::http::{Anyone, Code, ListOf, OkJson, Path, Problem, Query};
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
    #[param(value_type = String, format = Date, example = "2026-03-09")]
    from: Date,
    /// Last day, included; at most 31 days in all.
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
    let dates = days_to_load(&rules, service.duration_minutes, window);
    let busy = match (dates.first(), dates.last()) {
        (Some(first), Some(last)) => availability.store.busy(service.provider_id, *first, *last).await?,
        _ => Vec::new(),
    };
    let items = slots(now, &rules, service.duration_minutes, window, &busy);
    Ok(OkJson(ListOf { items, next_cursor: None }))
}

fn refusal(invalid: InvalidWindow) -> Problem {
    Problem::invalid_parameter("to", invalid.to_string())
}
