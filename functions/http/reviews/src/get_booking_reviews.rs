//! `GET /v1/bookings/{id}/reviews`: a side of a booking reads what was said of it, and how the other side is rated.

use axum::extract::State;
use banister_domain::id::BookingId;
use banister_domain::review::Reviews as Said;
use banister_platform::http::{Code, OkJson, Party, Path, Problem};

use crate::Reviews;
use crate::view::{AroundView, BookingReviewsView, side_of};

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound];

/// Read a booking's reviews
///
/// For its customer and its provider, whatever its status: a provider who is to answer a request sees here how
/// others found the customer. What the other side wrote shows once it is published.
#[utoipa::path(get, path = "/v1/bookings/{id}/reviews",
    params(("id" = BookingId, Path, description = "The booking")),
    responses((status = 200, description = "The reviews, and the ratings of both sides", body = AroundView)))]
pub(crate) async fn get_booking_reviews(
    State(reviews): State<Reviews>,
    caller: Party,
    Path(id): Path<BookingId>,
) -> Result<OkJson<AroundView>, Problem> {
    let now = reviews.clock.now();
    let booking = reviews.bookings.get(id).await?.ok_or(Problem::new(Code::NotFound))?.value;
    let side = side_of(&booking, caller.user_id).ok_or(Problem::new(Code::NotFound))?;
    let (said, customer, provider) = reviews.store.around(&booking).await?;
    let said = said.unwrap_or_else(|| Said::none_of(&booking));
    Ok(OkJson(AroundView {
        reviews: BookingReviewsView::new(&said, side, now),
        customer_rating: customer.into(),
        provider_rating: provider.into(),
    }))
}
