//! The key book: every key of the table is built here and nowhere else.
//!
//! | what | PK | SK | indexes |
//! |---|---|---|---|
//! | user | `USER#id` | `USER` | GSI1 `ROLE#role` / id, GSI2 `USERS` / id |
//! | what a user is found by | `FIND_USER#first two characters` | text#id | |
//! | where permissions came from | `USER#id` | `GRANTS` | |
//! | active super admins | `STAFF#super_admin` | `SUPER_ADMINS` | |
//! | credentials | `EMAIL#address` | `EMAIL` | |
//! | code | `USER#id` | `CODE#purpose` | |
//! | second factor | `USER#id` | `TOTP` | |
//! | settings about security | `SETTINGS` | `SECURITY` | |
//! | token that resets a password | `RESET#hash` | `RESET` | |
//! | session | `USER#id` | `SESSION#id` | |
//! | WebSocket ticket | `TICKET#hash` | `TICKET` | |
//! | WebSocket connection of a user | `USER#id` | `SOCKET#connection` | |
//! | user of a WebSocket connection | `CONNECTION#connection` | `CONNECTION` | |
//! | service | `SERVICE#id` | `SERVICE` | GSI1 `SERVICES#provider` / id, GSI2 `CATEGORY#slug` / id (while published), GSI3 `CATALOGUE` / id (published) or `SERVICES#status` / id |
//! | card of a service, of a provider | `CARDS#shard` | id | GSI1 `CARDS` / changed#id |
//! | calendar rules | `CALENDAR#provider` | `RULES` | |
//! | calendar day | `CALENDAR#provider` | `DAY#yyyy-mm-dd` | |
//! | calendar week with a limit | `CALENDAR#provider` | `WEEK#yyyy-mm-dd` (its Monday) | |
//! | link to a calendar; whose it is | `CALENDAR#provider`; `FEED#hash` | `FEED` | |
//! | booking | `BOOKING#id` | `BOOKING` | GSI1 `CUSTOMER#id` / start#id, GSI2 `PROVIDER#id` / start#id, GSI3 `DUE#shard` / deadline#id (while requested) |
//! | booking history | `BOOKING#id` | `HISTORY#revision` | GSI1 `BOOKINGS#yyyy-mm-dd` / start#id (the first line) |
//! | reviews of a booking | `BOOKING#id` | `REVIEWS` | GSI1 `REVIEWS#service` / published#id, GSI2 `REVIEWS#provider` / published#id (while the customer's is shown), GSI3 `SEALED#shard` / deadline#id (until published) |
//! | what the ratings of a service, or of a user as one side, add up to | `SERVICE#id`, `RATING#side#id` | `RATING` | |
//! | idempotency receipt | `ONCE#subject` | operation#key | |
//! | event handled | `HANDLED#consumer#event` | `HANDLED` | |
//! | job | `JOB#id` | `JOB` | |
//! | act on many accounts: what is asked for, what became of a user | `JOB#id` | `ORDER`, `RESULT#user` | |
//! | outbox | `OUTBOX#shard` | event id | |
//! | audit | `AUDIT#day#shard` | id | GSI1 `AUDITED#user` / id, GSI2 `ACTED#user` / id (where somebody else did it) |
//! | audit chain: link, head | `AUDITCHAIN#day#shard` | `LINK#audit id`, `HEAD` | |
//! | counters: generation, of a day, of all time | `STATISTICS`, `STAT#generation#shard` | `GENERATION`, yyyy-mm-dd, `TOTAL` | |
//! | counters of one side (`customer`, `provider`) | `COUNTS#side#id` | generation, ten digits | |
//! | what a thing is counted as | `COUNTED#its PK` | `COUNTED` | |
//! | rate limit | `LIMIT#operation#hash of the subject` | `LIMIT`, `FROM#hash of the address` | |

mod audit;
mod bookings;
mod bulk;
mod calendars;
mod events;
mod resources;
mod search;
mod services;
mod sessions;
mod statistics;
mod users;

pub use audit::*;
pub use bookings::*;
pub use bulk::*;
pub use calendars::*;
pub use events::*;
pub use resources::*;
pub use search::*;
pub use services::*;
pub use sessions::*;
pub use statistics::*;
pub use users::*;

use jiff::Timestamp;

/// Over how many partitions work that is due is spread. A partition takes 1,000 writes a second.
pub const SHARDS: u8 = 4;

/// The key of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

/// One of the table's global secondary indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Index {
    /// The first.
    Gsi1,
    /// The second.
    Gsi2,
    /// The third.
    Gsi3,
}

impl Index {
    /// The index's name in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gsi1 => "GSI1",
            Self::Gsi2 => "GSI2",
            Self::Gsi3 => "GSI3",
        }
    }

    /// The names of its partition and sort key attributes.
    #[must_use]
    pub const fn attributes(self) -> (&'static str, &'static str) {
        match self {
            Self::Gsi1 => ("GSI1PK", "GSI1SK"),
            Self::Gsi2 => ("GSI2PK", "GSI2SK"),
            Self::Gsi3 => ("GSI3PK", "GSI3SK"),
        }
    }
}

/// Where an item stands in an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexKey {
    /// Which index.
    pub index: Index,
    /// Its key there.
    pub key: Key,
}

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

fn at(index: Index, pk: String, sk: impl Into<String>) -> IndexKey {
    IndexKey { index, key: key(pk, sk) }
}

/// A moment as text whose order is the order of time: milliseconds, always 24 characters.
#[must_use]
pub fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The shard that a thing's work lies in: even, and the same for the same thing.
fn shard(text: &str) -> u8 {
    spread(text, SHARDS)
}

/// One of so many, even, and the same for the same text.
fn spread(text: &str, over: u8) -> u8 {
    let sum = text.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    u8::try_from(sum % u32::from(over)).unwrap_or(0)
}
