//! The answer where no route fits: a path with a trailing slash is sent to the one without; anything
//! else is not there.

use axum::extract::Request;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::{Code, Problem};

/// 308, which keeps method and body (RFC 9110, 15.4.9), or 404.
pub(super) async fn unmatched(request: Request) -> Response {
    match slashless(request.uri().path(), request.uri().query()) {
        Some(location) => (StatusCode::PERMANENT_REDIRECT, [(LOCATION, location)]).into_response(),
        None => Problem::new(Code::NotFound).into_response(),
    }
}

/// The same path without its trailing slashes, as a location on this host.
fn slashless(path: &str, query: Option<&str>) -> Option<HeaderValue> {
    let bare = path.trim_end_matches('/');
    // `//elsewhere/` would be read as another host.
    if bare.len() == path.len() || bare.is_empty() || bare.starts_with("//") || bare.contains('\\') {
        return None;
    }
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{bare}{query}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_slashes_off_and_stays_here() {
        let location =
            |path, query| slashless(path, query).and_then(|value| value.to_str().map(String::from).ok());
        assert_eq!(location("/v1/me/", None).as_deref(), Some("/v1/me"));
        assert_eq!(location("/v1/bookings//", Some("limit=1")).as_deref(), Some("/v1/bookings?limit=1"));
        for path in ["/", "/v1/me", "//example.com/", "/\\example.com/"] {
            assert_eq!(location(path, None), None, "{path}");
        }
    }
}
