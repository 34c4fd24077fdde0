//! Codes of an authenticator app (TOTP, RFC 6238): SHA-1, 30 seconds, six digits, one step of drift.

use std::fmt::{self, Write as _};

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha1::Sha1;

use super::Email;

/// Who the codes are for, as apps show it.
const ISSUER: &str = "Banister";

/// Length of a step in seconds (RFC 6238, 5.2).
const PERIOD: i64 = 30;

/// How many codes of six digits there are.
const CODES: u32 = 1_000_000;

/// How many steps the clock of a phone may be off, to either side (RFC 6238, 5.2).
const DRIFT: i64 = 1;

/// A step of 30 seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Step(i64);

impl Step {
    /// The one that a moment lies in.
    #[must_use]
    pub fn at(moment: Timestamp) -> Self {
        Self(moment.as_second().div_euclid(PERIOD))
    }
}

/// What an app and the server share: 160 bits (RFC 4226, 4). Shown nowhere, not even by `{:?}`.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; 20]);

impl TotpSecret {
    /// Of random bits.
    #[must_use]
    pub const fn new(bits: [u8; 20]) -> Self {
        Self(bits)
    }

    /// The bits, for encryption only.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 20] {
        &self.0
    }

    /// The text to be typed into an app: 32 characters of base32 (RFC 4648, 6).
    #[must_use]
    pub fn base32(&self) -> String {
        base32(&self.0)
    }

    /// What an app reads from a QR code, as Google Authenticator's "Key URI Format" has it.
    #[must_use]
    pub fn uri(&self, account: &Email) -> String {
        let (secret, account) = (self.base32(), escaped(account.as_str()));
        format!(
            "otpauth://totp/{ISSUER}:{account}?secret={secret}&issuer={ISSUER}&algorithm=SHA1&digits=6&period={PERIOD}"
        )
    }

    /// The code of a step (RFC 4226, 5.3).
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "HMAC takes keys of every length")]
    pub fn code(&self, step: Step) -> TotpCode {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).expect("HMAC takes keys of every length");
        mac.update(&step.0.to_be_bytes());
        let tag: [u8; 20] = mac.finalize().into_bytes().into();
        // The last four bits say where the number begins.
        let at = usize::from(tag[19] & 0xf);
        let number = u32::from_be_bytes([tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]]);
        TotpCode(number % CODES)
    }

    /// The step whose code was typed, at `now`. A code is good once: neither the step `used` last nor an
    /// older one counts (RFC 6238, 5.2).
    #[must_use]
    pub fn matching(&self, typed: TotpCode, now: Timestamp, used: Option<Step>) -> Option<Step> {
        let current = Step::at(now).0;
        let steps = (current - DRIFT..=current + DRIFT).map(Step);
        // All of them are looked at, so that the time tells nothing of which one it was.
        steps.filter(|step| self.code(*step) == typed && used.is_none_or(|used| *step > used)).max()
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

/// Six digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TotpCode(u32);

impl TotpCode {
    pub(super) fn parse(typed: &str) -> Option<Self> {
        let digits = typed.len() == 6 && typed.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| typed.parse().ok().map(Self)).flatten()
    }

    /// The six digits.
    #[must_use]
    pub fn digits(self) -> String {
        format!("{:06}", self.0)
    }
}

impl fmt::Debug for TotpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpCode(…)")
    }
}

/// Base32 (RFC 4648, 6) without padding.
pub(super) fn base32(bytes: &[u8]) -> String {
    let bit = |at: usize| bytes.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
    let digit = |at: usize| (at..at + 5).fold(0, |digit, at| digit << 1 | usize::from(bit(at)));
    (0..bytes.len() * 8).step_by(5).map(|at| char::from(BASE32[digit(at)])).collect()
}

pub(super) const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Percent-encoded (RFC 3986, 2.1), all but unreserved characters.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// RFC 6238, appendix B, of which these are the last six digits.
    #[test]
    fn the_vectors_of_the_rfc() {
        let secret = TotpSecret::new(*b"12345678901234567890");
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.code(Step::at(at(second))).digits(), code, "{second}");
        }
    }

    /// RFC 4648, 10, and the secret of the RFC above.
    #[test]
    fn base32_is_that_of_the_rfc() {
        for (text, encoded) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(text.as_bytes()), encoded);
        }
        let secret = TotpSecret::new(*b"12345678901234567890");
        assert_eq!(secret.base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            secret.uri(&"a+b@example.com".parse().unwrap()),
            "otpauth://totp/Banister:a%2Bb%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Banister&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(format!("{secret:?} {:?}", secret.code(Step(1))), "TotpSecret(…) TotpCode(…)");
    }

    proptest! {
        /// Good from one step before its own to one after, and never again.
        #[test]
        fn a_code_is_good_for_its_time_and_once(bits: [u8; 20], second in 0_i64..4_000_000_000, off in -3_i64..=3) {
            let (secret, now) = (TotpSecret::new(bits), at(second));
            let step = Step(Step::at(now).0 + off);
            let found = secret.matching(secret.code(step), now, None);
            // Another step may have the same code by chance: then that one counts.
            prop_assert_eq!(found.is_some(), off.abs() <= 1 || found.is_some_and(|found| found != step));
            if off.abs() <= 1 {
                let used = found.unwrap();
                prop_assert!(used >= step);
                let again = secret.matching(secret.code(step), now, Some(used));
                prop_assert!(again.is_none_or(|again| again > used));
                prop_assert!(again != Some(step));
            }
        }
    }
}
