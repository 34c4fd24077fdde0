//! Which web pages may use a bucket: "Using cross-origin resource sharing" in the Amazon S3 User Guide.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};

use crate::template::CorsRule;

/// The headers of the answer to a preflight request; none where no rule lets the request through.
pub(super) fn preflight(rules: &[CorsRule], origins: &[String], request: &HeaderMap) -> Option<HeaderMap> {
    let text = |name: HeaderName| request.get(name).and_then(|value| value.to_str().ok());
    let (origin, method) = (text(ORIGIN)?, text(ACCESS_CONTROL_REQUEST_METHOD)?);
    let wanted = text(ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default().to_ascii_lowercase();
    let wanted: Vec<&str> = wanted.split(',').map(str::trim).filter(|header| !header.is_empty()).collect();
    let rule = rules.iter().find(|rule| {
        let known = |header: &&str| rule.headers.iter().any(|it| it == "*" || it == header);
        allows(rule, origins, origin, method) && wanted.iter().all(known)
    })?;
    let mut headers = granted(rule, origin)?;
    if !wanted.is_empty() {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_str(&wanted.join(", ")).ok()?);
    }
    if let Some(seconds) = rule.max_age_seconds {
        headers.insert(ACCESS_CONTROL_MAX_AGE, seconds.into());
    }
    Some(headers)
}

/// What an answer carries so that the page may read it; nothing where no rule says so.
pub(super) fn answer(rules: &[CorsRule], origins: &[String], method: &str, request: &HeaderMap) -> HeaderMap {
    let origin = request.get(ORIGIN).and_then(|value| value.to_str().ok());
    let granted = origin.and_then(|origin| {
        let rule = rules.iter().find(|rule| allows(rule, origins, origin, method))?;
        granted(rule, origin)
    });
    granted.unwrap_or_default()
}

fn allows(rule: &CorsRule, origins: &[String], origin: &str, method: &str) -> bool {
    let origins = rule.origins.as_deref().unwrap_or(origins);
    origins.iter().any(|it| it == "*" || it == origin) && rule.methods.iter().any(|it| it == method)
}

fn granted(rule: &CorsRule, origin: &str) -> Option<HeaderMap> {
    let headers = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_str(origin).ok()?),
        (ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_str(&rule.methods.join(", ")).ok()?),
        (ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")),
        (
            VARY,
            HeaderValue::from_static("Origin, Access-Control-Request-Headers, Access-Control-Request-Method"),
        ),
    ];
    Some(headers.into_iter().collect())
}
