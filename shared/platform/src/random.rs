//! Randomness from the operating system, by way of the one cryptography library.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use banister_domain::id::{Id, Kind};
use jiff::Timestamp;

/// `N` random bytes from a cryptographically secure generator.
///
/// # Panics
/// When the operating system gives no randomness; nothing safe can be done then.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is where randomness comes from")]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut buffer = [0; N];
    SystemRandom::new().fill(&mut buffer).expect("the operating system gives randomness");
    buffer
}

/// A number below `bound`, evenly enough for spreading load; 0 where `bound` is 0.
#[must_use]
pub fn below(bound: u64) -> u64 {
    u64::from_le_bytes(bytes()).checked_rem(bound).unwrap_or(0)
}

/// A new identifier made at `now`.
#[must_use]
pub fn id<K: Kind>(now: Timestamp) -> Id<K> {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    Id::from_parts(millis, u128::from_le_bytes(bytes()))
}
