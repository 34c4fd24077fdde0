//! Answers that carry their status in their type.

use axum::Json;
use axum::http::header::{CONTENT_DISPOSITION, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Problem;

/// What an endpoint answers with.
pub trait Answer {
    /// Whether a good answer has an `ETag`; the description of the operation says so then.
    const TAGGED: bool = false;
    /// Whether caches may keep a good answer, and a client that has it is told so.
    const CACHEABLE: bool = false;
}

impl<T: Answer> Answer for Result<T, Problem> {
    const TAGGED: bool = T::TAGGED;
    const CACHEABLE: bool = T::CACHEABLE;
}
impl Answer for Response {}
impl<T> Answer for OkJson<T> {}
impl<T> Answer for Attachment<T> {}
impl<T> Answer for Created<T> {}
impl Answer for Accepted {}
impl<T> Answer for AcceptedJson<T> {}
impl<T: Answer> Answer for Located<T> {
    const TAGGED: bool = T::TAGGED;
}
impl Answer for NoContent {}
impl<T> Answer for Replayable<T> {}

/// 200 with a body.
#[derive(Debug, Clone, PartialEq)]
pub struct OkJson<T>(pub T);

impl<T: Serialize> IntoResponse for OkJson<T> {
    fn into_response(self) -> Response {
        Json(self.0).into_response()
    }
}

/// 200 with a body that browsers keep as a file (RFC 6266).
#[derive(Debug, Clone, PartialEq)]
pub struct Attachment<T> {
    /// The file's name: letters, digits, `.`, `-` and `_`.
    pub name: String,
    /// The body.
    pub body: T,
}

impl<T: Serialize> IntoResponse for Attachment<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.body).into_response();
        if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{}\"", self.name)) {
            response.headers_mut().insert(CONTENT_DISPOSITION, value);
        }
        response
    }
}

/// 201 with what was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Created<T>(pub T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

/// 202: what it comes to is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted;

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        StatusCode::ACCEPTED.into_response()
    }
}

/// 202 with what was begun.
#[derive(Debug, Clone, PartialEq)]
pub struct AcceptedJson<T>(pub T);

impl<T: Serialize> IntoResponse for AcceptedJson<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, Json(self.0)).into_response()
    }
}

/// An answer that says where to look for what it began.
#[derive(Debug)]
pub struct Located<T> {
    /// Path of the API.
    pub location: String,
    /// The answer.
    pub answer: T,
}

impl<T: IntoResponse> IntoResponse for Located<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if let Ok(location) = HeaderValue::try_from(self.location) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }
}

/// 204.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// An answer that may be the stored one of an earlier request with the same Idempotency-Key.
#[derive(Debug)]
pub enum Replayable<T> {
    /// This request did the work.
    Fresh(T),
    /// An earlier one did; this is what it was told.
    Replayed {
        /// Its status.
        status: StatusCode,
        /// Its body, JSON.
        body: String,
    },
}

impl<T: IntoResponse> IntoResponse for Replayable<T> {
    fn into_response(self) -> Response {
        match self {
            Self::Fresh(answer) => answer.into_response(),
            Self::Replayed { status, body } => {
                let json = [("content-type", "application/json")];
                let mut response = (status, json, body).into_response();
                response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
                response
            }
        }
    }
}
