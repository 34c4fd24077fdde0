//! `GET /v1/admin/bookings/{id}`: staff read a booking and what has happened to it.

use axum::extract::State;
use banister_domain::id::BookingId;
use banister_platform::http::{Code, OkJson, Path, Problem, Staff, needs};

use crate::Admin;
use crate::booking_view::{BookingDetailsView, MarketBookingView, SideView};

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound];

/// Read any booking
///
/// With its history and the names of the two sides; without the address and the note, which are for them.
#[utoipa::path(get, path = "/v1/admin/bookings/{id}",
    params(("id" = BookingId, Path, description = "The booking")),
    responses((status = 200, description = "The booking", body = BookingDetailsView)))]
pub(crate) async fn get_any_booking(
    State(admin): State<Admin>,
    _: Staff<needs::BookingManagement>,
    Path(id): Path<BookingId>,
) -> Result<OkJson<BookingDetailsView>, Problem> {
    let (found, history) = tokio::try_join!(admin.bookings.get(id), admin.bookings.history(id))?;
    let booking = found.ok_or(Problem::new(Code::NotFound))?.value;
    let (customer, provider) = (booking.customer_id, booking.provider_id);
    let sides = admin.accounts.get_all(&[customer, provider]).await?;
    Ok(OkJson(BookingDetailsView {
        customer: SideView::of(&sides, customer),
        provider: SideView::of(&sides, provider),
        history: history.into_iter().map(Into::into).collect(),
        booking: MarketBookingView::new(booking, admin.clock.now()),
    }))
}
