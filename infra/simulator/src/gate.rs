//! Between the SDK's client and the table: every call waits here before it takes effect, and its answer waits before
//! it is given, until the scheduler says whose turn it is.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

use crate::dice::Dice;
use crate::faults::{Fault, Injected, Rates};
use crate::peer::{Answer, Commit, Peer};

/// How far a call has come.
#[derive(Debug)]
enum Stage {
    /// Sent, and not yet at the table.
    Sent,
    /// At the table, and the answer under way; none where the connection broke.
    Answered(Option<Answer>),
    /// It never comes back.
    Hanging,
    /// The answer may be read.
    Delivered(Option<Answer>),
}

#[derive(Debug)]
struct Call {
    by: usize,
    operation: String,
    body: Vec<u8>,
    stage: Stage,
    waker: Option<Waker>,
    /// Whether nobody waits for the answer any more.
    forsaken: bool,
}

#[derive(Debug, Default)]
struct Inside {
    peer: Peer,
    calls: BTreeMap<u64, Call>,
    next: u64,
    /// On whose behalf calls are made at this moment.
    current: usize,
    /// Operations whose every later attempt is lost, by token.
    severed: HashSet<Vec<u8>>,
    injected: Injected,
}

/// The gate, shared by the clients of one world.
#[derive(Clone, Default)]
pub struct Gate(Arc<Mutex<Inside>>);

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

impl Gate {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on calls are made on behalf of `by`.
    pub fn speak_for(&self, by: usize) {
        self.inside().current = by;
    }

    /// Looks at the table.
    pub fn peer<T>(&self, look: impl FnOnce(&mut Peer) -> T) -> T {
        look(&mut self.inside().peer)
    }

    /// What was committed since this was last asked.
    #[must_use]
    pub fn take_commits(&self) -> Vec<Commit> {
        self.inside().peer.take_commits()
    }

    /// What was injected.
    #[must_use]
    pub fn injected(&self) -> Injected {
        self.inside().injected.clone()
    }

    /// Writes down what was done to a client as a whole.
    pub fn count(&self, fault: Fault) {
        self.inside().injected.count(fault);
    }

    /// Whether any call waits for its turn.
    #[must_use]
    pub fn waiting(&self) -> bool {
        self.inside().calls.values().any(Call::waits)
    }

    /// Those on whose behalf calls wait that have somebody to answer.
    #[must_use]
    pub fn speakers(&self) -> Vec<usize> {
        let inside = self.inside();
        inside.calls.values().filter(|call| call.waits() && !call.forsaken).map(|call| call.by).collect()
    }

    /// Lets one of the waiting calls take its next step.
    pub fn step(&self, dice: &mut Dice, rates: &Rates) {
        let mut inside = self.inside();
        let waiting: Vec<u64> =
            inside.calls.iter().filter(|(_, call)| call.waits()).map(|(id, _)| *id).collect();
        let Some(id) = dice.pick(&waiting).copied() else { return };
        let Some(mut call) = inside.calls.remove(&id) else { return };
        match std::mem::replace(&mut call.stage, Stage::Hanging) {
            Stage::Sent => inside.arrive(&mut call, dice, rates),
            Stage::Answered(answer) => call.stage = Stage::Delivered(answer),
            stage @ (Stage::Hanging | Stage::Delivered(_)) => call.stage = stage,
        }
        if matches!(call.stage, Stage::Delivered(_))
            && let Some(waker) = call.waker.take()
        {
            waker.wake();
        }
        // Whoever went away reads no answer.
        if !call.forsaken || matches!(call.stage, Stage::Sent) {
            inside.calls.insert(id, call);
        }
    }
}

impl Call {
    fn waits(&self) -> bool {
        matches!(self.stage, Stage::Sent | Stage::Answered(_))
    }

    /// What all attempts of one operation have in common: the SDK writes a token into the body of a transaction.
    fn writes(&self) -> bool {
        self.operation == "TransactWriteItems"
    }
}

impl Inside {
    /// The call reaches the table, or something happens on its way.
    fn arrive(&mut self, call: &mut Call, dice: &mut Dice, rates: &Rates) {
        if self.severed.contains(&call.body) {
            call.stage = Stage::Answered(None);
            return;
        }
        let fault = rates.draw(dice, call.writes(), call.operation == "BatchGetItem");
        if let Some(fault) = fault {
            self.injected.count(fault);
        }
        let part = if fault == Some(Fault::Partial) { dice.next() } else { u64::MAX };
        let done = |peer: &mut Peer| peer.call(call.by, &call.operation, &call.body, part);
        call.stage = match fault {
            None | Some(Fault::Partial) => Stage::Answered(Some(done(&mut self.peer))),
            Some(Fault::Conflict) => Stage::Answered(Some(conflict(&call.body, dice))),
            Some(Fault::Throttle) => Stage::Answered(Some(throttle(dice))),
            Some(Fault::LostBefore) => Stage::Answered(None),
            Some(Fault::LostAfter) => {
                done(&mut self.peer);
                Stage::Answered(None)
            }
            Some(Fault::Severed) => {
                if dice.permille(500) {
                    done(&mut self.peer);
                }
                self.severed.insert(call.body.clone());
                Stage::Answered(None)
            }
            Some(Fault::HangBefore) => Stage::Hanging,
            Some(Fault::HangAfter) => {
                done(&mut self.peer);
                Stage::Hanging
            }
            Some(Fault::Crash | Fault::Duplicate | Fault::Late | Fault::ClockJump | Fault::TimeToLive) => {
                panic!("these are done to clients and clocks, not to calls")
            }
        };
    }
}

/// Another transaction is at work on one of the items.
fn conflict(body: &[u8], dice: &mut Dice) -> Answer {
    let asked: serde_json::Value = serde_json::from_slice(body).expect("the SDK writes JSON");
    let count = asked["TransactItems"].as_array().map_or(0, Vec::len);
    let at = dice.below(count);
    Answer::cancelled((0..count).map(|place| if place == at { "TransactionConflict" } else { "None" }))
}

fn throttle(dice: &mut Dice) -> Answer {
    let kinds = ["ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError"];
    Answer::refused(kinds[dice.below(kinds.len())], &serde_json::json!({}))
}

impl HttpConnector for Gate {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = request.body().bytes().unwrap_or_default().to_vec();
        let mut inside = self.inside();
        inside.next += 1;
        let (id, by) = (inside.next, inside.current);
        let call = Call { by, operation, body, stage: Stage::Sent, waker: None, forsaken: false };
        inside.calls.insert(id, call);
        HttpConnectorFuture::new(Waiting { id, gate: self.clone() })
    }
}

impl HttpClient for Gate {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// The answer to one call.
struct Waiting {
    id: u64,
    gate: Gate,
}

impl Future for Waiting {
    type Output = Result<HttpResponse, ConnectorError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut inside = self.gate.inside();
        let Some(call) = inside.calls.get_mut(&self.id) else { return Poll::Pending };
        let Stage::Delivered(answer) = &mut call.stage else {
            call.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        let answer = answer.take();
        inside.calls.remove(&self.id);
        let Some(Answer { status, body }) = answer else {
            return Poll::Ready(Err(ConnectorError::io("the connection broke".into())));
        };
        let status = StatusCode::try_from(status).expect("the peer's statuses are HTTP's");
        Poll::Ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
    }
}

impl Drop for Waiting {
    /// A call that was sent is under way, whoever waits for it: it may arrive later than all that follows.
    fn drop(&mut self) {
        let mut inside = self.gate.inside();
        let Some(call) = inside.calls.get_mut(&self.id) else { return };
        if matches!(call.stage, Stage::Sent) {
            call.forsaken = true;
            inside.injected.count(Fault::Late);
        } else {
            inside.calls.remove(&self.id);
        }
    }
}
