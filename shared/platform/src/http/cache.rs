//! Answers that caches may keep (RFC 9111): those of a request in which nobody says who they are. With a tag of what
//! they show, a client who has that already is told so (RFC 9110, 13.1.2).

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, ETAG, IF_NONE_MATCH, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::etag::{tag, tags};
use super::{Answer, OkJson, Problem};

/// What a request says of caches: whether they may keep the answer, and which ones the client has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caching {
    public: bool,
    had: Vec<String>,
}

impl Caching {
    fn read(headers: &HeaderMap) -> Self {
        // A weak tag is as good here (RFC 9110, 8.8.3.2): a gateway that compresses makes them of strong ones.
        let strong = |tag: String| tag.strip_prefix("W/").map(str::to_owned).unwrap_or(tag);
        let had = tags(headers, &IF_NONE_MATCH).into_iter().map(strong).collect();
        Self { public: !headers.contains_key(AUTHORIZATION), had }
    }

    /// An answer that caches may keep for so many seconds.
    pub fn json<T: Serialize>(self, body: T, seconds: u32) -> Cacheable<T> {
        let tag = tag(&body);
        Cacheable { body, tag, seconds, caching: self }
    }

    /// The same, of which `tagged` is what changes: a cursor is another one each time, and is good all the same.
    pub fn tagged<T: Serialize>(self, body: T, tagged: &impl Serialize, seconds: u32) -> Cacheable<T> {
        Cacheable { body, tag: tag(tagged), seconds, caching: self }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caching {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::read(&parts.headers))
    }
}

/// 200 with a body that caches may keep if it is nobody's in particular, or 304 where the client has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Cacheable<T> {
    body: T,
    tag: String,
    seconds: u32,
    caching: Caching,
}

impl<T: Serialize> IntoResponse for Cacheable<T> {
    fn into_response(self) -> Response {
        let had = self.caching.public && self.caching.had.iter().any(|tag| tag == "*" || *tag == self.tag);
        let mut response =
            if had { StatusCode::NOT_MODIFIED.into_response() } else { OkJson(self.body).into_response() };
        let headers = response.headers_mut();
        // Without a time, what is kept is asked for anew each time.
        let public = if self.seconds == 0 {
            "public, no-cache".to_owned()
        } else {
            format!("public, max-age={}", self.seconds)
        };
        let kept = if self.caching.public { public } else { "private, no-store".to_owned() };
        if let (Ok(tag), Ok(kept)) = (HeaderValue::try_from(self.tag), HeaderValue::try_from(kept)) {
            headers.insert(ETAG, tag);
            headers.insert(CACHE_CONTROL, kept);
        }
        headers.append(VARY, HeaderValue::from_static("authorization"));
        response
    }
}

impl<T> Answer for Cacheable<T> {
    const TAGGED: bool = true;
    const CACHEABLE: bool = true;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&str, &str)], body: &str, seconds: u32) -> (StatusCode, String, String) {
        let name = |name: &str| name.parse::<axum::http::HeaderName>().expect("a name");
        let value = |value: &str| HeaderValue::from_str(value).expect("a value");
        let said = headers.iter().map(|(one, two)| (name(one), value(two))).collect();
        let response = Caching::read(&said).json(body, seconds).into_response();
        let text = |name| response.headers()[name].to_str().expect("text").to_owned();
        assert_eq!(text(VARY), "authorization");
        (response.status(), text(CACHE_CONTROL), text(ETAG))
    }

    #[test]
    fn what_is_known_is_not_sent_again() {
        let (status, kept, tag) = answer(&[], "now", 30);
        assert_eq!((status, kept.as_str()), (StatusCode::OK, "public, max-age=30"));
        for had in [tag.clone(), format!("\"a\", {tag}"), format!("W/{tag}"), "*".into()] {
            let (status, kept, _) = answer(&[("if-none-match", &had)], "now", 30);
            assert_eq!((status, kept.as_str()), (StatusCode::NOT_MODIFIED, "public, max-age=30"), "{had}");
        }
        assert_eq!(answer(&[("if-none-match", &tag)], "later", 30).0, StatusCode::OK);
        assert_eq!(answer(&[], "now", 0).1, "public, no-cache");
    }

    #[test]
    fn what_somebody_in_particular_asked_for_is_theirs() {
        for token in ["Bearer x", "nonsense"] {
            let (status, kept, _) = answer(&[("authorization", token), ("if-none-match", "*")], "now", 30);
            assert_eq!((status, kept.as_str()), (StatusCode::OK, "private, no-store"));
        }
    }
}
