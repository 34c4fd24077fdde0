//! Codes sent by mail: eight digits (26 bits), derived from a secret and the code's identifier.
//!
//! Nothing that opens an account is kept: the table and the queue hold only the identifier, and the
//! function that mails the code and the one that checks it derive it again. A mail sent twice after
//! a crash therefore carries the same code.

use aws_lc_rs::hmac;
use banister_domain::id::CodeId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::reset::ResetToken;
use crate::config::{ConfigError, Settings};

/// How long a code is good for, in minutes.
pub const LIFETIME_MINUTES: i64 = 10;

/// How many wrong codes may be tried before it is void.
pub const MAX_TRIES: u32 = 5;

/// Derives codes from identifiers.
#[derive(Clone)]
pub struct Codes(hmac::Key);

impl Codes {
    /// With the secret in `CODE_KEY`, at least 32 characters.
    pub fn from_settings(settings: &Settings) -> Result<Self, ConfigError> {
        settings.parsed("CODE_KEY", super::secret).map(|key| Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// The eight digits of a code.
    #[must_use]
    pub fn digits(&self, id: CodeId) -> String {
        let tag = hmac::sign(&self.0, id.to_string().as_bytes());
        let number = tag.as_ref().iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        format!("{:08}", number % 100_000_000)
    }

    /// The token of a link that lets choose a new password.
    #[must_use]
    pub fn reset_token(&self, id: CodeId) -> ResetToken {
        ResetToken::new(hmac::sign(&self.0, format!("reset:{id}").as_bytes()).as_ref())
    }

    /// A fingerprint of a secret text that only this key makes, to tell equal ones from others.
    #[must_use]
    pub fn seal(&self, text: &str) -> String {
        let tag = hmac::sign(&self.0, format!("seal:{text}").as_bytes());
        URL_SAFE_NO_PAD.encode(tag.as_ref())
    }

    /// Whether `typed` is the code, compared in constant time. White space and dashes do not count.
    #[must_use]
    pub fn is(&self, id: CodeId, typed: &str) -> bool {
        let typed: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        aws_lc_rs::constant_time::verify_slices_are_equal(self.digits(id).as_bytes(), typed.as_bytes())
            .is_ok()
    }
}
