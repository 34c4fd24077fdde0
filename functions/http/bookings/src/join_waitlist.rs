//! `POST /v1/waitlist`: a customer waits for a place where nothing is free.

use axum::extract::State;
use banister_domain::availability::{DurationMinutes, Interval, Seats};
use banister_domain::booking::Unbookable;
use banister_domain::id::ServiceId;
use banister_domain::waitlist::{FIRST_LOOK_AFTER, FURTHEST, LONGEST_WINDOW, WaitlistEntry, WaitlistState};
use banister_platform::bookable::Wanted;
use banister_platform::http::{Code, ConfirmedCustomer, Created, IdempotencyKey, Json, Problem, Replayable};
use banister_platform::limit::Limit;
use banister_platform::random;
use banister_platform::store::{JoinError, Once};
use banister_platform::view::WaitlistEntryView;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Bookings;

pub(crate) const PROBLEMS: &[Code] = &[
    Code::AlreadyWaiting,
    Code::Busy,
    Code::IdempotencyKeyReused,
    Code::InvalidIdempotencyKey,
    Code::SlotsFree,
    Code::TooManyRequests,
    Code::WaitlistFull,
];

/// Each is looked at whenever the provider's calendar changes.
const PER_CUSTOMER: Limit = Limit { operation: "join_waitlist", count: 30, seconds: 3_600 };

/// What is waited for.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "service_id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "from": "2026-03-10T00:00:00Z",
    "to": "2026-03-11T00:00:00Z",
}))]
pub(crate) struct JoinWaitlist {
    service_id: ServiceId,
    /// The service is to begin then or later.
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T00:00:00Z")]
    from: Timestamp,
    /// And before this: at most 62 days later, and within 366 days from now.
    #[schema(value_type = String, format = DateTime, example = "2026-03-11T00:00:00Z")]
    to: Timestamp,
    /// How many seats; 1 if not given.
    #[serde(default = "Seats::one", skip_serializing_if = "Seats::is_one")]
    #[schema(default = 1)]
    seats: Seats,
    /// How long; the service's usual duration if not given, else one of its `durations`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    duration_minutes: Option<DurationMinutes>,
}

/// Join the waitlist
///
/// When a place comes free, it is offered to those who wait for it, in the order in which they joined: one mail, and a
/// hold with a deadline. Where something is free already, this is refused, with the first three slots.
#[utoipa::path(post, path = "/v1/waitlist", request_body = JoinWaitlist,
    params(("Idempotency-Key" = String, Header, description = "One for each intention; makes a retry safe")),
    responses((status = 201, description = "The wait", body = WaitlistEntryView)))]
pub(crate) async fn join_waitlist(
    State(bookings): State<Bookings>,
    caller: ConfirmedCustomer,
    key: IdempotencyKey,
    Json(ask): Json<JoinWaitlist>,
) -> Result<Replayable<Created<WaitlistEntryView>>, Problem> {
    let now = bookings.clock.now();
    let subject = caller.user_id.to_string();
    let once = Once::new(subject.clone(), "join_waitlist", &key, &ask)?;
    if let Some(replay) = once.replay(&bookings.table, now).await? {
        return replay.answer();
    }
    let window = window(&ask, now)?;
    PER_CUSTOMER.count(&bookings.table, &subject, now).await?;
    let (service_id, duration, seats) = (ask.service_id, ask.duration_minutes, ask.seats);
    let wanted = Wanted { service_id, duration, seats, location: None };
    let service = match wanted.find(&bookings.services).await {
        Ok(service) => service,
        Err(problem) => return once.instead_of(problem, &bookings.table, now).await,
    };
    // What can never be booked is not waited for.
    if let Err(never) = service.price.times(seats.get()) {
        let problem = Problem::from(Unbookable::from(never));
        return once.instead_of(problem, &bookings.table, now).await;
    }
    let entry = WaitlistEntry {
        id: random::id(now),
        customer_id: caller.user_id,
        provider_id: service.provider_id,
        service_id,
        window,
        duration: service.duration_minutes,
        seats,
        state: WaitlistState::Waiting {
            look_at: now.saturating_add(FIRST_LOOK_AFTER).unwrap_or(Timestamp::MAX),
        },
        declined: Vec::new(),
        created_at: now,
    };
    let view = WaitlistEntryView::from(entry.clone());
    match bookings.waitlist.join(&entry, &service, (&once, &json!(view)), now).await {
        Ok(()) => Ok(Replayable::Fresh(Created(view))),
        // It may have been an earlier try of this request that made it so.
        Err(error) => once.instead_of(problem(error), &bookings.table, now).await,
    }
}

/// The time in which the service is to begin.
fn window(ask: &JoinWaitlist, now: Timestamp) -> Result<Interval, Problem> {
    let window =
        Interval::new(ask.from, ask.to).map_err(|_| Problem::invalid("/to", "must be after from"))?;
    if window.to() <= now {
        return Err(Problem::invalid("/to", "must be in the future"));
    }
    if window.to().duration_since(window.from()) > LONGEST_WINDOW {
        return Err(Problem::invalid("/to", "must be at most 62 days after from"));
    }
    if window.to().duration_since(now) > FURTHEST {
        return Err(Problem::invalid("/to", "must be within 366 days from now"));
    }
    Ok(window)
}

fn problem(error: JoinError) -> Problem {
    match error {
        JoinError::Free(slots) => Problem::new(Code::SlotsFree).with("next_slots", slots),
        JoinError::Already => Problem::new(Code::AlreadyWaiting),
        JoinError::TooMany => {
            Problem::new(Code::WaitlistFull).detail("you wait for this provider five times already")
        }
        JoinError::Full => Problem::new(Code::WaitlistFull).detail("this provider has 200 waits already"),
        JoinError::Seen | JoinError::Busy => Problem::busy(),
        JoinError::Storage(error) => error.into(),
    }
}
