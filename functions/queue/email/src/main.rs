//! Sends the mails that events call for.

use std::process::ExitCode;

use aws_lambda_events::event::sqs::SqsEvent;
use banister_platform::clock::Clock;
use banister_platform::lambda::{LambdaEvent, work_with_secrets};
use banister_queue_email::EmailWorker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let build = |settings: &_| EmailWorker::from_settings(settings, Clock::system());
    work_with_secrets(build, async |worker: &EmailWorker, event: LambdaEvent<SqsEvent>| {
        let deadline = event.deadline();
        worker.handle(event.payload, Some(deadline)).await
    })
    .await
}
