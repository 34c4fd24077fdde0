//! What surrounds every endpoint: a request id, a span, problem documents, a panic's answer.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use banister_domain::id::RequestId;
use futures_util::FutureExt as _;
use lambda_http::request::RequestContext;
use tracing::Instrument as _;

use super::{Code, Problem};
use crate::clock::Clock;
use crate::random;

/// How long a handler may take; the function's own time-out in template.yaml lies behind it, so that
/// the client is told in any case.
const LONGEST: Duration = Duration::from_secs(20);

/// Puts the surroundings around a router.
pub fn finish(router: Router) -> Router {
    router
        .fallback(async || Problem::new(Code::NotFound))
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed))
        .layer(from_fn(surround))
}

async fn surround(request: Request, next: Next) -> Response {
    let id: RequestId = random::id(Clock::system().now());
    let id = id.to_string();
    let gateway = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
        _ => None,
    };
    // The route and not the path, which may hold what a client should not have put there.
    // `gateway` is the id in API Gateway's access log.
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let span = tracing::info_span!("request", id, gateway, method = %request.method(), route);
    let work = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone());
    let mut response = match tokio::time::timeout(LONGEST, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            span.in_scope(|| tracing::error!("a handler panicked"));
            Problem::new(Code::Internal).into_response()
        }
        Err(_) => {
            span.in_scope(|| tracing::error!("a handler took too long"));
            Problem::new(Code::Unavailable).retry_after(1).into_response()
        }
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let status = problem.code().status();
        span.in_scope(|| tracing::info!(status = status.as_u16(), code = problem.code().as_str(), "refused"));
        let document = problem.document(&id).to_string();
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response.headers_mut().insert(header::CONTENT_LENGTH, document.len().into());
        *response.body_mut() = Body::from(document);
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-request-id", id);
    }
    // Answers are about one caller; no cache in between may keep them.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
