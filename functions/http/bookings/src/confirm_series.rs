//! `POST /v1/series/{id}/confirm`: the provider accepts all requests of a series.

use axum::extract::State;
use banister_domain::booking::Command;
use banister_domain::id::SeriesId;
use banister_platform::http::{
    OkJson, OptionalIdempotencyKey, OptionalJson, Path, Problem, Provider, Replayable,
};

use crate::Bookings;
pub(crate) use crate::series::PROBLEMS;
use crate::series::{AnswerSeries, SeriesView, command};

/// Confirm a series
///
/// Every request of the series that still waits for an answer is confirmed; the customer gets one mail.
#[utoipa::path(post, path = "/v1/series/{id}/confirm", request_body = Option<AnswerSeries>,
    params(
        ("id" = SeriesId, Path, description = "The series"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses((status = 200, description = "The series after the change", body = SeriesView)))]
pub(crate) async fn confirm_series(
    State(bookings): State<Bookings>,
    caller: Provider,
    Path(id): Path<SeriesId>,
    key: OptionalIdempotencyKey,
    OptionalJson(ask): OptionalJson<AnswerSeries>,
) -> Result<Replayable<OkJson<SeriesView>>, Problem> {
    let order = (Command::Confirm, None, ask.reason.clone());
    command(&bookings, caller.user_id, id, ("confirm_series", &ask), key, order).await
}
