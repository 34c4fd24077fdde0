//! Serves the endpoints of the docs area.

use std::process::ExitCode;

use banister_platform::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    serve(|_| Ok(banister_http_docs::service())).await
}
