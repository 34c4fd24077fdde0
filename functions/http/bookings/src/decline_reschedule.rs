//! `POST /v1/bookings/{id}/reschedule/decline`: one of the two sides turns another time down.

use axum::extract::State;
use banister_domain::id::BookingId;
use banister_platform::http::{
    Code, OkJson, OptionalIdempotencyKey, OptionalJson, Party, Path, Problem, Replayable,
};
use banister_platform::store::ProposalAnswer;

use crate::Bookings;
use crate::change::{ChangeBooking, answer_proposal};
use crate::view::BookingView;

pub(crate) const PROBLEMS: &[Code] = crate::change::PROBLEMS;

/// Decline another time
///
/// The side that was asked says no, or the side that asked takes its proposal back. The booking stays where it is, and
/// the time that was held is free again.
#[utoipa::path(post, path = "/v1/bookings/{id}/reschedule/decline", request_body = Option<ChangeBooking>,
    params(
        ("id" = BookingId, Path, description = "The booking"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses((status = 200, description = "The booking after the change", body = BookingView)))]
pub(crate) async fn decline_reschedule(
    State(bookings): State<Bookings>,
    caller: Party,
    Path(id): Path<BookingId>,
    key: OptionalIdempotencyKey,
    OptionalJson(ask): OptionalJson<ChangeBooking>,
) -> Result<Replayable<OkJson<BookingView>>, Problem> {
    let said = ProposalAnswer::Decline(ask.reason.clone());
    answer_proposal(&bookings, caller.user_id, id, ("decline_reschedule", &ask), key, said).await
}
