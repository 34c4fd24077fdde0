//! What of a record can be erased without breaking its chain: the address that somebody acted from, and what
//! is said of a person, in the words of staff or by what an account has said. It lies in an attribute of its own, which is not part of what is linked;
//! what is linked holds a hash of each part with a salt of its own. As long as a part is there, its hash
//! shows that it is as it was written; once it and its salt are gone, the hash says nothing of it.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA256, digest};
use banister_domain::id::{AuditId, RequestId, UserId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::canonical::canonical;
use super::{AuditEntry, AuditRecord, COMMAND, Change, JOB};
use crate::random;

/// The first form of a record in which parts are sealed.
const SEALED: u8 = 2;
/// What an address is once it was erased.
pub const ERASED: &str = "erased";
/// Names of the parts.
const ADDRESS: &str = "address";
/// See [`ADDRESS`].
const WORDS: &str = "words";
/// What an account said and says of a person, by the names of its fields, as a member of a change.
const VALUES: &str = "values";
/// Members of a change that hold what is said of a person.
const PERSONAL: [&str; 3] = ["reason", "disabled", VALUES];

/// A part that can be erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    salt: String,
    value: Value,
}

impl Part {
    fn seal(&self) -> String {
        let text = format!("{} {}", self.salt, canonical(&self.value));
        URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
    }
}

/// The seals of a record: the salts of the parts that are there, and the hashes as they were read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seals {
    address: Option<String>,
    words: Option<String>,
    read: BTreeMap<String, String>,
}

impl Seals {
    /// Of a new record.
    pub(super) fn new() -> Self {
        let salt = || Some(URL_SAFE_NO_PAD.encode(random::bytes::<16>()));
        Self { address: salt(), words: salt(), read: BTreeMap::new() }
    }
}

/// A record as kept.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    id: AuditId,
    at: Timestamp,
    entry: AuditEntry,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor_id: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<Change>,
    /// Of the forms before parts were sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<RequestId>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    seals: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    private: BTreeMap<String, Part>,
    #[serde(default)]
    schema: u8,
}

impl From<AuditRecord> for Kept {
    fn from(record: AuditRecord) -> Self {
        let AuditRecord { id, at, entry, user_id, actor_id, change, address, request_id, schema, .. } =
            record;
        let kept = Self {
            id,
            at,
            entry,
            user_id,
            actor_id,
            change,
            address: None,
            request_id,
            seals: BTreeMap::new(),
            private: BTreeMap::new(),
            schema,
        };
        if schema < SEALED {
            return Self { address: Some(address), ..kept };
        }
        let Seals { address: salt, words: words_salt, read } = record.seals;
        let (change, words) = kept.change.map(parted).unzip();
        let parts = [
            salt.map(|salt| (ADDRESS, Part { salt, value: address.into() })),
            words.flatten().zip(words_salt).map(|(value, salt)| (WORDS, Part { salt, value })),
        ];
        let private: BTreeMap<_, _> =
            parts.into_iter().flatten().map(|(name, part)| (name.to_owned(), part)).collect();
        let mut seals = read;
        seals.extend(private.iter().map(|(name, part)| (name.clone(), part.seal())));
        Self { change, seals, private, ..kept }
    }
}

impl From<Kept> for AuditRecord {
    fn from(kept: Kept) -> Self {
        let Kept {
            id,
            at,
            entry,
            user_id,
            actor_id,
            change,
            address,
            request_id,
            seals,
            mut private,
            schema,
        } = kept;
        let (sealed, words) = (private.remove(ADDRESS), private.remove(WORDS));
        let (address_salt, sealed) = sealed.map(|part| (part.salt, part.value)).unzip();
        let (words_salt, words) = words.map(|part| (part.salt, part.value)).unzip();
        let address = address.or_else(|| sealed.as_ref().and_then(Value::as_str).map(ToOwned::to_owned));
        Self {
            id,
            at,
            entry,
            user_id,
            actor_id,
            change: change.map(|change| joined(change, words.as_ref())),
            address: address.unwrap_or_else(|| ERASED.to_owned()),
            request_id,
            schema,
            seals: Seals { address: address_salt, words: words_salt, read: seals },
        }
    }
}

impl AuditRecord {
    /// What is left of it when all is erased of a user: what they did is without the address they did it
    /// from, and what was done to them without words about them. Records from before parts were sealed
    /// stay as they are.
    #[must_use]
    pub fn without(self, user: UserId) -> Self {
        if self.schema < SEALED {
            return self;
        }
        let mut record = self;
        // Neither a command nor a job was the person.
        let own = record.actor_id.or(record.user_id) == Some(user);
        if own && ![COMMAND, JOB].contains(&record.address.as_str()) {
            record.seals.address = None;
            ERASED.clone_into(&mut record.address);
        }
        if record.user_id == Some(user) {
            record.seals.words = None;
            record.change = record.change.map(|change| parted(change).0);
        }
        record
    }
}

/// What of an item is linked: all of it, but for what can be erased and the version, which rises with that.
pub(super) fn linked(item: &Value) -> Value {
    let mut item = item.clone();
    let sealed = item["schema"].as_u64().is_some_and(|schema| schema >= SEALED.into());
    if let Some(members) = item.as_object_mut().filter(|_| sealed) {
        members.retain(|name, _| name != "private" && name != "v");
    }
    item
}

/// Whether each part of an item that is there is as it was sealed.
pub(super) fn is_as_sealed(item: &Value) -> bool {
    let parts = item["private"].as_object().into_iter().flatten();
    parts.into_iter().all(|(name, part)| {
        let part = serde_json::from_value::<Part>(part.clone());
        part.is_ok_and(|part| item["seals"][name] == part.seal())
    })
}

impl Change {
    /// Of what an account says of a person: fields with their values, which go with the person, while their names
    /// stay.
    #[must_use]
    pub fn of_values(before: &Map<String, Value>, after: &Map<String, Value>) -> Self {
        let fields: BTreeSet<_> = after.keys().cloned().collect();
        let after = json!({ "fields": fields, VALUES: after });
        Self { before: json!({ VALUES: before }), after }
    }

    /// Without what is said of a person.
    #[must_use]
    pub fn without_words(self) -> Self {
        parted(self).0
    }
}

/// A change without what is personal in it, and that.
fn parted(change: Change) -> (Change, Option<Value>) {
    let Change { mut before, mut after } = change;
    let mut words = Map::new();
    for (side, value) in [("before", &mut before), ("after", &mut after)] {
        let Some(members) = value.as_object_mut() else { continue };
        let taken: Map<_, _> = PERSONAL.iter().filter_map(|name| members.remove_entry(*name)).collect();
        if !taken.is_empty() {
            words.insert(side.to_owned(), taken.into());
        }
    }
    (Change { before, after }, (!words.is_empty()).then(|| words.into()))
}

/// The whole change again.
fn joined(change: Change, words: Option<&Value>) -> Change {
    let Change { mut before, mut after } = change;
    for (side, value) in [("before", &mut before), ("after", &mut after)] {
        let taken = words.and_then(|words| words[side].as_object());
        if let (Some(members), Some(taken)) = (value.as_object_mut(), taken) {
            members.extend(taken.clone());
        }
    }
    Change { before, after }
}

#[cfg(test)]
mod tests {
    use banister_domain::id::Id;

    use super::*;

    fn disabled() -> (UserId, UserId, AuditRecord) {
        let (user, staff) = (Id::from_parts(1, 1), Id::from_parts(1, 2));
        let line = AuditRecord::new(
            AuditEntry::AccountDisabled,
            Some(user),
            "192.0.2.1".into(),
            Timestamp::UNIX_EPOCH,
        );
        let after = json!({ "reason": "Robin sent spam." });
        (user, staff, line.by(staff).change(&json!({ "status": "active" }), &after))
    }

    fn item(record: &AuditRecord) -> Value {
        let mut item = serde_json::to_value(record).unwrap();
        item["v"] = 1.into();
        item
    }

    #[test]
    fn a_record_reads_back_whole() {
        let (_, _, record) = disabled();
        let item = item(&record);
        assert!(is_as_sealed(&item));
        assert!(!linked(&item).to_string().contains("Robin") && !linked(&item).to_string().contains("192.0"));
        let again: AuditRecord = serde_json::from_value(item).unwrap();
        assert_eq!((&again.change, &again.address), (&record.change, &record.address));
    }

    #[test]
    fn each_loses_what_is_theirs_and_what_is_linked_stays() {
        let (user, staff, record) = disabled();
        let whole = item(&record);
        for (who, address, words) in
            [(user, true, false), (staff, false, true), (Id::from_parts(1, 3), true, true)]
        {
            let read: AuditRecord = serde_json::from_value(whole.clone()).unwrap();
            let erased = item(&read.without(who));
            let text = erased.to_string();
            assert_eq!((text.contains("192.0.2.1"), text.contains("Robin")), (address, words), "{text}");
            assert_eq!(linked(&erased), linked(&whole));
            assert!(is_as_sealed(&erased));
        }
    }

    #[test]
    fn what_a_command_or_a_job_did_was_not_the_person() {
        let (user, _, record) = disabled();
        for address in [COMMAND, JOB] {
            let line = AuditRecord { actor_id: None, address: address.into(), ..record.clone() };
            let erased = line.without(user);
            assert_eq!(erased.address, address);
            assert!(!item(&erased).to_string().contains("Robin"));
        }
    }

    #[test]
    fn a_part_that_was_changed_shows() {
        let mut changed = item(&disabled().2);
        changed["private"]["address"]["value"] = "192.0.2.2".into();
        assert!(!is_as_sealed(&changed));
        assert_eq!(
            linked(&changed),
            linked(&{
                changed["private"] = Value::Null;
                changed.clone()
            })
        );
    }

    /// Which fields were changed stays.
    #[test]
    fn values_can_be_erased_and_not_changed() {
        let (user, staff, record) = disabled();
        let values = |name: &str| Map::from_iter([("first_name".to_owned(), json!(name))]);
        let record =
            AuditRecord { change: Some(Change::of_values(&values("Robin"), &values("Kim"))), ..record };
        let whole = item(&record);
        assert!(!linked(&whole).to_string().contains("Robin") && !linked(&whole).to_string().contains("Kim"));
        let read: AuditRecord = serde_json::from_value(whole.clone()).unwrap();
        assert_eq!(read.change, record.change);
        for (side, name) in [("before", "Robin"), ("after", "Kim")] {
            let mut changed = whole.clone();
            let value = &mut changed["private"]["words"]["value"][side]["values"]["first_name"];
            assert_eq!(value.take(), name);
            assert!(!is_as_sealed(&changed), "{side}");
        }
        let kept = item(&read.clone().without(staff));
        assert_eq!(kept["private"]["words"], whole["private"]["words"]);
        let erased = item(&read.without(user));
        let left = json!({ "before": {}, "after": { "fields": ["first_name"] } });
        assert_eq!((&erased["change"], &erased["private"]["words"]), (&left, &Value::Null));
        assert_eq!(linked(&erased), linked(&whole));
    }

    #[test]
    fn records_of_the_first_form_stay_as_they_are() {
        let (user, _, record) = disabled();
        let old = AuditRecord { schema: 1, ..record };
        let text = serde_json::to_value(&old).unwrap();
        assert_eq!((&text["address"], &text["private"]), (&json!("192.0.2.1"), &Value::Null));
        assert_eq!(linked(&text), text);
        let read: AuditRecord = serde_json::from_value(text).unwrap();
        assert_eq!(read.clone().without(user), read);
    }
}
