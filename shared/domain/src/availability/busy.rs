//! Time of a provider that is taken.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Interval, Seats};
use crate::id::{BookingId, HoldId, ProposalId, ServiceId, VacationId};

const NANOS: i128 = 1_000_000_000;

/// The text is not a stored busy time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a busy time: from/to/until/owner[/service/lead/tail/seats]")]
pub struct InvalidBusy;

/// Whose a busy time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A booking's: asked for or agreed.
    Booking(BookingId),
    /// The provider's own: away.
    Vacation(VacationId),
    /// Held for a booking that may move there.
    Proposal(ProposalId),
    /// Held for a customer who may book it.
    Hold(HoldId),
}

impl Owner {
    /// The booking, if it is one.
    #[must_use]
    pub const fn booking(self) -> Option<BookingId> {
        match self {
            Self::Booking(id) => Some(id),
            Self::Vacation(_) | Self::Proposal(_) | Self::Hold(_) => None,
        }
    }
}

impl From<BookingId> for Owner {
    fn from(id: BookingId) -> Self {
        Self::Booking(id)
    }
}

impl From<VacationId> for Owner {
    fn from(id: VacationId) -> Self {
        Self::Vacation(id)
    }
}

impl From<ProposalId> for Owner {
    fn from(id: ProposalId) -> Self {
        Self::Proposal(id)
    }
}

impl From<HoldId> for Owner {
    fn from(id: HoldId) -> Self {
        Self::Hold(id)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Booking(id) => fmt::Display::fmt(id, f),
            Self::Vacation(id) => fmt::Display::fmt(id, f),
            Self::Proposal(id) => fmt::Display::fmt(id, f),
            Self::Hold(id) => fmt::Display::fmt(id, f),
        }
    }
}

impl FromStr for Owner {
    type Err = InvalidBusy;

    fn from_str(text: &str) -> Result<Self, InvalidBusy> {
        let booking = text.parse().map(Self::Booking);
        let vacation = || text.parse().map(Self::Vacation);
        let held = || text.parse().map(Self::Proposal).or_else(|_| text.parse().map(Self::Hold));
        booking.or_else(|_| vacation()).or_else(|_| held()).map_err(|_| InvalidBusy)
    }
}

/// What is given in a busy time, and to how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// The service.
    pub service: ServiceId,
    /// Minutes of buffer before the service itself.
    pub lead_minutes: u16,
    /// Minutes of buffer after it.
    pub tail_minutes: u16,
    /// Seats that the booking takes.
    pub seats: Seats,
}

/// Time of a provider that one owner takes, buffers included. Serialised as its text form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy {
    /// What is taken.
    pub interval: Interval,
    /// Whose it is.
    pub owner: Owner,
    /// A hold blocks before this instant only; what is firm has none.
    pub until: Option<Timestamp>,
    /// What is given in it; none for a vacation.
    pub given: Option<Given>,
}

impl Busy {
    /// Time that is taken whatever it is for, until further notice.
    #[must_use]
    pub fn firm(interval: Interval, owner: impl Into<Owner>) -> Self {
        Self { interval, owner: owner.into(), until: None, given: None }
    }

    /// Whether it blocks others at `now`. A hold ends exactly at `until`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// The interval without its buffers; none for what is no service.
    #[must_use]
    pub fn service_time(&self) -> Option<Interval> {
        let Given { lead_minutes, tail_minutes, .. } = self.given?;
        let minutes = |count: u16| SignedDuration::from_mins(count.into());
        let from = self.interval.from().checked_add(minutes(lead_minutes)).ok()?;
        let to = self.interval.to().checked_sub(minutes(tail_minutes)).ok()?;
        Interval::new(from, to).ok()
    }

    /// How it stands in the way of `service` in a calendar that others have a place in, too: whatever else is given
    /// there is shared with nobody, and counts for no limit.
    #[must_use]
    pub fn beside(self, service: ServiceId) -> Self {
        Self { given: self.given.filter(|given| given.service == service), ..self }
    }

    /// How many seats it takes; one where nothing says otherwise.
    #[must_use]
    pub fn seats(&self) -> u16 {
        self.given.map_or(1, |given| given.seats.get())
    }

    /// Whether both are seats of one service at one time, which share their place, whatever the buffers were
    /// when each was taken.
    #[must_use]
    pub fn shares_with(&self, other: &Self) -> bool {
        let same = self.given.zip(other.given).is_some_and(|(one, two)| one.service == two.service);
        same && self.service_time() == other.service_time()
    }

    /// The compact form for storage, some 100 characters: `from/to/until/owner`, and for a service
    /// `/service/lead/tail/seats` behind it. Times are Unix seconds (with nine decimals if not whole),
    /// `until` is empty if there is none, buffers are minutes.
    #[must_use]
    pub fn to_text(&self) -> String {
        let until = self.until.map(|until| Seconds(until).to_string()).unwrap_or_default();
        let (from, to) = (Seconds(self.interval.from()), Seconds(self.interval.to()));
        let Some(Given { service, lead_minutes, tail_minutes, seats }) = self.given else {
            return format!("{from}/{to}/{until}/{}", self.owner);
        };
        let seats = seats.get();
        format!("{from}/{to}/{until}/{}/{service}/{lead_minutes}/{tail_minutes}/{seats}", self.owner)
    }

    /// Reads exactly what [`Busy::to_text`] writes.
    pub fn from_text(text: &str) -> Result<Self, InvalidBusy> {
        let mut parts = text.split('/');
        let mut part = || parts.next().ok_or(InvalidBusy);
        let (from, to, until, owner) = (part()?, part()?, part()?, part()?);
        let given = match part().ok() {
            Some(service) => Some(given(service, (part()?, part()?, part()?))?),
            None => None,
        };
        if parts.next().is_some() {
            return Err(InvalidBusy);
        }
        let until = if until.is_empty() { None } else { Some(instant(until)?) };
        let interval = Interval::new(instant(from)?, instant(to)?).map_err(|_| InvalidBusy)?;
        Ok(Self { interval, owner: owner.parse()?, until, given })
    }
}

fn given(service: &str, (lead, tail, seats): (&str, &str, &str)) -> Result<Given, InvalidBusy> {
    // One number has one spelling.
    let number = |text: &str| {
        let number = u16::from_str(text).map_err(|_| InvalidBusy)?;
        if number.to_string() == text { Ok(number) } else { Err(InvalidBusy) }
    };
    Ok(Given {
        service: service.parse().map_err(|_| InvalidBusy)?,
        lead_minutes: number(lead)?,
        tail_minutes: number(tail)?,
        seats: Seats::new(number(seats)?).map_err(|_| InvalidBusy)?,
    })
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
