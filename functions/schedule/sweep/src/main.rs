//! Relays what stayed behind in the outbox.

use banister_platform::clock::Clock;
use banister_platform::config::Settings;
use banister_platform::lambda::{Error, LambdaEvent, work};
use banister_schedule_sweep::Sweep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let settings = Settings::from_env();
    let sweep = Sweep::from_settings(&settings, Clock::system())?;
    work(&settings, async |event: LambdaEvent<serde_json::Value>| sweep.run(event.deadline()).await).await
}
