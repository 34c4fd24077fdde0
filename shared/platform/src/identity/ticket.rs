//! Tickets that open a WebSocket: opaque to the client, good once and for a minute, kept only as
//! hashes. A browser can put them nowhere but into the URL, where a long-lived token must not be.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::random;

/// How long a ticket is good for, in seconds.
pub const LIFETIME_SECONDS: i64 = 60;

/// A ticket as the client holds it: 32 random bytes in base64url. Never logged, never stored.
#[derive(Clone)]
pub struct Ticket(String);

impl Ticket {
    /// A new one.
    #[must_use]
    pub fn issue() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random::bytes::<32>()))
    }

    /// Reads what a client sent; none where it is no ticket.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let decoded = URL_SAFE_NO_PAD.decode(text).ok()?;
        (decoded.len() == 32).then(|| Self(text.to_owned()))
    }

    /// The text for the client; it needs no escaping in a URL.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_issued_reads_as_a_ticket() {
        let ticket = Ticket::issue();
        let read = Ticket::parse(ticket.expose()).unwrap();
        assert_eq!(read.hash(), ticket.hash());
        assert_ne!(Ticket::issue().hash(), ticket.hash());
        assert!(!ticket.hash().contains(ticket.expose()));
        let (short, long) = (&ticket.expose()[1..], format!("{}A", ticket.expose()));
        for text in ["", "ticket", short, &long, &format!("{short}="), &format!("{short} "), "é"] {
            assert!(Ticket::parse(text).is_none(), "{text}");
        }
    }
}
