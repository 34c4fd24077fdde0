//! Serves the endpoints of the reviews area.

use std::process::ExitCode;

use banister_http_reviews::{Reviews, area};
use banister_platform::clock::Clock;
use banister_platform::lambda::serve_with_secrets;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    serve_with_secrets(|settings| Ok(area().into_router(Reviews::from_settings(settings, Clock::system())?)))
        .await
}
