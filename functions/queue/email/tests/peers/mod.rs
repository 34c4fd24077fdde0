//! The worker with what it talks to: a table, a dead-letter queue, and a mail server that says what it is told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use banister_peers::{Peers, batch, failed};
use banister_queue_email::EmailWorker;
use mail_parser::MessageParser;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
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
}

/// A worker with its peers.
pub(crate) struct World {
    pub(crate) worker: EmailWorker,
    pub(crate) peers: Peers,
    state: Arc<Mutex<State>>,
}

impl World {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let own = [
            ("APP_URL", "https://app.example.org/".to_owned()),
            ("CODE_KEY", "a key of thirty-two characters or more".to_owned()),
            ("SMTP_URL", format!("smtp://{}", serve_mail(Arc::clone(&state)).await)),
            ("MAIL_FROM", "Banister <no-reply@example.org>".to_owned()),
        ];
        let peers = Peers::start("EMAIL_DEAD_LETTER_QUEUE_URL", own).await;
        Self { worker: peers.worker(EmailWorker::from_settings), peers, state }
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
}

/// Gives `bodies` to a worker as messages `m0`, `m1`…
pub(crate) async fn failures(
    worker: &EmailWorker,
    bodies: &[&str],
    deadline: Option<jiff::Timestamp>,
) -> Vec<String> {
    failed(worker.handle(batch(bodies, 1), deadline).await)
}

async fn serve_mail(state: Arc<Mutex<State>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(mail_server(stream, Arc::clone(&state)));
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
