//! Password hashes: argon2id with the parameters that OWASP names first
//! (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>): 19 MiB,
//! two passes, one lane.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use banister_domain::account::Password;

use crate::config::{ConfigError, Settings};
use crate::random;

/// A hash could not be made or read.
#[derive(Debug, thiserror::Error)]
#[error("password hash: {0}")]
pub struct PasswordError(String);

/// Makes and checks hashes at one cost.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    /// A hash of nobody's password, so that an unknown account costs the same work.
    decoy: Arc<str>,
}

impl Passwords {
    /// OWASP's cost; `PASSWORD_MEMORY_KIB` lowers the memory in KiB for tests.
    pub fn from_settings(settings: &Settings) -> Result<Self, ConfigError> {
        let name = "PASSWORD_MEMORY_KIB";
        let memory = match settings.optional(name) {
            None => Params::DEFAULT_M_COST,
            Some(_) => settings.parsed(name, str::parse::<u32>)?,
        };
        let invalid =
            |error: &dyn std::fmt::Display| ConfigError::Invalid { name, problem: error.to_string() };
        let params = Params::new(memory, 2, 1, None).map_err(|error| invalid(&error))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        // Nobody's: checking it takes the work of any other, making it would slow every start.
        let (salt, hash) = ("A".repeat(22), "A".repeat(43));
        let decoy = format!("$argon2id$v=19$m={memory},t=2,p=1${salt}${hash}");
        PasswordHash::new(&decoy).map_err(|error| invalid(&error))?;
        Ok(Self { argon2, decoy: decoy.into() })
    }

    /// The hash of a password with a fresh salt, as a PHC string. Runs off the async threads.
    pub async fn hash(&self, password: Password) -> Result<String, PasswordError> {
        let argon2 = self.argon2.clone();
        blocking(move || hash(&argon2, password.expose().as_bytes())).await
    }

    /// Whether `password` is the one hashed; with no hash, the same work for a no.
    pub async fn verify(&self, password: Password, hash: Option<String>) -> Result<bool, PasswordError> {
        let (argon2, decoy) = (self.argon2.clone(), Arc::clone(&self.decoy));
        blocking(move || {
            let known = hash.is_some();
            let text = hash.unwrap_or_else(|| decoy.to_string());
            let hash = PasswordHash::new(&text).map_err(|error| PasswordError(error.to_string()))?;
            let right = argon2.verify_password(password.expose().as_bytes(), &hash).is_ok();
            Ok(right && known)
        })
        .await
    }
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> Result<String, PasswordError> {
    let salt: [u8; 16] = random::bytes();
    let hash = argon2.hash_password_with_salt(password, &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| PasswordError(error.to_string()))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
) -> Result<T, PasswordError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| PasswordError(error.to_string()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(memory: Option<&str>) -> Passwords {
        let named = memory.map(|memory| ("PASSWORD_MEMORY_KIB".to_owned(), memory.to_owned()));
        Passwords::from_settings(&Settings::from_map(named.into_iter().collect())).expect("a cost")
    }

    fn password() -> Password {
        Password::try_from("correct horse battery staple".to_owned()).expect("a password")
    }

    #[tokio::test]
    async fn the_usual_cost_is_that_of_owasp_also_for_nobody() {
        let passwords = passwords(None);
        let hash = passwords.hash(password()).await.expect("a hash");
        for text in [hash.as_str(), &passwords.decoy] {
            assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
        }
        assert!(passwords.verify(password(), Some(hash)).await.expect("an answer"));
    }

    /// Without a hash the decoy is checked: where it cannot be, there is no answer.
    #[tokio::test]
    async fn nobodys_password_is_checked_and_wrong() {
        let passwords = passwords(Some("16384"));
        assert!(!passwords.verify(password(), None).await.expect("an answer"));
        let broken = Passwords { decoy: "no hash".into(), ..passwords };
        assert!(broken.verify(password(), None).await.is_err());
    }
}
