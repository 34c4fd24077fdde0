//! Serves the endpoints of the docs area.

use banister_platform::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(|_| Ok(banister_http_docs::service())).await
}
