//! The gateway's `$default` route: a known path is told which methods it takes; the rest is answered
//! as any router answers what it has no route for.

use std::collections::BTreeMap;

use axum::Router;
use axum::http::header::ALLOW;
use axum::http::{HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use banister_platform::http::{Code, Problem, merge};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::{DOCUMENT, Docs, area};

/// The service of this area's functions: the endpoints, and what the gateway finds no route for.
pub fn service() -> Router {
    let own: Vec<_> = area().operations().iter().map(|operation| operation.path.clone()).collect();
    let mut others = Router::new();
    for (path, methods) in described().into_iter().filter(|(path, _)| !own.contains(path)) {
        others =
            others.route(&path, MethodRouter::new().fallback(async move |method| refuse(&method, &methods)));
    }
    merge([area().into_routes(Docs::default()), others])
}

/// What of the document is needed here. The rest, most of it, is passed over when a function starts.
#[derive(Deserialize)]
struct Described {
    paths: BTreeMap<String, Methods>,
}

/// What a path takes. An own type, so that what is said of each method makes no map of nothing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Methods {
    get: Option<IgnoredAny>,
    post: Option<IgnoredAny>,
    put: Option<IgnoredAny>,
    patch: Option<IgnoredAny>,
    delete: Option<IgnoredAny>,
}

/// Every path of the API with its methods in upper case.
fn described() -> BTreeMap<String, Vec<String>> {
    let document: Described = serde_json::from_str(DOCUMENT).expect("a test reads every path of it");
    let methods = |Methods { get, post, put, patch, delete }| {
        let known = [("DELETE", delete), ("GET", get), ("PATCH", patch), ("POST", post), ("PUT", put)];
        known.into_iter().filter_map(|(name, method)| method.map(|_| name.to_owned())).collect()
    };
    document.paths.into_iter().map(|(path, item)| (path, methods(item))).collect()
}

/// 405 with the methods that the path takes (RFC 9110, 15.5.6). What it does take never comes here.
fn refuse(method: &Method, taken: &[String]) -> Response {
    if taken.iter().any(|name| name == method.as_str()) {
        return Problem::new(Code::NotFound).into_response();
    }
    let mut response = Problem::new(Code::MethodNotAllowed).into_response();
    if let Ok(allowed) = HeaderValue::from_str(&taken.join(",")) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::extract::Request;
    use serde_json::Value;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn tells_a_wrong_method_from_a_wrong_path() {
        let table = [
            ("DELETE", "/v1/bookings", 405, Some("GET,POST")),
            ("PUT", "/v1/bookings/bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE", 405, Some("GET")),
            ("HEAD", "/v1/categories", 405, Some("GET")),
            ("GET", "/v1/sessions/current", 405, Some("DELETE")),
            ("POST", "/openapi.json", 405, Some("GET,HEAD")),
            ("GET", "/openapi.json", 200, None),
            ("GET", "/v1/nothing", 404, None),
            ("DELETE", "/v1/bookings/a/b", 404, None),
            ("GET", "/", 404, None),
        ];
        for (method, path, status, allow) in table {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
            let (parts, body) = service().oneshot(request).await.expect("an answer").into_parts();
            assert_eq!(parts.status, status, "{method} {path}");
            let allowed = parts.headers.get(ALLOW).map(|value| value.to_str().expect("text"));
            assert_eq!(allowed, allow, "{method} {path}");
            assert!(parts.headers.contains_key("x-request-id"), "{method} {path}");
            if status >= 400 && method != "HEAD" {
                assert_eq!(parts.headers["content-type"], "application/problem+json", "{method} {path}");
                let document = to_bytes(body, 10_000).await.expect("a body");
                let document: Value = serde_json::from_slice(&document).expect("a document");
                assert_eq!(document["status"], status, "{method} {path}");
            }
        }
    }

    #[test]
    fn knows_every_path() {
        let described = described();
        assert_eq!(described["/v1/services/{id}"], ["DELETE", "GET", "PATCH"]);
        for operation in area().operations() {
            assert_eq!(described[&operation.path].join(" "), operation.method);
        }
    }
}
