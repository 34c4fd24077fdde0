//! `POST /v1/series/{id}/reschedule`: either side moves what is to come of a series, or asks the other one to.

use axum::extract::State;
use banister_domain::booking::{Action, Actor, Booking};
use banister_domain::id::{BookingId, SeriesId};
use banister_domain::series::{Doing, Series, SeriesRefusal, Target, Task};
use banister_domain::text::Reason;
use banister_platform::http::{Code, Json, OkJson, OptionalIdempotencyKey, Party, Path, Problem, Replayable};
use banister_platform::limit::Limit;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Bookings;
use crate::series::{Planned, SeriesView, change, from};

pub(crate) const PROBLEMS: &[Code] = &[
    Code::Busy,
    Code::IdempotencyKeyReused,
    Code::InvalidIdempotencyKey,
    Code::NotFound,
    Code::TooManyRequests,
    Code::WrongState,
];

/// Each may hold 52 places.
const PER_USER: Limit = Limit { operation: "reschedule_series", count: 20, seconds: 3_600 };

/// Which bookings of a series move with one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "following")]
enum Scope {
    /// This one and those behind it.
    Following,
    /// All that are to come.
    All,
}

/// Where one booking of a series is to be, and which others move as far.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "booking_id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "starts_at": "2026-03-11T12:00:00Z",
    "scope": "following",
    "reason": "Wednesdays are better for me.",
}))]
pub(crate) struct RescheduleSeries {
    /// A booking of the series that is to come.
    booking_id: BookingId,
    /// Where it is to be. The others move by as many days, to the same time of day in the provider's zone.
    #[schema(value_type = String, format = DateTime, example = "2026-03-11T12:00:00Z")]
    starts_at: Timestamp,
    scope: Scope,
    /// Why; the other side reads it.
    reason: Option<Reason>,
}

/// Reschedule a series
///
/// Each booking moves for itself, at once or by a proposal to the other side, as its terms say. What finds its place
/// taken stays where it is; `last_change` says which, and why. One alone is moved as any booking is.
#[utoipa::path(post, path = "/v1/series/{id}/reschedule", request_body = RescheduleSeries,
    params(
        ("id" = SeriesId, Path, description = "The series"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses((status = 200, description = "The series after the change", body = SeriesView)))]
pub(crate) async fn reschedule_series(
    State(bookings): State<Bookings>,
    caller: Party,
    Path(id): Path<SeriesId>,
    key: OptionalIdempotencyKey,
    Json(ask): Json<RescheduleSeries>,
) -> Result<Replayable<OkJson<SeriesView>>, Problem> {
    let (user, now) = (caller.user_id, bookings.clock.now());
    let found = bookings.series.get(id).await?.ok_or(Problem::new(Code::NotFound))?.value;
    let rules = bookings.calendars.rules(found.provider_id).await?;
    let zone = rules.map(|found| found.value.rules.time_zone.clone()).ok_or(Problem::new(Code::NotFound))?;
    let plan = |series: &Series, all: &[(u16, Booking)], actor: Actor| {
        let moved = from(series, Some(ask.booking_id))?;
        let first = if ask.scope == Scope::All { 0 } else { moved };
        let open = Series::open_for(all, first, Action::Reschedule, actor, now);
        let reference = open.iter().find(|(index, _)| *index == moved).ok_or(SeriesRefusal::Nothing)?.1;
        if reference.starts_at == ask.starts_at {
            return Err(SeriesRefusal::There);
        }
        let doing = Doing::Move(Target::all(&open, reference, ask.starts_at, &zone));
        Ok(Task { doing, actor, actor_id: user, reason: ask.reason.clone(), at: now })
    };
    let named = [("/booking_id".to_owned(), ask.booking_id)];
    let planned = Planned { plan: &plan, named: &named, limit: Some(&PER_USER) };
    change(&bookings, user, id, ("reschedule_series", &ask), key, planned).await
}
