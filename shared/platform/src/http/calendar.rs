//! iCalendar files (RFC 5545) as answers, and the suffix of a path that asks for one: a gateway's route takes a whole
//! segment, so that the segment says it.

use std::convert::Infallible;
use std::str::FromStr;

use aws_lc_rs::digest;
use axum::extract::FromRequestParts;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::{Answer, OkJson};

/// What the last segment of a path ends in that asks for a calendar file.
pub const ICS: &str = ".ics";

const CALENDAR: HeaderValue = HeaderValue::from_static("text/calendar; charset=utf-8");

/// What a path names, and whether it is asked for as a calendar file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaybeIcs<T> {
    /// What is named.
    pub named: T,
    /// Whether `.ics` was behind it.
    pub ics: bool,
}

impl<T: FromStr> FromStr for MaybeIcs<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        let bare = text.strip_suffix(ICS);
        Ok(Self { named: bare.unwrap_or(text).parse()?, ics: bare.is_some() })
    }
}

/// 200 with a thing as JSON or as a calendar file.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonOrIcs<T> {
    /// As JSON.
    Json(T),
    /// As a file.
    Ics {
        /// The file's name without its suffix: letters, digits, `-` and `_`.
        name: String,
        /// The file.
        text: String,
    },
}

impl<T> Answer for JsonOrIcs<T> {}

impl<T: Serialize> IntoResponse for JsonOrIcs<T> {
    fn into_response(self) -> Response {
        match self {
            Self::Json(body) => OkJson(body).into_response(),
            Self::Ics { name, text } => {
                let mut response = ([(CONTENT_TYPE, CALENDAR)], text).into_response();
                let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}{ICS}\""));
                if let Ok(value) = disposition {
                    response.headers_mut().insert(CONTENT_DISPOSITION, value);
                }
                response
            }
        }
    }
}

/// A calendar that a program asks for again and again: 200 with the file and its tag, or 304 where the program has
/// that one (RFC 9110, 15.4.5). It may keep the file for itself, and asks before each use whether it is still the one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarFeed {
    text: String,
    tag: String,
    known: bool,
}

impl CalendarFeed {
    /// The file, for a program that has what `known` says.
    #[must_use]
    pub fn new(text: String, known: &Known) -> Self {
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]));
        let known = known.has(&tag);
        Self { text, tag, known }
    }
}

impl Answer for CalendarFeed {}

impl IntoResponse for CalendarFeed {
    fn into_response(self) -> Response {
        let headers = [(ETAG, self.tag), (CACHE_CONTROL, "private, no-cache".to_owned())];
        if self.known {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, [(CONTENT_TYPE, CALENDAR)], self.text).into_response()
    }
}

/// The tags of what a client has (`If-None-Match`, RFC 9110, 13.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known(Vec<String>);

impl Known {
    fn read(headers: &HeaderMap) -> Self {
        let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        Self(values.flat_map(|text| text.split(',')).map(|tag| tag.trim().to_owned()).collect())
    }

    /// Whether it has what has this tag: compared weakly, since a copy is as good.
    fn has(&self, tag: &str) -> bool {
        self.0.iter().any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Known {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use banister_domain::id::BookingId;

    use super::*;

    #[test]
    fn one_suffix_asks_for_the_file() {
        let id = BookingId::from_parts(1, 16);
        let read = |text: String| text.parse::<MaybeIcs<BookingId>>().ok();
        assert_eq!(read(id.to_string()), Some(MaybeIcs { named: id, ics: false }));
        assert_eq!(read(format!("{id}.ics")), Some(MaybeIcs { named: id, ics: true }));
        for other in [format!("{id}.ICS"), format!("{id}.ics.ics"), format!("{id}.json"), ".ics".to_owned()] {
            assert_eq!(read(other.clone()), None, "{other}");
        }
    }

    #[test]
    fn what_is_known_is_not_sent_again() {
        let answer = |text: &str, known: &[&str]| {
            let known =
                known.iter().map(|value| (IF_NONE_MATCH, HeaderValue::try_from(*value).expect("text")));
            CalendarFeed::new(text.to_owned(), &Known::read(&known.collect())).into_response()
        };
        let fresh = answer("a", &[]);
        assert_eq!((fresh.status(), &fresh.headers()[CONTENT_TYPE]), (StatusCode::OK, &CALENDAR));
        let tag = fresh.headers()[ETAG].to_str().expect("text").to_owned();
        for known in [&[tag.as_str()][..], &["\"b\"", &tag], &[&format!("\"b\", W/{tag}")], &["*"]] {
            let same = answer("a", known);
            assert_eq!(
                (same.status(), &same.headers()[ETAG]),
                (StatusCode::NOT_MODIFIED, &fresh.headers()[ETAG])
            );
            assert!(!same.headers().contains_key(CONTENT_TYPE));
        }
        for unknown in [&["\"b\""][..], &[tag.trim_matches('"')], &[""]] {
            assert_eq!(answer("a", unknown).status(), StatusCode::OK, "{unknown:?}");
        }
        assert_eq!(answer("b", &[&tag]).status(), StatusCode::OK);
    }
}
