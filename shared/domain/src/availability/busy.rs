//! Time of a provider that is taken.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Interval;
use crate::id::BookingId;

const NANOS: i128 = 1_000_000_000;

/// The text is not a stored busy time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a busy time: from/to/until/booking")]
pub struct InvalidBusy;

/// Time that one booking takes, buffers included. Serialised as its text form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy {
    /// What is taken.
    pub interval: Interval,
    /// Whose it is.
    pub booking: BookingId,
    /// A hold blocks before this instant only; a firm booking has none.
    pub until: Option<Timestamp>,
}

impl Busy {
    /// Whether it blocks others at `now`. A hold ends exactly at `until`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// The compact form for storage, some 64 characters: `from/to/until/booking`, times as Unix
    /// seconds (with nine decimals if not whole), `until` empty if there is none.
    #[must_use]
    pub fn to_text(&self) -> String {
        let until = self.until.map(|until| Seconds(until).to_string()).unwrap_or_default();
        format!("{}/{}/{until}/{}", Seconds(self.interval.from()), Seconds(self.interval.to()), self.booking)
    }

    /// Reads exactly what [`Busy::to_text`] writes.
    pub fn from_text(text: &str) -> Result<Self, InvalidBusy> {
        let mut parts = text.split('/');
        let mut part = || parts.next().ok_or(InvalidBusy);
        let (from, to, until, booking) = (part()?, part()?, part()?, part()?);
        if parts.next().is_some() {
            return Err(InvalidBusy);
        }
        let until = if until.is_empty() { None } else { Some(instant(until)?) };
        let interval = Interval::new(instant(from)?, instant(to)?).map_err(|_| InvalidBusy)?;
        Ok(Self { interval, booking: booking.parse().map_err(|_| InvalidBusy)?, until })
    }
}

struct Seconds(Timestamp);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanosecond();
        write!(f, "{}", nanos.div_euclid(NANOS))?;
        match nanos.rem_euclid(NANOS) {
            0 => Ok(()),
            fraction => write!(f, ".{fraction:09}"),
        }
    }
}

fn instant(text: &str) -> Result<Timestamp, InvalidBusy> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    // One instant has one spelling: no plus sign, no leading zero, no empty or zero fraction.
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let plain = whole == "0" || (!digits.starts_with(['0', '+']) && !digits.is_empty());
    let fine =
        fraction.is_none_or(|f| f.len() == 9 && f.bytes().all(|b| b.is_ascii_digit()) && f != "000000000");
    if !plain || !fine {
        return Err(InvalidBusy);
    }
    let whole = i64::from_str(whole).map_err(|_| InvalidBusy)?;
    let fraction = u32::from_str(fraction.unwrap_or("0")).map_err(|_| InvalidBusy)?;
    Timestamp::from_nanosecond(i128::from(whole) * NANOS + i128::from(fraction)).map_err(|_| InvalidBusy)
}

impl Serialize for Busy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

impl<'de> Deserialize<'de> for Busy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_text(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
