//! `GET /openapi.json`: anyone reads the API's description.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use banister_platform::http::{Anyone, Code};

use crate::Docs;

pub(crate) const PROBLEMS: &[Code] = &[];

/// The description of all areas. Made from the code by `cargo run -- openapi`; a test holds it equal.
pub const DOCUMENT: &str = include_str!("../../../../docs/openapi.json");

/// Read the OpenAPI document
#[utoipa::path(get, path = "/openapi.json",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object)))]
pub(crate) async fn get_openapi(State(_): State<Docs>, _: Anyone) -> Response {
    let headers =
        [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, DOCUMENT).into_response()
}
