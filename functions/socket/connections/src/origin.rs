//! Which pages may connect. Browsers let any page open a WebSocket anywhere and say whose page it is
//! in `Origin` (RFC 6455, 10.2); what sends no `Origin` is no browser.

use std::str::FromStr;
use std::sync::Arc;

/// The origins whose pages may connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origins(Arc<[String]>);

/// The list is not one of origins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be origins (scheme://host or scheme://host:port), separated by commas")]
pub(crate) struct NotOrigins;

impl FromStr for Origins {
    type Err = NotOrigins;

    fn from_str(text: &str) -> Result<Self, NotOrigins> {
        text.split(',').map(|one| normal(one.trim()).ok_or(NotOrigins)).collect::<Result<_, _>>().map(Self)
    }
}

impl Origins {
    /// Whether a request with these `Origin` headers may connect: each must be one of the list.
    pub(crate) fn allow<'a>(&self, mut headers: impl Iterator<Item = Option<&'a str>>) -> bool {
        headers.all(|header| header.and_then(normal).is_some_and(|origin| self.0.contains(&origin)))
    }
}

/// An origin as browsers write it (RFC 6454, 6.2): scheme, host, and the port unless it is the
/// scheme's own; in lower case. None where it is none, such as `null` or `*`.
fn normal(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let (scheme, rest) = text.split_once("://")?;
    let known = matches!(scheme, "http" | "https");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if !known || rest.is_empty() || !rest.chars().all(plain) {
        return None;
    }
    let own = if scheme == "http" { ":80" } else { ":443" };
    let host = rest.strip_suffix(own).filter(|host| !host.is_empty()).unwrap_or(rest);
    Some(format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_origins_connect() {
        let origins: Origins = "https://www.example.com, http://127.0.0.1:8000".parse().unwrap();
        for (headers, allowed) in [
            (vec![], true),
            (vec![Some("https://www.example.com")], true),
            (vec![Some("https://WWW.Example.com:443")], true),
            (vec![Some("http://127.0.0.1:8000")], true),
            (vec![Some("http://127.0.0.1")], false),
            (vec![Some("http://127.0.0.1:80000")], false),
            (vec![Some("http://www.example.com")], false),
            (vec![Some("https://www.example.com:8443")], false),
            (vec![Some("https://www.example.com.example.org")], false),
            (vec![Some("https://example.org/https://www.example.com")], false),
            (vec![Some("https://www.example.com/")], false),
            (vec![Some("https://user@www.example.com")], false),
            (vec![Some("null")], false),
            (vec![Some("*")], false),
            (vec![Some("")], false),
            (vec![None], false),
            (vec![Some("https://www.example.com"), Some("https://example.org")], false),
        ] {
            assert_eq!(origins.allow(headers.iter().copied()), allowed, "{headers:?}");
        }
    }

    #[test]
    fn a_list_of_anything_else_is_refused() {
        for list in
            ["*", "www.example.com", "https://www.example.com/app", "https://a.example,,", "ftp://a.example"]
        {
            assert_eq!(list.parse::<Origins>(), Err(NotOrigins), "{list}");
        }
    }
}
