//! The pages and helpers that exist only here: the clock, and where everything is.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use banister_platform::clock::Clock;
use banister_platform::http::{Json as Checked, Problem, finish};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::keys::save_offset;
use super::schedule::Schedules;
use crate::socket::Sockets;
use crate::sqs::Sqs;

const PAGE: &str = include_str!("local.html");
/// A hundred years: farther, and the calendar ends.
const FARTHEST: i64 = 100 * 366 * 24 * 3_600;

#[derive(Clone)]
pub(super) struct Local {
    pub(super) clock: Clock,
    pub(super) sqs: Sqs,
    pub(super) sockets: Sockets,
    pub(super) schedules: Arc<Schedules>,
    pub(super) data: Option<PathBuf>,
}

#[derive(Serialize)]
struct ClockView {
    now: Timestamp,
    offset_seconds: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceClock {
    advance_seconds: i64,
}

pub(super) fn routes(local: Local) -> Router {
    let routes = Router::new()
        .route("/", get(async || Html(PAGE)))
        .route("/local/clock", get(get_clock).post(advance_clock))
        .with_state(local);
    finish(routes)
}

fn view(clock: &Clock) -> Json<ClockView> {
    Json(ClockView { now: clock.now(), offset_seconds: clock.offset_millis() / 1_000 })
}

async fn get_clock(State(local): State<Local>) -> Json<ClockView> {
    view(&local.clock)
}

/// Moves the clock and runs what has become due; the answer comes when that is done.
async fn advance_clock(
    State(local): State<Local>,
    Checked(ask): Checked<AdvanceClock>,
) -> Result<Json<ClockView>, Problem> {
    let moved = ask.advance_seconds.saturating_add(local.clock.offset_millis() / 1_000);
    if !(0..=FARTHEST).contains(&ask.advance_seconds) || moved > FARTHEST {
        return Err(Problem::invalid("/advance_seconds", "must be from 0 to a hundred years in all"));
    }
    local.clock.advance(SignedDuration::from_secs(ask.advance_seconds));
    save_offset(local.data.as_deref(), &local.clock).map_err(Problem::internal)?;
    local.sqs.clock_moved();
    local.sockets.clock_moved();
    local.schedules.run_all().await;
    Ok(view(&local.clock))
}
