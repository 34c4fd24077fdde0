//! What confirming, declining and cancelling have in common.

use banister_domain::booking::{Actor, Booking, Command};
use banister_domain::id::{BookingId, UserId};
use banister_domain::money::Money;
use banister_domain::text::Reason;
use banister_platform::http::{Code, OkJson, OptionalIdempotencyKey, Problem, Replayable};
use banister_platform::store::{BookingCommand, Once, ProposalAnswer};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Bookings;
use crate::view::BookingView;

/// The codes of every change.
pub(crate) const PROBLEMS: &[Code] =
    &[Code::Busy, Code::IdempotencyKeyReused, Code::InvalidIdempotencyKey, Code::NotFound, Code::WrongState];

/// Why, in the caller's words.
#[derive(Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeBooking {
    pub(crate) reason: Option<Reason>,
}

/// Why it is called off, and what is expected to be given back.
#[derive(Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "I am ill.", "refund": { "amount": 3250, "currency": "eur" } }))]
pub(crate) struct CancelBooking {
    pub(crate) reason: Option<Reason>,
    /// The `amount` of the preview; the cancellation is refused if it would be another by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refund: Option<Money>,
}

impl From<ChangeBooking> for CancelBooking {
    fn from(ChangeBooking { reason }: ChangeBooking) -> Self {
        Self { reason, refund: None }
    }
}

/// The side of a booking that a user is on.
pub(crate) fn side_of(booking: &Booking, user: UserId) -> Option<Actor> {
    if booking.customer_id == user {
        Some(Actor::Customer)
    } else if booking.provider_id == user {
        Some(Actor::Provider)
    } else {
        None
    }
}

/// Gives `command` to a booking in the name of `user`, who must be one of its sides.
pub(crate) async fn change(
    bookings: &Bookings,
    user: UserId,
    id: BookingId,
    (operation, command): (&'static str, Command),
    OptionalIdempotencyKey(key): OptionalIdempotencyKey,
    ask: impl Into<CancelBooking>,
) -> Result<Replayable<OkJson<BookingView>>, Problem> {
    let now = bookings.clock.now();
    let ask = ask.into();
    let booking = bookings.store.get(id).await?.map(|found| found.value);
    let side = booking.and_then(|booking| side_of(&booking, user)).ok_or(Problem::new(Code::NotFound))?;
    let once = key.map(|key| Once::new(user.to_string(), operation, &key, &(id, &ask))).transpose()?;
    let show = |booking: &Booking| json!(BookingView::new(booking.clone(), now));
    let receipt = once.as_ref().map(|once| (once, &show as &(dyn Fn(&Booking) -> _ + Sync)));
    let command =
        BookingCommand { reason: ask.reason, refund: ask.refund, ..BookingCommand::from((command, side)) };
    match bookings.store.change(id, command, receipt, now).await {
        Ok(booking) => Ok(Replayable::Fresh(OkJson(BookingView::new(booking, now)))),
        Err(error) => error.answer(once.as_ref(), &bookings.table, now).await,
    }
}

/// Says yes or no, in the name of `user`, to the time that is proposed for a booking.
pub(crate) async fn answer_proposal(
    bookings: &Bookings,
    user: UserId,
    id: BookingId,
    (operation, ask): (&'static str, &(impl Serialize + Sync)),
    OptionalIdempotencyKey(key): OptionalIdempotencyKey,
    said: ProposalAnswer,
) -> Result<Replayable<OkJson<BookingView>>, Problem> {
    let now = bookings.clock.now();
    let booking = bookings.store.get(id).await?.map(|found| found.value);
    let side = booking.and_then(|booking| side_of(&booking, user)).ok_or(Problem::new(Code::NotFound))?;
    let once = key.map(|key| Once::new(user.to_string(), operation, &key, &(id, ask))).transpose()?;
    let show = |booking: &Booking| json!(BookingView::new(booking.clone(), now));
    let receipt = once.as_ref().map(|once| (once, &show as &(dyn Fn(&Booking) -> _ + Sync)));
    match bookings.store.answer_proposal(id, (side, &said), receipt, now).await {
        Ok(booking) => Ok(Replayable::Fresh(OkJson(BookingView::new(booking, now)))),
        Err(error) => error.answer(once.as_ref(), &bookings.table, now).await,
    }
}
