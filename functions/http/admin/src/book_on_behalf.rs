//! `POST /v1/admin/bookings`: staff book for a customer.

use axum::extract::State;
use banister_domain::account::{Account, AccountStatus, Role};
use banister_domain::availability::{DurationMinutes, Seats};
use banister_domain::booking::{Booking, Request, WantedExtra};
use banister_domain::id::{ServiceId, UserId};
use banister_domain::money::Price;
use banister_domain::text::{Note, Place, Reason};
use banister_platform::bookable::Wanted;
use banister_platform::http::{
    ClientAddress, Code, Created, IdempotencyKey, Json, Problem, Replayable, Staff, needs,
};
use banister_platform::random;
use banister_platform::store::{Act, Once, ReserveError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Admin;
use crate::booking_view::MarketBookingView;

pub(crate) const PROBLEMS: &[Code] = &[
    Code::Busy,
    Code::IdempotencyKeyReused,
    Code::InvalidIdempotencyKey,
    Code::PriceChanged,
    Code::SlotNotOffered,
    Code::SlotTaken,
];

/// A request for a slot, for a customer.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "customer_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "service_id": "svc_01KB2QB6Y2D5F8H1K4N7QSTVWX",
    "starts_at": "2026-03-10T10:00:00Z",
    "location": "12 Harbour Street, Springfield",
    "reason": "The customer asked for it by telephone.",
}))]
pub(crate) struct BookOnBehalf {
    /// Whose booking it is to be: a customer who has confirmed the address and is not switched off.
    customer_id: UserId,
    service_id: ServiceId,
    /// The start of a free slot.
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T10:00:00Z")]
    starts_at: Timestamp,
    /// Words for the provider.
    note: Option<Note>,
    /// How many seats; 1 if not given. Services with one seat take no more.
    #[serde(default = "Seats::one")]
    #[schema(default = 1)]
    seats: Seats,
    /// How long; the service's usual duration if not given, else one of its `durations`.
    duration_minutes: Option<DurationMinutes>,
    /// Extras of the service, each at most once.
    #[serde(default)]
    #[schema(max_items = 20)]
    extras: Vec<WantedExtra>,
    /// What it is expected to cost; if it costs anything else by now, nothing is booked.
    price: Option<Price>,
    /// Where; for services at the customer's place, and only for those.
    location: Option<Place>,
    /// Mailed to both sides, and kept in the booking's history.
    reason: Reason,
}

/// Book for a customer
///
/// By the same rules as if the customer booked: a request that the provider answers, or confirmed at once where the
/// service is. Both sides get a mail with the reason, and the customer can call it off by its terms.
#[utoipa::path(post, path = "/v1/admin/bookings", request_body = BookOnBehalf,
    params(("Idempotency-Key" = String, Header, description = "One for each intention; makes a retry safe")),
    responses((status = 201, description = "The booking", body = MarketBookingView)))]
pub(crate) async fn book_on_behalf(
    State(admin): State<Admin>,
    caller: Staff<needs::BookingManagement>,
    address: ClientAddress,
    key: IdempotencyKey,
    Json(ask): Json<BookOnBehalf>,
) -> Result<Replayable<Created<MarketBookingView>>, Problem> {
    let (now, staff) = (admin.clock.now(), caller.identity.user_id);
    let once = Once::new(staff.to_string(), "book_on_behalf", &key, &ask)?;
    if let Some(replay) = once.replay(&admin.table, now).await? {
        return replay.answer();
    }
    let customer = admin.accounts.get(ask.customer_id).await?.map(|found| found.value);
    if !customer.as_ref().is_some_and(books) {
        return once.instead_of(no_such_customer(), &admin.table, now).await;
    }
    let (service_id, duration, seats) = (ask.service_id, ask.duration_minutes, ask.seats);
    let wanted = Wanted { service_id, duration, seats, location: Some(ask.location.as_ref()) };
    let service = match wanted.find(&admin.services).await {
        Ok(service) => service,
        Err(problem) => return once.instead_of(problem, &admin.table, now).await,
    };
    let BookOnBehalf { customer_id, starts_at, extras, price, location, note, reason, .. } = ask;
    let id = random::id(now);
    let request =
        Request { id, customer_id, service, starts_at, seats, extras, price, location, note, series: None };
    let show = |booking: &Booking| json!(MarketBookingView::new(booking.clone(), now));
    let act = Act { by: Some(staff), address: address.subject(), at: now };
    match admin.bookings.reserve_by_staff(&request, (&act, staff), &reason, Some((&once, &show))).await {
        Ok(booking) => Ok(Replayable::Fresh(Created(MarketBookingView::new(booking, now)))),
        Err(ReserveError::Seen) => once.instead_of(Problem::busy(), &admin.table, now).await,
        Err(error) => Err(error.into()),
    }
}

/// Whether somebody could book this themselves.
fn books(account: &Account) -> bool {
    account.role == Role::Customer && account.email_confirmed && account.status == AccountStatus::Active
}

fn no_such_customer() -> Problem {
    Problem::invalid("/customer_id", "is not a customer who can book")
}
