//! The Runtime API on a free port of 127.0.0.1, for one process.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// Octets that a response may have at most
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>, 6 MB and the envelope).
const LARGEST: usize = 6_291_556;

/// What the process says of an invocation: its answer, or an error document.
pub(crate) type Said = Result<Value, Value>;

/// An event on its way to the process.
pub(crate) struct Invocation {
    /// Its id.
    pub(crate) id: String,
    /// The event.
    pub(crate) event: Bytes,
    /// When the process is killed, in milliseconds since 1970.
    pub(crate) deadline_ms: u128,
    /// ARN of the function.
    pub(crate) arn: String,
}

/// The API; it ends with this value.
pub(crate) struct Api {
    /// Where it is.
    pub(crate) address: SocketAddr,
    /// Times that the process asked for an event.
    pub(crate) asked: watch::Receiver<u64>,
    shared: Arc<Shared>,
    events: mpsc::UnboundedSender<Invocation>,
    task: JoinHandle<()>,
}

struct Shared {
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    asked: watch::Sender<u64>,
    running: Mutex<Option<(String, oneshot::Sender<Said>)>>,
    init_error: Mutex<Option<Value>>,
}

impl Api {
    pub(crate) async fn start() -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (events, waiting) = mpsc::unbounded_channel();
        let (count, asked) = watch::channel(0);
        let shared = Arc::new(Shared {
            waiting: waiting.into(),
            asked: count,
            running: Mutex::default(),
            init_error: Mutex::default(),
        });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&shared));
        let serve = axum::serve(listener, routes);
        let task = tokio::spawn(async move { drop(serve.await) });
        Ok(Self { address, asked, shared, events, task })
    }

    /// Hands out the event at the process's next request; what it says of it arrives at the receiver.
    pub(crate) fn invoke(&self, invocation: Invocation) -> oneshot::Receiver<Said> {
        let (said, hear) = oneshot::channel();
        *lock(&self.shared.running) = Some((invocation.id.clone(), said));
        // The other end is in `shared`, and lives as long as this one.
        drop(self.events.send(invocation));
        hear
    }

    /// What the process reported instead of asking for its first event.
    pub(crate) fn init_error(&self) -> Option<Value> {
        lock(&self.shared.init_error).clone()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    let mut waiting = shared.waiting.lock().await;
    shared.asked.send_modify(|asked| *asked += 1);
    let Some(invocation) = waiting.recv().await else {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "Runtime.Stopped", "no more events");
    };
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", invocation.id),
        ("lambda-runtime-deadline-ms", invocation.deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", invocation.arn),
        ("lambda-runtime-trace-id", format!("Root=1-{:08x}-{:024x};Sampled=0", 0, 0)),
    ];
    (headers, invocation.event).into_response()
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, request: Request) -> Response {
    let Ok(body) = axum::body::to_bytes(request.into_body(), LARGEST).await else {
        let (kind, message) = ("Function.ResponseSizeTooLarge", "the response has more than 6 MB");
        let told = shared.said(&id, Err(json!({ "errorType": kind, "errorMessage": message })));
        return told.unwrap_or_else(|| refusal(StatusCode::PAYLOAD_TOO_LARGE, kind, message));
    };
    let said = serde_json::from_slice(&body);
    let said = said.map_err(|error| document("Runtime.InvalidResponse", &error.to_string()));
    shared.said(&id, said).unwrap_or_else(accepted)
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> Response {
    shared.said(&id, Err(read(&body))).unwrap_or_else(accepted)
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    *lock(&shared.init_error) = Some(read(&body));
    accepted()
}

impl Shared {
    /// Passes on what was said; a refusal where it is not about the invocation under way.
    fn said(&self, id: &str, said: Said) -> Option<Response> {
        let running = lock(&self.running).take_if(|(running, _)| running == id);
        let Some((_, hear)) = running else {
            return Some(refusal(StatusCode::BAD_REQUEST, "InvalidRequestID", "no such invocation"));
        };
        // Whoever gave up waiting has killed the process.
        drop(hear.send(said));
        None
    }
}

fn read(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|error| document("Runtime.InvalidError", &error.to_string()))
}

fn document(kind: &str, message: &str) -> Value {
    json!({ "errorType": kind, "errorMessage": message })
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, axum::Json(json!({ "status": "OK" }))).into_response()
}

fn refusal(status: StatusCode, kind: &str, message: &str) -> Response {
    (status, axum::Json(document(kind, message))).into_response()
}
