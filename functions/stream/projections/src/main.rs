//! Follows the stream of the table.

use std::process::ExitCode;

use aws_lambda_events::event::dynamodb::Event;
use banister_platform::clock::Clock;
use banister_platform::lambda::{LambdaEvent, work};
use banister_stream_projections::Projections;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let build = |settings: &_| Projections::from_settings(settings, Clock::system());
    work(build, async |projections: &Projections, event: LambdaEvent<Event>| {
        let deadline = event.deadline();
        projections.handle(event.payload, deadline).await
    })
    .await
}
