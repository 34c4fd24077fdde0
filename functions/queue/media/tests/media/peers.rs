//! The worker with what it talks to: a table, a dead-letter queue, and object storage that fails when told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use banister_peers::{Peers, batch, failed, serve};
use banister_platform::store::Accounts;
use banister_queue_media::MediaWorker;
use jiff::Timestamp;
use serde_json::Value;

/// An object with its headers.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) bytes: Vec<u8>,
    pub(crate) content_type: String,
    pub(crate) cache_control: String,
}

#[derive(Default)]
pub(crate) struct Storage {
    /// By bucket and key.
    pub(crate) objects: BTreeMap<String, Object>,
    /// Calls that are left until one fails: method, and part of the path.
    pub(crate) failing: Option<(Method, &'static str)>,
    pub(crate) calls: Vec<String>,
}

type Shared = Arc<Mutex<Storage>>;

/// A worker with its peers.
pub(crate) struct World {
    pub(crate) worker: MediaWorker,
    pub(crate) peers: Peers,
    pub(crate) accounts: Accounts,
    storage: Shared,
}

impl World {
    pub(crate) async fn start() -> Self {
        let storage = Shared::default();
        let routes = Router::new().route("/{bucket}/{*key}", any(object)).layer(DefaultBodyLimit::disable());
        let own = [
            ("PRIVATE_BUCKET", "private".to_owned()),
            ("PUBLIC_BUCKET", "public".to_owned()),
            ("AWS_ENDPOINT_URL_S3", serve(routes.with_state(Arc::clone(&storage))).await),
        ];
        let peers = Peers::start("MEDIA_DEAD_LETTER_QUEUE_URL", own).await;
        let accounts = Accounts::new(peers.table.clone());
        Self { worker: peers.worker(MediaWorker::from_settings), peers, accounts, storage }
    }

    pub(crate) fn storage(&self) -> MutexGuard<'_, Storage> {
        self.storage.lock().expect("no panic")
    }

    /// Makes every call of this kind fail, until told otherwise.
    pub(crate) fn fail(&self, calls: impl Into<Option<(Method, &'static str)>>) {
        self.storage().failing = calls.into();
    }

    pub(crate) fn put(&self, key: &str, bytes: Vec<u8>) {
        let object = Object { bytes, content_type: String::new(), cache_control: String::new() };
        self.storage().objects.insert(key.to_owned(), object);
    }

    /// Bucket and key of every object.
    pub(crate) fn objects(&self) -> Vec<String> {
        self.storage().objects.keys().cloned().collect()
    }

    /// The reasons of the messages that were put aside.
    pub(crate) fn dead(&self) -> Vec<String> {
        let reason = |call: &Value| {
            call["MessageAttributes"]["reason"]["StringValue"].as_str().expect("a reason").to_owned()
        };
        self.peers.dead().iter().map(reason).collect()
    }

    /// Gives the worker a message; whether it is done.
    pub(crate) async fn deliver(&self, body: &str) -> bool {
        self.failed(&[body], None).await == 0
    }

    /// Gives the worker a message with which it has until a moment; whether it is done.
    pub(crate) async fn deliver_by(&self, body: &str, deadline: Timestamp) -> bool {
        self.failed(&[body], Some(deadline)).await == 0
    }

    /// Gives the worker messages; how many are not done.
    pub(crate) async fn failed(&self, bodies: &[&str], deadline: Option<Timestamp>) -> usize {
        failed(self.worker.handle(batch(bodies, 1), deadline).await).len()
    }
}

async fn object(
    State(storage): State<Shared>,
    method: Method,
    Path((bucket, key)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut storage = storage.lock().expect("no panic");
    let name = format!("{bucket}/{key}");
    storage.calls.push(format!("{method} {name}"));
    if storage.failing.as_ref().is_some_and(|(failing, part)| *failing == method && name.contains(part)) {
        return (StatusCode::FORBIDDEN, "<Error><Code>AccessDenied</Code></Error>").into_response();
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    match method {
        Method::PUT => {
            let (content_type, cache_control) = (text("content-type"), text("cache-control"));
            storage.objects.insert(name, Object { bytes: body.to_vec(), content_type, cache_control });
            StatusCode::OK.into_response()
        }
        Method::DELETE => {
            storage.objects.remove(&name);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => match storage.objects.get(&name) {
            Some(object) => object.bytes.clone().into_response(),
            None => (StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>").into_response(),
        },
    }
}
