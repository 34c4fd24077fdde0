//! `POST /v1/me/calendar/vacations`: a provider is away for some days.

use axum::extract::State;
use banister_domain::availability::{Busy, Vacation};
use banister_domain::text::Note;
use banister_platform::http::{
    Code, Created, Json, OptionalIdempotencyKey, Problem, Provider, Replayable, date,
};
use banister_platform::random;
use banister_platform::store::{Once, Race, VacationError};
use jiff::SignedDuration;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Availability;
use crate::view::NewVacationView;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::Busy, Code::IdempotencyKeyReused, Code::InvalidIdempotencyKey, Code::TooManyVacations];

/// How far ahead a vacation may begin.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 731);

/// Days off.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "from": "2026-08-03", "to": "2026-08-16", "message": "Back on 17 August." }))]
pub(crate) struct CreateVacation {
    /// The first day, by the own calendar's time zone; at most two years ahead.
    #[serde(deserialize_with = "date")]
    #[schema(value_type = String, format = Date, example = "2026-08-03")]
    from: Date,
    /// The last day, included; at most 62 days in all.
    #[serde(deserialize_with = "date")]
    #[schema(value_type = String, format = Date, example = "2026-08-16")]
    to: Date,
    /// What customers are told.
    message: Option<Note>,
}

/// Enter a vacation
///
/// Nobody books those days, whatever the hours are. Bookings made before stand, and `bookings_inside` names them.
#[utoipa::path(post, path = "/v1/me/calendar/vacations", request_body = CreateVacation,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe")),
    responses((status = 201, description = "The vacation, and what is booked in it", body = NewVacationView)))]
pub(crate) async fn create_vacation(
    State(availability): State<Availability>,
    caller: Provider,
    OptionalIdempotencyKey(key): OptionalIdempotencyKey,
    Json(ask): Json<CreateVacation>,
) -> Result<Replayable<Created<NewVacationView>>, Problem> {
    let now = availability.clock.now();
    let subject = caller.user_id.to_string();
    let once = key.map(|key| Once::new(subject, "create_vacation", &key, &ask)).transpose()?;
    if let Some(once) = &once
        && let Some(replay) = once.replay(&availability.table, now).await?
    {
        return replay.answer();
    }
    let (id, mut race) = (random::id(now), Race::new());
    while race.goes_on().await {
        let known = availability.rules(caller.user_id).await?;
        let zone = &known.value.rules.time_zone;
        let vacation = Vacation::new(id, (ask.from, ask.to), ask.message.clone(), zone)
            .map_err(|invalid| Problem::invalid("/to", invalid.to_string()))?;
        if vacation.time.to() <= now {
            return Err(Problem::invalid("/to", "is over"));
        }
        if vacation.time.from().duration_since(now) > AHEAD {
            return Err(Problem::invalid("/from", "must be at most two years ahead"));
        }
        let show = |inside: &[Busy]| json!(NewVacationView::new(vacation.clone(), inside));
        let receipt = once.as_ref().map(|once| (once, &show as &(dyn Fn(&[Busy]) -> _ + Sync)));
        match availability.store.add_vacation(known, &vacation, receipt, now).await {
            Ok(inside) => return Ok(Replayable::Fresh(Created(NewVacationView::new(vacation, &inside)))),
            Err(VacationError::Race | VacationError::Missing) => {}
            Err(VacationError::TooMany) => return Err(Problem::new(Code::TooManyVacations)),
            Err(VacationError::Storage(error)) => return Err(error.into()),
            Err(VacationError::Seen) => {
                let Some(once) = &once else { continue };
                return once.replay(&availability.table, now).await?.ok_or(Problem::busy())?.answer();
            }
        }
    }
    Err(Problem::busy())
}
