//! The way of one call: who calls, when it was signed, what goes wrong, and which pages may read the answer. Then
//! `s3s` verifies the signature and reads the call.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use banister_platform::clock::Clock;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use s3s::Body;
use s3s::service::S3Service;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{Bucket, cors, signed};
use crate::faults::{FaultKind, Faults, Service, Verdict, role_of};

/// The role of whoever comes with a presigned URL: not that of the function which signed it and may be dead.
pub const BEARER: &str = "local-bearer";
/// How long a stop waits for the calls under way.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where a call comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Ends the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("hung up")]
struct HangUp;

/// What all connections share.
pub(super) struct Server {
    pub(super) service: S3Service,
    pub(super) buckets: Arc<Vec<Bucket>>,
    /// Of pages that may use the buckets where the template leaves it to whoever deploys.
    pub(super) origins: Vec<String>,
    pub(super) clock: Clock,
    pub(super) faults: Faults,
}

impl Server {
    async fn handle(
        &self,
        mut request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Result<Response<Body>, HangUp> {
        let path = request.uri().path().trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let found = self.buckets.iter().find(|it| it.name == bucket);
        let rules = found.map(|it| it.definition.cors.as_slice()).unwrap_or_default();
        if request.method() == Method::OPTIONS {
            let message = "CORSResponse: This CORS request is not allowed.";
            let refused = || refusal(StatusCode::FORBIDDEN, "AccessForbidden", message);
            let allowed = cors::preflight(rules, &self.origins, request.headers());
            return Ok(allowed.map_or_else(refused, |headers| answer(StatusCode::OK, headers, Body::empty())));
        }
        let granted = cors::answer(rules, &self.origins, request.method().as_str(), request.headers());
        let operation = operation(request.method(), key);
        request.extensions_mut().insert(Peer(peer));
        let mut answer = self.decide(operation, request).await?;
        answer.headers_mut().extend(granted);
        Ok(answer)
    }

    /// Asks the faults first: whoever is dead has no answer to its signature either.
    async fn decide(&self, operation: &str, request: Request<Incoming>) -> Result<Response<Body>, HangUp> {
        let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let role = if header.is_some() { role_of(header) } else { BEARER };
        match self.faults.decide(Service::S3, role, operation) {
            Verdict::Pass | Verdict::Duplicate | Verdict::Late(_) => self.execute(request).await,
            Verdict::Delay(time) => {
                tokio::time::sleep(time).await;
                self.execute(request).await
            }
            Verdict::Hold => {
                self.faults.released().await;
                self.execute(request).await
            }
            Verdict::Refuse(FaultKind::Throttle | FaultKind::Conflict) => {
                Ok(refusal(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate."))
            }
            Verdict::Refuse(FaultKind::Lost) => Err(HangUp),
            Verdict::LoseAnswer => self.execute(request).await.and(Err(HangUp)),
            Verdict::Crashed => Ok(crashed()),
            Verdict::CrashAfter => self.execute(request).await.map(|_| crashed()),
        }
    }

    async fn execute(&self, request: Request<Incoming>) -> Result<Response<Body>, HangUp> {
        if let Err(refused) = signed::check(&request, &self.clock) {
            return Ok(refusal(refused.status, refused.code, refused.message));
        }
        if request.method() == Method::PUT && !request.headers().contains_key(CONTENT_LENGTH) {
            let message = "You must provide the Content-Length HTTP header.";
            return Ok(refusal(StatusCode::LENGTH_REQUIRED, "MissingContentLength", message));
        }
        self.service.call(request.map(Body::from)).await.map_err(|error| {
            tracing::error!(?error, "the buckets did not answer");
            HangUp
        })
    }
}

/// The API's name of a call, as far as it is known here.
fn operation(method: &Method, key: &str) -> &'static str {
    match (method, key.is_empty()) {
        (&Method::GET, false) => "GetObject",
        (&Method::HEAD, false) => "HeadObject",
        (&Method::PUT, false) => "PutObject",
        (&Method::DELETE, false) => "DeleteObject",
        (&Method::GET, true) => "ListObjectsV2",
        (&Method::HEAD, true) => "HeadBucket",
        _ => "Other",
    }
}

fn crashed() -> Response<Body> {
    refusal(StatusCode::BAD_REQUEST, crate::faults::CRASHED, "The caller is dead.")
}

/// See "Error responses" in the Amazon S3 API Reference. No part of `code` and `message` needs escaping.
fn refusal(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/xml"))];
    answer(status, headers.into_iter().collect(), Body::from(xml))
}

fn answer(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    answer
}

/// Serves connections until `stopped` closes, then lets the calls under way finish.
pub(super) async fn accept(listener: TcpListener, server: Arc<Server>, mut stopped: watch::Receiver<()>) {
    let graceful = GracefulShutdown::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::error!(%error, "a connection was not accepted");
                    // Out of file handles, most likely: others must end first.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
            },
            _ = stopped.changed() => break,
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection kept Nagle's algorithm");
        }
        let server = Arc::clone(&server);
        let service = service_fn(move |request| {
            let server = Arc::clone(&server);
            async move { server.handle(request, peer).await }
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
        tracing::warn!("calls to the buckets were cut short");
    }
}
