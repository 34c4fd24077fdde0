//! Versions of what two may edit at once: `ETag` in the answer, `If-Match` in the request (RFC 9110,
//! 8.8.3 and 13.1.1).

use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{Code, OkJson, Problem};

/// 200 with a body and its version.
#[derive(Debug, Clone, PartialEq)]
pub struct Tagged<T> {
    /// The body.
    pub body: T,
    /// The version, 0 for what nobody has set yet.
    pub version: u64,
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        ([(ETAG, format!("\"{}\"", self.version))], OkJson(self.body)).into_response()
    }
}

/// The version that a request is to replace; without one it is refused with 428 (RFC 6585, 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub u64);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let text = parts.headers.get(IF_MATCH).and_then(|value| value.to_str().ok());
        let tag = text.and_then(|text| text.trim().strip_prefix('"')?.strip_suffix('"'));
        let version = tag.filter(|tag| tag.bytes().all(|byte| byte.is_ascii_digit()));
        let version = version.and_then(|tag| tag.parse().ok());
        version.map(Self).ok_or(Problem::new(Code::IfMatchRequired))
    }
}
