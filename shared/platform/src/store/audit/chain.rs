//! The chain of each day and shard of the log: a link for every record, made from the table's stream. It is
//! not made in the transaction of the act, where the end of the chain would be one item that all acts of a
//! day and shard have to wait for.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Audit;
use super::canonical::{canonical, sha256};
use super::sealed::linked;
use crate::table::{CommitError, Key, Record, StorageError, Transaction, backoff, key};

/// What a first link follows: 32 bytes of zero.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Links made in one transaction, which takes 100 items.
const MOST: usize = 90;
/// How many days before its own a chain that begins looks for the ends of earlier ones.
const LOOKED_BACK: usize = 30;
/// How many of them its first link names: of the day before, records may still be linked after midnight, and
/// its first one even; the day after that knows its end.
const NAMED: usize = 2;

/// A record as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its chain: day and shard, such as `2026-03-10#3`.
    pub chain: String,
    /// Its id.
    pub audit_id: String,
    /// SHA-256 of the canonical form of what is linked of the item: all attributes but for those that can
    /// be erased, in hexadecimal.
    pub digest: String,
}

impl Written {
    /// From the item as JSON; none where it is not in the audit log.
    #[must_use]
    pub fn read(item: &Value) -> Option<Self> {
        let chain = item["PK"].as_str()?.strip_prefix(key::AUDIT)?.to_owned();
        let audit_id = item["SK"].as_str()?.to_owned();
        Some(Self { chain, audit_id, digest: sha256(canonical(&linked(item)).as_bytes()) })
    }
}

/// The link of one record. Its key makes it the only one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LinkRecord {
    pub(super) chain: String,
    pub(super) audit_id: String,
    /// Its place in the chain, from 1.
    pub(super) sequence: u64,
    pub(super) linked_at: Timestamp,
    /// [`Written::digest`].
    pub(super) digest: String,
    /// Of the first link of a chain: where the latest chains of its shard on earlier days ended then. Not in
    /// links from before chains of days were tied to each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) earlier: Vec<HeadRecord>,
    /// SHA-256 of the hash before, in hexadecimal, and of the canonical form of the rest of this link.
    pub(super) hash: String,
}

impl LinkRecord {
    /// The link that `written` has behind `head`.
    fn new(head: &HeadRecord, written: &Written, earlier: Vec<HeadRecord>, linked_at: Timestamp) -> Self {
        let Written { chain, audit_id, digest } = written.clone();
        let sequence = head.sequence + 1;
        let link = Self { chain, audit_id, sequence, linked_at, digest, earlier, hash: String::new() };
        Self { hash: link.hash_after(&head.hash), ..link }
    }

    /// The hash that it must have behind a link whose hash is `previous`.
    pub(super) fn hash_after(&self, previous: &str) -> String {
        let Self { chain, audit_id, sequence, linked_at, digest, earlier, .. } = self;
        let mut content = json!({ "chain": chain, "audit_id": audit_id, "sequence": sequence,
            "linked_at": linked_at, "digest": digest });
        if !earlier.is_empty() {
            content["earlier"] = json!(earlier);
        }
        sha256(format!("{previous}{}", canonical(&content)).as_bytes())
    }
}

impl Record for LinkRecord {
    const TYPE: &'static str = "audit_link";

    fn key(&self) -> Key {
        key::audit_link(&self.chain, &self.audit_id)
    }
}

/// The end of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeadRecord {
    pub(super) chain: String,
    /// The last link's place.
    pub(super) sequence: u64,
    /// The last link's hash.
    pub(super) hash: String,
}

impl HeadRecord {
    /// Of a chain that has no link yet.
    pub(super) fn beginning(chain: &str) -> Self {
        Self { chain: chain.to_owned(), sequence: 0, hash: BEGINNING.to_owned() }
    }
}

impl Record for HeadRecord {
    const TYPE: &'static str = "audit_head";

    fn key(&self) -> Key {
        key::audit_head(&self.chain)
    }
}

impl Audit {
    /// Links records of one chain to its end, in their order; those that are linked already stay where
    /// they are.
    pub async fn link(&self, chain: &str, written: &[Written], now: Timestamp) -> Result<(), StorageError> {
        for part in written.chunks(MOST) {
            self.link_part(chain, part, now).await?;
        }
        Ok(())
    }

    async fn link_part(&self, chain: &str, part: &[Written], now: Timestamp) -> Result<(), StorageError> {
        let head_key = key::audit_head(chain);
        let ids: BTreeSet<_> = part.iter().map(|written| written.audit_id.as_str()).collect();
        let mut keys = vec![head_key.clone()];
        keys.extend(ids.iter().map(|id| key::audit_link(chain, id)));
        for attempt in 0..5 {
            let mut found = self.table.get_all(&keys).await?;
            let head = found.take::<HeadRecord>(&head_key)?;
            let version = head.as_ref().map_or(0, |head| head.version);
            let mut head = head.map_or_else(|| HeadRecord::beginning(chain), |head| head.value);
            let mut transaction = Transaction::new();
            let (known, mut done) = (head.sequence, BTreeSet::new());
            let mut earlier = if known == 0 { self.ends_before(chain).await? } else { Vec::new() };
            for written in part {
                let linked = found.has(&key::audit_link(chain, &written.audit_id));
                if linked || !done.insert(&written.audit_id) {
                    continue;
                }
                let link = LinkRecord::new(&head, written, std::mem::take(&mut earlier), now);
                transaction.create(&link, ());
                head = HeadRecord { sequence: link.sequence, hash: link.hash, ..head };
            }
            if head.sequence == known {
                return Ok(());
            }
            transaction.create_or_replace(&head, version, ());
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Storage(error)) => return Err(error),
                // Another one linked at the same time; behind its links, then.
                Err(CommitError::Refused(()) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
            }
        }
        Err(StorageError::Unavailable("contention".into()))
    }

    /// The ends of the [`NAMED`] latest chains of the same shard on earlier days.
    async fn ends_before(&self, chain: &str) -> Result<Vec<HeadRecord>, StorageError> {
        let chains = key::audit_chains_before(chain, LOOKED_BACK);
        let keys: Vec<_> = chains.iter().map(|chain| key::audit_head(chain)).collect();
        let mut found = self.table.get_all(&keys).await?;
        // One that does not read is found by looking at its day, and does not hold up this one.
        let ends = keys.iter().filter_map(|key| found.take::<HeadRecord>(key).ok().flatten());
        Ok(ends.take(NAMED).map(|end| end.value).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first links of chains from before have no ends of earlier ones, and the hash that they had then.
    #[test]
    fn a_link_from_before_has_its_hash() {
        let kept = json!({ "chain": "2026-03-10#3", "audit_id": "aud_1", "sequence": 1,
            "linked_at": "2026-03-10T08:00:00Z", "digest": "d", "hash": "h" });
        let link: LinkRecord = serde_json::from_value(kept.clone()).unwrap();
        let content = concat!(
            r#"{"audit_id":"aud_1","chain":"2026-03-10#3","digest":"d","#,
            r#""linked_at":"2026-03-10T08:00:00Z","sequence":1}"#
        );
        assert_eq!(link.hash_after(BEGINNING), sha256(format!("{BEGINNING}{content}").as_bytes()));
        assert_eq!(serde_json::to_value(&link).unwrap(), kept);
        let end = HeadRecord { sequence: 7, ..HeadRecord::beginning("2026-03-09#3") };
        let tied = LinkRecord { earlier: vec![end.clone()], ..link.clone() };
        let other = LinkRecord { earlier: vec![HeadRecord { sequence: 6, ..end }], ..link.clone() };
        let hashes: BTreeSet<_> = [link, tied, other].iter().map(|link| link.hash_after(BEGINNING)).collect();
        assert_eq!(hashes.len(), 3);
    }
}
