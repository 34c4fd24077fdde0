//! Relays the outbox as the table's stream tells of it.

use std::process::ExitCode;

use aws_lambda_events::event::dynamodb::Event;
use banister_platform::clock::Clock;
use banister_platform::lambda::{LambdaEvent, work};
use banister_stream_relay::Relay;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let build = |settings: &_| Relay::from_settings(settings, Clock::system());
    work(build, async |relay: &Relay, event: LambdaEvent<Event>| {
        let deadline = event.deadline();
        relay.handle(event.payload, deadline).await
    })
    .await
}
