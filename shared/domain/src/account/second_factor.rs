//! The second factor: the codes that are typed, those for when the phone is lost, and how often one may
//! be wrong.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::TotpCode;
use super::totp::{BASE32, base32};

/// How many recovery codes there are at first.
pub const RECOVERY_CODES: usize = 10;

/// How many wrong codes may be tried in a row within [`LOCK`].
pub const MAX_FAILURES: u32 = 5;

/// From the first wrong code on, how long until more than [`MAX_FAILURES`] may be tried.
pub const LOCK: SignedDuration = SignedDuration::from_mins(15);

/// A code that opens the account once without the app: 60 bits, shown as twelve characters of base32
/// (RFC 4648, 6) in small letters. Kept only as a fingerprint.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// Of random bits, of which 60 count.
    #[must_use]
    pub fn new(bits: [u8; 8]) -> Self {
        let mut text = base32(&bits).to_ascii_lowercase();
        text.truncate(12);
        Self(text)
    }

    /// As its owner keeps it: `abcd-efgh-2345`.
    #[must_use]
    pub fn shown(&self) -> String {
        [&self.0[..4], &self.0[4..8], &self.0[8..]].join("-")
    }

    /// The characters, for the fingerprint only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

/// What is typed beside the password. White space, dashes and case make no difference.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum SecondFactorCode {
    /// What the app shows.
    Totp(TotpCode),
    /// One of those that were kept for a lost phone.
    Recovery(RecoveryCode),
}

/// A text that is neither kind of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be six digits or a recovery code")]
pub struct InvalidSecondFactorCode;

impl FromStr for SecondFactorCode {
    type Err = InvalidSecondFactorCode;
    fn from_str(typed: &str) -> Result<Self, InvalidSecondFactorCode> {
        let plain: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        if let Some(code) = TotpCode::parse(&plain) {
            return Ok(Self::Totp(code));
        }
        let known = |byte: u8| BASE32.contains(&byte.to_ascii_uppercase());
        if plain.len() == 12 && plain.bytes().all(known) {
            return Ok(Self::Recovery(RecoveryCode(plain.to_ascii_lowercase())));
        }
        Err(InvalidSecondFactorCode)
    }
}

impl TryFrom<String> for SecondFactorCode {
    type Error = InvalidSecondFactorCode;
    fn try_from(typed: String) -> Result<Self, InvalidSecondFactorCode> {
        typed.parse()
    }
}

impl utoipa::PartialSchema for SecondFactorCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("Six digits of an authenticator app, or a recovery code."))
            .min_length(Some(6))
            .examples(["492039"])
            .into()
    }
}
impl utoipa::ToSchema for SecondFactorCode {}

/// The wrong codes since the last right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    count: u32,
    since: Timestamp,
    /// Whether somebody was told of one more that was not tried.
    #[serde(default)]
    told: bool,
}

impl Failures {
    /// With one more at `now`.
    #[must_use]
    pub fn and(known: Option<Self>, now: Timestamp) -> Self {
        let known =
            known.filter(|known| !known.is_over(now)).unwrap_or(Self { count: 0, since: now, told: false });
        Self { count: known.count.saturating_add(1), ..known }
    }

    /// How many seconds, at least one, nothing more may be tried; none where it may.
    #[must_use]
    pub fn wait(self, now: Timestamp) -> Option<u32> {
        // Upwards: whoever waits so long is let in.
        let left = LOCK.saturating_sub(now.duration_since(self.since)).as_millis();
        let wait = left.saturating_add(999) / 1_000;
        let locked = self.count >= MAX_FAILURES && !self.is_over(now);
        locked.then(|| u32::try_from(wait).unwrap_or(u32::MAX).max(1))
    }

    /// With somebody told of one more that is not tried; none where somebody was.
    #[must_use]
    pub fn tell(self) -> Option<Self> {
        (!self.told).then_some(Self { told: true, ..self })
    }

    // A clock set back makes nothing older.
    fn is_over(self, now: Timestamp) -> bool {
        now.duration_since(self.since) >= LOCK
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn five_wrong_codes_and_then_a_quarter_of_an_hour() {
        let mut known = None;
        for second in 0..5 {
            assert_eq!(known.and_then(|known: Failures| known.wait(at(second))), None, "{second}");
            known = Some(Failures::and(known, at(second)));
        }
        let known = known.unwrap();
        assert_eq!((known.wait(at(4)), known.wait(at(899))), (Some(896), Some(1)));
        let told = known.tell().expect("nobody was");
        assert_eq!((told.wait(at(4)), told.tell()), (Some(896), None));
        assert!(Failures::and(Some(told), at(900)).tell().is_some(), "of the next ones");
        assert_eq!(known.wait(at(900)), None);
        let next = Failures::and(Some(known), at(900));
        assert_eq!((next.count, next.wait(at(900))), (1, None));
    }

    #[test]
    fn both_kinds_of_codes_read_however_they_are_typed() {
        let code = |text: &str| text.parse::<SecondFactorCode>();
        for text in ["012345", " 012 345", "012-345"] {
            assert!(matches!(code(text), Ok(SecondFactorCode::Totp(code)) if code.digits() == "012345"));
        }
        for text in ["abcd-efgh-2345", "ABCDEFGH2345", "abcd efgh 2345"] {
            let Ok(SecondFactorCode::Recovery(read)) = code(text) else { panic!("{text}") };
            assert_eq!(read.shown(), "abcd-efgh-2345");
            assert_eq!(format!("{read:?}"), "RecoveryCode(…)");
        }
        for text in ["", "12345", "1234567", "٠١٢٣٤٥", "abcd-efgh-1890", "abcd-efgh-234", "éééééé"]
        {
            assert_eq!(code(text), Err(InvalidSecondFactorCode), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_recovery_code_reads_back(bits: [u8; 8]) {
            let code = RecoveryCode::new(bits);
            prop_assert_eq!(code.shown().parse(), Ok(SecondFactorCode::Recovery(code)));
        }

        #[test]
        fn any_text_is_read_or_refused_without_panic(text in ".{0,30}") {
            let _ = text.parse::<SecondFactorCode>();
        }
    }
}
