//! `GET /.well-known/jwks.json`: anyone reads the keys that access tokens are signed with.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use banister_platform::http::{Anyone, Code, OkJson};
use banister_platform::identity::KeySet;

use crate::Sessions;

pub(crate) const PROBLEMS: &[Code] = &[];

/// Read the public keys
///
/// A JWK set (RFC 7517, 5). An access token names its key in the header `kid`. Two keys are good at once while
/// one takes the place of the other; read the set again where a `kid` is not in it.
#[utoipa::path(get, path = "/.well-known/jwks.json",
    responses((status = 200, description = "The keys", body = KeySet)))]
pub(crate) async fn get_jwks(State(sessions): State<Sessions>, _: Anyone) -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=300")], OkJson(sessions.keys)).into_response()
}
