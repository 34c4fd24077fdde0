//! Whether the log is as it was written.

use std::collections::BTreeMap;

use banister_domain::id::AuditId;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::chain::{HeadRecord, LinkRecord};
use super::sealed::is_as_sealed;
use super::{Audit, Written};
use crate::table::{Item, Query, StorageError, from_item, key};

/// A record or a link younger than this may still be on its way.
const PENDING: SignedDuration = SignedDuration::from_mins(1);
/// A record that was linked so much later than it says it was made was perhaps not made then.
const LATE: SignedDuration = SignedDuration::from_mins(15);

/// What is wrong with the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// A record is not what was linked.
    Changed {
        /// Which.
        audit_id: String,
    },
    /// A record was linked and is gone.
    Removed {
        /// Which.
        audit_id: String,
    },
    /// A record has no link: it was written past the stream, its link was removed, or the stream is not
    /// followed.
    Unlinked {
        /// Which.
        audit_id: String,
    },
    /// A record was linked more than a quarter of an hour after it says it was made: it was inserted
    /// later, or the stream was not followed at the time.
    Late {
        /// Which.
        audit_id: String,
        /// When it was linked.
        linked_at: Timestamp,
    },
    /// A link does not have the hash that its place and content give.
    Broken {
        /// Whose link.
        audit_id: String,
        /// Its place.
        sequence: u64,
    },
    /// No link or more than one has this place in a chain.
    Misplaced {
        /// Which chain.
        chain: String,
        /// Which place.
        sequence: u64,
    },
    /// The end of a chain is not its last link.
    Cut {
        /// Which chain.
        chain: String,
    },
    /// The end that a chain had when that of a later day was begun is not in it: the records of its day and
    /// shard were removed with their links, or written anew.
    Lost {
        /// Which chain.
        chain: String,
    },
    /// A link or an end cannot be read as one.
    Unreadable {
        /// Which chain.
        chain: String,
    },
}

/// What came of looking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Records read.
    pub records: usize,
    /// Links read.
    pub links: usize,
    /// Records younger than a minute that have no link yet.
    pub pending: usize,
    /// What is wrong; nothing where the log is as it was written.
    pub findings: Vec<Finding>,
}

impl Audit {
    /// Reads a whole day (UTC) of the log at `now`, and its chains. Keeps the links of one shard in
    /// memory, some 300 bytes each.
    pub async fn verify(&self, day: Date, now: Timestamp) -> Result<Verified, StorageError> {
        let mut verified = Verified::default();
        for shard in 0..key::SHARDS {
            let pk = key::audit_shard(day, shard);
            let chain = pk.trim_start_matches(key::AUDIT);
            // The end first, then the links, then the records: what is made meanwhile lies behind the end.
            let links = self.chain(chain, now, &mut verified).await?;
            verified.findings.extend(self.lost(&links).await?);
            self.records(pk.clone(), links, now, &mut verified).await?;
        }
        Ok(verified)
    }

    /// Only what the chains of a day (UTC) tell of earlier ones: those whose end is [`Finding::Lost`].
    pub async fn verify_earlier(&self, day: Date, now: Timestamp) -> Result<Vec<Finding>, StorageError> {
        let mut findings = Vec::new();
        for shard in 0..key::SHARDS {
            let pk = key::audit_shard(day, shard);
            let chain = pk.trim_start_matches(key::AUDIT);
            let links = self.chain(chain, now, &mut Verified::default()).await?;
            findings.extend(self.lost(&links).await?);
        }
        Ok(findings)
    }

    /// The chains that do not have the end which these links say they had.
    async fn lost(&self, links: &BTreeMap<String, LinkRecord>) -> Result<Vec<Finding>, StorageError> {
        let mut lost = Vec::new();
        for end in links.values().flat_map(|link| &link.earlier) {
            if !self.has(end).await? {
                lost.push(Finding::Lost { chain: end.chain.clone() });
            }
        }
        Ok(lost)
    }

    /// Whether a chain has the link that was its end.
    async fn has(&self, end: &HeadRecord) -> Result<bool, StorageError> {
        let all = Query::beginning(key::audit_chain(&end.chain), key::LINKS, 100);
        // It was of the newest records.
        let mut query = Query { ascending: false, ..all };
        loop {
            let (items, last) = self.table.query_items(query.clone()).await?;
            let is_it = |link: &LinkRecord| link.sequence == end.sequence && link.hash == end.hash;
            if items.into_iter().any(|item| from_item(item).is_ok_and(|link| is_it(&link.value))) {
                return Ok(true);
            }
            if last.is_none() {
                return Ok(false);
            }
            query.after = last;
        }
    }

    /// Links the records of a day (UTC) that have no link, in their order, and says how many those were.
    /// For when the stream was not followed and what it had is gone. They stay [`Finding::Late`] for good:
    /// nobody can say any more when they were written. `but` is left to the stream: the record of this very
    /// act, where it has one.
    pub async fn link_missed(
        &self,
        day: Date,
        but: Option<AuditId>,
        now: Timestamp,
    ) -> Result<usize, StorageError> {
        let but = but.map(|id| id.to_string());
        let mut missed = 0;
        for shard in 0..key::SHARDS {
            let pk = key::audit_shard(day, shard);
            let chain = pk.trim_start_matches(key::AUDIT);
            let links = self.chain(chain, now, &mut Verified::default()).await?;
            let mut query = Query::all(None, pk.clone(), 1_000);
            loop {
                let (items, last) = self.table.query_items(query.clone()).await?;
                let items: Result<Vec<_>, _> = items.into_iter().map(json).collect();
                let mut written: Vec<_> = items?.iter().filter_map(Written::read).collect();
                written.retain(|Written { audit_id, .. }| {
                    !links.contains_key(audit_id) && but.as_ref() != Some(audit_id)
                });
                self.link(chain, &written, now).await?;
                missed += written.len();
                if last.is_none() {
                    break;
                }
                query.after = last;
            }
        }
        Ok(missed)
    }

    /// The links of a chain by the ids of their records; whatever is wrong with the chain is found.
    async fn chain(
        &self,
        chain: &str,
        now: Timestamp,
        verified: &mut Verified,
    ) -> Result<BTreeMap<String, LinkRecord>, StorageError> {
        let unreadable = || Finding::Unreadable { chain: chain.to_owned() };
        let head = match self.table.get::<HeadRecord>(&key::audit_head(chain)).await {
            Ok(head) => head.map_or_else(|| HeadRecord::beginning(chain), |head| head.value),
            Err(StorageError::Malformed(_)) => {
                verified.findings.push(unreadable());
                HeadRecord::beginning(chain)
            }
            Err(error) => return Err(error),
        };
        let mut links = BTreeMap::new();
        let mut query = Query::beginning(key::audit_chain(chain), key::LINKS, 1_000);
        loop {
            let (items, last) = self.table.query_items(query.clone()).await?;
            for item in items {
                match from_item::<LinkRecord>(item) {
                    Ok(link) => drop(links.insert(link.value.audit_id.clone(), link.value)),
                    Err(_) => verified.findings.push(unreadable()),
                }
            }
            if last.is_none() {
                break;
            }
            query.after = last;
        }
        verified.links += links.len();
        follow(&head, &links, now, &mut verified.findings);
        Ok(links)
    }

    /// Holds the records of a shard against their links.
    async fn records(
        &self,
        pk: String,
        mut links: BTreeMap<String, LinkRecord>,
        now: Timestamp,
        verified: &mut Verified,
    ) -> Result<(), StorageError> {
        let mut query = Query::all(None, pk, 1_000);
        loop {
            let (items, last) = self.table.query_items(query.clone()).await?;
            for item in items {
                verified.records += 1;
                let item = json(item)?;
                let Some(written) = Written::read(&item) else { continue };
                let made_at = item["at"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
                let audit_id = written.audit_id;
                match links.remove(&audit_id) {
                    None if made_at.is_some_and(|at| is_young(at, now)) => verified.pending += 1,
                    None => verified.findings.push(Finding::Unlinked { audit_id }),
                    Some(link) if link.digest != written.digest || !is_as_sealed(&item) => {
                        verified.findings.push(Finding::Changed { audit_id });
                    }
                    Some(LinkRecord { linked_at, .. }) => {
                        if made_at.is_none_or(|at| linked_at.duration_since(at).abs() > LATE) {
                            verified.findings.push(Finding::Late { audit_id, linked_at });
                        }
                    }
                }
            }
            if last.is_none() {
                break;
            }
            query.after = last;
        }
        verified.findings.extend(links.into_keys().map(|audit_id| Finding::Removed { audit_id }));
        Ok(())
    }
}

/// Goes along a chain from its beginning to its end.
fn follow(
    head: &HeadRecord,
    links: &BTreeMap<String, LinkRecord>,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) {
    let chain = &head.chain;
    let mut places: BTreeMap<u64, Vec<&LinkRecord>> = BTreeMap::new();
    for link in links.values() {
        places.entry(link.sequence).or_default().push(link);
    }
    let (mut previous, mut cut) = (HeadRecord::beginning(chain), false);
    for (&sequence, here) in &places {
        // One that is missing shows itself once, however long the gap.
        if sequence != previous.sequence + 1 {
            findings.push(Finding::Misplaced { chain: chain.clone(), sequence: previous.sequence + 1 });
        }
        if here.len() != 1 {
            findings.push(Finding::Misplaced { chain: chain.clone(), sequence });
        }
        for link in here {
            if link.hash != link.hash_after(&previous.hash) {
                findings.push(Finding::Broken { audit_id: link.audit_id.clone(), sequence });
            }
        }
        let Some(link) = here.first() else { continue };
        cut |= sequence == head.sequence && link.hash != head.hash;
        cut |= sequence > head.sequence && !is_young(link.linked_at, now);
        previous = HeadRecord { sequence, hash: link.hash.clone(), ..previous };
    }
    if cut || previous.sequence < head.sequence {
        findings.push(Finding::Cut { chain: chain.clone() });
    }
}

fn is_young(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) < PENDING
}

fn json(item: Item) -> Result<Value, StorageError> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item)
        .map_err(|error| StorageError::Malformed(error.to_string()))
}
