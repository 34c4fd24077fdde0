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

/// Key of what two bookings of a provider's week both write, where their number is limited.
#[must_use]
pub fn calendar_week(provider: UserId, monday: Date) -> Key {
    key(calendar(provider), format!("WEEK#{monday}"))
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

/// Whose calendar it is where these are the keys of its rules, or of a day, and which that is.
#[must_use]
pub fn part_of_calendar(pk: &str, sk: &str) -> Option<(UserId, Option<Date>)> {
    let provider = pk.strip_prefix("CALENDAR#")?.parse().ok()?;
    match sk {
        "RULES" => Some((provider, None)),
        day => Some((provider, Some(day.strip_prefix("DAY#")?.parse().ok()?))),
    }
}

/// Key of what says that a provider's calendar has a link.
#[must_use]
pub fn calendar_feed(provider: UserId) -> Key {
    key(calendar(provider), "FEED")
}

/// Key of whose calendar a link shows, by the hash of its token.
#[must_use]
pub fn calendar_feed_link(hash: &str) -> Key {
    key(format!("FEED#{hash}"), "FEED")
}
