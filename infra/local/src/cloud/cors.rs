//! The gateway's part in what web pages of other origins may do
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>): it answers preflight
//! requests itself, and what functions say of the matter is dropped. `tower-http` does not fit: it answers
//! every OPTIONS request, and tells pages that are not allowed what would be.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderName,
    HeaderValue, ORIGIN,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};

use crate::template::ApiCors;

/// What is told to allowed pages.
struct Cors {
    origins: Vec<String>,
    preflight: HeaderMap,
    answer: HeaderMap,
}

/// Puts the gateway's handling in front of the API; `origins` stand in where the template lists none.
pub(super) fn allow(api: Router, cors: ApiCors, origins: Vec<String>) -> Router {
    let ApiCors { origins: listed, methods, headers, exposed, max_age_seconds } = cors;
    let max_age = max_age_seconds.map(|seconds| seconds.to_string());
    let cors = Cors {
        origins: listed.unwrap_or(origins),
        preflight: header_map([
            (ACCESS_CONTROL_ALLOW_METHODS, methods.join(",")),
            (ACCESS_CONTROL_ALLOW_HEADERS, headers.join(",")),
            (ACCESS_CONTROL_MAX_AGE, max_age.unwrap_or_default()),
        ]),
        answer: header_map([(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.join(","))]),
    };
    api.layer(from_fn_with_state(Arc::new(cors), handle))
}

/// The headers that have a value.
fn header_map<const N: usize>(headers: [(HeaderName, String); N]) -> HeaderMap {
    let given = headers.into_iter().filter(|(_, value)| !value.is_empty());
    given.filter_map(|(name, value)| Some((name, HeaderValue::from_str(&value).ok()?))).collect()
}

async fn handle(State(cors): State<Arc<Cors>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let preflight = request.method() == Method::OPTIONS
        && origin.is_some()
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let (mut response, granted) = if preflight {
        (StatusCode::NO_CONTENT.into_response(), &cors.preflight)
    } else {
        (next.run(request).await, &cors.answer)
    };
    let headers = response.headers_mut();
    let said: Vec<_> =
        headers.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect();
    for name in said {
        headers.remove(name);
    }
    if let Some(origin) = origin.filter(|origin| cors.origins.iter().any(|known| origin == known.as_str())) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.extend(granted.clone());
    }
    response
}
