//! The API's description and the page that shows it, and the answer to unknown paths.

mod fallback;
mod get_openapi;
mod show_docs;
mod show_docs_file;

pub use fallback::service;
pub use get_openapi::DOCUMENT;

use std::sync::Arc;

use banister_platform::http::Area;
use utoipa_swagger_ui::Config;

/// What the endpoints of this area may touch.
#[derive(Clone)]
pub struct Docs {
    page: Arc<Config<'static>>,
}

impl Default for Docs {
    fn default() -> Self {
        // The token stays in the page over a reload; it never leaves the browser otherwise.
        let page = Config::from("/openapi.json").persist_authorization(true).display_operation_id(true);
        Self { page: Arc::new(page) }
    }
}

/// The endpoints of this area.
#[must_use]
pub fn area() -> Area<Docs> {
    banister_platform::area!("docs": Docs; get_openapi, show_docs, show_docs_file)
}
