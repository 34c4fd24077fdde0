//! `GET /docs`: anyone reads the API's description as a page.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use banister_platform::http::{Anyone, Code, Problem};

use crate::Docs;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound];

/// Show the documentation
#[utoipa::path(get, path = "/docs",
    responses((status = 200, description = "Swagger UI", content_type = "text/html", body = String)))]
pub(crate) async fn show_docs(State(docs): State<Docs>, _: Anyone) -> Result<Response, Problem> {
    let response = file(&docs, "index.html")?;
    Ok(response)
}

/// One file of Swagger UI. The page names its files relative to `/docs/`; served at `/docs`, which
/// has no trailing slash, it needs a base.
pub(crate) fn file(docs: &Docs, name: &str) -> Result<Response, Problem> {
    let found = utoipa_swagger_ui::serve(name, docs.page.clone()).map_err(Problem::internal)?;
    let found = found.ok_or(Problem::new(Code::NotFound))?;
    let mut bytes = found.bytes.into_owned();
    if name == "index.html" {
        let page = String::from_utf8_lossy(&bytes);
        bytes = page.replacen("<head>", "<head><base href=\"/docs/\">", 1).into_bytes();
    }
    let headers =
        [(header::CONTENT_TYPE, found.content_type), (header::CACHE_CONTROL, "public, max-age=300".into())];
    Ok((headers, bytes).into_response())
}
