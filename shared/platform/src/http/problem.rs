//! Problem documents (RFC 9457): the one form of every error.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::Code;
use crate::identity::Refused;
use crate::limit::Limit;
use crate::table::{CommitError, StorageError};

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) into the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/price/amount")]
    pub pointer: Option<String>,
    /// Name of the query parameter, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// `missing`, `unknown` or `invalid`, or `not_a_provider` where the caller may not set it.
    #[schema(example = "invalid")]
    pub code: &'static str,
    /// What is wrong, for people.
    #[schema(example = "must be from 0 to 99999999")]
    pub detail: String,
}

/// An error answer. Its public side is a code and what the caller can do about it; what happened
/// inside goes to the log only.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    detail: Option<String>,
    errors: Vec<FieldError>,
    extra: Map<String, Value>,
    retry_after: Option<u32>,
    // Boxed: most problems have none, and every answer is as large as they are.
    limit: Option<Box<(Limit, u32)>>,
}

impl Problem {
    /// A problem with this code.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self { code, detail: None, errors: Vec::new(), extra: Map::new(), retry_after: None, limit: None }
    }

    /// With words about this occurrence.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With a field at fault.
    #[must_use]
    pub fn field(mut self, error: FieldError) -> Self {
        self.errors.push(error);
        self
    }

    /// With a body field, by JSON Pointer, that is not valid.
    #[must_use]
    pub fn field_at(self, pointer: &str, detail: impl Into<String>) -> Self {
        let (pointer, detail) = (Some(pointer.to_owned()), detail.into());
        self.field(FieldError { pointer, parameter: None, code: "invalid", detail })
    }

    /// A body field, by JSON Pointer, that is not valid.
    #[must_use]
    pub fn invalid(pointer: &str, detail: impl Into<String>) -> Self {
        Self::new(Code::InvalidInput).field_at(pointer, detail)
    }

    /// A query parameter that is not valid.
    #[must_use]
    pub fn invalid_parameter(name: &str, detail: impl Into<String>) -> Self {
        let (parameter, detail) = (Some(name.to_owned()), detail.into());
        Self::new(Code::InvalidInput).field(FieldError { pointer: None, parameter, code: "invalid", detail })
    }

    /// With a further member of the document.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        // What cannot be written as JSON is left out: the code alone says enough to act on.
        if let Ok(value) = serde_json::to_value(value) {
            self.extra.insert(name.to_owned(), value);
        }
        self
    }

    /// With a `Retry-After` header, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// A limit that is used up for `wait` seconds: `Retry-After`, and the limit and what is left of it as
    /// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).
    #[must_use]
    pub fn over(limit: Limit, wait: u32) -> Self {
        Self { limit: Some(Box::new((limit, wait))), ..Self::new(Code::TooManyRequests).retry_after(wait) }
    }

    /// Somebody else is at work on the same thing: try again in a second.
    #[must_use]
    pub fn busy() -> Self {
        Self::new(Code::Busy).retry_after(1)
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// A fault of ours: logged, and told to nobody.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "internal error");
        Self::new(Code::Internal)
    }

    /// The document, naming the request that it answers.
    #[must_use]
    pub fn document(&self, request_id: &str) -> Value {
        let mut document = self.extra.clone();
        document.insert("type".into(), format!("urn:banister:problem:{}", self.code.as_str()).into());
        document.insert("title".into(), self.code.title().into());
        document.insert("status".into(), self.code.status().as_u16().into());
        document.insert("code".into(), self.code.as_str().into());
        document.insert("request_id".into(), request_id.into());
        if let Some(detail) = &self.detail {
            document.insert("detail".into(), detail.as_str().into());
        }
        if !self.errors.is_empty() {
            document.insert("errors".into(), serde_json::json!(self.errors));
        }
        document.into()
    }
}

/// The members every problem document has; a code may bring more, such as `next_slots`.
impl utoipa::PartialSchema for Problem {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
        let text =
            |about: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(about)).build();
        let status = ObjectBuilder::new().schema_type(Type::Integer).description(Some("HTTP status")).build();
        let errors = ArrayBuilder::new().items(FieldError::schema()).description(Some("Fields at fault"));
        ObjectBuilder::new()
            .description(Some("Problem document (RFC 9457)"))
            .property("type", text("URI of the code's description"))
            .property("title", text("One line for people, always the same for a code"))
            .property("status", status)
            .property("code", text("Stable name of what went wrong"))
            .property("request_id", text("Name it when asking for help"))
            .property("detail", text("About this occurrence"))
            .property("errors", errors)
            .required("type")
            .required("title")
            .required("status")
            .required("code")
            .required("request_id")
            .into()
    }
}
impl utoipa::ToSchema for Problem {}

impl IntoResponse for Problem {
    /// The status with the problem beside it; the layer around all endpoints writes the document,
    /// since it knows the request's id.
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some((Limit { operation, count, seconds }, wait)) = self.limit.as_deref() {
            let texts = [
                ("ratelimit-policy", format!("\"{operation}\";q={count};w={seconds}")),
                ("ratelimit", format!("\"{operation}\";r=0;t={wait}")),
            ];
            for (name, text) in texts {
                // Names of limits are plain ASCII.
                response
                    .headers_mut()
                    .extend(HeaderValue::try_from(text).map(|value| (HeaderName::from_static(name), value)));
            }
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            // RFC 9110, 11.6.1: a 401 names the scheme.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Unavailable(_) => {
                tracing::warn!(%error, "storage unavailable");
                Self::new(Code::Unavailable).retry_after(1)
            }
            StorageError::Rejected(_) | StorageError::Malformed(_) => Self::internal(error),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unauthenticated => Self::new(Code::Unauthenticated),
            Refused::Role => Self::new(Code::Forbidden),
            Refused::Permission(permission) => Self::new(Code::Forbidden)
                .detail(format!("This needs the permission {}.", permission.as_str())),
            Refused::Unconfirmed => Self::new(Code::EmailNotConfirmed),
            Refused::SecondFactor => Self::new(Code::SecondFactorSetupRequired),
            Refused::Storage(error) => error.into(),
        }
    }
}

impl<M: Into<Problem>> From<CommitError<M>> for Problem {
    fn from(error: CommitError<M>) -> Self {
        match error {
            CommitError::Refused(meaning) => meaning.into(),
            CommitError::Contention => Self::busy(),
            CommitError::Storage(error) => error.into(),
        }
    }
}
