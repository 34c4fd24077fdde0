//! The worker with what it talks to: a table, a dead-letter queue, and the gateway's `@connections`, which
//! answers as it is told to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::routing::any;
use banister_peers::{Peers, batch, failed, serve};
use banister_platform::store::Connections;
use banister_queue_socket::SocketWorker;
use tokio::sync::Barrier;

#[derive(Default)]
struct Gateway {
    /// What was asked for: `POST c1 {…}`, `DELETE c1`.
    calls: Vec<String>,
    /// What a connection's next calls are answered with, if not with 200.
    answers: BTreeMap<String, VecDeque<u16>>,
    /// How many posts wait for each other.
    together: Option<Arc<Barrier>>,
    under_way: usize,
    most: usize,
}

/// A worker with its peers.
pub(crate) struct World {
    pub(crate) worker: SocketWorker,
    pub(crate) peers: Peers,
    pub(crate) connections: Connections,
    gateway: Arc<Mutex<Gateway>>,
}

impl World {
    pub(crate) async fn start() -> Self {
        let gateway = Arc::new(Mutex::new(Gateway::default()));
        let routes = Router::new().route("/live/@connections/{connection}", any(called));
        let server = serve(routes.with_state(Arc::clone(&gateway))).await;
        let own = [("SOCKET_API_URL", format!("{server}/live"))];
        let peers = Peers::start("SOCKET_DEAD_LETTER_QUEUE_URL", own).await;
        let connections = Connections::new(peers.table.clone());
        Self { worker: peers.worker(SocketWorker::from_settings), peers, connections, gateway }
    }

    /// Gives the worker these bodies as one batch; the messages that come again.
    pub(crate) async fn deliver(&self, bodies: &[&str]) -> Vec<String> {
        failures(&self.worker, bodies).await
    }

    /// Answers the next calls for a connection with these statuses.
    pub(crate) fn answer(&self, connection: &str, statuses: &[u16]) {
        let mut gateway = self.gateway.lock().expect("no panic");
        gateway.answers.insert(connection.to_owned(), statuses.iter().copied().collect());
    }

    /// Holds each answer back until so many calls wait for theirs.
    pub(crate) fn together(&self, count: usize) {
        self.gateway.lock().expect("no panic").together = Some(Arc::new(Barrier::new(count)));
    }

    /// How many calls were under way at most.
    pub(crate) fn most(&self) -> usize {
        self.gateway.lock().expect("no panic").most
    }

    /// What was asked for, in order of its text.
    pub(crate) fn calls(&self) -> Vec<String> {
        let mut calls = self.gateway.lock().expect("no panic").calls.clone();
        calls.sort();
        calls
    }
}

/// Gives `bodies` to a worker as messages `m0`, `m1`…, on another task, as the local cloud does.
pub(crate) async fn failures(worker: &SocketWorker, bodies: &[&str]) -> Vec<String> {
    let (worker, batch) = (worker.clone(), batch(bodies, 1));
    failed(tokio::spawn(async move { worker.handle(batch, None).await }).await.expect("no panic"))
}

async fn called(
    State(gateway): State<Arc<Mutex<Gateway>>>,
    method: Method,
    Path(connection): Path<String>,
    body: String,
) -> StatusCode {
    let together = {
        let mut gateway = gateway.lock().expect("no panic");
        gateway.under_way += 1;
        gateway.most = gateway.most.max(gateway.under_way);
        gateway.calls.push(format!("{method} {connection} {body}").trim().to_owned());
        gateway.together.clone()
    };
    if let Some(together) = together {
        together.wait().await;
        // Whatever else is on its way comes in before anybody is answered.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
    }
    let mut gateway = gateway.lock().expect("no panic");
    gateway.under_way -= 1;
    let status = gateway.answers.get_mut(&connection).and_then(VecDeque::pop_front).unwrap_or(200);
    StatusCode::from_u16(status).expect("a status")
}
