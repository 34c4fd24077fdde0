//! Makes photos of what was uploaded.

use aws_lambda_events::event::sqs::SqsEvent;
use banister_platform::clock::Clock;
use banister_platform::config::Settings;
use banister_platform::lambda::{Error, LambdaEvent, work};
use banister_queue_media::MediaWorker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let settings = Settings::from_env();
    let worker = MediaWorker::from_settings(&settings, Clock::system())?;
    let handle = async |event: LambdaEvent<SqsEvent>| {
        let deadline = event.deadline();
        worker.handle(event.payload, Some(deadline)).await
    };
    work(&settings, handle).await
}
