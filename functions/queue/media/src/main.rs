//! Makes photos of what was uploaded.

use std::process::ExitCode;

use aws_lambda_events::event::sqs::SqsEvent;
use banister_platform::clock::Clock;
use banister_platform::lambda::{LambdaEvent, end_if_overrun, work};
use banister_queue_media::MediaWorker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let build = |settings: &_| MediaWorker::from_settings(settings, Clock::system());
    work(build, async |worker: &MediaWorker, event: LambdaEvent<SqsEvent>| {
        let deadline = event.deadline();
        let answer = worker.handle(event.payload, Some(deadline)).await;
        end_if_overrun(worker.processor());
        answer
    })
    .await
}
