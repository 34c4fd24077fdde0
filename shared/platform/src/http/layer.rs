//! What surrounds every endpoint: a request id, the request's log line, problem documents, a panic's
//! answer.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use banister_domain::id::RequestId;
use futures_util::FutureExt as _;
use lambda_http::Context;
use lambda_http::request::RequestContext;
use tracing::{Span, field};

use super::unmatched::unmatched;
use super::{Code, Problem};
use crate::clock::Clock;
use crate::telemetry::{TARGET, Work};
use crate::{lambda, random};

/// How long a handler may take; the function's own time-out in template.yaml lies behind it, so that
/// the client is told in any case.
const LONGEST: Duration = Duration::from_secs(20);

/// Puts the surroundings around a router.
pub fn finish(router: Router) -> Router {
    router
        .fallback(unmatched)
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed))
        .layer(from_fn(surround))
}

async fn surround(request: Request, next: Next) -> Response {
    let id: RequestId = random::id(Clock::system().now());
    let (request_id, id) = (id, id.to_string());
    let work = Work::begin(span(&id, &request), Some(request_id));
    let handled = work.run(AssertUnwindSafe(next.run(request)).catch_unwind());
    let mut response = match tokio::time::timeout(LONGEST, handled).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            work.span().in_scope(|| tracing::error!("a handler panicked"));
            Problem::new(Code::Internal).into_response()
        }
        Err(_) => {
            work.span().in_scope(|| tracing::error!("a handler took too long"));
            Problem::new(Code::Unavailable).retry_after(1).into_response()
        }
    };
    let problem = response.extensions_mut().remove::<Problem>();
    work.answered(response.status().as_u16(), problem.as_ref().map(|problem| problem.code().as_str()));
    if let Some(problem) = problem {
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

/// What all lines of a request have in common. Neither path nor query nor any header: they may hold
/// what a client should not have put there.
fn span(request_id: &str, request: &Request) -> Span {
    // The id in API Gateway's access log.
    let gateway_request_id = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.as_deref(),
        _ => None,
    };
    let context = request.extensions().get::<Context>();
    // The id in Lambda's own lines.
    let invocation_id = context.map(|context| context.request_id.as_str());
    let trace_id = context.and_then(lambda::trace_id);
    tracing::info_span!(target: TARGET, "request", request_id, gateway_request_id, invocation_id, trace_id,
        operation = field::Empty, user = field::Empty)
}
