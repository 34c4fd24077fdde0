//! Requests and events: what was answered, waits, was handled or is counted.

use banister_domain::id::{EventId, JobId};

use super::{Key, key, shard};

/// Key of an idempotency receipt.
#[must_use]
pub fn receipt(subject: &str, operation: &str, idempotency_key: &str) -> Key {
    key(receipts(subject), format!("{operation}#{idempotency_key}"))
}

/// Partition of the receipts of one subject: a user's id, or an address before there is one.
#[must_use]
pub fn receipts(subject: &str) -> String {
    format!("ONCE#{subject}")
}

/// Key of a job.
#[must_use]
pub fn job(id: JobId) -> Key {
    key(format!("JOB#{id}"), "JOB")
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

/// Key of the attempts that a rate limit counts; `subject` is hashed.
#[must_use]
pub fn limit(operation: &str, subject: &str) -> Key {
    key(format!("LIMIT#{operation}#{subject}"), "LIMIT")
}

/// Key of those of them that come from one client address, which is hashed too.
#[must_use]
pub fn limit_from(operation: &str, subject: &str, address: &str) -> Key {
    let Key { pk, .. } = limit(operation, subject);
    key(pk, format!("FROM#{address}"))
}
