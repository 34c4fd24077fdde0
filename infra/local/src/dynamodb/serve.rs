//! The way of one call through the front.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use dynoxide::Database;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderMap};
use hyper::http::uri::{Authority, Scheme};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::graceful::GracefulShutdown;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::answer::{self, Answer};
use super::limits::{self, IndexKeys};
use super::replica::{self, Replica};
use crate::faults::{FaultKind, Faults, Service, Verdict, role_of};

/// How long a stop waits for the calls under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// Ends the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("hung up by the fault plan")]
pub(super) struct HangUp;

/// What all connections of one front share.
pub(super) struct Shared {
    pub(super) database: Database,
    pub(super) writes: watch::Sender<u64>,
    engine: Authority,
    http: Client<HttpConnector, Full<Bytes>>,
    faults: Faults,
    calls: Mutex<BTreeMap<(String, String), u64>>,
    index_keys: Mutex<HashMap<String, IndexKeys>>,
    replicas: tokio::sync::Mutex<HashMap<String, Replica>>,
}

/// A call as received.
struct Call {
    role: String,
    operation: String,
    headers: HeaderMap,
    body: Bytes,
    request: Value,
}

impl Shared {
    pub(super) fn new(engine: Authority, database: Database, faults: Faults) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            database,
            writes: watch::Sender::new(0),
            engine,
            http: Client::builder(TokioExecutor::new()).build(connector),
            faults,
            calls: Mutex::default(),
            index_keys: Mutex::default(),
            replicas: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn calls(&self) -> BTreeMap<(String, String), u64> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) async fn close(&self) {
        for (_, replica) in self.replicas.lock().await.drain() {
            replica.stop().await;
        }
    }

    async fn handle(&self, request: Request<Incoming>) -> Result<Answer, HangUp> {
        let call = Call::read(request).await.ok_or(HangUp)?;
        self.count(&call);
        match self.faults.decide(Service::DynamoDb, &call.role, &call.operation) {
            Verdict::Pass | Verdict::Duplicate | Verdict::Late(_) => Ok(self.execute(call).await),
            Verdict::Delay(time) => {
                tokio::time::sleep(time).await;
                Ok(self.execute(call).await)
            }
            Verdict::Hold => {
                self.faults.released().await;
                Ok(self.execute(call).await)
            }
            Verdict::Refuse(FaultKind::Conflict) => Ok(answer::conflict(&call.operation, &call.request)),
            Verdict::Refuse(FaultKind::Throttle) => Ok(answer::throttle()),
            Verdict::Refuse(FaultKind::Lost) => Err(HangUp),
            Verdict::LoseAnswer => {
                self.execute(call).await;
                Err(HangUp)
            }
            Verdict::Crashed => Ok(answer::crashed()),
            Verdict::CrashAfter => {
                self.execute(call).await;
                Ok(answer::crashed())
            }
        }
    }

    /// Does what the service would do, without faults but for stale index reads.
    async fn execute(&self, call: Call) -> Answer {
        if limits::concern(&call.operation)
            && let Some(message) =
                limits::refusal(&call.operation, &call.request, |table| self.index_keys(table))
        {
            return answer::invalid(&message);
        }
        let at = self.source(&call).await;
        let Some((status, headers, body)) = self.forward(at, &call).await else {
            return answer::unavailable();
        };
        if status == StatusCode::OK {
            self.took_effect(&call.operation);
        }
        let mut answer = Response::new(Full::new(body.clone()));
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        if status == StatusCode::OK
            && call.operation == "TransactGetItems"
            && let Ok(mut found) = serde_json::from_slice(&body)
        {
            limits::project(&call.request, &mut found);
            // Both describe the body as the engine wrote it.
            answer.headers_mut().remove(CONTENT_LENGTH);
            answer.headers_mut().remove("x-amz-crc32");
            *answer.body_mut() = Full::new(Bytes::from(found.to_string()));
        }
        answer
    }

    /// The engine, or for a stale index read its late copy.
    async fn source(&self, call: &Call) -> Authority {
        let table = call.request["TableName"].as_str();
        if call.operation != "Query" || call.request["IndexName"].is_null() {
            return self.engine.clone();
        }
        let (Some(lag), Some(table)) = (self.faults.stale_index(&call.role), table) else {
            return self.engine.clone();
        };
        let mut replicas = self.replicas.lock().await;
        if !replicas.contains_key(table)
            && let Ok(Some(replica)) = Replica::open(&self.database, table)
        {
            replicas.insert(table.to_owned(), replica);
        }
        let Some(replica) = replicas.get_mut(table) else { return self.engine.clone() };
        if let Err(error) = replica.follow(&self.database, lag) {
            tracing::error!(%error, "the late copy of the table fell behind");
        }
        replica.authority().clone()
    }

    async fn forward(&self, at: Authority, call: &Call) -> Option<(StatusCode, HeaderMap, Bytes)> {
        let uri = Uri::builder().scheme(Scheme::HTTP).authority(at).path_and_query("/").build().ok()?;
        let mut request = Request::post(uri).body(Full::new(call.body.clone())).ok()?;
        *request.headers_mut() = call.headers.clone();
        request.headers_mut().remove(HOST);
        let answer = match self.http.request(request).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!(%error, operation = call.operation, "the table engine did not answer");
                return None;
            }
        };
        let (head, body) = answer.into_parts();
        Some((head.status, head.headers, body.collect().await.ok()?.to_bytes()))
    }

    fn took_effect(&self, operation: &str) {
        let writes = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"];
        if writes.contains(&operation) {
            self.writes.send_modify(|count| *count += 1);
        } else if operation.ends_with("Table") && operation != "DescribeTable" {
            self.index_keys.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    fn index_keys(&self, table: &str) -> IndexKeys {
        let mut known = self.index_keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = known.get(table) {
            return keys.clone();
        }
        // An unknown table is the engine's to refuse.
        let Ok(description) = replica::describe(&self.database, table) else { return IndexKeys::default() };
        let keys = IndexKeys::of(&description);
        known.insert(table.to_owned(), keys.clone());
        keys
    }

    fn count(&self, call: &Call) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry((call.role.clone(), call.operation.clone())).or_default() += 1;
    }
}

impl Call {
    /// None when the client went away before it had sent everything.
    async fn read(request: Request<Incoming>) -> Option<Self> {
        let (head, body) = request.into_parts();
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        let role = role_of(header(AUTHORIZATION.as_str())).to_owned();
        let target = header("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = body.collect().await.ok()?.to_bytes();
        // Not JSON: the engine says so in the service's words.
        let request = serde_json::from_slice(&body).unwrap_or_default();
        Some(Self { role, operation, headers: head.headers, body, request })
    }
}

/// Serves connections until `stopped` turns true or its sender is gone, then lets the calls under way finish.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let graceful = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::error!(%error, "a connection was not accepted");
                    // Out of file handles, most likely: others must end first.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
            },
            () = async { drop(stopped.wait_for(|stop| *stop).await) } => break,
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection kept Nagle's algorithm");
        }
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move { shared.handle(request).await }
        });
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    if tokio::time::timeout(PATIENCE, graceful.shutdown()).await.is_err() {
        tracing::warn!("calls to the table were cut short");
    }
}
