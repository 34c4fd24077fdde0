//! The audit log and its chains.

use banister_domain::id::{AuditId, UserId};
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::{Index, IndexKey, Key, at, key, shard};

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

/// The chains of the same shard on so many days before, the latest day first; none where `chain` is not of a
/// day and shard.
#[must_use]
pub fn audit_chains_before(chain: &str, days: usize) -> Vec<String> {
    let parts = chain.split_once('#').map(|(day, shard)| (day.parse::<Date>(), shard.parse()));
    let Some((Ok(day), Ok(shard))) = parts else { return Vec::new() };
    let before = day.series(-1.day()).skip(1).take(days);
    before.map(|day| audit_shard(day, shard).trim_start_matches(AUDIT).to_owned()).collect()
}

/// Sort keys of the links of an audit chain begin with this.
pub const LINKS: &str = "LINK#";
