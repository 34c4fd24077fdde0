//! When a call was signed, and how long that holds: by the cloud's clock, which `s3s` does not know. The signature
//! itself is verified by `s3s`.
//!
//! Source: "Authenticating Requests (AWS Signature Version 4)" in the Amazon S3 API Reference.

use banister_platform::clock::Clock;
use hyper::header::AUTHORIZATION;
use hyper::{Request, StatusCode};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How far a signature's time may be from the service's.
const SKEW: SignedDuration = SignedDuration::from_mins(15);
/// A presigned URL holds for at most seven days.
const LONGEST: i64 = 7 * 24 * 3_600;

/// Why a call is not even looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: &'static str,
}

/// Lets through what is signed with Signature Version 4 and for now.
pub(super) fn check<B>(request: &Request<B>, clock: &Clock) -> Result<(), Refused> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let query = request.uri().query().unwrap_or_default();
    let parameter = |name: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    };
    if let Some(authorization) = header(AUTHORIZATION.as_str()) {
        if !authorization.starts_with("AWS4-HMAC-SHA256 ") {
            return Err(forbidden("AccessDenied", "Only Signature Version 4 is accepted."));
        }
        return check_header(header("x-amz-date"), clock);
    }
    if parameter("X-Amz-Signature").is_none() {
        return Err(forbidden("AccessDenied", "Access Denied"));
    }
    let at = parameter("X-Amz-Date").as_deref().and_then(moment);
    let seconds = parameter("X-Amz-Expires").and_then(|seconds| seconds.parse().ok());
    let (Some(at), Some(seconds @ 1..=LONGEST)) = (at, seconds) else {
        return Err(Refused {
            status: StatusCode::BAD_REQUEST,
            code: "AuthorizationQueryParametersError",
            message: "X-Amz-Date must be a time, and X-Amz-Expires from 1 to 604800.",
        });
    };
    let age = clock.now().duration_since(at);
    if age < -SKEW {
        return Err(forbidden("AccessDenied", "Request is not yet valid"));
    }
    if age > SignedDuration::from_secs(seconds) {
        return Err(forbidden("AccessDenied", "Request has expired"));
    }
    Ok(())
}

/// The SDKs sign by the system's time, whatever the cloud's clock shows.
fn check_header(date: Option<&str>, clock: &Clock) -> Result<(), Refused> {
    let now = clock.now();
    let system = now.saturating_sub(SignedDuration::from_millis(clock.offset_millis())).unwrap_or(now);
    let near = |at: Timestamp| [now, system].iter().any(|it| it.duration_since(at).abs() <= SKEW);
    if date.and_then(moment).is_some_and(near) {
        return Ok(());
    }
    let message = "The difference between the request time and the current time is too large.";
    Err(forbidden("RequestTimeTooSkewed", message))
}

/// A time such as `20310303T060000Z`.
fn moment(text: &str) -> Option<Timestamp> {
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn forbidden(code: &'static str, message: &'static str) -> Refused {
    Refused { status: StatusCode::FORBIDDEN, code, message }
}
