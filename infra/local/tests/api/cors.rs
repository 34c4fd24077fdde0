//! What web pages of other origins may do with the HTTP API, as the gateway decides it by the template.

use banister_local::cloud::Cloud;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};

use crate::support::cloud;

const ALLOWED: &str = "http://localhost:3000";

async fn send(
    cloud: &Cloud,
    (method, path): (Method, &str),
    headers: &[(&'static str, &str)],
) -> (StatusCode, HeaderMap) {
    let headers = headers.iter().map(|(name, value)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header"))
    });
    let request = reqwest::Client::new().request(method, format!("{}{path}", cloud.url()));
    let answer = request.headers(headers.collect()).send().await.unwrap();
    (answer.status(), answer.headers().clone())
}

/// What an answer tells a browser of this matter.
fn told(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let about = headers.iter().filter(|(name, _)| name.as_str().starts_with("access-control-"));
    let mut told: Vec<_> = about.map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    told.sort_unstable();
    told
}

fn preflight<'a>(origin: &'a str, method: &'a str) -> [(&'static str, &'a str); 3] {
    [
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", "authorization,content-type,idempotency-key"),
    ]
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_book() {
    let cloud = cloud().await;
    let call = (Method::OPTIONS, "/v1/bookings");
    let (status, headers) = send(&cloud, call, &preflight(ALLOWED, "POST")).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let wanted = [
        ("access-control-allow-headers", "authorization,content-type,idempotency-key,if-match,if-none-match"),
        ("access-control-allow-methods", "GET,POST,PUT,PATCH,DELETE"),
        ("access-control-allow-origin", ALLOWED),
        ("access-control-max-age", "3600"),
    ];
    assert_eq!(told(&headers), wanted);
    // The request itself: refused for want of a token, and the page may read why.
    let call = (Method::POST, "/v1/bookings");
    let (status, headers) = send(&cloud, call, &[("origin", ALLOWED)]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let wanted = [
        ("access-control-allow-origin", ALLOWED),
        (
            "access-control-expose-headers",
            "content-disposition,etag,idempotent-replayed,location,ratelimit,ratelimit-policy,retry-after,x-request-id",
        ),
    ];
    assert_eq!(told(&headers), wanted);
}

#[tokio::test]
async fn a_page_of_another_origin_is_told_nothing() {
    let cloud = cloud().await;
    for origin in ["https://example.com", "http://localhost:3001", "https://localhost:3000", "null"] {
        let call = (Method::OPTIONS, "/v1/bookings");
        let (status, headers) = send(&cloud, call, &preflight(origin, "POST")).await;
        assert_eq!((status, told(&headers)), (StatusCode::NO_CONTENT, Vec::new()), "{origin}");
        let call = (Method::GET, "/v1/categories");
        let (status, headers) = send(&cloud, call, &[("origin", origin)]).await;
        assert_eq!((status, told(&headers)), (StatusCode::OK, Vec::new()), "{origin}");
    }
}

/// What is no preflight request goes to the functions, which have no such method.
#[tokio::test]
async fn other_options_requests_are_not_the_gateways() {
    let cloud = cloud().await;
    for headers in [&[][..], &[("origin", ALLOWED)], &[("access-control-request-method", "POST")]] {
        let (status, _) = send(&cloud, (Method::OPTIONS, "/v1/bookings"), headers).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{headers:?}");
    }
}
