//! Tokens that let the owner of an address choose a new password: mailed as a link, good once, kept only
//! as hashes. Like codes they are derived from a secret and an identifier, so that none is stored
//! between the request and the mail.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How long a token is good for that the owner asked for, in minutes.
pub const LIFETIME_MINUTES: i64 = 30;

/// How long one is good for that came with an invitation, which nobody waits for: 72 hours, in minutes.
pub const INVITATION_MINUTES: i64 = 72 * 60;

/// A token as it stands in the mail: 256 bits in base64url. Never logged, never stored.
#[derive(Clone)]
pub struct ResetToken(String);

impl ResetToken {
    /// Of these bits.
    pub(super) fn new(bits: &[u8]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bits))
    }

    /// Reads what a client sent; none where it is no token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let decoded = URL_SAFE_NO_PAD.decode(text).ok()?;
        (decoded.len() == 32).then(|| Self(text.to_owned()))
    }

    /// The text for the mail; it needs no escaping in a URL.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the text, for the table. 256 bits that nobody can guess need no salt and no slow hash.
    #[must_use]
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.0.as_bytes()))
    }
}
