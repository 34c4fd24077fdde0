//! The gateway's throttles: each route has those of its kind.

use serde_json::Value;

use super::api::detailed_by_parameter;
use crate::Faults;
use crate::template::{Template, entries};

/// What a route is to its throttles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A password is asked for.
    SignIn,
    /// The next pair of tokens.
    Refresh,
    /// Something can be guessed, is mailed, or takes much work.
    Account,
    /// For staff.
    Staff,
    /// Changes something.
    Write,
    /// Changes nothing.
    Read,
}

impl Kind {
    const ALL: [Self; 6] = [Self::SignIn, Self::Refresh, Self::Account, Self::Staff, Self::Write, Self::Read];

    /// Paths of [`Kind::Account`], with all below them; a GET of them is [`Kind::Read`].
    const ACCOUNT: [&str; 7] = [
        "/v1/accounts",
        "/v1/email-confirmations",
        "/v1/me/email",
        "/v1/me/password",
        "/v1/me/phone",
        "/v1/me/totp",
        "/v1/password-resets",
    ];

    fn of(method: &str, path: &str) -> Self {
        let below =
            |top: &str| path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match (method, path) {
            ("POST", "/v1/sessions") => Self::SignIn,
            ("POST", "/v1/sessions/refresh") => Self::Refresh,
            ("DELETE", "/v1/me") | ("GET", "/v1/me/export") => Self::Account,
            _ if below("/v1/admin") => Self::Staff,
            ("GET", _) => Self::Read,
            _ if Self::ACCOUNT.into_iter().any(below) => Self::Account,
            _ => Self::Write,
        }
    }

    /// Its name in docs/operations.md, requests a second, and requests at once.
    const fn limits(self) -> (&'static str, i64, i64) {
        match self {
            Self::SignIn => ("signing in", 20, 40),
            Self::Refresh => ("refreshing", 50, 100),
            Self::Account => ("accounts", 10, 20),
            Self::Staff => ("staff", 20, 40),
            Self::Write => ("writing", 50, 100),
            Self::Read => ("reading", 200, 400),
        }
    }
}

/// Each route of the API has the throttles of its kind, and there are no others; the default is not above
/// those of writing; metrics of each route are written where the parameter says so; and the table in
/// docs/operations.md says the same.
#[must_use]
pub fn routes_are_throttled(template: &Template, operations: &str) -> Faults {
    let api = &template.resource("Api")["Properties"];
    let limits = |settings: &Value| {
        let limit = |name: &str| settings[name].as_i64().unwrap_or(i64::MAX);
        (limit("ThrottlingRateLimit"), limit("ThrottlingBurstLimit"))
    };
    let mut faults = Faults::new();
    let mut require = |holds: bool, what: String| {
        if !holds {
            faults.push(format!("the API must have {what}"));
        }
    };
    let default = &api["DefaultRouteSettings"];
    require(limits(default) == (50, 100), "50 requests a second and 100 at once by default".into());
    require(detailed_by_parameter(template, default), "DetailedMetrics decide on its routes".into());
    let routes = template.routes();
    for known in routes.iter().filter(|route| route.path != "$default") {
        let route = known.key();
        let own = &api["RouteSettings"][&route];
        let (name, rate, burst) = Kind::of(&known.method, known.path).limits();
        require(
            limits(own) == (rate, burst),
            format!("{rate} requests a second and {burst} at once for {route} ({name})"),
        );
        require(detailed_by_parameter(template, own), format!("DetailedMetrics decide on {route}"));
    }
    for (route, _) in entries(&api["RouteSettings"]) {
        let known = routes.iter().any(|known| known.key() == route);
        require(known, format!("the route {route}, for which it has settings"));
    }
    for (name, rate, burst) in Kind::ALL.map(Kind::limits) {
        let told = |line: &str| line.starts_with(&format!("| {name} | {rate} | {burst} | "));
        if !operations.lines().any(told) {
            faults.push(format!("docs/operations.md must say {rate} and {burst} for {name}"));
        }
    }
    faults
}
