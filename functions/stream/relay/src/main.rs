//! Relays the outbox as the table's stream tells of it.

use aws_lambda_events::event::dynamodb::Event;
use banister_platform::clock::Clock;
use banister_platform::config::Settings;
use banister_platform::lambda::{Error, LambdaEvent, work};
use banister_stream_relay::Relay;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let settings = Settings::from_env();
    let relay = Relay::from_settings(&settings, Clock::system())?;
    work(&settings, async |event: LambdaEvent<Event>| {
        let deadline = event.deadline();
        relay.handle(event.payload, deadline).await
    })
    .await
}
