//! What the endpoints of series have in common: how one is shown, and how one is changed.

use banister_domain::booking::{Actor, Booking, Command, Status};
use banister_domain::id::{BookingId, SeriesId, ServiceId, UserId};
use banister_domain::series::{
    Conflict, Doing, Frequency, Occurrence, Refused, Series, SeriesAction, SeriesChange, SeriesCount,
    SeriesMode, SeriesRefusal, SeriesStatus, Task,
};
use banister_domain::text::Reason;
use banister_platform::http::{Code, OkJson, OptionalIdempotencyKey, Problem, Replayable};
use banister_platform::limit::Limit;
use banister_platform::store::{Once, Plan, Replay, SeriesError};
use banister_platform::view::ProposalView;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Bookings;

pub(crate) const PROBLEMS: &[Code] =
    &[Code::Busy, Code::IdempotencyKeyReused, Code::InvalidIdempotencyKey, Code::NotFound, Code::WrongState];

/// One time of a series.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = SeriesOccurrence, example = json!({
    "starts_at": "2026-03-10T10:00:00Z",
    "booking_id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "status": "confirmed",
    "proposal": null,
    "conflict": null,
}))]
pub(crate) struct OccurrenceView {
    /// When it begins, where it was moved since, too; `null` where the provider's clock never shows that time.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-03-10T10:00:00Z")]
    starts_at: Option<Timestamp>,
    /// Its booking; `null` where it was not booked.
    booking_id: Option<BookingId>,
    /// Where that stands; `null` where it was not booked.
    status: Option<Status>,
    /// Where it may move, if somebody proposed that and it can still be accepted; else `null`.
    #[schema(value_type = Option<ProposalView>)]
    proposal: Option<ProposalView>,
    /// Why it was not booked; else `null`.
    conflict: Option<Conflict>,
}

/// A booking of a series that was not changed with the others.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = SeriesConflict, example = json!({
    "booking_id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "conflict": "taken",
}))]
pub(crate) struct ConflictView {
    booking_id: BookingId,
    /// Why not.
    conflict: Conflict,
}

/// What was last done to a series.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = SeriesChange, example = json!({
    "action": "rescheduled",
    "actor": "customer",
    "at": "2026-03-09T08:00:00Z",
    "booking_ids": ["bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE"],
    "conflicts": [],
}))]
pub(crate) struct SeriesChangeView {
    /// What.
    action: SeriesAction,
    /// In which capacity.
    actor: Actor,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    at: Timestamp,
    /// The bookings to which it was done.
    booking_ids: Vec<BookingId>,
    /// Those to which it was not; of the making, see `occurrences`.
    conflicts: Vec<ConflictView>,
}

/// Bookings that recur.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Series, example = json!({
    "id": "ser_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "status": "made",
    "service_id": "svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "customer_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
    "provider_id": "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDF",
    "frequency": "weekly",
    "count": 2,
    "mode": "some",
    "occurrences": [
        {
            "starts_at": "2026-03-10T10:00:00Z",
            "booking_id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE",
            "status": "confirmed",
            "proposal": null,
            "conflict": null,
        },
        {
            "starts_at": "2026-03-17T10:00:00Z",
            "booking_id": null,
            "status": null,
            "proposal": null,
            "conflict": "taken",
        },
    ],
    "last_change": {
        "action": "booked",
        "actor": "customer",
        "at": "2026-03-09T08:00:00Z",
        "booking_ids": ["bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE"],
        "conflicts": [],
    },
    "created_at": "2026-03-09T08:00:00Z",
}))]
pub(crate) struct SeriesView {
    id: SeriesId,
    /// Where it stands; what is not done yet is done within minutes.
    status: SeriesStatus,
    service_id: ServiceId,
    customer_id: UserId,
    provider_id: UserId,
    frequency: Frequency,
    /// How many times in all.
    count: SeriesCount,
    mode: SeriesMode,
    /// All its times, in their order.
    occurrences: Vec<OccurrenceView>,
    /// What was last done to it; `null` while it is being made.
    #[schema(value_type = Option<SeriesChangeView>)]
    last_change: Option<SeriesChangeView>,
    #[schema(value_type = String, format = DateTime, example = "2026-03-09T08:00:00Z")]
    created_at: Timestamp,
}

impl SeriesView {
    /// The series with its bookings as they stand at `now`.
    pub(crate) fn new(series: &Series, bookings: &[(u16, Booking)], now: Timestamp) -> Self {
        let made = series.changes.first();
        let occurrence = |(index, planned): (u16, &Occurrence)| {
            let booking = bookings.iter().find(|(at, _)| *at == index).map(|(_, booking)| booking);
            let refused = made.and_then(|made| made.refused.iter().find(|refused| refused.index == index));
            OccurrenceView {
                starts_at: booking.map(|booking| booking.starts_at).or(planned.starts_at),
                booking_id: booking.map(|booking| booking.id),
                status: booking.map(|booking| booking.status_at(now)),
                proposal: booking.and_then(|booking| booking.open_proposal(now)).map(ProposalView::from),
                conflict: refused.map(|refused| refused.conflict),
            }
        };
        Self {
            id: series.id,
            status: series.status(),
            service_id: series.service_id,
            customer_id: series.customer_id,
            provider_id: series.provider_id,
            frequency: series.rule.frequency,
            count: series.rule.count,
            mode: series.mode,
            occurrences: (0..).zip(&series.occurrences).map(occurrence).collect(),
            last_change: series.changes.last().map(|change| shown(series, change)),
            created_at: series.created_at,
        }
    }
}

fn shown(series: &Series, change: &SeriesChange) -> SeriesChangeView {
    let booked: Vec<_> = series.booked().collect();
    let booking_of =
        |index: u16| booked.iter().find(|(at, _)| *at == index).map(|(_, planned)| planned.booking_id);
    let conflict = |refused: &Refused| {
        Some(ConflictView { booking_id: booking_of(refused.index)?, conflict: refused.conflict })
    };
    SeriesChangeView {
        action: change.action,
        actor: change.actor,
        at: change.at,
        booking_ids: change.done.iter().filter_map(|index| booking_of(*index)).collect(),
        conflicts: change.refused.iter().filter_map(conflict).collect(),
    }
}

/// What the receipt of a request about a series keeps: its answer is how the series is when it is asked for again.
#[derive(Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) series_id: SeriesId,
}

impl Bookings {
    /// A series as it is.
    pub(crate) async fn show(&self, series: &Series, now: Timestamp) -> Result<SeriesView, Problem> {
        Ok(SeriesView::new(series, &self.series.bookings(series).await?, now))
    }

    /// Goes on with what an earlier try of a request began, if there was one: the series after it.
    pub(crate) async fn resumed(&self, once: &Once, now: Timestamp) -> Result<Option<Series>, Problem> {
        match once.replay(&self.table, now).await? {
            None => Ok(None),
            Some(Replay::Mismatch) => Err(Problem::new(Code::IdempotencyKeyReused)),
            Some(Replay::Answer(_, body)) => {
                let About { series_id } = serde_json::from_str(&body).map_err(Problem::internal)?;
                Ok(Some(self.series.finish(series_id, now).await?))
            }
        }
    }
}

/// The side of a series that a user is on.
pub(crate) fn side_of(series: &Series, user: UserId) -> Option<Actor> {
    if series.customer_id == user {
        Some(Actor::Customer)
    } else if series.provider_id == user {
        Some(Actor::Provider)
    } else {
        None
    }
}

/// What is planned for the bookings of a series by one of its sides.
pub(crate) type SidePlan<'a> =
    &'a (dyn Fn(&Series, &[(u16, Booking)], Actor) -> Result<Task, SeriesRefusal> + Sync);

/// Why, in the caller's words.
#[derive(Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "I look forward to it." }))]
pub(crate) struct AnswerSeries {
    /// The other side reads it.
    pub(crate) reason: Option<Reason>,
}

/// Gives a command to the bookings of a series that allow it, from one of them on.
pub(crate) async fn command(
    bookings: &Bookings,
    user: UserId,
    id: SeriesId,
    operation: (&'static str, &(impl Serialize + Sync)),
    key: OptionalIdempotencyKey,
    (command, from_booking, reason): (Command, Option<BookingId>, Option<Reason>),
) -> Result<Replayable<OkJson<SeriesView>>, Problem> {
    let now = bookings.clock.now();
    let plan = |series: &Series, all: &[(u16, Booking)], actor: Actor| {
        let from = from(series, from_booking)?;
        let open = Series::open_for(all, from, command.into(), actor, now);
        let places: Vec<_> = open.into_iter().map(|(index, _)| index).collect();
        if places.is_empty() {
            return Err(SeriesRefusal::Nothing);
        }
        let doing = Doing::Command(command, places);
        Ok(Task { doing, actor, actor_id: user, reason: reason.clone(), at: now })
    };
    let named: Vec<_> =
        from_booking.map(|booking| ("/from_booking_id".to_owned(), booking)).into_iter().collect();
    change(bookings, user, id, operation, key, Planned { plan: &plan, named: &named, limit: None }).await
}

/// A plan, and what must hold for it.
pub(crate) struct Planned<'a> {
    pub(crate) plan: SidePlan<'a>,
    /// Bookings that must be of the series, and where the request names them.
    pub(crate) named: &'a [(String, BookingId)],
    pub(crate) limit: Option<&'a Limit>,
}

/// Does what `plan` says to a series in the name of `user`, who must be one of its sides.
pub(crate) async fn change(
    bookings: &Bookings,
    user: UserId,
    id: SeriesId,
    (operation, ask): (&'static str, &(impl Serialize + Sync)),
    OptionalIdempotencyKey(key): OptionalIdempotencyKey,
    Planned { plan, named, limit }: Planned<'_>,
) -> Result<Replayable<OkJson<SeriesView>>, Problem> {
    let now = bookings.clock.now();
    let found = bookings.series.get(id).await?.ok_or(Problem::new(Code::NotFound))?.value;
    let side = side_of(&found, user).ok_or(Problem::new(Code::NotFound))?;
    let once = key.map(|key| Once::new(user.to_string(), operation, &key, &(id, ask))).transpose()?;
    if let Some(once) = &once
        && let Some(series) = bookings.resumed(once, now).await?
    {
        return again(bookings, &series, now).await;
    }
    if let Some(limit) = limit {
        limit.count(&bookings.table, &user.to_string(), now).await?;
    }
    let strange = named.iter().find(|(_, booking)| found.index_of(*booking).is_none());
    if let Some((pointer, _)) = strange {
        return Err(Problem::invalid(pointer, "is not a booking of this series"));
    }
    let about = json!(About { series_id: id });
    let by_side = |series: &Series, all: &[(u16, Booking)]| plan(series, all, side);
    let plan: Plan<'_> = &by_side;
    match bookings.series.begin(id, plan, once.as_ref().map(|once| (once, &about)), now).await {
        Ok(()) => {}
        // An earlier try of this very request may be what has changed it.
        Err(error @ (SeriesError::Seen | SeriesError::Refused(_))) => {
            let done = match &once {
                Some(once) => bookings.resumed(once, now).await?,
                None => None,
            };
            let Some(series) = done else { return Err(error.into()) };
            return again(bookings, &series, now).await;
        }
        Err(error) => return Err(error.into()),
    }
    let series = bookings.series.finish(id, now).await?;
    Ok(Replayable::Fresh(OkJson(bookings.show(&series, now).await?)))
}

/// The answer to a request that was sent before: how the series is now.
async fn again(
    bookings: &Bookings,
    series: &Series,
    now: Timestamp,
) -> Result<Replayable<OkJson<SeriesView>>, Problem> {
    let body = json!(bookings.show(series, now).await?).to_string();
    Ok(Replayable::Replayed { status: axum::http::StatusCode::OK, body })
}

/// Where to begin: at this booking of the series, or at its first one.
pub(crate) fn from(series: &Series, booking: Option<BookingId>) -> Result<u16, SeriesRefusal> {
    booking.map_or(Ok(0), |id| series.index_of(id).ok_or(SeriesRefusal::Nothing))
}
