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
//! | calendar rules | `CALENDAR#provider` | `RULES` | |
//! | calendar day | `CALENDAR#provider` | `DAY#yyyy-mm-dd` | |
//! | booking | `BOOKING#id` | `BOOKING` | GSI1 `CUSTOMER#id` / start#id, GSI2 `PROVIDER#id` / start#id, GSI3 `DUE#shard` / deadline#id (while requested) |
//! | booking history | `BOOKING#id` | `HISTORY#revision` | GSI1 `BOOKINGS#yyyy-mm-dd` / start#id (the first line) |
//! | idempotency receipt | `ONCE#subject#operation#key` | `ONCE` | |
//! | event handled | `HANDLED#consumer#event` | `HANDLED` | |
//! | outbox | `OUTBOX#shard` | event id | |
//! | audit | `AUDIT#day#shard` | id | GSI1 `AUDITED#user` / id, GSI2 `ACTED#user` / id (where somebody else did it) |
//! | audit chain: link, head | `AUDITCHAIN#day#shard` | `LINK#audit id`, `HEAD` | |
//! | counters: generation, of a day, of all time | `STATISTICS`, `STAT#generation#shard` | `GENERATION`, yyyy-mm-dd, `TOTAL` | |
//! | what a thing is counted as | `COUNTED#its PK` | `COUNTED` | |
//! | rate limit | `LIMIT#operation#subject#window` | `LIMIT` | |

mod audit;
mod bookings;
mod calendars;
mod events;
mod services;
mod sessions;
mod statistics;
mod users;

pub use audit::*;
pub use bookings::*;
pub use calendars::*;
pub use events::*;
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
    let sum = text.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    u8::try_from(sum % u32::from(SHARDS)).unwrap_or(0)
}

/// Key of a user.
#[must_use]
pub fn user(id: UserId) -> Key {
    key(format!("USER#{id}"), "USER")
}

/// Key of where a user's permissions came from.
#[must_use]
pub fn grants(user: UserId) -> Key {
    key(format!("USER#{user}"), "GRANTS")
}

/// Key of the item that says who the active super admins are.
#[must_use]
pub fn super_admins() -> Key {
    key(format!("STAFF#{}", Role::SuperAdmin.as_str()), "SUPER_ADMINS")
}

/// Where a user stands in the lists of those of the same role and of all.
#[must_use]
pub fn user_lists(role: Role, id: UserId) -> Vec<IndexKey> {
    vec![at(Index::Gsi1, users_of(role), id.to_string()), at(Index::Gsi2, USERS.into(), id.to_string())]
}

/// Partition in GSI1 of the users of a role, by the time they were made.
#[must_use]
pub fn users_of(role: Role) -> String {
    format!("ROLE#{}", role.as_str())
}

/// Partition in GSI2 of all users, by the time they were made.
pub const USERS: &str = "USERS";

/// Key of what says that a user is found by a text.
#[must_use]
pub fn user_term(term: &str, id: UserId) -> Key {
    key(user_terms(term), format!("{term}#{id}"))
}

/// Partition of the texts that begin with the same two characters as `term`, in their order.
#[must_use]
pub fn user_terms(term: &str) -> String {
    let end = term.char_indices().nth(2).map_or(term.len(), |(end, _)| end);
    format!("FIND_USER#{}", &term[..end])
}

/// Key of the credentials of an address; makes the address unique.
#[must_use]
pub fn credentials(email: &Email) -> Key {
    key(format!("EMAIL#{email}"), "EMAIL")
}

/// Key of the code that confirms a user's address.
#[must_use]
pub fn email_code(user: UserId) -> Key {
    key(format!("USER#{user}"), "CODE#confirm_email")
}

/// Key of a user's second factor.
#[must_use]
pub fn second_factor(user: UserId) -> Key {
    key(format!("USER#{user}"), "TOTP")
}

/// Key of the settings about security.
#[must_use]
pub fn security_settings() -> Key {
    key("SETTINGS".into(), "SECURITY")
}

/// Key of a token that resets a password, by the hash of its text.
#[must_use]
pub fn reset(hash: &str) -> Key {
    key(format!("RESET#{hash}"), "RESET")
}

/// Key of a session.
#[must_use]
pub fn session(user: UserId, id: SessionId) -> Key {
    key(format!("USER#{user}"), format!("SESSION#{id}"))
}

/// Sort keys of a user's log-in sessions begin with this.
pub const SESSIONS: &str = "SESSION#";

/// Key of a ticket that opens a WebSocket, by the hash of its text.
#[must_use]
pub fn ticket(hash: &str) -> Key {
    key(format!("TICKET#{hash}"), "TICKET")
}

/// Key of one of a user's WebSocket connections.
#[must_use]
pub fn socket(user: UserId, connection: &str) -> Key {
    key(format!("USER#{user}"), format!("{SOCKETS}{connection}"))
}

/// Sort keys of a user's WebSocket connections begin with this.
pub const SOCKETS: &str = "SOCKET#";

/// Key of what says whose a WebSocket connection is.
#[must_use]
pub fn connection(connection: &str) -> Key {
    key(format!("CONNECTION#{connection}"), "CONNECTION")
}

/// Key of a service.
#[must_use]
pub fn service(id: ServiceId) -> Key {
    key(format!("SERVICE#{id}"), "SERVICE")
}

/// Where a service stands in the lists: with its provider always, in the catalogue while published.
#[must_use]
pub fn service_lists(
    provider: UserId,
    category: Category,
    status: ServiceStatus,
    id: ServiceId,
) -> Vec<IndexKey> {
    let mut keys = vec![at(Index::Gsi1, services_of(provider), id.to_string())];
    if status == ServiceStatus::Published {
        keys.push(at(Index::Gsi2, services_in(category), id.to_string()));
        keys.push(at(Index::Gsi3, CATALOGUE.into(), id.to_string()));
    }
    keys
}

/// Partition in GSI1 of a provider's services, whatever their status: a change of status moves nothing,
/// so that pages neither skip nor repeat.
#[must_use]
pub fn services_of(provider: UserId) -> String {
    format!("SERVICES#{provider}")
}

/// Partition in GSI2 of a category's published services.
#[must_use]
pub fn services_in(category: Category) -> String {
    format!("CATEGORY#{}", category.slug())
}

/// Partition in GSI3 of all published services.
pub const CATALOGUE: &str = "CATALOGUE";

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

/// Key of a booking.
#[must_use]
pub fn booking(id: BookingId) -> Key {
    key(format!("BOOKING#{id}"), "BOOKING")
}

/// Where a booking stands in the lists of its two sides.
#[must_use]
pub fn booking_lists(
    customer: UserId,
    provider: UserId,
    starts_at: Timestamp,
    id: BookingId,
) -> Vec<IndexKey> {
    let place = format!("{}#{id}", moment(starts_at));
    vec![
        at(Index::Gsi1, bookings_of_customer(customer), place.clone()),
        at(Index::Gsi2, bookings_of_provider(provider), place),
    ]
}

/// Where a booking stands among those waiting for an answer.
#[must_use]
pub fn booking_due(answer_by: Timestamp, id: BookingId) -> IndexKey {
    let id = id.to_string();
    at(Index::Gsi3, bookings_due(shard(&id)), format!("{}#{id}", moment(answer_by)))
}

/// Partition in GSI1 of a customer's bookings.
#[must_use]
pub fn bookings_of_customer(customer: UserId) -> String {
    format!("CUSTOMER#{customer}")
}

/// Partition in GSI2 of a provider's bookings.
#[must_use]
pub fn bookings_of_provider(provider: UserId) -> String {
    format!("PROVIDER#{provider}")
}

/// Partition in GSI3 of one shard of the bookings waiting for an answer, by deadline.
#[must_use]
pub fn bookings_due(shard: u8) -> String {
    format!("DUE#{shard}")
}

/// Key of a line of a booking's history.
#[must_use]
pub fn booking_history(id: BookingId, revision: u32) -> Key {
    key(format!("BOOKING#{id}"), format!("HISTORY#{revision:010}"))
}

/// Key of an idempotency receipt.
#[must_use]
pub fn receipt(subject: &str, operation: &str, idempotency_key: &str) -> Key {
    key(format!("ONCE#{subject}#{operation}#{idempotency_key}"), "ONCE")
}

/// Key of the mark that a consumer has done its work for an event.
#[must_use]
pub fn handled(consumer: &str, event: EventId) -> Key {
    key(format!("HANDLED#{consumer}#{event}"), "HANDLED")
}

/// Key of an event that waits to be relayed.
#[must_use]
pub fn outbox(event: EventId) -> Key {
    let id = event.to_string();
    key(outbox_shard(shard(&id)), id)
}

/// Partition of one shard of the outbox, oldest first.
#[must_use]
pub fn outbox_shard(shard: u8) -> String {
    format!("{OUTBOX}{shard}")
}

/// Beginning of the partition keys of the outbox; the stream's filter in template.yaml names it too.
pub const OUTBOX: &str = "OUTBOX#";

/// Key of an entry of the audit log.
#[must_use]
pub fn audit(day: Date, id: AuditId) -> Key {
    let id = id.to_string();
    key(audit_shard(day, shard(&id)), id)
}

/// Partition of one shard of a day (UTC) of the audit log, oldest first.
#[must_use]
pub fn audit_shard(day: Date, shard: u8) -> String {
    format!("{AUDIT}{day}#{shard}")
}

/// Beginning of the partition keys of the audit log; the stream's filter in template.yaml names it too.
pub const AUDIT: &str = "AUDIT#";

/// An audit entry among those about the same user.
#[must_use]
pub fn audit_by_user(user: UserId, id: AuditId) -> IndexKey {
    at(Index::Gsi1, audited(user), id.to_string())
}

/// An audit entry among those of what the same user did to others.
#[must_use]
pub fn audit_by_actor(actor: UserId, id: AuditId) -> IndexKey {
    at(Index::Gsi2, acted(actor), id.to_string())
}

/// Partition in GSI1 of the audit entries about a user.
#[must_use]
pub fn audited(user: UserId) -> String {
    format!("AUDITED#{user}")
}

/// Partition in GSI2 of the audit entries of what a user did to others.
#[must_use]
pub fn acted(actor: UserId) -> String {
    format!("ACTED#{actor}")
}

/// Key of the link that one audit entry has in the chain of its day and shard, such as `2026-03-10#3`.
#[must_use]
pub fn audit_link(chain: &str, audit: &str) -> Key {
    key(audit_chain(chain), format!("{LINKS}{audit}"))
}

/// Key of the end of an audit chain.
#[must_use]
pub fn audit_head(chain: &str) -> Key {
    key(audit_chain(chain), "HEAD")
}

/// Partition of an audit chain. It does not begin with [`AUDIT`]: no chain is made of chains.
#[must_use]
pub fn audit_chain(chain: &str) -> String {
    format!("AUDITCHAIN#{chain}")
}

/// Sort keys of the links of an audit chain begin with this.
pub const LINKS: &str = "LINK#";

/// Key of a counter of a rate limit; `window` is its first second since the Unix epoch.
#[must_use]
pub fn limit(operation: &str, subject: &str, window: i64) -> Key {
    key(format!("LIMIT#{operation}#{subject}#{window}"), "LIMIT")
}
