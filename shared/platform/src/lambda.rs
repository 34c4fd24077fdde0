//! The start of a function under Lambda.

use axum::Router;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::{ConfigError, Settings};
use crate::telemetry;

pub use lambda_runtime::Error;

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
pub async fn serve(build: impl FnOnce(&Settings) -> Result<Router, ConfigError>) -> Result<(), Error> {
    let settings = Settings::from_env();
    telemetry::start_json(&settings);
    let router = build(&settings)?;
    lambda_http::run(router).await
}

/// Serves any other events with `handle`.
pub async fn work<T, R, F>(settings: &Settings, handle: F) -> Result<(), Error>
where
    T: DeserializeOwned,
    R: IntoOutcome,
    F: AsyncFn(LambdaEvent<T>) -> R,
{
    telemetry::start_json(settings);
    let handle = &handle;
    let service = lambda_runtime::service_fn(|event: lambda_runtime::LambdaEvent<T>| async move {
        let millis = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
        let end = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX);
        let deadline = end.saturating_sub(MARGIN).unwrap_or(Timestamp::MIN);
        // On the heap: the types of nested calls of the SDK are too deep for the compiler otherwise.
        Box::pin(handle(LambdaEvent { payload: event.payload, deadline })).await.into_outcome()
    });
    lambda_runtime::run(service).await
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
