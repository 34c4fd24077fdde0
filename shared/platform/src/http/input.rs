//! What comes in, checked on the way: a handler never sees a bad body, query or path.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::Method;
use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use axum::http::request::Parts;
use lambda_http::request::RequestContext;
use serde::Serializer;
use serde::de::DeserializeOwned;

use super::{Code, FieldError, Problem};

/// The largest body taken, in bytes; larger things are uploaded to storage.
const MAX_BODY: usize = 256 * 1024;

/// A JSON body; a PATCH may call it a merge patch (RFC 7396, 4). Unknown fields are refused where
/// `T` denies them, and every `T` here does.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = kind.split(';').next().unwrap_or_default().trim();
        let is = |name: &str| media_type.eq_ignore_ascii_case(name);
        let patch = request.method() == Method::PATCH && is("application/merge-patch+json");
        if !patch && !is("application/json") {
            return Err(Problem::new(Code::UnsupportedMediaType));
        }
        parse(&body(request, state).await?).map(Self)
    }
}

/// A JSON body that may be left out altogether, which then is `T`'s default.
#[derive(Debug, Clone, Copy)]
pub struct OptionalJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        // Lambda's empty body is one of no bytes, not none.
        if request.body().is_end_stream() || request.body().size_hint().exact() == Some(0) {
            return Ok(Self(T::default()));
        }
        Json::<T>::from_request(request, state).await.map(|Json(body)| Self(body))
    }
}

async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    if request.body().size_hint().lower() > MAX_BODY as u64 {
        return Err(Problem::new(Code::TooLarge));
    }
    let limited = request.map(|body| axum::body::Body::new(http_body_util::Limited::new(body, MAX_BODY)));
    Bytes::from_request(limited, state).await.map_err(|_| Problem::new(Code::TooLarge))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        // serde stops at the first fault, and calls some wrong types a fault of the syntax.
        if let Err(fault) = serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
            return Problem::new(Code::MalformedJson).detail(fault.to_string());
        }
        let pointer = pointer(error.path());
        Problem::new(Code::InvalidInput).field(field_error(&pointer, &error.into_inner().to_string()))
    })?;
    json.end().map_err(|error| Problem::new(Code::MalformedJson).detail(error.to_string()))?;
    // serde would read a list as a struct, field by field.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(Problem::invalid("", "must be an object"));
    }
    Ok(value)
}

/// The path of serde as a JSON Pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segment = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(escape(key)),
        Segment::Enum { .. } | Segment::Unknown => None,
    };
    path.iter().filter_map(segment).flat_map(|text| ["/".to_owned(), text]).collect()
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// What serde says of a value, as a field error. Serde names missing, unknown and repeated fields in
/// its message only.
fn field_error(pointer: &str, message: &str) -> FieldError {
    let message = message.split(" at line ").next().unwrap_or(message);
    let named = |prefix: &str| message.strip_prefix(prefix)?.split('`').next().map(ToOwned::to_owned);
    let below = |name: &str| {
        let last = format!("/{}", escape(name));
        if pointer.ends_with(&last) { pointer.to_owned() } else { format!("{pointer}{last}") }
    };
    let (code, pointer, detail) = if let Some(name) = named("missing field `") {
        ("missing", below(&name), "is required".to_owned())
    } else if let Some(name) = named("unknown field `") {
        ("unknown", below(&name), "is not a known field".to_owned())
    } else if let Some(name) = named("duplicate field `") {
        ("invalid", below(&name), "is given more than once".to_owned())
    } else {
        ("invalid", pointer.to_owned(), message.to_owned())
    };
    FieldError { pointer: Some(pointer), parameter: None, code, detail }
}

/// The first parameter of a query that an operation does not know: a filter is never silently ignored.
pub(super) fn unknown_parameter(query: Option<&str>, known: &[String]) -> Option<Problem> {
    let mut names = form_urlencoded::parse(query?.as_bytes()).map(|(name, _)| name);
    let name = names.find(|name| known.iter().all(|known| known != name))?;
    let (parameter, detail) = (Some(name.into_owned()), "is not a known parameter".to_owned());
    let error = FieldError { pointer: None, parameter, code: "unknown", detail };
    Some(Problem::new(Code::InvalidInput).field(error))
}

/// A query string. A parameter that the operation does not describe never comes here.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let deserializer = serde_urlencoded::Deserializer::new(pairs);
        serde_path_to_error::deserialize(deserializer).map(Self).map_err(|error| {
            let pointer = pointer(error.path());
            let FieldError { pointer, code, detail, .. } =
                field_error(&pointer, &error.into_inner().to_string());
            let parameter = pointer.map(|pointer| pointer.trim_start_matches('/').to_owned());
            Problem::new(Code::InvalidInput).field(FieldError { pointer: None, parameter, code, detail })
        })
    }
}

/// The one path parameter. What is no such identifier names no such thing: 404.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let not_found = || Problem::new(Code::NotFound);
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| not_found())?;
        let (_, text) = params.iter().next().ok_or_else(not_found)?;
        text.parse().map(Self).map_err(|_| not_found())
    }
}

/// The address that the request came from, as the gateway saw it; never from a header that the
/// client writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl ClientAddress {
    /// The network it belongs to, which tells roughly where: IPv4 `192.0.2.0/24`, IPv6 `2001:db8:1::/48`.
    #[must_use]
    pub fn network(self) -> Option<String> {
        Some(match self.0?.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
            }
        })
    }

    /// The address as the subject of a rate limit: IPv6 by its /64, which is one household's.
    #[must_use]
    pub fn subject(self) -> String {
        match self.0.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            None => "unknown".into(),
        }
    }
}

/// The /48 of an IPv6 address as [`ClientAddress::subject`] has it; none of any other. One customer of a network is
/// given a /64 to a /48 (RFC 6177).
pub(crate) fn site_of(subject: &str) -> Option<String> {
    let (site, _) = subject.strip_suffix("::/64")?.rsplit_once(':')?;
    Some(format!("{site}::/48"))
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        if let Some(address) = parts.extensions.get::<Self>() {
            return Ok(*address);
        }
        let context = parts.extensions.get::<RequestContext>();
        let source = context.and_then(|context| match context {
            RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref(),
            _ => None,
        });
        Ok(Self(source.and_then(|text| text.parse().ok())))
    }
}

/// How the client calls itself (`User-Agent`, RFC 9110, 10.1.5), as far as it is visible ASCII: the first
/// 200 characters. A claim, which proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAgent(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for UserAgent {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let text = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        // A tab passes as visible ASCII.
        let visible = |text: &str| text.trim().chars().filter(|c| !c.is_control()).take(200).collect();
        Ok(Self(text.map(visible).filter(|text: &String| !text.is_empty())))
    }
}

/// Nothing in place of a password where a request is written, as for its receipt: for serde's
/// `serialize_with`. Left out altogether, it would be left out of the document too.
pub fn withheld<T, S: Serializer>(_: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_unit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(rename = "list")]
        _list: Vec<Inner>,
    }
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(rename = "n")]
        _n: u8,
    }

    #[test]
    fn names_the_field_at_fault() {
        let table = [
            (r#"{"list":[{"n":1},{"n":300}]}"#, "/list/1/n", "invalid"),
            (r#"{"list":[{}]}"#, "/list/0/n", "missing"),
            (r#"{"list":[{"n":1,"m":2}]}"#, "/list/0/m", "unknown"),
            (r#"{"list":7}"#, "/list", "invalid"),
            (r"{}", "/list", "missing"),
            (r#"{"list":[],"x":1}"#, "/x", "unknown"),
        ];
        for (body, pointer, code) in table {
            let problem = parse::<Outer>(body.as_bytes()).expect_err(body);
            let document = problem.document("req");
            assert_eq!(document["errors"][0]["pointer"], pointer, "{body}");
            assert_eq!(document["errors"][0]["code"], code, "{body}");
        }
    }

    #[test]
    fn tells_bad_json_from_bad_fields() {
        for body in ["", "{", "{\"list\":[}", "{\"list\":[]} x", "\u{feff}{}"] {
            assert_eq!(
                parse::<Outer>(body.as_bytes()).expect_err(body).code(),
                Code::MalformedJson,
                "{body:?}"
            );
        }
    }

    fn request(method: Method, kind: &str, body: axum::body::Body) -> Request {
        Request::builder().method(method).header(CONTENT_TYPE, kind).body(body).expect("a request")
    }

    #[tokio::test]
    async fn only_a_patch_may_be_a_merge_patch() {
        let table = [
            (Method::PATCH, "application/merge-patch+json", true),
            (Method::PATCH, "Application/JSON; charset=utf-8", true),
            (Method::POST, "application/json", true),
            (Method::POST, "application/merge-patch+json", false),
            (Method::PATCH, "application/json-patch+json", false),
            (Method::PATCH, "", false),
        ];
        for (method, kind, good) in table {
            let read = Json::<Outer>::from_request(request(method, kind, r#"{"list":[]}"#.into()), &()).await;
            let code = read.err().map(|problem| problem.code());
            assert_eq!(code, (!good).then_some(Code::UnsupportedMediaType), "{kind}");
        }
    }

    #[tokio::test]
    async fn a_body_of_no_bytes_is_none() {
        let of_lambda = axum::body::Body::new(lambda_http::Body::Text(String::new()));
        for body in [of_lambda, axum::body::Body::empty(), axum::body::Body::from("")] {
            let read = OptionalJson::<[u8; 0]>::from_request(request(Method::POST, "", body), &()).await;
            assert!(read.is_ok());
        }
        let blank = request(Method::POST, "application/json", " ".into());
        let read = OptionalJson::<[u8; 0]>::from_request(blank, &()).await;
        assert_eq!(read.expect_err("no JSON").code(), Code::MalformedJson);
    }

    #[test]
    fn a_household_is_one_subject() {
        let subject = |text: &str| ClientAddress(text.parse().ok()).subject();
        assert_eq!(subject("2001:db8:1:2:3::4"), subject("2001:db8:1:2:ffff::1"));
        assert_ne!(subject("2001:db8:1:2::1"), subject("2001:db8:1:3::1"));
        assert_eq!([subject("192.0.2.7"), subject("::ffff:192.0.2.7")], ["192.0.2.7", "192.0.2.7"]);
        let site = |text: &str| site_of(&subject(text));
        assert_eq!(site("2001:db8:1:2::1").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(site("2001:db8::1").as_deref(), Some("2001:db8:0::/48"));
        assert_eq!([site("192.0.2.7"), site("nowhere")], [None, None]);
    }

    #[test]
    fn a_network_is_all_that_is_told_of_a_place() {
        for (address, network) in [
            ("192.0.2.7", Some("192.0.2.0/24")),
            ("::ffff:192.0.2.7", Some("192.0.2.0/24")),
            ("2001:db8:1:2:3::4", Some("2001:db8:1::/48")),
            ("::1", Some("::/48")),
            ("nowhere", None),
        ] {
            assert_eq!(ClientAddress(address.parse().ok()).network().as_deref(), network, "{address}");
        }
    }

    #[tokio::test]
    async fn a_device_is_shortened_and_holds_no_control_characters() {
        let long = "x".repeat(300);
        for (header, device) in [
            ("browser/1\t(phone)", Some("browser/1(phone)")),
            (" \t ", None),
            ("caf\u{e9}", None),
            (long.as_str(), Some(&long[..200])),
        ] {
            let request = Request::builder().header(USER_AGENT, header).body(()).expect("a request");
            let agent = UserAgent::from_request_parts(&mut request.into_parts().0, &()).await;
            assert_eq!(agent.expect("never refused").0.as_deref(), device, "{header:?}");
        }
    }
}
