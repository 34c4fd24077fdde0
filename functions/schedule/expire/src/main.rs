//! Expires booking requests that nobody answered, and completes bookings that took place.

use std::process::ExitCode;

use banister_platform::clock::Clock;
use banister_platform::lambda::{LambdaEvent, work};
use banister_schedule_expire::Expire;
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let build = |settings: &_| Expire::from_settings(settings, Clock::system());
    work(build, async |expire: &Expire, event: LambdaEvent<Value>| expire.run(event.deadline()).await).await
}
