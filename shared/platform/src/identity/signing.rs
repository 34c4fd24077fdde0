//! The private key of access tokens: how it is made, written and read.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// A key that signs access tokens, with its name.
#[derive(Clone)]
pub struct SigningKey {
    pub(super) id: String,
    /// PKCS #8 DER.
    pub(super) der: Vec<u8>,
}

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a key id, a colon, and an Ed25519 key as PKCS #8 DER in base64")]
pub struct InvalidKey;

impl SigningKey {
    /// A new key. `id` is any text without a colon that no other key has.
    #[expect(clippy::disallowed_methods, reason = "the key pair is made by the library itself")]
    pub fn generate(id: &str) -> Result<Self, InvalidKey> {
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| InvalidKey)?;
        Ok(Self { id: id.to_owned(), der: der.as_ref().to_vec() })
    }

    /// Reads what the setting `ACCESS_PRIVATE_KEY` has.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let (id, der) = text.split_once(':').ok_or(InvalidKey)?;
        let der = STANDARD.decode(der.trim()).map_err(|_| InvalidKey)?;
        Ed25519KeyPair::from_pkcs8(&der).map_err(|_| InvalidKey)?;
        Ok(Self { id: id.to_owned(), der })
    }

    /// As the setting `ACCESS_PRIVATE_KEY` has it.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("{}:{}", self.id, STANDARD.encode(&self.der))
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its public half as a JWK (RFC 8037, 2).
    pub fn public(&self) -> Result<Value, InvalidKey> {
        let pair = Ed25519KeyPair::from_pkcs8(&self.der).map_err(|_| InvalidKey)?;
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        Ok(json!({ "kty": "OKP", "crv": "Ed25519", "kid": self.id, "alg": "EdDSA", "x": x }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_read_and_nothing_else() {
        let key = SigningKey::generate("one").expect("a key");
        let read = SigningKey::parse(&key.expose()).expect("a key");
        assert_eq!((read.id(), read.public()), ("one", key.public()));
        assert_ne!(SigningKey::generate("one").expect("a key").public(), key.public());
        for bad in ["", "one", "one:", "one:????", "one:AAAA"] {
            assert_eq!(SigningKey::parse(bad).err(), Some(InvalidKey), "{bad}");
        }
    }
}
