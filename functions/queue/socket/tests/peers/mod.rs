//! What the worker talks to, on free ports of loopback: a table, the gateway's `@connections`, a queue.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use banister_platform::clock::Clock;
use banister_platform::config::Settings;
use banister_platform::store::Connections;
use banister_platform::table::Table;
use banister_queue_socket::SocketWorker;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;

#[derive(Default)]
struct State {
    /// What was asked for: `POST c1 {…}`, `DELETE c1`.
    calls: Vec<String>,
    /// What a connection's next calls are answered with, if not with 200.
    answers: BTreeMap<String, VecDeque<u16>>,
    /// Bodies of calls to the dead-letter queue.
    dead: Vec<String>,
    /// How many posts wait for each other.
    together: Option<Arc<Barrier>>,
    under_way: usize,
    most: usize,
}

/// A worker with its peers.
pub(crate) struct World {
    pub(crate) worker: SocketWorker,
    pub(crate) table: Table,
    pub(crate) connections: Connections,
    pub(crate) clock: Clock,
    pub(crate) settings: BTreeMap<String, String>,
    state: Arc<Mutex<State>>,
}

impl World {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let server = serve(Arc::clone(&state)).await;
        let settings = BTreeMap::from(
            [
                ("TABLE_NAME", "banister".to_owned()),
                ("SOCKET_API_URL", format!("http://{server}/live")),
                ("SOCKET_DEAD_LETTER_QUEUE_URL", format!("http://{server}/1/dead")),
                ("AWS_REGION", "eu-central-1".to_owned()),
                ("AWS_ACCESS_KEY_ID", "local".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
                ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{}", table().await)),
                ("AWS_ENDPOINT_URL_SQS", format!("http://{server}")),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let clock = Clock::system();
        let found = Settings::from_map(settings.clone());
        let worker = SocketWorker::from_settings(&found, clock.clone()).expect("a worker");
        let table = Table::from_settings(&found).expect("a table");
        Self { worker, connections: Connections::new(table.clone()), table, clock, settings, state }
    }

    /// Gives the worker these bodies as one batch; the messages that come again.
    pub(crate) async fn deliver(&self, bodies: &[&str]) -> Vec<String> {
        failures(&self.worker, bodies).await
    }

    /// Answers the next calls for a connection with these statuses.
    pub(crate) fn answer(&self, connection: &str, statuses: &[u16]) {
        let mut state = self.state.lock().expect("no panic");
        state.answers.insert(connection.to_owned(), statuses.iter().copied().collect());
    }

    /// Holds each answer back until so many calls wait for theirs.
    pub(crate) fn together(&self, count: usize) {
        self.state.lock().expect("no panic").together = Some(Arc::new(Barrier::new(count)));
    }

    /// How many calls were under way at most.
    pub(crate) fn most(&self) -> usize {
        self.state.lock().expect("no panic").most
    }

    /// What was asked for, in order of its text.
    pub(crate) fn calls(&self) -> Vec<String> {
        let mut calls = self.state.lock().expect("no panic").calls.clone();
        calls.sort();
        calls
    }

    pub(crate) fn dead(&self) -> Vec<String> {
        self.state.lock().expect("no panic").dead.clone()
    }
}

/// Gives `bodies` to a worker as messages `m0`, `m1`…, on another task, as the local cloud does.
pub(crate) async fn failures(worker: &SocketWorker, bodies: &[&str]) -> Vec<String> {
    let message = |(index, body): (usize, &&str)| {
        let mut message = SqsMessage::default();
        message.message_id = Some(format!("m{index}"));
        message.body = Some((*body).to_owned());
        message
    };
    let mut batch = SqsEvent::default();
    batch.records = bodies.iter().enumerate().map(message).collect();
    let worker = worker.clone();
    let answer = tokio::spawn(async move { worker.handle(batch, None).await }).await.expect("no panic");
    let mut ids: Vec<_> =
        answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
    ids.sort();
    ids
}

async fn serve(state: Arc<Mutex<State>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream, Arc::clone(&state)));
        }
    });
    address
}

async fn talk(stream: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut lines, mut length) = (Vec::new(), 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            if let Some(number) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = number.trim().parse().expect("a length");
            }
            lines.push(line);
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let body = String::from_utf8(body).expect("text");
        let mut words = lines.first().expect("a request line").split(' ');
        let (method, path) = (words.next().expect("a method"), words.next().expect("a path"));
        let (status, answer) = if let Some(connection) = path.strip_prefix("/live/@connections/") {
            (called(&state, method, connection, &body).await, "")
        } else {
            state.lock().expect("no panic").dead.push(body);
            (200, r#"{"MessageId":"1"}"#)
        };
        let head = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
        stream.write_all(head.as_bytes()).await?;
    }
}

async fn called(state: &Mutex<State>, method: &str, connection: &str, body: &str) -> u16 {
    let together = {
        let mut state = state.lock().expect("no panic");
        state.under_way += 1;
        state.most = state.most.max(state.under_way);
        state.calls.push(format!("{method} {connection} {body}").trim().to_owned());
        state.together.clone()
    };
    if let Some(together) = together {
        together.wait().await;
        // Whatever else is on its way comes in before anybody is answered.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
    }
    let mut state = state.lock().expect("no panic");
    state.under_way -= 1;
    state.answers.get_mut(connection).and_then(VecDeque::pop_front).unwrap_or(200)
}

async fn table() -> String {
    let database = dynoxide::Database::memory().expect("a database");
    let definition = serde_json::json!({
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
