//! One piece of work (a request, a queue message, a stream batch, a run of a schedule): what it
//! costs is counted while it runs, and one line tells of it at its end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use aws_sdk_dynamodb::types::ConsumedCapacity;
use banister_domain::id::{RequestId, UserId};
use tracing::{Instrument as _, Span, field};

use super::{TARGET, user_tag};

tokio::task_local! {
    static CURRENT: Work;
}

/// The operation of what no endpoint took.
const NOBODYS: &str = "fallback";

/// What a piece of work did with the table so far. Units are DynamoDB's own, in halves.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Calls; the SDK's own retries of a call count with it.
    pub table_calls: u64,
    /// How many calls had to wait for another one to end, plus one: calls side by side are one trip.
    pub round_trips: u64,
    /// Read units. What a failed call consumed is not told by DynamoDB.
    pub read_units: f64,
    /// Write units, those of indexes included. What a refused write consumed is not told by DynamoDB.
    pub write_units: f64,
    /// The latest trip of which a call has ended.
    ended: u64,
}

/// A piece of work; clones are the same one.
#[derive(Debug, Clone)]
pub struct Work(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    span: Span,
    request: Option<RequestId>,
    began: Instant,
    cold: bool,
    operation: OnceLock<()>,
    usage: Mutex<Usage>,
}

impl Work {
    /// Begins work, that of `request` where it is one's, whose lines carry the fields of `span`, among
    /// them, still empty, `operation` and `user`.
    #[must_use]
    pub(crate) fn begin(span: Span, request: Option<RequestId>) -> Self {
        static COLD: AtomicBool = AtomicBool::new(true);
        let cold = COLD.swap(false, Ordering::Relaxed);
        let usage = Mutex::default();
        let (began, operation) = (Instant::now(), OnceLock::new());
        Self(Arc::new(Inner { span, request, began, cold, operation, usage }))
    }

    /// Does a part of the work.
    pub(crate) fn run<T>(&self, part: impl Future<Output = T>) -> impl Future<Output = T> {
        // On the heap at once: each future around another one by value would have its size again.
        CURRENT.scope(self.clone(), Box::pin(part)).instrument(self.0.span.clone())
    }

    /// What it did with the table so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        *self.0.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The span of its lines.
    pub(crate) fn span(&self) -> &Span {
        &self.0.span
    }

    fn name(&self, operation: &str) {
        if self.0.operation.set(()).is_ok() {
            self.0.span.record("operation", operation);
        }
    }

    /// Writes the line of a request that was answered with `status`, and with a problem of `code`.
    pub(crate) fn answered(&self, status: u16, code: Option<&str>) {
        self.name(NOBODYS);
        let Usage { table_calls, round_trips, read_units, write_units, .. } = self.usage();
        let faults = (status >= 500).then_some(1_u64);
        let refused = (400..500).contains(&status).then_some(1_u64);
        let (duration_ms, cold) = (self.millis(), self.0.cold);
        tracing::info!(target: TARGET, parent: &self.0.span, status, code, duration_ms, cold, table_calls,
            round_trips, read_units, write_units, faults, refused, "answered");
    }

    /// Writes the line of work that ended with `result`.
    fn ended(&self, result: &str) {
        let Usage { table_calls, round_trips, read_units, write_units, .. } = self.usage();
        let faults = (result != DONE).then_some(1_u64);
        let (duration_ms, cold) = (self.millis(), self.0.cold);
        tracing::info!(target: TARGET, parent: &self.0.span, result, duration_ms, cold, table_calls,
            round_trips, read_units, write_units, faults, "ended");
    }

    /// Milliseconds since it began, to the microsecond.
    fn millis(&self) -> f64 {
        (self.0.began.elapsed().as_secs_f64() * 1e6).round() / 1e3
    }
}

/// The work under way; there may be none, as in a test of a part.
fn current() -> Option<Work> {
    CURRENT.try_with(Work::clone).ok()
}

/// The request under way, where it is one.
pub(crate) fn request_id() -> Option<RequestId> {
    current()?.0.request
}

/// Says which endpoint the request under way came to.
pub(crate) fn name_operation(operation: &str) {
    if let Some(work) = current() {
        work.name(operation);
    }
}

/// Says who sent the request under way.
pub(crate) fn identify(user: UserId) {
    if let Some(work) = current() {
        work.0.span.record("user", user_tag(user));
    }
}

/// One call to the table, counted for the work under way; dropped where it fails.
#[derive(Debug)]
pub(crate) struct TableCall {
    work: Option<Work>,
    trip: u64,
}

impl TableCall {
    /// Right before the call.
    pub(crate) fn begin() -> Self {
        let mut call = Self { work: current(), trip: 0 };
        call.trip = call.count(|usage| {
            usage.table_calls += 1;
            let trip = usage.ended + 1;
            usage.round_trips = usage.round_trips.max(trip);
            trip
        });
        call
    }

    /// It read.
    pub(crate) fn read<'a>(self, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        let units: f64 = consumed.into_iter().filter_map(ConsumedCapacity::capacity_units).sum();
        self.count(|usage| usage.read_units += units);
    }

    /// It wrote; where a transaction had been committed by an attempt before, it read.
    pub(crate) fn wrote<'a>(self, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        for consumed in consumed {
            let read = consumed.read_capacity_units().unwrap_or(0.0);
            let rest = consumed.capacity_units().map(|all| all - read);
            let written = consumed.write_capacity_units().or(rest).unwrap_or(0.0);
            self.count(|usage| {
                usage.read_units += read;
                usage.write_units += written;
            });
        }
    }

    fn count<T: Default>(&self, count: impl FnOnce(&mut Usage) -> T) -> T {
        let Some(work) = &self.work else { return T::default() };
        count(&mut work.0.usage.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for TableCall {
    fn drop(&mut self) {
        let trip = self.trip;
        self.count(|usage| usage.ended = usage.ended.max(trip));
    }
}

const DONE: &str = "done";

/// How work outside of requests ends: `done`, or why not.
pub trait Outcome {
    /// The word for it in the log.
    fn result(&self) -> &'static str;
}

impl Outcome for Result<(), crate::worker::WorkError> {
    fn result(&self) -> &'static str {
        use crate::worker::WorkError;
        match self {
            Ok(()) => DONE,
            Err(WorkError::Retry(_)) => "retry",
            Err(WorkError::Poison(_)) => "poison",
        }
    }
}

impl<T> Outcome for Result<T, crate::worker::Failed> {
    fn result(&self) -> &'static str {
        if self.is_ok() { DONE } else { "failed" }
    }
}

impl Outcome for aws_lambda_events::event::streams::DynamoDbEventResponse {
    fn result(&self) -> &'static str {
        if self.batch_item_failures.is_empty() { DONE } else { "retry" }
    }
}

impl Outcome for aws_lambda_events::event::apigw::ApiGatewayProxyResponse {
    fn result(&self) -> &'static str {
        if self.status_code < 500 { DONE } else { "failed" }
    }
}

/// Does work that no request asked for, and writes its line; `operation` is the function's name.
pub fn observe<T: Outcome>(
    operation: &'static str,
    work: impl Future<Output = T>,
) -> impl Future<Output = T> {
    let work = Box::pin(work);
    async move {
        let span = tracing::info_span!(target: TARGET, "work", operation, user = field::Empty);
        let observed = Work::begin(span, None);
        let outcome = observed.run(work).await;
        observed.ended(outcome.result());
        outcome
    }
}
