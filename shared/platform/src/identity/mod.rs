//! Who is calling: passwords, codes, tokens, and the check of each request.

pub mod code;
pub mod feed;
mod gate;
mod keys;
pub mod password;
pub mod refresh;
pub mod reset;
pub mod second_factor;
mod signing;
#[cfg(test)]
mod tests;
pub mod ticket;
mod token;

use aws_lc_rs::digest::{Context, SHA256};

pub use gate::{Access, Gate, Identity, Refused};
pub use keys::{KeySet, PublicKey};
pub use signing::{InvalidKey, SigningKey};
pub use token::{AccessToken, Claims, InvalidToken, Issuer, LIFETIME, Verifier};

/// A key of its own for one purpose, made of a secret: SHA-256 of both.
pub(crate) fn derived(purpose: &[u8], secret: &[u8]) -> [u8; 32] {
    let mut digest = Context::new(&SHA256);
    digest.update(purpose);
    digest.update(secret);
    let mut key = [0; 32];
    key.copy_from_slice(digest.finish().as_ref());
    key
}

/// A secret of at least 32 characters, as bytes.
pub(crate) fn secret(text: &str) -> Result<Vec<u8>, &'static str> {
    if text.len() >= 32 { Ok(text.as_bytes().to_vec()) } else { Err("must have at least 32 characters") }
}
