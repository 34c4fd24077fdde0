//! The queue worker under Lambda.

use aws_lambda_events::event::sqs::SqsEvent;
use banister_platform::clock::Clock;
use banister_platform::config::Settings;
use banister_platform::lambda::{Error, LambdaEvent, service_fn};
use banister_platform::telemetry;
use banister_queue_email::EmailWorker;
use jiff::Timestamp;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let settings = Settings::from_env();
    telemetry::start_json(&settings);
    let worker = &EmailWorker::from_settings(&settings, Clock::system())?;
    let handle = async |event: LambdaEvent<SqsEvent>| {
        let deadline = i64::try_from(event.context.deadline).map(Timestamp::from_millisecond);
        Ok::<_, Error>(worker.handle(event.payload, deadline.ok().and_then(Result::ok)).await)
    };
    lambda_runtime::run(service_fn(handle)).await
}
