//! `GET /v1/services/{id}/slots`: anyone lists the free slots of a published service.

use std::collections::BTreeSet;

use axum::extract::State;
use banister_domain::availability::{
    DurationMinutes, InvalidWindow, Seats, Slot, Vacation, Zone, window_of_dates,
};
use banister_domain::id::ServiceId;
use banister_domain::service::ServiceStatus;
use banister_domain::text::Note;
use banister_platform::http::{Anyone, Code, OkJson, Path, Problem, Query, date};
use banister_platform::store::Loaded;
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
    let loaded = availability.store.load(service.provider_id, &BTreeSet::new(), &[]).await?;
    let Loaded { rules, vacations, .. } = loaded;
    let Some(rules) = rules.map(|rules| rules.for_service(&service.calendar)) else {
        return Ok(OkJson(SlotsView::default()));
    };
    let visit = service.visit(query.seats.unwrap_or(Seats::MIN));
    let zone = query.time_zone.as_ref().unwrap_or(&rules.time_zone);
    let window = window_of_dates(query.from, query.to, zone).map_err(refusal)?;
    let away = vacations.into_iter().filter(|vacation| vacation.time.overlaps(&window));
    let away = away.map(AwayView::from).collect();
    let items = availability.store.slots(now, &service, (&rules, visit), window).await?;
    Ok(OkJson(SlotsView { items, next_cursor: None, away }))
}

fn refusal(invalid: InvalidWindow) -> Problem {
    Problem::invalid_parameter("to", invalid.to_string())
}
