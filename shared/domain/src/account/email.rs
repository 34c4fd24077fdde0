//! E-mail addresses.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not an e-mail address that can be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address")]
pub struct InvalidEmail;

/// An e-mail address in its normal form: trimmed, lower case. Two spellings that differ only in
/// case are one account, and so is a domain in letters of any script and its ASCII form (`xn--…`, RFC 5890,
/// by UTS 46), which is the one that is kept. At most 254 characters (RFC 5321, 4.5.3.1.3). Before the `@`
/// ASCII only: not every mail server takes others (SMTPUTF8, RFC 6531), and letters that look alike would
/// make two accounts of one name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(raw: &str) -> Result<Self, InvalidEmail> {
        let text = raw.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        // Before the case is changed: some letters, such as the Kelvin sign, become ASCII by it.
        if !local.is_ascii() {
            return Err(InvalidEmail);
        }
        // What is ASCII already stays as it is, so that what was kept is read whatever Unicode says then.
        let domain = if domain.is_ascii() {
            domain.to_owned()
        } else {
            idna::domain_to_ascii_strict(domain).map_err(|_| InvalidEmail)?
        };
        let text = format!("{local}@{domain}").to_ascii_lowercase();
        let options = email_address::Options::default()
            .with_required_tld()
            .without_domain_literal()
            .without_display_text();
        let plain =
            !text.contains(['"', '(', ')']) && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        let parsed = email_address::EmailAddress::parse_with_options(&text, options);
        if plain && text.len() <= 254 && parsed.is_ok() { Ok(Self(text)) } else { Err(InvalidEmail) }
    }
}

impl TryFrom<String> for Email {
    type Error = InvalidEmail;
    fn try_from(raw: String) -> Result<Self, InvalidEmail> {
        raw.parse()
    }
}
impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}
impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl utoipa::PartialSchema for Email {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::schema::SchemaFormat::Custom("email".into())))
            .max_length(Some(254))
            .examples(["customer@example.com"])
            .into()
    }
}
impl utoipa::ToSchema for Email {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_have_one_spelling() {
        assert_eq!(" Robin@Example.COM ".parse::<Email>().map(String::from), Ok("robin@example.com".into()));
        for bad in [
            "",
            "a",
            "a@b",
            "a b@example.com",
            "a@exa mple.com",
            "a@[127.0.0.1]",
            "Ann <a@example.com>",
            "\"a\"@example.com",
            "a@example.com\r\nBcc: b@example.com",
            "@example.com",
            "a@@example.com",
            "björn@example.com",
            "a@bü cher.example",
            "a@-bücher.example",
            "a@bücher..example",
            "a@bü\u{200b}_cher.example",
            "a@\u{202e}bücher.example",
            "\u{212a}im@example.com",
            "a\u{200b}@example.com",
        ] {
            assert_eq!(bad.parse::<Email>(), Err(InvalidEmail), "{bad}");
        }
        let kept = "a@xn--bcher-kva.example".parse::<Email>();
        assert!(kept.is_ok());
        for same in
            ["a@bücher.example", "A@BÜCHER.Example", "a@bu\u{308}cher.example", " a@Bücher\u{3002}example "]
        {
            assert_eq!(same.parse::<Email>(), kept, "{same}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        assert_eq!(long.parse::<Email>(), Err(InvalidEmail));
    }
}
