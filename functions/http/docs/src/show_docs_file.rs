//! `GET /docs/{file}`: the parts of the documentation's page.

use axum::extract::State;
use axum::response::Response;
use banister_platform::http::{Anyone, Code, Path, Problem};

use crate::Docs;
use crate::show_docs::file;

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound];

/// Read a file of the documentation's page
#[utoipa::path(get, path = "/docs/{file}",
    params(("file" = String, Path, description = "Its name", example = "swagger-ui.css")),
    responses((status = 200, description = "The file", content_type = "text/css", body = String)))]
pub(crate) async fn show_docs_file(
    State(docs): State<Docs>,
    _: Anyone,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    file(&docs, &name)
}
