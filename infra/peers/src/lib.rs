//! Tests only: what the tests of workers talk to, on free ports of loopback, over the real protocols.
//! The local cloud would do too, but it is made of all functions, and each change of one would build all
//! of them before a test of one worker runs.

pub mod breaches;
pub mod people;

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::table::Table;
use serde_json::{Value, json};
use tokio::net::TcpListener;

type Letters = Arc<Mutex<Vec<Value>>>;

/// What every worker needs: a table, a dead-letter queue, a clock, and the settings that lead to them.
#[derive(Debug, Clone)]
pub struct Peers {
    /// The table, empty and without indexes.
    pub table: Table,
    /// The system's clock; it can be moved.
    pub clock: Clock,
    settings: BTreeMap<String, String>,
    dead: Letters,
}

impl Peers {
    /// Starts them. The setting `dead_letter` gets the URL of the dead-letter queue, and `own` are the
    /// worker's other settings.
    ///
    /// # Panics
    /// Where no port is to be had.
    pub async fn start<const N: usize>(dead_letter: &str, own: [(&str, String); N]) -> Self {
        let dead = Letters::default();
        let queue = serve(Router::new().route("/", post(put_aside)).with_state(Arc::clone(&dead))).await;
        let common = [
            ("TABLE_NAME", "banister".to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB", serve_table().await),
            (dead_letter, format!("{queue}/1/dead")),
            ("AWS_ENDPOINT_URL_SQS", queue),
        ];
        let all = common.into_iter().chain(own);
        let settings: BTreeMap<_, _> = all.map(|(name, value)| (name.to_owned(), value)).collect();
        let table = Table::from_settings(&Settings::from_map(settings.clone())).expect("all of its settings");
        Self { table, clock: Clock::system(), settings, dead }
    }

    /// The settings of a worker.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings::from_map(self.settings.clone())
    }

    /// The settings of a worker, one of which is another.
    #[must_use]
    pub fn settings_but(&self, name: &str, value: impl Into<String>) -> Settings {
        let mut settings = self.settings.clone();
        settings.insert(name.to_owned(), value.into());
        Settings::from_map(settings)
    }

    /// What `build` makes of the settings and the clock.
    ///
    /// # Panics
    /// Where it wants a setting that was not given.
    pub fn worker<W>(&self, build: impl FnOnce(&Settings, Clock) -> Result<W, ConfigError>) -> W {
        build(&self.settings(), self.clock.clone()).expect("all of its settings")
    }

    /// The calls that put a message aside, in order: `SendMessage` of SQS.
    #[must_use]
    pub fn dead(&self) -> Vec<Value> {
        self.dead.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn put_aside(State(dead): State<Letters>, body: Bytes) -> Json<Value> {
    let call = serde_json::from_slice(&body).unwrap_or_default();
    dead.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    Json(json!({ "MessageId": "1" }))
}

/// Serves HTTP on a free port until the test ends; the address, as a URL without a path.
///
/// # Panics
/// Where no port is to be had.
pub async fn serve(router: Router) -> String {
    let (listener, url) = listen().await;
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// A server that ends every connection; the address, as a URL without a path.
///
/// # Panics
/// Where no port is to be had.
pub async fn hanging_up() -> String {
    let (listener, url) = listen().await;
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    url
}

async fn serve_table() -> String {
    let database = dynoxide::Database::memory().expect("memory for a database");
    let definition = json!({
        "TableName": "banister",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        "AttributeDefinitions": [
            {"AttributeName": "PK", "AttributeType": "S"},
            {"AttributeName": "SK", "AttributeType": "S"}
        ],
    });
    database.create_table(serde_json::from_value(definition).expect("a request")).expect("the first table");
    let (listener, url) = listen().await;
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, pending()));
    url
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound address");
    (listener, format!("http://{address}"))
}

/// A batch of SQS: the bodies as messages `m0`, `m1`…, each handed out for the time `receives`.
#[must_use]
pub fn batch(bodies: &[&str], receives: u32) -> SqsEvent {
    let message = |(index, body): (usize, &&str)| {
        let mut message = SqsMessage::default();
        message.message_id = Some(format!("m{index}"));
        message.body = Some((*body).to_owned());
        message.attributes.insert("ApproximateReceiveCount".into(), receives.to_string());
        message
    };
    let mut batch = SqsEvent::default();
    batch.records = bodies.iter().enumerate().map(message).collect();
    batch
}

/// The messages that come again, in order.
#[must_use]
pub fn failed(answer: SqsBatchResponse) -> Vec<String> {
    let failures = answer.batch_item_failures.into_iter();
    let mut ids: Vec<_> = failures.map(|failure| failure.item_identifier).collect();
    ids.sort();
    ids
}
