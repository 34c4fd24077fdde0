//! `POST /v1/series/{id}/cancel`: either side calls off what is to come of a series.

use axum::extract::State;
use banister_domain::booking::Command;
use banister_domain::id::{BookingId, SeriesId};
use banister_domain::text::Reason;
use banister_platform::http::{
    OkJson, OptionalIdempotencyKey, OptionalJson, Party, Path, Problem, Replayable,
};
use serde::{Deserialize, Serialize};

use crate::Bookings;
pub(crate) use crate::series::PROBLEMS;
use crate::series::{SeriesView, command};

/// What is called off, and why.
#[derive(Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "from_booking_id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "reason": "I move away." }))]
pub(crate) struct CancelSeries {
    /// This booking of the series and those behind it; all that are to come if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from_booking_id: Option<BookingId>,
    /// Why; the other side reads it.
    reason: Option<Reason>,
}

/// Cancel a series
///
/// Every booking of the series that is to come, or those from one on; the slots are free again at once, what is given back is by the terms of each, and the other side gets one mail. One alone is called off as any booking is.
#[utoipa::path(post, path = "/v1/series/{id}/cancel", request_body = Option<CancelSeries>,
    params(
        ("id" = SeriesId, Path, description = "The series"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses((status = 200, description = "The series after the change", body = SeriesView)))]
pub(crate) async fn cancel_series(
    State(bookings): State<Bookings>,
    caller: Party,
    Path(id): Path<SeriesId>,
    key: OptionalIdempotencyKey,
    OptionalJson(ask): OptionalJson<CancelSeries>,
) -> Result<Replayable<OkJson<SeriesView>>, Problem> {
    let order = (Command::Cancel, ask.from_booking_id, ask.reason.clone());
    command(&bookings, caller.user_id, id, ("cancel_series", &ask), key, order).await
}
