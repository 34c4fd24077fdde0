//! `POST /v1/series`: a customer books a slot and the same time of the weeks or months behind it.

use axum::extract::State;
use axum::http::StatusCode;
use banister_domain::availability::{DurationMinutes, Seats, Zone};
use banister_domain::booking::{Actor, Request, WantedExtra};
use banister_domain::id::{ServiceId, UserId};
use banister_domain::money::Price;
use banister_domain::series::{
    Doing, Frequency, Occurrence, Series, SeriesCount, SeriesMode, SeriesRule, SeriesStatus, Task,
    WantedBooking,
};
use banister_domain::service::Service;
use banister_domain::text::{Note, Place};
use banister_platform::bookable::Wanted;
use banister_platform::http::{Code, ConfirmedCustomer, Created, IdempotencyKey, Json, Problem, Replayable};
use banister_platform::limit::Limit;
use banister_platform::random;
use banister_platform::store::{Once, SeriesError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Bookings;
use crate::series::{About, SeriesView};

pub(crate) const PROBLEMS: &[Code] = &[
    Code::Busy,
    Code::IdempotencyKeyReused,
    Code::InvalidIdempotencyKey,
    Code::PriceChanged,
    Code::SeriesConflicts,
    Code::SlotNotOffered,
    Code::TooManyRequests,
];

/// Each may be of 52 bookings.
const PER_CUSTOMER: Limit = Limit { operation: "book_series", count: 20, seconds: 3_600 };

/// A request for bookings that recur.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "service_id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "starts_at": "2026-03-10T10:00:00Z",
    "frequency": "weekly",
    "count": 10,
    "mode": "some",
    "location": "12 Harbour Street, Springfield",
}))]
pub(crate) struct CreateSeries {
    service_id: ServiceId,
    /// The start of the first one. The others begin at the same time of day in the provider's zone.
    #[schema(value_type = String, format = DateTime, example = "2026-03-10T10:00:00Z")]
    starts_at: Timestamp,
    frequency: Frequency,
    /// How many in all.
    count: SeriesCount,
    /// What becomes of it where one of them cannot be booked.
    mode: SeriesMode,
    /// Words for the provider, with each of them.
    note: Option<Note>,
    /// How many seats each takes; 1 if not given.
    #[serde(default = "Seats::one", skip_serializing_if = "Seats::is_one")]
    #[schema(default = 1)]
    seats: Seats,
    /// How long each takes; the service's usual duration if not given, else one of its `durations`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    duration_minutes: Option<DurationMinutes>,
    /// Extras of the service that come with each, each extra at most once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    extras: Vec<WantedExtra>,
    /// What each is expected to cost; if that is anything else by now, nothing is booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    price: Option<Price>,
    /// Where; for services at the customer's place, and only for those.
    location: Option<Place>,
}

/// Book a series
///
/// Each booking is one as by `POST /v1/bookings`, at the same price. With the mode `all`, every place is held before any
/// is booked, and where one cannot be had, nothing is (409, `conflicts`); with `some`, the others are booked, and the
/// `occurrences` say which were not, and why.
#[utoipa::path(post, path = "/v1/series", request_body = CreateSeries,
    params(("Idempotency-Key" = String, Header, description = "One for each intention; makes a retry safe")),
    responses((status = 201, description = "The series", body = SeriesView)))]
pub(crate) async fn create_series(
    State(bookings): State<Bookings>,
    caller: ConfirmedCustomer,
    key: IdempotencyKey,
    Json(ask): Json<CreateSeries>,
) -> Result<Replayable<Created<SeriesView>>, Problem> {
    let now = bookings.clock.now();
    let once = Once::new(caller.user_id.to_string(), "create_series", &key, &ask)?;
    if let Some(series) = bookings.resumed(&once, now).await? {
        return again(&bookings, &series, now).await;
    }
    PER_CUSTOMER.count(&bookings.table, &caller.user_id.to_string(), now).await?;
    let wanted = Wanted {
        service_id: ask.service_id,
        duration: ask.duration_minutes,
        seats: ask.seats,
        location: Some(ask.location.as_ref()),
    };
    let service = match wanted.find(&bookings.services).await {
        Ok(service) => service,
        Err(problem) => {
            let Some(series) = bookings.resumed(&once, now).await? else { return Err(problem) };
            return again(&bookings, &series, now).await;
        }
    };
    let rules = bookings.calendars.rules(service.provider_id).await?;
    let zone = rules.map(|found| found.value.rules.time_zone.clone());
    let zone = zone.ok_or(Problem::new(Code::SlotNotOffered).detail("the provider takes no bookings"))?;
    let series = planned(ask, service, caller.user_id, &zone, now)?;
    let about = json!(About { series_id: series.id });
    match bookings.series.open(&series, (&once, &about), now).await {
        Ok(()) => {}
        Err(SeriesError::Seen) => {
            let series = bookings.resumed(&once, now).await?.ok_or_else(Problem::busy)?;
            return again(&bookings, &series, now).await;
        }
        Err(error) => return Err(error.into()),
    }
    let series = bookings.series.finish(series.id, now).await?;
    Ok(Replayable::Fresh(Created(booked(&bookings, &series, now).await?)))
}

/// The series that is asked for, before any of it is booked.
fn planned(
    ask: CreateSeries,
    service: Service,
    customer_id: UserId,
    zone: &Zone,
    now: Timestamp,
) -> Result<Series, Problem> {
    let CreateSeries { starts_at, frequency, count, mode, note, seats, extras, price, location, .. } = ask;
    let (provider_id, service_id, duration) = (service.provider_id, service.id, service.duration_minutes);
    let (id, series) = (random::id(now), None);
    let first = Request { id, customer_id, service, starts_at, seats, extras, price, location, note, series };
    let price = first.price()?;
    let Request { extras, location, note, .. } = first;
    let rule = SeriesRule { frequency, count };
    let occurrence =
        |starts_at| Occurrence { starts_at, booking_id: random::id(now), hold_id: random::id(now) };
    let wanted = WantedBooking { duration, seats, extras, price, location, note };
    let doing = Doing::Book(Box::new(wanted));
    let task = Task { doing, actor: Actor::Customer, actor_id: customer_id, reason: None, at: now };
    Ok(Series {
        id: random::id(now),
        customer_id,
        provider_id,
        service_id,
        rule,
        mode,
        occurrences: rule.starts(starts_at, zone).into_iter().map(occurrence).collect(),
        changes: Vec::new(),
        task: Some(task),
        created_at: now,
    })
}

/// The series, if anything was booked.
async fn booked(bookings: &Bookings, series: &Series, now: Timestamp) -> Result<SeriesView, Problem> {
    if series.status() != SeriesStatus::Failed {
        return bookings.show(series, now).await;
    }
    let refused = series.changes.first().into_iter().flat_map(|made| &made.refused);
    let conflicts: Vec<_> = refused
        .map(|refused| {
            let planned = series.occurrences.get(usize::from(refused.index));
            json!({ "starts_at": planned.and_then(|planned| planned.starts_at), "conflict": refused.conflict })
        })
        .collect();
    Err(Problem::new(Code::SeriesConflicts).with("conflicts", conflicts))
}

async fn again(
    bookings: &Bookings,
    series: &Series,
    now: Timestamp,
) -> Result<Replayable<Created<SeriesView>>, Problem> {
    let body = json!(booked(bookings, series, now).await?).to_string();
    Ok(Replayable::Replayed { status: StatusCode::CREATED, body })
}
