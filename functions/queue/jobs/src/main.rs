//! Does the pieces of jobs that events ask for.

use std::process::ExitCode;

use aws_lambda_events::event::sqs::SqsEvent;
use banister_platform::clock::Clock;
use banister_platform::lambda::{LambdaEvent, work};
use banister_queue_jobs::JobsWorker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let build = |settings: &_| JobsWorker::from_settings(settings, Clock::system());
    work(build, async |worker: &JobsWorker, event: LambdaEvent<SqsEvent>| {
        let deadline = event.deadline();
        worker.handle(event.payload, Some(deadline)).await
    })
    .await
}
