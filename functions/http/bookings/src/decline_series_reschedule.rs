//! `POST /v1/series/{id}/reschedule/decline`: either side turns other times for bookings of a series down, or takes the own
//! proposals back.

use axum::extract::State;
use banister_domain::booking::{Action, Actor, Booking};
use banister_domain::id::SeriesId;
use banister_domain::series::{Answered, Doing, Series, SeriesAnswer, SeriesRefusal, Task};
use banister_platform::http::{
    OkJson, OptionalIdempotencyKey, OptionalJson, Party, Path, Problem, Replayable,
};

use crate::Bookings;
pub(crate) use crate::series::PROBLEMS;
use crate::series::{AnswerSeries, Planned, SeriesView, change};

/// Decline other times of a series
///
/// Every proposal that is open for a booking of the series, whoever made it; the bookings stay where they are, and the
/// other side gets one mail.
#[utoipa::path(post, path = "/v1/series/{id}/reschedule/decline", request_body = Option<AnswerSeries>,
    params(
        ("id" = SeriesId, Path, description = "The series"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses((status = 200, description = "The series after the change", body = SeriesView)))]
pub(crate) async fn decline_series_reschedule(
    State(bookings): State<Bookings>,
    caller: Party,
    Path(id): Path<SeriesId>,
    key: OptionalIdempotencyKey,
    OptionalJson(ask): OptionalJson<AnswerSeries>,
) -> Result<Replayable<OkJson<SeriesView>>, Problem> {
    let (user, now) = (caller.user_id, bookings.clock.now());
    let plan = |_: &Series, all: &[(u16, Booking)], actor: Actor| {
        let open = Series::open_for(all, 0, Action::DeclineReschedule, actor, now);
        let answered = Answered::open(&open, now);
        if answered.is_empty() {
            return Err(SeriesRefusal::Nothing);
        }
        let doing = Doing::Answer(SeriesAnswer::Decline, answered);
        Ok(Task { doing, actor, actor_id: user, reason: ask.reason.clone(), at: now })
    };
    let planned = Planned { plan: &plan, named: &[], limit: None };
    change(&bookings, user, id, ("decline_series_reschedule", &ask), key, planned).await
}
