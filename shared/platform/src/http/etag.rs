//! What two may edit at once: a tag of its content as `ETag` in the answer, the tags of what was seen as
//! `If-Match` in the request (RFC 9110, 8.8.3 and 13.1.1). Without one, what insists on it is refused with 428
//! (RFC 6585, 3).

use aws_lc_rs::digest;
use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::{Answer, Code, OkJson, Problem};

/// 200 with a body and a tag of its content.
#[derive(Debug, Clone, PartialEq)]
pub struct Fingerprinted<T> {
    body: T,
    tag: String,
}

impl<T: Serialize> Fingerprinted<T> {
    /// Shows `body`, of which `tagged` is what can be changed.
    pub fn of(body: T, tagged: &impl Serialize) -> Self {
        Self { body, tag: tag(tagged) }
    }
}

impl<T: Serialize> From<T> for Fingerprinted<T> {
    fn from(body: T) -> Self {
        let tag = tag(&body);
        Self { body, tag }
    }
}

impl<T: Serialize> IntoResponse for Fingerprinted<T> {
    fn into_response(self) -> Response {
        ([(ETAG, self.tag)], OkJson(self.body)).into_response()
    }
}

impl<T> Answer for Fingerprinted<T> {
    const TAGGED: bool = true;
}

/// The tag of what is shown so: the same for the same content, whoever made it that.
pub(super) fn tag(shown: &impl Serialize) -> String {
    // What cannot be written as JSON is never shown, and its tag compared with nothing.
    let json = serde_json::to_vec(shown).unwrap_or_default();
    let hash = digest::digest(&digest::SHA256, &json);
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]))
}

/// What the caller has seen of a thing that is to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen(Vec<String>);

impl Seen {
    /// Refused with 412 if the thing, shown so now, is not what the caller has seen. `*` is anything.
    pub fn check(&self, shown: &impl Serialize) -> Result<(), Problem> {
        let now = tag(shown);
        let seen = self.0.iter().any(|tag| tag == "*" || *tag == now);
        if seen { Ok(()) } else { Err(Problem::new(Code::Stale)) }
    }
}

/// The same, where the operation does not insist on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalSeen(pub Option<Seen>);

impl OptionalSeen {
    /// As [`Seen::check`]; nothing is refused where nothing was said.
    pub fn check(&self, shown: &impl Serialize) -> Result<(), Problem> {
        self.0.as_ref().map_or(Ok(()), |seen| seen.check(shown))
    }
}

/// The tags of all `If-Match` headers. What is no tag matches nothing, and so does a weak one.
fn read(headers: &HeaderMap) -> Option<Seen> {
    headers.contains_key(IF_MATCH).then(|| Seen(tags(headers, &IF_MATCH)))
}

/// The tags in all headers of this name.
pub(super) fn tags(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|text| text.split(',')).map(|tag| tag.trim().to_owned()).collect()
}

impl<S: Send + Sync> FromRequestParts<S> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(&parts.headers).ok_or(Problem::new(Code::IfMatchRequired))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OptionalSeen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(read(&parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_what_was_seen_matches() {
        let now = tag(&"now");
        let said = |values: &[&str]| {
            let values =
                values.iter().map(|value| (IF_MATCH, HeaderValue::from_str(value).expect("a value")));
            read(&values.collect())
        };
        for good in [&["*"][..], &[&now], &["\"a\"", &now], &[&format!("\"a\" ,{now}")]] {
            assert!(said(good).is_some_and(|seen| seen.check(&"now").is_ok()), "{good:?}");
        }
        let bare = now.trim_matches('"').to_owned();
        for bad in [&["\"a\""][..], &[""], &[&format!("W/{now}")], &[&bare], &[&tag(&"before")]] {
            let refused = said(bad).and_then(|seen| seen.check(&"now").err());
            assert_eq!(refused.map(|problem| problem.code()), Some(Code::Stale), "{bad:?}");
        }
        assert_eq!(said(&[]), None);
    }
}
