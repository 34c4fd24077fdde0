//! The start of a function under Lambda.

use std::convert::Infallible;
use std::process::ExitCode;

use axum::Router;
use jiff::{SignedDuration, Timestamp};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Service};
use lambda_runtime::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::signal::unix::{SignalKind, signal};
use tower::ServiceExt as _;
use tracing::Instrument as _;

use crate::config::{ConfigError, Settings};
use crate::worker::Processor;
use crate::{secrets, telemetry};

/// Left between the last item's beginning and the end of the function's time.
const MARGIN: SignedDuration = SignedDuration::from_secs(5);

/// An event with what Lambda says of its invocation.
#[derive(Debug)]
pub struct LambdaEvent<T> {
    /// The event.
    pub payload: T,
    deadline: Timestamp,
}

impl<T> LambdaEvent<T> {
    /// After this moment no further item may be begun: five seconds before Lambda stops the function.
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }
}

/// Serves HTTP events with the router that `build` makes of the settings.
pub async fn serve(build: impl FnOnce(&Settings) -> Result<Router, ConfigError>) -> ExitCode {
    start(async |settings| Ok(settings), build, route).await
}

/// The same, for one whose settings name secrets.
pub async fn serve_with_secrets(build: impl FnOnce(&Settings) -> Result<Router, ConfigError>) -> ExitCode {
    start(secrets::fetched, build, route).await
}

/// The same, for one that reads something with what was built before the first event comes: that is a part of INIT,
/// which has the whole processor and ten seconds
/// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>).
pub async fn serve_loaded_with_secrets<S>(
    build: impl FnOnce(&Settings) -> Result<S, ConfigError>,
    load: impl AsyncFnOnce(&S),
    router: impl FnOnce(S) -> Router,
) -> ExitCode {
    let loaded = async |made: S| {
        Box::pin(load(&made)).await;
        route(router(made)).await
    };
    start(secrets::fetched, build, loaded).await
}

async fn route(router: Router) -> Result<(), Error> {
    until_terminated(lambda_runtime::run(service(router))).await
}

/// Reads the secrets, builds what the function is made of, and serves with it. What is wrong is one log line, and ends
/// the process with status 1, which Lambda reports as an error of INIT
/// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>).
async fn start<S>(
    fetch: impl AsyncFnOnce(Settings) -> Result<Settings, ConfigError>,
    build: impl FnOnce(&Settings) -> Result<S, ConfigError>,
    serve: impl AsyncFnOnce(S) -> Result<(), Error>,
) -> ExitCode {
    let settings = Settings::from_env();
    telemetry::start_json(&settings);
    // On the heap, as all calls of the SDK.
    let settings = Box::pin(fetch(settings)).await;
    let made = match settings.and_then(|settings| build(&settings)) {
        Ok(made) => made,
        Err(error) => {
            tracing::error!(setting = error.setting(), %error, "the function cannot start");
            return ExitCode::FAILURE;
        }
    };
    match serve(made).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the function stopped");
            ExitCode::FAILURE
        }
    }
}

/// Serves until Lambda takes the environment away: then it sends SIGTERM to a function that has an
/// extension, and nothing is under way any more
/// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>).
async fn until_terminated(serve: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        served = serve => served,
        _ = terminated.recv() => Ok(()),
    }
}

type Event = lambda_runtime::LambdaEvent<LambdaRequest>;

/// The router as a function of the gateway's events.
fn service(
    router: Router,
) -> impl Service<Event, Response = impl Serialize, Error = Infallible, Future: Send> {
    Adapter::from(router).map_request(|mut event: Event| {
        if let LambdaRequest::ApiGatewayV2(request) = &mut event.payload {
            request.raw_path = request.raw_path.take().map(|path| escaped(&path, b"/"));
            request.raw_query_string = request.raw_query_string.take().map(|query| escaped(&query, b"/?"));
        }
        event
    })
}

/// The text with every octet percent-encoded that a path or query may not hold as it is (RFC 3986,
/// 3.3 and 3.4). The gateway decodes paths and passes queries on as they came, and `lambda_http`
/// panics where `http::Uri` refuses.
fn escaped(text: &str, besides: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(bytes.len());
    for (at, &byte) in bytes.iter().enumerate() {
        let encoded = byte == b'%'
            && matches!(bytes.get(at + 1..at + 3), Some(hex) if hex.iter().all(u8::is_ascii_hexdigit));
        let plain =
            byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte) || besides.contains(&byte);
        if encoded || plain {
            out.push(char::from(byte));
        } else {
            for part in [b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]] {
                out.push(char::from(part));
            }
        }
    }
    out
}

/// Serves any other events: `handle` gets each one with what `build` makes of the settings.
pub async fn work<S, T, R, F>(build: impl FnOnce(&Settings) -> Result<S, ConfigError>, handle: F) -> ExitCode
where
    T: DeserializeOwned,
    R: IntoOutcome,
    F: AsyncFn(&S, LambdaEvent<T>) -> R,
{
    start(async |settings| Ok(settings), build, async |made| until_terminated(run(&made, &handle)).await)
        .await
}

/// The same, for one whose settings name secrets.
pub async fn work_with_secrets<S, T, R, F>(
    build: impl FnOnce(&Settings) -> Result<S, ConfigError>,
    handle: F,
) -> ExitCode
where
    T: DeserializeOwned,
    R: IntoOutcome,
    F: AsyncFn(&S, LambdaEvent<T>) -> R,
{
    start(secrets::fetched, build, async |made| until_terminated(run(&made, &handle)).await).await
}

async fn run<S, T, R, F>(made: &S, handle: &F) -> Result<(), Error>
where
    T: DeserializeOwned,
    R: IntoOutcome,
    F: AsyncFn(&S, LambdaEvent<T>) -> R,
{
    let service = lambda_runtime::service_fn(|event: lambda_runtime::LambdaEvent<T>| async move {
        let millis = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
        let end = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX);
        let deadline = end.saturating_sub(MARGIN).unwrap_or(Timestamp::MIN);
        let (invocation_id, trace_id) = (event.context.request_id.as_str(), trace_id(&event.context));
        let span = tracing::info_span!(target: telemetry::TARGET, "invocation", invocation_id, trace_id);
        // On the heap: the types of nested calls of the SDK are too deep for the compiler otherwise.
        let handled = Box::pin(handle(made, LambdaEvent { payload: event.payload, deadline }));
        handled.instrument(span).await.into_outcome()
    });
    lambda_runtime::run(service).await
}

/// The status with which a process ends that cannot stop what it began.
const OVERRUN: i32 = 70;

/// Ends the process where something that `processor` was given goes on although it was given up. Called
/// before the answer, so that Lambda counts an error, lets all of the event come again and starts
/// another process (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>,
/// failures during the invoke phase).
pub fn end_if_overrun(processor: &Processor) {
    if processor.is_overrun() {
        tracing::error!("the process ends: it cannot stop a computation that was given up");
        std::process::exit(OVERRUN);
    }
}

/// The X-Ray trace of an invocation: the root of `Root=1-…;Parent=…;Sampled=1`
/// (<https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>).
pub(crate) fn trace_id(context: &lambda_runtime::Context) -> Option<&str> {
    context.xray_trace_id.as_deref()?.split(';').find_map(|part| part.trim().strip_prefix("Root="))
}

/// What a handler may give back: an answer, or an answer or a failure.
pub trait IntoOutcome {
    /// The answer.
    type Answer: Serialize;
    /// The answer, or why there is none.
    fn into_outcome(self) -> Result<Self::Answer, Error>;
}

impl<T: Serialize> IntoOutcome for Result<T, crate::worker::Failed> {
    type Answer = T;
    fn into_outcome(self) -> Result<T, Error> {
        self.map_err(Error::from)
    }
}

impl IntoOutcome for aws_lambda_events::event::streams::DynamoDbEventResponse {
    type Answer = Self;
    fn into_outcome(self) -> Result<Self, Error> {
        Ok(self)
    }
}

impl IntoOutcome for aws_lambda_events::event::sqs::SqsBatchResponse {
    type Answer = Self;
    fn into_outcome(self) -> Result<Self, Error> {
        Ok(self)
    }
}

impl IntoOutcome for aws_lambda_events::event::apigw::ApiGatewayProxyResponse {
    type Answer = Self;
    fn into_outcome(self) -> Result<Self, Error> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use axum::extract::{Path, RawQuery};
    use axum::routing::get;
    use serde_json::{Value, json};

    use super::*;

    async fn answer(path: &str, query: &str) -> Value {
        let show = async |Path(name): Path<String>, RawQuery(query): RawQuery| {
            format!("{name} {}", query.unwrap_or_default())
        };
        let router = crate::http::finish(Router::new().route("/v1/things/{name}", get(show)));
        let http = json!({"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"});
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
            "headers": {"host": "api.example.com"}, "isBase64Encoded": false,
            "requestContext": {"http": http, "stage": "$default", "requestId": "one", "timeEpoch": 0},
        });
        let payload = serde_json::from_value(event).expect("an event");
        let event = lambda_runtime::LambdaEvent::new(payload, lambda_runtime::Context::default());
        json!(service(router).oneshot(event).await.expect("an answer"))
    }

    #[tokio::test]
    async fn no_path_or_query_makes_it_panic() {
        for text in [
            "<", ">", "\"", " ", "é", "\u{7f}", "\u{1}", "{}", "|", "\\", "^", "`", "#", "[", "%", "%zz",
            "%g", "日本",
        ] {
            let path = format!("/v1/things/a{text}b");
            let answer = answer(&path, &format!("q={text}")).await;
            assert_eq!(answer["statusCode"], 200, "{text}: {answer}");
            let body = answer["body"].as_str().expect("a body");
            assert!(body.starts_with(&format!("a{text}b ")), "{text}: {body}");
        }
    }

    #[tokio::test]
    async fn what_is_right_stays_as_it_is() {
        let answer = answer("/v1/things/a-b:c%2Fd", "from=2026-03-10T10:00:00%2B02:00&limit=1&x=/?").await;
        assert_eq!(answer["body"], "a-b:c/d from=2026-03-10T10:00:00%2B02:00&limit=1&x=/?");
    }
}
