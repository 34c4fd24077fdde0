//! Providers' time.

use banister_domain::id::UserId;
use jiff::civil::Date;

use super::{Key, key};

/// Key of a provider's calendar rules.
#[must_use]
pub fn calendar_rules(provider: UserId) -> Key {
    key(calendar(provider), "RULES")
}

/// Key of one UTC day of a provider.
#[must_use]
pub fn calendar_day(provider: UserId, date: Date) -> Key {
    key(calendar(provider), day(date))
}

/// Partition of a provider's calendar.
#[must_use]
pub fn calendar(provider: UserId) -> String {
    format!("CALENDAR#{provider}")
}

/// Sort key of a UTC day within [`calendar`].
#[must_use]
pub fn day(date: Date) -> String {
    format!("DAY#{date}")
}
