//! Serves the endpoints of the search area.

use std::process::ExitCode;

use banister_http_search::{Search, area};
use banister_platform::clock::Clock;
use banister_platform::lambda::serve_loaded_with_secrets;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let build = |settings: &_| Search::from_settings(settings, Clock::system());
    serve_loaded_with_secrets(build, Search::load, |search| area().into_router(search)).await
}
