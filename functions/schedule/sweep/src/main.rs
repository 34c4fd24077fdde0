//! Relays what stayed behind in the outbox.

use std::process::ExitCode;

use banister_platform::clock::Clock;
use banister_platform::lambda::{LambdaEvent, work};
use banister_schedule_sweep::Sweep;
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let build = |settings: &_| Sweep::from_settings(settings, Clock::system());
    work(build, async |sweep: &Sweep, event: LambdaEvent<Value>| sweep.run(event.deadline()).await).await
}
