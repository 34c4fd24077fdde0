//! Serves the endpoints of the docs area.

use banister_http_docs::{Docs, area};
use banister_platform::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve(|_| Ok(banister_http_docs::with_fallback(area().into_router(Docs::default())))).await
}
