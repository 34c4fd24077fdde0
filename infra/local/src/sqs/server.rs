//! The HTTP side: AWS JSON 1.0, one POST per call, with the fault layer in front of the operations.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::Clock;
use super::call::{self, Call};
use super::failure::{Failure, Kind};
use super::hangup::Cut;
use super::receive::{Delivery, Receive};
use super::state::mix;
use super::store::Store;
use crate::faults::{CRASHED, FaultKind, Faults, Service, Verdict, role_of};

/// A body of 1 MiB in which JSON escapes each byte to six, and room for the rest.
const MAX_REQUEST: usize = 8 * 1024 * 1024;

/// What each call needs.
pub(super) struct Server {
    pub(super) store: Arc<Store>,
    pub(super) clock: Clock,
    pub(super) faults: Faults,
    pub(super) base: String,
    /// Closes when the server stops, so that long polls end.
    pub(super) stop: watch::Receiver<()>,
}

/// Any method and path; SQS looks only at the target header.
pub(super) fn router(server: Server) -> Router {
    Router::new().fallback(handle).layer(DefaultBodyLimit::max(MAX_REQUEST)).with_state(Arc::new(server))
}

async fn handle(
    State(server): State<Arc<Server>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let target = headers.get("x-amz-target").map(text).unwrap_or_default();
    let Some(operation) = target.strip_prefix("AmazonSQS.") else {
        let message = format!("The target {target:?} is not an operation of Amazon SQS.");
        return Failure::new(Kind::UnsupportedOperation, message).into_response();
    };
    let authorization = headers.get(AUTHORIZATION).map(text);
    let role = role_of(authorization.as_deref());
    let verdict = server.faults.decide(Service::Sqs, role, operation);
    match verdict {
        Verdict::Delay(time) => sleep(time).await,
        Verdict::Hold => server.faults.released().await,
        Verdict::Refuse(FaultKind::Lost) => {
            cut.now();
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        Verdict::Refuse(FaultKind::Throttle | FaultKind::Conflict) => {
            return Failure::new(Kind::RequestThrottled, "The request was throttled.").into_response();
        }
        Verdict::Crashed => return crashed(),
        // What strikes later: in the operation, or after it.
        Verdict::Pass | Verdict::Duplicate | Verdict::Late(_) | Verdict::LoseAnswer | Verdict::CrashAfter => {
        }
    }
    let answer = server.execute(operation, role, &body, verdict).await;
    match verdict {
        Verdict::LoseAnswer => cut.now(),
        Verdict::CrashAfter => return crashed(),
        _ => {}
    }
    answer.map_or_else(IntoResponse::into_response, |value| json_response(StatusCode::OK, &value))
}

impl Server {
    async fn execute(
        &self,
        operation: &str,
        role: &str,
        body: &[u8],
        verdict: Verdict,
    ) -> Result<Value, Failure> {
        if operation == "ReceiveMessage" {
            return self.receive(role, body, verdict == Verdict::Duplicate).await;
        }
        let Some((run, writes)) = call::operation(operation) else {
            let message = format!("The local queues do not know {operation}.");
            return Err(Failure::new(Kind::UnsupportedOperation, message));
        };
        let late = if let Verdict::Late(late) = verdict { late } else { Duration::ZERO };
        let call = Call {
            body,
            now: (self.clock)(),
            base: &self.base,
            late_millis: i64::try_from(late.as_millis()).unwrap_or(i64::MAX / 2),
            duplicate: verdict == Verdict::Duplicate,
        };
        let (answer, change) = self.store.update(|state| {
            let answer = run(state, &call);
            let effect = writes && answer.is_ok();
            (answer, effect)
        });
        self.store.saved(change).await?;
        answer
    }

    /// Looks again at each change, at each move of the clock, and when the next message is due.
    async fn receive(&self, role: &str, body: &[u8], duplicate: bool) -> Result<Value, Failure> {
        let ask = Receive::parse(body)?;
        let own = self.store.read(|state| state.queue(&ask.queue).map(|queue| queue.settings.wait))?;
        let seconds = u64::try_from(ask.wait_seconds.unwrap_or(own)).unwrap_or_default();
        let until = Instant::now() + Duration::from_secs(seconds);
        let (mut changes, mut stop) = (self.store.watch(), self.stop.clone());
        loop {
            let seen = *changes.borrow_and_update();
            let shuffle = self.shuffle(role, seen);
            let now = (self.clock)();
            let (received, change) = self.store.update(|state| {
                let received = ask.take(state, now, Delivery { duplicate, shuffle });
                let effect =
                    received.as_ref().is_ok_and(|it| it.dead_lettered > 0 || !it.messages.is_empty());
                (received, effect)
            });
            let received = received?;
            if !received.messages.is_empty() {
                self.store.saved(change).await?;
                return Ok(json!({ "Messages": received.messages }));
            }
            if Instant::now() >= until || stop.has_changed().is_err() {
                self.store.saved(change).await?;
                return Ok(json!({}));
            }
            let due = self.store.read(|state| state.queue(&ask.queue).ok()?.next_due(now));
            let wake = due.map_or(until, |due| until.min(in_real_time(due, now)));
            tokio::select! {
                _ = changes.changed() => {}
                () = sleep_until(wake) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Standard queues promise no order: while a plan of faults is in force that hits this receive, its seed
    /// picks among the visible messages.
    fn shuffle(&self, role: &str, seen: u64) -> Option<u64> {
        let within = |set: &BTreeSet<String>, name: &str| set.is_empty() || set.contains(name);
        let plan = self.faults.plan()?;
        let hit = within(&plan.roles, role) && within(&plan.operations, "ReceiveMessage");
        hit.then(|| mix(plan.seed ^ mix(seen)))
    }
}

/// When `due` comes if nobody moves the clock, which runs at the pace of real time.
pub(super) fn in_real_time(due: i64, now: i64) -> Instant {
    let millis = u64::try_from(due.saturating_sub(now)).unwrap_or_default();
    // No message is in flight for longer than 12 hours; the bound keeps the sum in range.
    Instant::now() + Duration::from_millis(millis.clamp(1, 86_400_000))
}

fn crashed() -> Response {
    json_response(StatusCode::BAD_REQUEST, &json!({ "__type": CRASHED, "message": "The caller is dead." }))
}

fn json_response(status: StatusCode, value: &Value) -> Response {
    let content_type = HeaderValue::from_static("application/x-amz-json-1.0");
    (status, [(CONTENT_TYPE, content_type)], Body::from(value.to_string())).into_response()
}
