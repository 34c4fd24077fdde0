//! Who is calling: passwords, codes, tokens, and the check of each request.

pub mod code;
mod gate;
mod keys;
pub mod password;
pub mod refresh;
pub mod reset;
#[cfg(test)]
mod tests;
pub mod ticket;
mod token;

pub use gate::{Access, Gate, Identity, Refused};
pub use keys::{KeySet, PublicKey};
pub use token::{AccessToken, Claims, InvalidToken, Issuer, LIFETIME, Verifier};

/// A secret of at least 32 characters, as bytes.
pub(crate) fn secret(text: &str) -> Result<Vec<u8>, &'static str> {
    if text.len() >= 32 { Ok(text.as_bytes().to_vec()) } else { Err("must have at least 32 characters") }
}
