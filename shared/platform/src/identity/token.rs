//! Access tokens: JWTs signed with Ed25519 (RFC 7519, RFC 8037), short-lived.

use banister_domain::account::Role;
use banister_domain::id::{SessionId, UserId};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::{KeySet, SigningKey};
use crate::config::{ConfigError, Settings};

/// How long an access token is good for.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// The type in a token's header (RFC 9068): a token of another kind is never taken for one of these.
const TYPE: &str = "at+jwt";
const AUDIENCE: &str = "banister";

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer: the deployment.
    pub iss: String,
    /// Audience, always `banister`.
    pub aud: String,
    /// Who.
    pub sub: UserId,
    /// In which session.
    pub sid: SessionId,
    /// As what; the gate compares it with the account.
    pub role: Role,
    /// The account's epoch when the token was made.
    pub epoch: u32,
    /// Made at, seconds since the Unix epoch.
    pub iat: i64,
    /// Good until, seconds since the Unix epoch.
    pub exp: i64,
}

/// A signed token for the client.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The compact JWT.
    pub text: String,
    /// Seconds it is good for.
    pub expires_in: i64,
}

/// The token is not one of ours, or no longer good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid access token")]
pub struct InvalidToken;

/// Signs tokens; only the sessions area has one.
#[derive(Clone)]
pub struct Issuer {
    deployment: String,
    key_id: String,
    key: EncodingKey,
}

impl Issuer {
    /// With the key in `ACCESS_PRIVATE_KEY`: `<key id>:<PKCS #8 DER in base64>`.
    pub fn from_settings(settings: &Settings) -> Result<Self, ConfigError> {
        // A key that cannot sign is noticed here and not by the first who signs in.
        let SigningKey { id, der } = settings.parsed("ACCESS_PRIVATE_KEY", SigningKey::parse)?;
        let key = EncodingKey::from_ed_der(&der);
        Ok(Self { deployment: settings.required("ACCESS_ISSUER")?, key_id: id, key })
    }

    /// A token for one session of an account, made at `now`.
    pub fn issue(
        &self,
        (user, session): (UserId, SessionId),
        (role, epoch): (Role, u32),
        now: Timestamp,
    ) -> Result<AccessToken, jsonwebtoken::errors::Error> {
        let claims = Claims {
            iss: self.deployment.clone(),
            aud: AUDIENCE.into(),
            sub: user,
            sid: session,
            role,
            epoch,
            iat: now.as_second(),
            exp: now.as_second() + LIFETIME.as_secs(),
        };
        self.sign(&claims)
    }

    /// Signs any claims, so that tests can make tokens that must be refused.
    pub fn sign(&self, claims: &Claims) -> Result<AccessToken, jsonwebtoken::errors::Error> {
        let header = Header {
            typ: Some(TYPE.into()),
            kid: Some(self.key_id.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        let text = jsonwebtoken::encode(&header, claims, &self.key)?;
        Ok(AccessToken { text, expires_in: claims.exp - claims.iat })
    }
}

/// Checks tokens with the public keys.
#[derive(Clone)]
pub struct Verifier {
    keys: Vec<(String, DecodingKey)>,
    validation: Validation,
}

impl Verifier {
    /// With the JWK set (RFC 7517) in `ACCESS_PUBLIC_KEYS`; two keys may be good at once.
    pub fn from_settings(settings: &Settings) -> Result<Self, ConfigError> {
        let keys = KeySet::from_settings(settings)?.decoding().collect();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[settings.required("ACCESS_ISSUER")?]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library would read the system's clock; `verify` compares with the given time.
        validation.validate_exp = false;
        Ok(Self { keys, validation })
    }

    /// What `token` says, if it is ours and good at `now`.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, InvalidToken> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| InvalidToken)?;
        if header.typ.as_deref() != Some(TYPE) || header.alg != Algorithm::EdDSA {
            return Err(InvalidToken);
        }
        let key = self.keys.iter().find(|(id, _)| Some(id) == header.kid.as_ref()).ok_or(InvalidToken)?;
        let data =
            jsonwebtoken::decode::<Claims>(token, &key.1, &self.validation).map_err(|_| InvalidToken)?;
        if data.claims.exp <= now.as_second() { Err(InvalidToken) } else { Ok(data.claims) }
    }
}
