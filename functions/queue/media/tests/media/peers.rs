//! What the worker talks to, on free ports of loopback: a table, object storage, a queue.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, post};
use axum::{Json, Router};
use banister_platform::clock::Clock;
use banister_platform::config::Settings;
use banister_platform::store::Accounts;
use banister_platform::table::Table;
use banister_queue_media::MediaWorker;
use serde_json::{Value, json};
use tokio::net::TcpListener;

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
    pub(crate) dead: Vec<Value>,
}

type Shared = Arc<Mutex<Storage>>;

/// A worker with its peers.
pub(crate) struct World {
    pub(crate) worker: MediaWorker,
    pub(crate) accounts: Accounts,
    pub(crate) table: Table,
    pub(crate) clock: Clock,
    storage: Shared,
}

impl World {
    pub(crate) async fn start() -> Self {
        let storage = Shared::default();
        let peers = Router::new()
            .route("/", post(queue))
            .route("/{bucket}/{*key}", any(object))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&storage));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let peer = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, peers).await });
        let settings = BTreeMap::from(
            [
                ("TABLE_NAME", "banister".to_owned()),
                ("PRIVATE_BUCKET", "private".to_owned()),
                ("PUBLIC_BUCKET", "public".to_owned()),
                ("MEDIA_DEAD_LETTER_QUEUE_URL", format!("{peer}/1/dead")),
                ("AWS_REGION", "eu-central-1".to_owned()),
                ("AWS_ACCESS_KEY_ID", "local".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
                ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{}", table().await)),
                ("AWS_ENDPOINT_URL_S3", peer.clone()),
                ("AWS_ENDPOINT_URL_SQS", peer),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let (clock, settings) = (Clock::system(), Settings::from_map(settings));
        let table = Table::from_settings(&settings).expect("a table");
        let worker = MediaWorker::from_settings(&settings, clock.clone()).expect("a worker");
        Self { worker, accounts: Accounts::new(table.clone()), table, clock, storage }
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
        self.storage().dead.iter().map(reason).collect()
    }

    /// Gives the worker a message for the time `receives`; whether it is done.
    pub(crate) async fn deliver(&self, body: &str, receives: u32) -> bool {
        let mut message = SqsMessage::default();
        message.message_id = Some("m0".into());
        message.body = Some(body.to_owned());
        message.attributes.insert("ApproximateReceiveCount".into(), receives.to_string());
        let mut batch = SqsEvent::default();
        batch.records = vec![message];
        self.worker.handle(batch, None).await.batch_item_failures.is_empty()
    }
}

async fn queue(State(storage): State<Shared>, body: Bytes) -> Json<Value> {
    let call = serde_json::from_slice(&body).expect("JSON");
    storage.lock().expect("no panic").dead.push(call);
    Json(json!({ "MessageId": "1" }))
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

async fn table() -> String {
    let database = dynoxide::Database::memory().expect("a database");
    let definition = json!({
        "TableName": "banister",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        "AttributeDefinitions": [
            {"AttributeName": "PK", "AttributeType": "S"},
            {"AttributeName": "SK", "AttributeType": "S"}
        ],
    });
    database.create_table(serde_json::from_value(definition).expect("a request")).expect("a table");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()));
    address
}
