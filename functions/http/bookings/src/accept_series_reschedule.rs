//! `POST /v1/series/{id}/reschedule/accept`: the other side agrees to other times for bookings of a series.

use std::collections::BTreeSet;

use axum::extract::State;
use banister_domain::booking::{Action, Actor, Booking};
use banister_domain::id::{BookingId, SeriesId};
use banister_domain::series::{Answered, Doing, Series, SeriesAnswer, SeriesRefusal, Task};
use banister_platform::http::{Json, OkJson, OptionalIdempotencyKey, Party, Path, Problem, Replayable};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Bookings;
pub(crate) use crate::series::PROBLEMS;
use crate::series::{Planned, SeriesView, change};

/// So many as a series has bookings.
const MOST: usize = 52;

/// What is agreed to.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "proposals": [{ "booking_id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "starts_at": "2026-03-11T10:00:00Z" }],
}))]
pub(crate) struct AcceptSeriesReschedule {
    /// Each booking once.
    #[schema(min_items = 1, max_items = 52)]
    proposals: Vec<AgreedProposal>,
}

/// One proposal that is agreed to.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "booking_id": "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE", "starts_at": "2026-03-11T10:00:00Z" }))]
struct AgreedProposal {
    /// A booking of the series.
    booking_id: BookingId,
    /// The `starts_at` of its proposal.
    #[schema(value_type = String, format = DateTime, example = "2026-03-11T10:00:00Z")]
    starts_at: Timestamp,
}

/// Accept other times of a series
///
/// By the side that did not propose them. Each booking moves for itself; what is not proposed any more, or has no place,
/// stays where it is: `last_change` says which, and why. One alone is answered as any booking is.
#[utoipa::path(post, path = "/v1/series/{id}/reschedule/accept", request_body = AcceptSeriesReschedule,
    params(
        ("id" = SeriesId, Path, description = "The series"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses((status = 200, description = "The series after the change", body = SeriesView)))]
pub(crate) async fn accept_series_reschedule(
    State(bookings): State<Bookings>,
    caller: Party,
    Path(id): Path<SeriesId>,
    key: OptionalIdempotencyKey,
    Json(ask): Json<AcceptSeriesReschedule>,
) -> Result<Replayable<OkJson<SeriesView>>, Problem> {
    ask.check()?;
    let (user, now) = (caller.user_id, bookings.clock.now());
    let plan = |series: &Series, all: &[(u16, Booking)], actor: Actor| {
        let open = Series::open_for(all, 0, Action::AcceptReschedule, actor, now);
        let agreed: Vec<_> = ask.proposals.iter().filter_map(|one| one.place(series)).collect();
        let answered = Answered::agreed(&Answered::open(&open, now), &agreed);
        if answered.iter().all(|one| one.proposal.is_none()) {
            return Err(SeriesRefusal::Nothing);
        }
        let doing = Doing::Answer(SeriesAnswer::Accept, answered);
        Ok(Task { doing, actor, actor_id: user, reason: None, at: now })
    };
    let named: Vec<_> = ask.named().collect();
    let planned = Planned { plan: &plan, named: &named, limit: None };
    change(&bookings, user, id, ("accept_series_reschedule", &ask), key, planned).await
}

impl AcceptSeriesReschedule {
    fn check(&self) -> Result<(), Problem> {
        if self.proposals.is_empty() || self.proposals.len() > MOST {
            return Err(Problem::invalid("/proposals", format!("must be 1 to {MOST}")));
        }
        let mut seen = BTreeSet::new();
        match self.proposals.iter().position(|one| !seen.insert(one.booking_id)) {
            Some(at) => Err(Problem::invalid(&format!("/proposals/{at}/booking_id"), "is there twice")),
            None => Ok(()),
        }
    }

    /// The bookings, with where the request names them.
    fn named(&self) -> impl Iterator<Item = (String, BookingId)> {
        let pointer = |at: usize| format!("/proposals/{at}/booking_id");
        self.proposals.iter().enumerate().map(move |(at, one)| (pointer(at), one.booking_id))
    }
}

impl AgreedProposal {
    fn place(&self, series: &Series) -> Option<(u16, Timestamp)> {
        Some((series.index_of(self.booking_id)?, self.starts_at))
    }
}
