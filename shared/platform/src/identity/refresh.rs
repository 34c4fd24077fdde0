//! Refresh tokens: opaque to the client, kept only as hashes.
//!
//! `rft_<user>.<session>.<32 random bytes>.<MAC>`: the first two say where to look, the third proves it,
//! and the last says that it was issued here, before anything is read: whoever invents a token ends
//! nobody's session by it.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hmac};
use banister_domain::id::{SessionId, UserId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::config::{ConfigError, Settings};
use crate::random;

/// What makes the next token of a session, together with the one before.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Salt(String);

impl Salt {
    /// A new one, of 256 random bits.
    #[must_use]
    pub fn issue() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random::bytes::<32>()))
    }
}

/// Keeps the key apart from any other that is made of the same secret.
const PURPOSE: &[u8] = b"banister refresh token 1\0";

/// How much of the MAC a token carries: 128 bits (RFC 2104, 5).
const TAG: usize = 16;

/// Marks tokens as issued here, and knows them again.
#[derive(Clone)]
pub struct RefreshKey(hmac::Key);

impl RefreshKey {
    /// Derived from the secret in `CODE_KEY`, at least 32 characters.
    pub fn from_settings(settings: &Settings) -> Result<Self, ConfigError> {
        let secret = settings.parsed("CODE_KEY", super::secret)?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &super::derived(PURPOSE, &secret))))
    }

    /// Reads what a client sent; none where it is no token that was issued with this key.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<RefreshToken> {
        let (body, mac) = text.rsplit_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        verify_slices_are_equal(&mac, &self.mac(body)).ok()?;
        RefreshToken::parse(body)
    }

    /// The text for the client.
    #[must_use]
    pub fn expose(&self, token: &RefreshToken) -> String {
        let body = format!("rft_{}.{}.{}", token.user_id, token.session_id, token.secret);
        let mac = URL_SAFE_NO_PAD.encode(self.mac(&body));
        format!("{body}.{mac}")
    }

    fn mac(&self, body: &str) -> [u8; TAG] {
        let mut mac = [0; TAG];
        mac.copy_from_slice(&hmac::sign(&self.0, body.as_bytes()).as_ref()[..TAG]);
        mac
    }
}

/// What a client sends as a refresh token that it has, whether it is one or not: at most 256 characters, and one that
/// is issued has 132. Shown nowhere, not even by `{:?}`.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct HeldToken(String);

impl HeldToken {
    const LONGEST: usize = 256;

    /// The text, to be read.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HeldToken {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.chars().count() > Self::LONGEST {
            return Err("must have at most 256 characters");
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for HeldToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeldToken(…)")
    }
}

impl utoipa::PartialSchema for HeldToken {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(Self::LONGEST))
            .examples(["rft_usr_….ses_….…"])
            .into()
    }
}
impl utoipa::ToSchema for HeldToken {}

/// A refresh token as the client holds it. Never logged, never stored.
#[derive(Clone)]
pub struct RefreshToken {
    /// Whose.
    pub user_id: UserId,
    /// Which family.
    pub session_id: SessionId,
    secret: String,
}

impl RefreshToken {
    /// A new token of a family.
    #[must_use]
    pub fn issue(user_id: UserId, session_id: SessionId) -> Self {
        Self { user_id, session_id, secret: URL_SAFE_NO_PAD.encode(random::bytes::<32>()) }
    }

    /// The token after this one: the same for the same salt, so that whoever holds this one can be given
    /// it again. Neither the salt alone nor this token alone tells it (HMAC-SHA256, RFC 2104).
    #[must_use]
    pub fn successor(&self, salt: &Salt) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        let secret = URL_SAFE_NO_PAD.encode(hmac::sign(&key, salt.0.as_bytes()));
        Self { secret, ..*self }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("rft_")?.splitn(3, '.');
        let (user, session, secret) = (parts.next()?, parts.next()?, parts.next()?);
        if secret.len() != 43 {
            return None;
        }
        let (user_id, session_id) = (user.parse().ok()?, session.parse().ok()?);
        Some(Self { user_id, session_id, secret: secret.to_owned() })
    }

    /// SHA-256 of the secret, for the table. 256 random bits need no salt and no slow hash.
    #[must_use]
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.secret.as_bytes()))
    }

    /// Whether this token is the one hashed, compared in constant time.
    #[must_use]
    pub fn matches(&self, hash: &str) -> bool {
        verify_slices_are_equal(self.hash().as_bytes(), hash.as_bytes()).is_ok()
    }
}
