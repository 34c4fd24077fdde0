//! Amazon SQS on loopback: standard queues behind the real protocol (AWS JSON 1.0), for the real SDK.
//!
//! Source: Amazon SQS API Reference and Developer Guide. Left out: FIFO queues, tags, permissions, encryption,
//! retention (see [`QueueDefinition`]), and signatures, which are read for the caller's role and not verified.

mod admin;
mod attributes;
mod call;
mod content;
mod failure;
pub(crate) mod hangup;
mod moves;
mod receive;
mod send;
mod server;
mod settle;
mod state;
mod store;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep_until;

use crate::faults::Faults;
use hangup::{Cut, CutListener};
use server::Server;
use state::{Queue, Redrive, Settings, State};
use store::Store;

/// The account to which all local queues belong.
pub const ACCOUNT: &str = "000000000000";
/// The region in local queues' ARNs; the region for which a call is signed is not looked at.
pub const REGION: &str = "us-east-1";
/// Most bytes of a message and of a batch, 1 MiB, see "Amazon SQS message quotas".
pub const MAX_BYTES: i64 = 1_048_576;

/// Tells the time in milliseconds since the Unix epoch. It runs at the pace of real time and may be moved
/// forward, see [`Sqs::clock_moved`].
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A queue that exists from the start. Messages are never dropped for their age: the clock is moved by months
/// in one step, in which no worker had its turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueDefinition {
    /// 1 to 80 letters, digits, `-` and `_`.
    pub name: String,
    /// How long a received message is hidden, 0 to 43,200.
    pub visibility_timeout_seconds: u32,
    /// 1 to 1,000 receives, after which the next one moves the message to `dead_letter`. Both or none.
    pub max_receive_count: Option<u32>,
    /// Name of the dead-letter queue, which must be defined too.
    pub dead_letter: Option<String>,
}

/// How many messages of a queue are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    /// Can be received now.
    pub visible: usize,
    /// Received, and neither deleted nor timed out.
    pub in_flight: usize,
    /// Sent with a delay that is not over.
    pub delayed: usize,
}

impl Depth {
    /// Whether the queue holds nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Why the queues cannot start or answer.
#[derive(Debug, thiserror::Error)]
pub enum SqsError {
    /// No port could be opened.
    #[error("no port for the queues: {0}")]
    Port(#[source] io::Error),
    /// The data folder cannot be read.
    #[error("{path}: {source}")]
    Data {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A definition contradicts itself, the API's limits or the others.
    #[error("queue {0}: {1}")]
    Definition(String, &'static str),
    /// No queue has this name.
    #[error("no queue is named {0}")]
    UnknownQueue(String),
    /// [`Sqs::stop`] was called, so what was waited for will not come.
    #[error("the queues are stopped")]
    Stopped,
}

/// The running queues; clones are the same queues. Dropping the last clone stops them without waiting.
#[derive(Clone)]
pub struct Sqs {
    running: Arc<Running>,
}

struct Running {
    endpoint: String,
    store: Arc<Store>,
    clock: Clock,
    /// Closed by dropping.
    stop: Mutex<Option<watch::Sender<()>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Sqs {
    /// Opens a free port on 127.0.0.1 and serves the queues of `definitions`. With a `data_dir` (made if
    /// absent), each answered call is in its file `sqs.json`, from which the next start goes on; definitions
    /// then replace the settings of that file and leave its messages.
    pub async fn start(
        definitions: &[QueueDefinition],
        clock: Clock,
        faults: Faults,
        data_dir: Option<PathBuf>,
    ) -> Result<Self, SqsError> {
        let file = data_dir.map(|folder| folder.join("sqs.json"));
        let mut state = file.as_deref().map_or_else(|| Ok(State::default()), load)?;
        define(&mut state, definitions, clock())?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(SqsError::Port)?;
        let endpoint = format!("http://{}", listener.local_addr().map_err(SqsError::Port)?);
        let store = Arc::new(Store::new(state, file.is_some()));
        let (stop, stopped) = watch::channel(());
        let server = Server {
            store: store.clone(),
            clock: clock.clone(),
            faults,
            base: format!("{endpoint}/{ACCOUNT}"),
            stop: stopped,
        };
        let task = Mutex::new(Some(tokio::spawn(serve(listener, server, file))));
        let stop = Mutex::new(Some(stop));
        Ok(Self { running: Arc::new(Running { endpoint, store, clock, stop, task }) })
    }

    /// Where the SDK finds the queues, such as `http://127.0.0.1:40001`.
    pub fn endpoint(&self) -> String {
        self.running.endpoint.clone()
    }

    /// The URL of a queue by name, whether it exists or not. It changes with each start.
    pub fn queue_url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT}/{name}", self.running.endpoint)
    }

    /// The ARN of a queue by name, whether it exists or not.
    pub fn queue_arn(&self, name: &str) -> String {
        state::arn(name)
    }

    /// How full a queue is now.
    pub fn depth(&self, name: &str) -> Result<Depth, SqsError> {
        let now = (self.running.clock)();
        let depth = self.running.store.read(|state| state.queues.get(name).map(|queue| queue.depth(now)));
        depth.ok_or_else(|| SqsError::UnknownQueue(name.to_owned()))
    }

    /// Must be called after the clock was moved: long polls and watches then look again.
    pub fn clock_moved(&self) {
        self.running.store.touch();
    }

    /// Waits until all queues of these names hold nothing at the same moment: nothing visible, in flight or
    /// delayed.
    pub async fn idle_watch(&self, names: &[&str]) -> Result<(), SqsError> {
        self.watch(names, |depths| depths.iter().all(Depth::is_empty)).await
    }

    /// Waits until `enough` holds for the depths of these queues, in the order of the names. Looks again when
    /// something changes or is due, without polling.
    pub async fn watch(&self, names: &[&str], enough: impl Fn(&[Depth]) -> bool) -> Result<(), SqsError> {
        let store = &self.running.store;
        let mut changes = store.watch();
        let mut stop = self.stopping().ok_or(SqsError::Stopped)?;
        loop {
            changes.borrow_and_update();
            let now = (self.running.clock)();
            let depths = names.iter().map(|name| self.depth(name)).collect::<Result<Vec<_>, _>>()?;
            if enough(&depths) {
                return Ok(());
            }
            let due = store
                .read(|state| names.iter().filter_map(|name| state.queues.get(*name)?.next_due(now)).min());
            let due = async {
                match due {
                    Some(due) => sleep_until(server::in_real_time(due, now)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = changes.changed() => {}
                () = due => {}
                _ = stop.changed() => return Err(SqsError::Stopped),
            }
        }
    }

    /// Ends long polls, answers what is under way, writes the last change, closes the port. Calling it again
    /// does nothing.
    pub async fn stop(&self) {
        drop(self.running.stop.lock().unwrap_or_else(PoisonError::into_inner).take());
        let task = self.running.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the queues' task failed");
        }
    }

    fn stopping(&self) -> Option<watch::Receiver<()>> {
        let stop = self.running.stop.lock().unwrap_or_else(PoisonError::into_inner);
        stop.as_ref().map(watch::Sender::subscribe)
    }
}

async fn serve(listener: TcpListener, server: Server, file: Option<PathBuf>) {
    let mut stop = server.stop.clone();
    // The writer outlives the server, whose last calls wait for it.
    let (finish, finished) = watch::channel(());
    let writer = file.map(|file| tokio::spawn(server.store.clone().write_changes(file, finished)));
    let service = server::router(server).into_make_service_with_connect_info::<Cut>();
    let stopped = async move {
        // Only the sender's end is awaited; it never sends.
        let _ = stop.changed().await;
    };
    if let Err(error) = axum::serve(CutListener(listener), service).with_graceful_shutdown(stopped).await {
        tracing::error!(%error, "the queues' server failed");
    }
    drop(finish);
    if let Some(writer) = writer
        && let Err(error) = writer.await
    {
        tracing::error!(%error, "the queues' writer failed");
    }
}

fn load(file: &Path) -> Result<State, SqsError> {
    let folder = file.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| store::read(file)).map_err(|source| SqsError::Data { path: file.to_owned(), source })
}

fn define(state: &mut State, definitions: &[QueueDefinition], now: i64) -> Result<(), SqsError> {
    for definition in definitions {
        let refuse = |reason| Err(SqsError::Definition(definition.name.clone(), reason));
        if !admin::well_named(&definition.name) {
            return refuse("a name has 1 to 80 letters, digits, hyphens and underscores");
        }
        if definition.visibility_timeout_seconds > 43_200 {
            return refuse("the visibility time-out is at most 43,200 seconds");
        }
        let redrive = match (&definition.dead_letter, definition.max_receive_count) {
            (None, None) => None,
            (Some(target), Some(max_receives @ 1..=1000)) => {
                if !definitions.iter().any(|other| other.name == *target) {
                    return refuse("its dead-letter queue is not defined");
                }
                Some(Redrive { target: target.clone(), max_receives })
            }
            _ => return refuse("a dead-letter queue goes with a receive count of 1 to 1,000"),
        };
        let queue = state.queues.entry(definition.name.clone());
        let queue = queue.or_insert_with(|| Queue { created_at: now, modified_at: now, ..Queue::default() });
        let visibility_timeout = i64::from(definition.visibility_timeout_seconds);
        queue.settings = Settings { visibility_timeout, redrive, ..queue.settings.clone() };
    }
    Ok(())
}
