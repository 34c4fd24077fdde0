//! The public keys of access tokens: which are good, and how they are told to whoever asks.

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use serde::Serialize;

use crate::config::{ConfigError, Settings};

/// A public key as a JWK (RFC 7517; of Ed25519: RFC 8037, 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = PublicKey)]
pub struct PublicKey {
    /// Key type, always `OKP`.
    #[schema(example = "OKP")]
    kty: &'static str,
    /// Curve, always `Ed25519`.
    #[schema(example = "Ed25519")]
    crv: &'static str,
    /// What it is for, always `sig`.
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    purpose: &'static str,
    /// The algorithm, always `EdDSA`.
    #[schema(example = "EdDSA")]
    alg: &'static str,
    /// The name of the key, as a token's header has it.
    #[schema(example = "2026-03")]
    kid: String,
    /// The key, base64url.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    x: String,
}

/// A JWK set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = KeySet, example = json!({ "keys": [{
    "kty": "OKP",
    "crv": "Ed25519",
    "use": "sig",
    "alg": "EdDSA",
    "kid": "2026-03",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}] }))]
pub struct KeySet {
    /// The keys that are good; two while one takes the place of the other.
    keys: Vec<PublicKey>,
}

impl KeySet {
    /// The JWK set in `ACCESS_PUBLIC_KEYS`. What else a key holds there is left out.
    pub fn from_settings(settings: &Settings) -> Result<Self, ConfigError> {
        let keys = settings.parsed("ACCESS_PUBLIC_KEYS", |text| {
            let set: JwkSet = serde_json::from_str(text).map_err(|_| "must be a JWK set")?;
            set.keys.into_iter().map(PublicKey::of).collect::<Result<Vec<_>, _>>()
        })?;
        Ok(Self { keys })
    }

    /// Each key with its name, as what checks a signature.
    pub(super) fn decoding(&self) -> impl Iterator<Item = (String, DecodingKey)> {
        let read = |key: &PublicKey| Some((key.kid.clone(), DecodingKey::from_ed_components(&key.x).ok()?));
        self.keys.iter().filter_map(read)
    }
}

impl PublicKey {
    fn of(jwk: Jwk) -> Result<Self, &'static str> {
        let kid = jwk.common.key_id.ok_or("each key must have a kid")?;
        match jwk.algorithm {
            AlgorithmParameters::OctetKeyPair(key)
                if key.curve == EllipticCurve::Ed25519 && DecodingKey::from_ed_components(&key.x).is_ok() =>
            {
                Ok(Self { kty: "OKP", crv: "Ed25519", purpose: "sig", alg: "EdDSA", kid, x: key.x })
            }
            _ => Err("each key must be an Ed25519 public key"),
        }
    }
}
