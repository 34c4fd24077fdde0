//! How what a second factor rests on is kept: the secret of the app encrypted, recovery codes as
//! fingerprints. Both are bound to their owner.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{constant_time, hmac};
use banister_domain::account::{RECOVERY_CODES, RecoveryCode, TotpSecret};
use banister_domain::id::UserId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::config::{ConfigError, Settings};
use crate::random;

/// How long a secret waits to be confirmed, in minutes.
pub const LIFETIME_MINUTES: i64 = 10;

/// Keep the keys apart from any other that is made of the same secret.
const SECRETS: &[u8] = b"banister totp secret 1\0";
const RECOVERY: &[u8] = b"banister recovery code 1\0";

/// A kept secret that is not one of this key and owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret of a second factor cannot be read; was CODE_KEY changed?")]
pub struct UnreadableSecret;

/// Encrypts, decrypts and fingerprints.
#[derive(Clone)]
pub struct SecondFactorKeys {
    secrets: Arc<RandomizedNonceKey>,
    recovery: hmac::Key,
}

impl SecondFactorKeys {
    /// With keys derived from the secret in `CODE_KEY`, at least 32 characters.
    pub fn from_settings(settings: &Settings) -> Result<Self, ConfigError> {
        let secret = settings.parsed("CODE_KEY", super::secret)?;
        let secrets = RandomizedNonceKey::new(&AES_256_GCM, &super::derived(SECRETS, &secret));
        let unfit = |_| ConfigError::Invalid { name: "CODE_KEY", problem: "no key comes of it".into() };
        let recovery = hmac::Key::new(hmac::HMAC_SHA256, &super::derived(RECOVERY, &secret));
        Ok(Self { secrets: Arc::new(secrets.map_err(unfit)?), recovery })
    }

    /// A new secret.
    #[must_use]
    pub fn issue() -> TotpSecret {
        TotpSecret::new(random::bytes())
    }

    /// The secret as it is kept: AES-256-GCM, in base64url.
    pub fn seal(&self, owner: UserId, secret: &TotpSecret) -> Result<String, UnreadableSecret> {
        let mut sealed = secret.expose().to_vec();
        let nonce = self.secrets.seal_in_place_append_tag(Aad::from(owner.to_string()), &mut sealed);
        let nonce = nonce.map_err(|_| UnreadableSecret)?;
        Ok(URL_SAFE_NO_PAD.encode([nonce.as_ref().as_slice(), &sealed].concat()))
    }

    /// The secret that was kept for `owner`.
    pub fn open(&self, owner: UserId, kept: &str) -> Result<TotpSecret, UnreadableSecret> {
        let mut bytes = URL_SAFE_NO_PAD.decode(kept).map_err(|_| UnreadableSecret)?;
        let (nonce, sealed) = bytes.split_first_chunk_mut::<NONCE_LEN>().ok_or(UnreadableSecret)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.secrets.open_in_place(nonce, Aad::from(owner.to_string()), sealed);
        let bits: &[u8] = opened.map_err(|_| UnreadableSecret)?;
        bits.try_into().map(TotpSecret::new).map_err(|_| UnreadableSecret)
    }

    /// New recovery codes.
    #[must_use]
    pub fn recovery_codes() -> Vec<RecoveryCode> {
        (0..RECOVERY_CODES).map(|_| RecoveryCode::new(random::bytes())).collect()
    }

    /// What is kept of a recovery code: HMAC-SHA256, in base64url.
    #[must_use]
    pub fn fingerprint(&self, owner: UserId, code: &RecoveryCode) -> String {
        let tag = hmac::sign(&self.recovery, format!("{owner}:{}", code.expose()).as_bytes());
        URL_SAFE_NO_PAD.encode(tag)
    }

    /// Where among `kept` the fingerprint of a code is; all of them are looked at.
    #[must_use]
    pub fn find(&self, owner: UserId, code: &RecoveryCode, kept: &[String]) -> Option<usize> {
        let typed = self.fingerprint(owner, code);
        let same =
            |kept: &String| constant_time::verify_slices_are_equal(kept.as_bytes(), typed.as_bytes()).is_ok();
        kept.iter().enumerate().fold(None, |found, (at, kept)| if same(kept) { Some(at) } else { found })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use banister_domain::id::Id;

    use super::*;

    fn keys(secret: &str) -> SecondFactorKeys {
        let values = BTreeMap::from([("CODE_KEY".to_owned(), secret.repeat(32))]);
        SecondFactorKeys::from_settings(&Settings::from_map(values)).unwrap()
    }

    #[test]
    fn a_secret_is_readable_for_its_owner_only() {
        let (owner, other) = (Id::from_parts(1, 1), Id::from_parts(1, 2));
        let secret = SecondFactorKeys::issue();
        let kept = keys("k").seal(owner, &secret).unwrap();
        assert_eq!(keys("k").open(owner, &kept), Ok(secret.clone()));
        assert_ne!(keys("k").seal(owner, &secret).unwrap(), kept);
        assert!(!kept.contains(&secret.base32()));
        for (keys, reader, text) in [
            (keys("k"), other, kept.as_str()),
            (keys("x"), owner, &kept),
            (keys("k"), owner, &kept[1..]),
            (keys("k"), owner, ""),
        ] {
            assert_eq!(keys.open(reader, text), Err(UnreadableSecret), "{text}");
        }
    }

    #[test]
    fn a_recovery_code_is_found_by_its_owner_only() {
        let (owner, other) = (Id::from_parts(1, 1), Id::from_parts(1, 2));
        let codes = SecondFactorKeys::recovery_codes();
        assert_eq!(codes.len(), 10);
        let kept: Vec<_> = codes.iter().map(|code| keys("k").fingerprint(owner, code)).collect();
        for (at, code) in codes.iter().enumerate() {
            assert_eq!(keys("k").find(owner, code, &kept), Some(at));
            assert!(!kept.iter().any(|kept| kept.contains(code.expose())));
            assert_eq!(keys("k").find(other, code, &kept), None);
            assert_eq!(keys("x").find(owner, code, &kept), None);
        }
    }
}
