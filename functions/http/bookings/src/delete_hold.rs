//! `DELETE /v1/holds/{id}`: a customer gives a held slot back.

use axum::extract::State;
use banister_domain::id::HoldId;
use banister_platform::http::{Code, Customer, NoContent, Path, Problem};

use crate::Bookings;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::NotFound];

/// Give a held slot back
///
/// It is free for others at once; where it was offered to somebody who waits, they wait on. Of a hold that has expired, this takes away what is left.
#[utoipa::path(delete, path = "/v1/holds/{id}", params(("id" = HoldId, Path, description = "The hold")),
    responses((status = 204, description = "The slot is not held any more")))]
pub(crate) async fn delete_hold(
    State(bookings): State<Bookings>,
    caller: Customer,
    Path(id): Path<HoldId>,
) -> Result<NoContent, Problem> {
    bookings.store.hold(caller.user_id, id).await?.ok_or(Problem::new(Code::NotFound))?;
    bookings.store.let_hold_go(caller.user_id, id, bookings.clock.now()).await?;
    Ok(NoContent)
}
