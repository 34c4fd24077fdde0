//! `POST /v1/bookings/{id}/no-show`: its provider says that the customer did not come.

use axum::extract::State;
use banister_domain::booking::Command;
use banister_domain::id::BookingId;
use banister_platform::http::{
    Code, OkJson, OptionalIdempotencyKey, OptionalJson, Path, Problem, Provider, Replayable,
};

use crate::Bookings;
use crate::change::{ChangeBooking, change};
use crate::view::BookingView;

pub(crate) const PROBLEMS: &[Code] = crate::change::PROBLEMS;

/// Mark a no-show
///
/// Once it has begun, until a day after its end. `refund` says what the customer gets back all the same, by the terms
/// of the booking; the customer gets a mail.
#[utoipa::path(post, path = "/v1/bookings/{id}/no-show", request_body = Option<ChangeBooking>,
    params(
        ("id" = BookingId, Path, description = "The booking"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses((status = 200, description = "The booking after the change", body = BookingView)))]
pub(crate) async fn mark_no_show(
    State(bookings): State<Bookings>,
    caller: Provider,
    Path(id): Path<BookingId>,
    key: OptionalIdempotencyKey,
    OptionalJson(ask): OptionalJson<ChangeBooking>,
) -> Result<Replayable<OkJson<BookingView>>, Problem> {
    change(&bookings, caller.user_id, id, ("mark_no_show", Command::MarkNoShow), key, ask).await
}
