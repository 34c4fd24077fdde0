//! Problem documents (RFC 9457): one form for every refusal, and the refusals that no endpoint
//! makes itself.

use banister_local::client::Answer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{body, cloud, customer, provider, raw, stranger};

/// Asserts that an answer is a whole problem document.
#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, code: &str) {
    let header =
        |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let document = &answer.body;
    assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{document}");
    assert_eq!(header("content-type"), "application/problem+json");
    assert_eq!(document["status"], status);
    assert_eq!(document["type"], format!("urn:banister:problem:{code}"));
    assert!(document["title"].as_str().is_some_and(|title| !title.is_empty()), "{document}");
    assert!(header("x-request-id").starts_with("req_"), "{:?}", answer.headers);
    assert_eq!(document["request_id"], header("x-request-id"));
    assert_eq!((header("cache-control"), header("x-content-type-options")), ("no-store", "nosniff"));
    match status {
        401 => assert_eq!(header("www-authenticate"), "Bearer"),
        405 => assert!(!header("allow").is_empty(), "RFC 9110, 15.5.6: a 405 names the methods"),
        429 => rate_limited(header("retry-after"), header("ratelimit-policy"), header("ratelimit")),
        503 => assert!(header("retry-after").parse::<u32>().is_ok_and(|wait| wait > 0)),
        _ => {}
    }
}

/// The limit that is used up, and until when (draft-ietf-httpapi-ratelimit-headers-10).
#[track_caller]
fn rate_limited(wait: &str, policy: &str, left: &str) {
    assert!(wait.parse::<u32>().is_ok_and(|wait| wait > 0), "{wait}");
    let (name, quota) = policy.split_once(";q=").unwrap_or_default();
    let (count, window) = quota.split_once(";w=").unwrap_or_default();
    assert!(count.parse::<u32>().is_ok() && window.parse::<u32>().is_ok(), "{policy}");
    assert!(name.len() > 2 && name.starts_with('"') && name.ends_with('"'), "{policy}");
    assert_eq!(left, format!("{name};r=0;t={wait}"));
}

/// Asserts that an answer is 422 with exactly one field at fault: its JSON Pointer, and `missing`,
/// `unknown` or `invalid`.
#[track_caller]
pub(crate) fn refused_at(answer: &Answer, pointer: &str, kind: &str) {
    refused(answer, 422, "invalid_input");
    fault(&answer.body, "pointer", pointer, kind);
}

/// The same for a query parameter.
#[track_caller]
pub(crate) fn refused_parameter(answer: &Answer, parameter: &str, kind: &str) {
    refused(answer, 422, "invalid_input");
    fault(&answer.body, "parameter", parameter, kind);
}

#[track_caller]
fn fault(document: &Value, place: &str, name: &str, kind: &str) {
    let errors = document["errors"].as_array().unwrap_or_else(|| panic!("no errors in {document}"));
    assert_eq!(errors.len(), 1, "{document}");
    assert_eq!((&errors[0][place], &errors[0]["code"]), (&json!(name), &json!(kind)), "{document}");
    assert!(errors[0]["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{document}");
}

#[tokio::test]
async fn an_unknown_path_is_a_problem() {
    let cloud = cloud().await;
    let anyone = stranger(&cloud);
    for path in ["/v1", "/v1/nothing", "/v2/me", "/v1/services/a/b/c", "/v1/%2e%2e/me", "/V1/categories"] {
        refused(&anyone.get(path).await.unwrap(), 404, "not_found");
        refused(&anyone.post(path, &json!({})).await.unwrap(), 404, "not_found");
    }
}

#[tokio::test]
async fn a_wrong_method_is_a_problem_that_names_the_right_ones() {
    let cloud = cloud().await;
    let anyone = stranger(&cloud);
    for (method, path, allowed) in [
        (Method::PUT, "/v1/accounts", "POST"),
        (Method::PUT, "/v1/me", "DELETE,GET,HEAD,PATCH"),
        (Method::POST, "/v1/categories", "GET,HEAD"),
        (Method::GET, "/v1/sessions/current", "DELETE"),
        (Method::PATCH, "/v1/bookings", "GET,HEAD,POST"),
        (Method::POST, "/openapi.json", "GET,HEAD"),
    ] {
        let answer = anyone.call(method.clone(), path, &[], None).await.unwrap();
        refused(&answer, 405, "method_not_allowed");
        let mut methods: Vec<_> =
            answer.headers["allow"].to_str().unwrap().split(',').map(str::trim).collect();
        methods.sort_unstable();
        assert_eq!(methods.join(","), allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn a_trailing_slash_is_redirected_with_method_and_query() {
    let cloud = cloud().await;
    let anyone = stranger(&cloud);
    for (method, path, location) in [
        (Method::GET, "/v1/categories/", "/v1/categories"),
        (Method::GET, "/v1/services/?category=massage&limit=2", "/v1/services?category=massage&limit=2"),
        (Method::POST, "/v1/accounts/", "/v1/accounts"),
        (Method::GET, "/docs/", "/docs"),
        (Method::GET, "/v1/nothing/", "/v1/nothing"),
    ] {
        let answer = anyone.call(method, path, &[], None).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.headers["location"].to_str().unwrap()), (308, location));
        assert!(answer.headers["x-request-id"].to_str().unwrap().starts_with("req_"));
    }
    let elsewhere = anyone.get("//example.com/").await.unwrap();
    refused(&elsewhere, 404, "not_found");
}

/// Each operation with a body refuses what is no JSON object, before it does anything.
#[tokio::test]
async fn bodies_that_are_no_json_are_refused() {
    let cloud = cloud().await;
    let (customer, provider) =
        (customer(&cloud, "Customer One").await, provider(&cloud, "Provider One").await);
    let json_type = [("content-type", "application/json"), ("idempotency-key", "key-of-a-test")];
    let id = "bkg_01KB2Q7S3H8Z6W4V5N9RXTMCDE";
    let calls = [
        (&customer, Method::POST, "/v1/accounts".to_owned()),
        (&customer, Method::POST, "/v1/email-confirmations".into()),
        (&customer, Method::POST, "/v1/email-confirmations/resend".into()),
        (&customer, Method::POST, "/v1/password-resets".into()),
        (&customer, Method::POST, "/v1/password-resets/complete".into()),
        (&customer, Method::PUT, "/v1/me/password".into()),
        (&customer, Method::POST, "/v1/sessions".into()),
        (&customer, Method::POST, "/v1/sessions/refresh".into()),
        (&customer, Method::PATCH, "/v1/me".into()),
        (&provider, Method::POST, "/v1/services".into()),
        (&provider, Method::PATCH, "/v1/services/svc_01KB2Q7S3H8Z6W4V5N9RXTMCDE".into()),
        (&provider, Method::PUT, "/v1/me/calendar".into()),
        (&customer, Method::POST, "/v1/bookings".into()),
        (&customer, Method::POST, format!("/v1/bookings/{id}/cancel")),
    ];
    for (who, method, path) in &calls {
        let call = || (method.clone(), path.as_str());
        let send = |headers, text: &'static str| raw(who, &cloud, call(), headers, text);
        for text in ["{", "{\"a\":}", "not json", "{} {}", "\u{feff}{}", "{'a': 1}", "{\"a\":\"\u{1}\"}"] {
            refused(&send(&json_type, text).await, 400, "malformed_json");
        }
        for text in ["[]", "7", "\"text\"", "null", "true"] {
            refused_at(&send(&json_type, text).await, "", "invalid");
        }
        let other = [("content-type", "text/plain"), ("idempotency-key", "key-of-a-test")];
        refused(&send(&other, "{}").await, 415, "unsupported_media_type");
        refused(&send(&json_type[1..], "{}").await, 415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn an_empty_body_is_no_json_unless_it_may_be_left_out() {
    let cloud = cloud().await;
    let anyone = stranger(&cloud);
    let json_type = [("content-type", "application/json")];
    let answer = raw(&anyone, &cloud, (Method::POST, "/v1/accounts"), &json_type, "").await;
    refused(&answer, 400, "malformed_json");
    let answer = raw(&anyone, &cloud, (Method::POST, "/v1/sessions"), &[], "").await;
    refused(&answer, 415, "unsupported_media_type");
    let charset = [("content-type", "Application/JSON; charset=utf-8")];
    let answer = raw(&anyone, &cloud, (Method::POST, "/v1/sessions"), &charset, "{}").await;
    refused_at(&answer, "/email", "missing");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let cloud = cloud().await;
    let anyone = stranger(&cloud);
    let json_type = [("content-type", "application/json")];
    let call = || (Method::POST, "/v1/sessions");
    let padded = |size: usize| format!("{{\"email\":\"{}\"}}", "x".repeat(size - 12));
    let limit = 256 * 1024;
    for size in [limit + 1, 4 * limit] {
        let answer = raw(&anyone, &cloud, call(), &json_type, padded(size)).await;
        refused(&answer, 413, "too_large");
    }
    refused_at(&raw(&anyone, &cloud, call(), &json_type, padded(limit)).await, "/email", "invalid");
}

#[tokio::test]
async fn every_answer_has_a_request_id_of_its_own_and_stays_out_of_caches() {
    let cloud = cloud().await;
    let anyone = stranger(&cloud);
    let headers = [("x-request-id", "req_chosen-by-the-client")];
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..3 {
        // What caches may keep says so itself.
        for (path, status, kept) in [
            ("/v1/categories", 200, "public, max-age=3600"),
            ("/v1/services/nothing", 404, "no-store"),
            ("/.well-known/nothing", 404, "no-store"),
        ] {
            let answer = anyone.call(Method::GET, path, &headers, None).await.unwrap();
            assert_eq!(answer.headers["cache-control"], kept, "{path}");
            assert!(seen.insert(answer.headers["x-request-id"].to_str().unwrap().to_owned()));
            body(answer, status);
        }
    }
    assert!(!seen.contains("req_chosen-by-the-client"));
}

/// What goes wrong inside stays inside, and a passing fault is told from one of ours.
#[tokio::test]
async fn a_storage_fault_says_nothing_of_itself() {
    use banister_local::faults::{Plan, Rates};
    let cloud = cloud().await;
    let anyone = stranger(&cloud);
    let ask = json!({ "email": "customer@example.com", "password": "correct horse battery" });
    let refusal = async |status: u16, code: &str| {
        let answer = anyone.post("/v1/sessions", &ask).await.unwrap();
        refused(&answer, status, code);
        let shown = answer.body.to_string().to_lowercase();
        for inside in ["dynamo", "throttl", "crash", "exception", "sdk", "127.0.0.1", "table"] {
            assert!(!shown.contains(inside), "{shown}");
        }
    };
    let rates = Rates { throttle: 1_000, ..Rates::default() };
    cloud.faults.set(Plan { roles: ["local-http".to_owned()].into(), rates, ..Plan::default() });
    refusal(503, "unavailable").await;
    cloud.faults.off();
    cloud.faults.crash_before("local-http", 1);
    refusal(500, "internal").await;
    cloud.faults.revive("local-http");
    refusal(401, "wrong_credentials").await;
}
