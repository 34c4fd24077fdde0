//! `DELETE /v1/waitlist/{id}`: a customer waits no more.

use axum::extract::State;
use banister_domain::id::WaitlistEntryId;
use banister_domain::waitlist::WaitlistStep;
use banister_platform::http::{Code, Customer, NoContent, Path, Problem};
use banister_platform::store::WaitError;

use crate::Bookings;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::NotFound];

/// Leave the waitlist
///
/// What was offered goes to the next in line. Of a wait that is over, this changes nothing.
#[utoipa::path(delete, path = "/v1/waitlist/{id}",
    params(("id" = WaitlistEntryId, Path, description = "The wait")),
    responses((status = 204, description = "The customer waits no more")))]
pub(crate) async fn leave_waitlist(
    State(bookings): State<Bookings>,
    caller: Customer,
    Path(id): Path<WaitlistEntryId>,
) -> Result<NoContent, Problem> {
    let now = bookings.clock.now();
    match bookings.store.step(caller.user_id, id, WaitlistStep::Leave, now).await {
        Ok(_) | Err(WaitError::Wrong(_)) => Ok(NoContent),
        Err(WaitError::Missing) => Err(Problem::new(Code::NotFound)),
        Err(WaitError::Busy) => Err(Problem::busy()),
        Err(WaitError::Storage(error)) => Err(error.into()),
    }
}
