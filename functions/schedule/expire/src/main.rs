//! Expires booking requests that nobody answered.

use banister_platform::clock::Clock;
use banister_platform::config::Settings;
use banister_platform::lambda::{Error, LambdaEvent, work};
use banister_schedule_expire::Expire;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let settings = Settings::from_env();
    let expire = Expire::from_settings(&settings, Clock::system())?;
    work(&settings, async |event: LambdaEvent<serde_json::Value>| expire.run(event.deadline()).await).await
}
