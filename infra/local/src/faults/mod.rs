//! The seam between the SDK clients and the emulators: what goes wrong, for whom, by seed or by script.
//!
//! An emulator asks [`Faults::decide`] once per call it receives and does what the [`Verdict`] says. Off by
//! default; a test switches it at run time. A caller is known by its role: the access key id in the SigV4
//! `Authorization` header, see [`role_of`].

mod gate;
mod plan;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gate::Gate;
pub use plan::{Plan, Rates};

/// The error type name with which a crashed role's calls are answered (HTTP 400, so no SDK retries it).
pub const CRASHED: &str = "com.banister.local#Crashed";

/// The emulator that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// The table and its stream.
    DynamoDb,
    /// The queues.
    Sqs,
    /// The buckets.
    S3,
    /// The management of WebSocket connections.
    Sockets,
}

/// Why a call is refused without being executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// Another transaction holds an item (DynamoDB only): `TransactionCanceledException` for a transaction,
    /// `TransactionConflictException` for a single write.
    Conflict,
    /// Too many requests: the service's throttling error, which SDKs retry.
    Throttle,
    /// The connection is closed without an answer, and nothing was executed.
    Lost,
}

/// What an emulator does with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Execute and answer.
    Pass,
    /// Wait this long, then execute and answer.
    Delay(Duration),
    /// Wait until [`Faults::release`], then execute and answer. By script only.
    Hold,
    /// Do not execute; answer (or hang up) as the kind says.
    Refuse(FaultKind),
    /// Execute, then close the connection without an answer.
    LoseAnswer,
    /// Do not execute; answer HTTP 400 with `__type` [`CRASHED`].
    Crashed,
    /// Execute, then answer HTTP 400 with `__type` [`CRASHED`]: the caller died before it saw the answer.
    CrashAfter,
    /// SQS: deliver the received or sent messages once more, although nobody failed.
    Duplicate,
    /// SQS: deliver the sent messages only after this long (which also reorders them).
    Late(Duration),
}

/// The shared handle: all clones see the same plan, scripts and counts.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    state: Arc<Mutex<State>>,
    gate: Arc<Gate>,
}

#[derive(Debug, Default)]
struct State {
    plan: Option<Plan>,
    callers: BTreeMap<String, Caller>,
}

#[derive(Debug, Default)]
struct Caller {
    calls: u64,
    script: Vec<(String, Verdict)>,
    crash: Option<Crash>,
}

/// From the `at`-th call on the role is dead; `executed` says whether that call itself took effect.
#[derive(Clone, Copy, Debug)]
struct Crash {
    at: u64,
    executed: bool,
}

impl Faults {
    /// No faults until told.
    pub fn new() -> Self {
        Self::default()
    }

    /// Follows `plan` from the next call on; replaces an earlier plan.
    pub fn set(&self, plan: Plan) {
        self.lock().plan = Some(plan);
    }

    /// Ends the plan. Scripts, crashes and counts stay.
    pub fn off(&self) {
        self.lock().plan = None;
    }

    /// The plan in force.
    pub fn plan(&self) -> Option<Plan> {
        self.lock().plan.clone()
    }

    /// Counts one call of `role` and says what becomes of it. `operation` is the API's name (`PutItem`,
    /// `SendMessageBatch`). A crash goes before a script, a script before the plan.
    ///
    /// What the plan decides depends only on its seed, the role and the number of the call, so a role that
    /// calls one after the other sees the same faults on each run, whatever others do meanwhile.
    pub fn decide(&self, service: Service, role: &str, operation: &str) -> Verdict {
        let mut state = self.lock();
        let State { plan, callers } = &mut *state;
        let caller = callers.entry(role.to_owned()).or_default();
        caller.calls += 1;
        if let Some(crash) = caller.crash
            && caller.calls >= crash.at
        {
            return if caller.calls == crash.at && crash.executed {
                Verdict::CrashAfter
            } else {
                Verdict::Crashed
            };
        }
        if let Some(next) = caller.script.iter().position(|(on, _)| on == operation) {
            return caller.script.remove(next).1;
        }
        plan.as_ref().map_or(Verdict::Pass, |plan| plan.decide(service, role, operation, caller.calls))
    }

    /// Whether the index read that `role` just had decided is stale, and by how many item writes.
    /// DynamoDB only, asked after [`Faults::decide`].
    pub fn stale_index(&self, role: &str) -> Option<usize> {
        let state = self.lock();
        let call = state.callers.get(role).map_or(0, |caller| caller.calls);
        state.plan.as_ref()?.stale_index(role, call)
    }

    /// The next call by `role` of `operation` gets `verdict`; several scripts are taken in order.
    pub fn script(&self, role: &str, operation: &str, verdict: Verdict) {
        self.lock().callers.entry(role.to_owned()).or_default().script.push((operation.to_owned(), verdict));
    }

    /// Waits until a call is held by [`Verdict::Hold`]; without end if none comes.
    pub async fn held(&self) {
        self.gate.taken().await;
    }

    /// Lets all held calls go on; those that come later wait for the next time. A caller may have given up:
    /// the SDK's clients wait two seconds for an attempt.
    pub fn release(&self) {
        self.gate.open();
    }

    /// For an emulator whose call has [`Verdict::Hold`].
    pub(crate) async fn released(&self) {
        self.gate.pass().await;
    }

    /// The `n`-th call of `role` from now (1 is the next) is executed and its answer lost; it and every later
    /// one is answered with [`CRASHED`] until [`Faults::revive`].
    pub fn crash_after(&self, role: &str, n: u64) {
        self.crash(role, n, true);
    }

    /// As [`Faults::crash_after`], but the `n`-th call is not executed either.
    pub fn crash_before(&self, role: &str, n: u64) {
        self.crash(role, n, false);
    }

    /// Ends the crash of `role`, come or still to come.
    pub fn revive(&self, role: &str) {
        self.lock().callers.entry(role.to_owned()).or_default().crash = None;
    }

    /// Whether `role` has reached its crash.
    pub fn crashed(&self, role: &str) -> bool {
        let state = self.lock();
        state
            .callers
            .get(role)
            .is_some_and(|caller| caller.crash.is_some_and(|crash| caller.calls >= crash.at))
    }

    /// How many calls `role` has made, to all services; each attempt of a retrying SDK counts.
    pub fn calls(&self, role: &str) -> u64 {
        self.lock().callers.get(role).map_or(0, |caller| caller.calls)
    }

    fn crash(&self, role: &str, n: u64, executed: bool) {
        let mut state = self.lock();
        let caller = state.callers.entry(role.to_owned()).or_default();
        caller.crash = Some(Crash { at: caller.calls + n, executed });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The role of a caller: the access key id of a SigV4 `Authorization` header
/// (`AWS4-HMAC-SHA256 Credential=<id>/<date>/<region>/…`); empty when there is none.
pub fn role_of(authorization: Option<&str>) -> &str {
    let credential = authorization.and_then(|header| header.split_once("Credential="));
    credential.and_then(|(_, rest)| rest.split_once('/')).map_or("", |(role, _)| role)
}

#[cfg(test)]
mod tests;
