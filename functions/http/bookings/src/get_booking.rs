//! `GET /v1/bookings/{id}`: its customer and its provider read a booking.

use axum::extract::State;
use banister_domain::id::BookingId;
use banister_platform::http::{Code, OkJson, Party, Path, Problem};

use crate::Bookings;
use crate::change::side_of;
use crate::view::BookingView;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound];

/// Read a booking
#[utoipa::path(get, path = "/v1/bookings/{id}", params(("id" = BookingId, Path, description = "The booking")),
    responses((status = 200, description = "The booking", body = BookingView)))]
pub(crate) async fn get_booking(
    State(bookings): State<Bookings>,
    caller: Party,
    Path(id): Path<BookingId>,
) -> Result<OkJson<BookingView>, Problem> {
    let booking = bookings.store.get(id).await?.map(|found| found.value);
    let booking = booking.filter(|booking| side_of(booking, caller.user_id).is_some());
    let booking = booking.ok_or(Problem::new(Code::NotFound))?;
    Ok(OkJson(BookingView::new(booking, bookings.clock.now())))
}
