//! Tokens of links to calendars. A program that subscribes to a calendar can send nothing but the address that it was
//! given, so that the address itself is the secret: good until it is revoked, kept only as a hash.

use std::str::FromStr;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::http::ICS;
use crate::random;

/// The text is no token of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no token of a link to a calendar")]
pub struct InvalidFeedToken;

/// A token as it stands in the link: 32 random bytes in base64url. Never logged, never stored.
#[derive(Clone)]
pub struct FeedToken(String);

impl FeedToken {
    /// A new one.
    #[must_use]
    pub fn issue() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random::bytes::<32>()))
    }

    /// The text for the link; it needs no escaping in a URL.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the text, for the table. 256 random bits need no salt and no slow hash.
    #[must_use]
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.0.as_bytes()))
    }
}

/// Reads what a client sent, with or without `.ics` behind it.
impl FromStr for FeedToken {
    type Err = InvalidFeedToken;

    fn from_str(text: &str) -> Result<Self, InvalidFeedToken> {
        let text = text.strip_suffix(ICS).unwrap_or(text);
        let decoded = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidFeedToken)?;
        if decoded.len() == 32 { Ok(Self(text.to_owned())) } else { Err(InvalidFeedToken) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_issued_reads_as_a_token() {
        let token = FeedToken::issue();
        let read = |text: &str| text.parse::<FeedToken>().ok().map(|token| token.hash());
        assert_eq!(read(token.expose()), Some(token.hash()));
        assert_eq!(read(&format!("{}.ics", token.expose())), Some(token.hash()));
        assert_ne!(FeedToken::issue().hash(), token.hash());
        assert!(!token.hash().contains(token.expose()));
        let (short, long) = (&token.expose()[1..], format!("{}A", token.expose()));
        let twice = format!("{}.ics.ics", token.expose());
        for text in
            ["", ".ics", "feed", short, &long, &twice, &format!("{short}="), &format!("{short} "), "é"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
