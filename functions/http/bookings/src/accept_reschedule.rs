//! `POST /v1/bookings/{id}/reschedule/accept`: the other side agrees to another time.

use axum::extract::State;
use banister_domain::id::BookingId;
use banister_platform::http::{Code, Json, OkJson, OptionalIdempotencyKey, Party, Path, Problem, Replayable};
use banister_platform::store::ProposalAnswer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Bookings;
use crate::change::answer_proposal;
use crate::view::BookingView;

pub(crate) const PROBLEMS: &[Code] = &[
    Code::Busy,
    Code::IdempotencyKeyReused,
    Code::InvalidIdempotencyKey,
    Code::NotFound,
    Code::ProposalChanged,
    Code::SlotTaken,
    Code::WrongState,
];

/// What is agreed to.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "starts_at": "2026-03-11T10:00:00Z" }))]
pub(crate) struct AcceptReschedule {
    /// The `starts_at` of the proposal.
    #[schema(value_type = String, format = DateTime, example = "2026-03-11T10:00:00Z")]
    starts_at: Timestamp,
}

/// Accept another time
///
/// By the side that did not propose it, before the proposal expires. The booking moves in one step.
#[utoipa::path(post, path = "/v1/bookings/{id}/reschedule/accept", request_body = AcceptReschedule,
    params(
        ("id" = BookingId, Path, description = "The booking"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses((status = 200, description = "The booking after the change", body = BookingView)))]
pub(crate) async fn accept_reschedule(
    State(bookings): State<Bookings>,
    caller: Party,
    Path(id): Path<BookingId>,
    key: OptionalIdempotencyKey,
    Json(ask): Json<AcceptReschedule>,
) -> Result<Replayable<OkJson<BookingView>>, Problem> {
    let said = ProposalAnswer::Accept(ask.starts_at);
    answer_proposal(&bookings, caller.user_id, id, ("accept_reschedule", &ask), key, said).await
}
