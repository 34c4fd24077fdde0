//! `GET /v1/bookings/{id}`: its customer and its provider read a booking; with `.ics` behind the id, as a calendar file.

use axum::extract::State;
use banister_domain::ics::{self, Event};
use banister_domain::id::BookingId;
use banister_platform::http::{Code, JsonOrIcs, MaybeIcs, Party, Path, Problem};

use crate::Bookings;
use crate::change::side_of;
use crate::view::BookingView;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound];

/// Read a booking
///
/// As a calendar file (RFC 5545) where `.ics` is behind the id: a program that has an earlier one of the same booking
/// takes it as a change of that, also where the booking was called off.
#[utoipa::path(get, path = "/v1/bookings/{id}",
    params(("id" = String, Path, pattern = r"^bkg_[0-7][0-9A-HJKMNP-TV-Z]{25}(\.ics)?$",
        example = "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
        description = "The booking, with `.ics` behind it for a calendar file")),
    responses((status = 200, description = "The booking",
        content((BookingView = "application/json"), (String = "text/calendar")))))]
pub(crate) async fn get_booking(
    State(bookings): State<Bookings>,
    caller: Party,
    Path(asked): Path<MaybeIcs<BookingId>>,
) -> Result<JsonOrIcs<BookingView>, Problem> {
    let now = bookings.clock.now();
    let booking = bookings.store.get(asked.named).await?.map(|found| found.value);
    let booking = booking.filter(|booking| side_of(booking, caller.user_id).is_some());
    let booking = booking.ok_or(Problem::new(Code::NotFound))?;
    if asked.ics {
        return Ok(JsonOrIcs::Ics {
            name: booking.id.to_string(),
            text: ics::file(&Event::of(&booking, now)),
        });
    }
    Ok(JsonOrIcs::Json(BookingView::new(booking, now)))
}
