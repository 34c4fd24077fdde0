//! What the worker talks to, on free ports of loopback: a table, a mail server, a queue.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use banister_platform::clock::Clock;
use banister_platform::config::Settings;
use banister_platform::table::Table;
use banister_queue_email::EmailWorker;
use mail_parser::MessageParser;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail that the server took.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) to: String,
    pub(crate) id: String,
    pub(crate) subject: String,
    pub(crate) text: String,
}

#[derive(Default)]
struct State {
    mails: Vec<Taken>,
    /// What the server says to a recipient, if not yes.
    refusals: BTreeMap<String, &'static str>,
    dead: Vec<String>,
}

/// A worker with its peers.
pub(crate) struct World {
    pub(crate) worker: EmailWorker,
    pub(crate) table: Table,
    pub(crate) clock: Clock,
    pub(crate) settings: BTreeMap<String, String>,
    state: Arc<Mutex<State>>,
}

impl World {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let smtp = serve(Arc::clone(&state), mail_server).await;
        let queue = serve(Arc::clone(&state), queue_server).await;
        let settings = BTreeMap::from(
            [
                ("TABLE_NAME", "banister".to_owned()),
                ("CODE_KEY", "a key of thirty-two characters or more".to_owned()),
                ("SMTP_URL", format!("smtp://{smtp}")),
                ("MAIL_FROM", "Banister <no-reply@example.org>".to_owned()),
                ("EMAIL_DEAD_LETTER_QUEUE_URL", format!("http://{queue}/1/dead")),
                ("AWS_REGION", "eu-central-1".to_owned()),
                ("AWS_ACCESS_KEY_ID", "local".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
                ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{}", table().await)),
                ("AWS_ENDPOINT_URL_SQS", format!("http://{queue}")),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let clock = Clock::system();
        let found = Settings::from_map(settings.clone());
        let worker = EmailWorker::from_settings(&found, clock.clone()).expect("a worker");
        let table = Table::from_settings(&found).expect("a table");
        Self { worker, table, clock, settings, state }
    }

    /// Gives the worker these bodies as one batch; the messages that come again.
    pub(crate) async fn deliver(&self, bodies: &[&str]) -> Vec<String> {
        failures(&self.worker, bodies, None).await
    }

    pub(crate) fn refuse(&self, to: &str, reply: &'static str) {
        self.state.lock().expect("no panic").refusals.insert(to.to_owned(), reply);
    }

    pub(crate) fn accept(&self, to: &str) {
        self.state.lock().expect("no panic").refusals.remove(to);
    }

    pub(crate) fn mails(&self) -> Vec<Taken> {
        self.state.lock().expect("no panic").mails.clone()
    }

    pub(crate) fn recipients(&self) -> Vec<String> {
        let mut all: Vec<_> = self.mails().into_iter().map(|mail| mail.to).collect();
        all.sort();
        all
    }

    /// Bodies of calls to the dead-letter queue.
    pub(crate) fn dead(&self) -> Vec<String> {
        self.state.lock().expect("no panic").dead.clone()
    }
}

/// Gives `bodies` to a worker as messages `m0`, `m1`…
pub(crate) async fn failures(
    worker: &EmailWorker,
    bodies: &[&str],
    deadline: Option<jiff::Timestamp>,
) -> Vec<String> {
    let message = |(index, body): (usize, &&str)| {
        let mut message = SqsMessage::default();
        message.message_id = Some(format!("m{index}"));
        message.body = Some((*body).to_owned());
        message
    };
    let mut batch = SqsEvent::default();
    batch.records = bodies.iter().enumerate().map(message).collect();
    let answer = worker.handle(batch, deadline).await;
    let mut ids: Vec<_> =
        answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
    ids.sort();
    ids
}

/// The address of a server that ends every connection.
pub(crate) async fn hanging_up() -> String {
    let hang_up = |stream: TcpStream, _| async move {
        drop(stream);
        Ok(())
    };
    serve(Arc::default(), hang_up).await
}

async fn serve<F>(
    state: Arc<Mutex<State>>,
    talk: impl Fn(TcpStream, Arc<Mutex<State>>) -> F + Send + 'static,
) -> String
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream, Arc::clone(&state)));
        }
    });
    address
}

async fn mail_server(stream: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 ready\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let mut reply = "250 ok";
        if let Some(to) = line.strip_prefix("RCPT TO:<").and_then(|rest| rest.split('>').next()) {
            reply = state.lock().expect("no panic").refusals.get(to).copied().unwrap_or(reply);
        } else if line.starts_with("DATA") {
            stream.write_all(b"354 go on\r\n").await?;
            let mut data = String::new();
            while !data.ends_with("\r\n.\r\n") && stream.read_line(&mut data).await? > 0 {}
            state.lock().expect("no panic").mails.push(taken(&data));
        }
        stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
    }
}

fn taken(data: &str) -> Taken {
    let parsed = MessageParser::default().parse(data).expect("a message");
    let to = parsed.to().and_then(|to| to.first()).and_then(|to| to.address());
    Taken {
        to: to.expect("a recipient").to_owned(),
        id: parsed.message_id().expect("an id").to_owned(),
        subject: parsed.subject().expect("a subject").to_owned(),
        text: parsed.body_text(0).expect("a text").into_owned(),
    }
}

async fn queue_server(stream: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
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
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        state.lock().expect("no panic").dead.push(String::from_utf8(body).expect("text"));
        let answer = r#"{"MessageId":"1"}"#;
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        );
        stream.write_all(head.as_bytes()).await?;
    }
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
