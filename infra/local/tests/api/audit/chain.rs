//! Whoever changes the log is found out.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use banister_domain::access::Permissions;
use banister_domain::account::Role;
use banister_local::client::Client;
use banister_local::cloud::Cloud;
use banister_local::faults::{FaultKind, Verdict};
use banister_platform::store::{AuditRecord, Finding, Verified, Written};
use banister_platform::table::{Record as _, key};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{START, audit, logged, table};
use crate::support::invariants::items;
use crate::support::{body, cloud_at, customer};

const TABLE: &str = "banister";

async fn verified(cloud: &Cloud) -> Verified {
    let now = cloud.clock.now();
    audit(cloud).verify(START[..10].parse().unwrap(), now).await.unwrap()
}

async fn findings(cloud: &Cloud) -> Vec<Finding> {
    verified(cloud).await.findings
}

fn place(pk: &str, sk: &str) -> [(&'static str, AttributeValue); 2] {
    [("PK", AttributeValue::S(pk.to_owned())), ("SK", AttributeValue::S(sk.to_owned()))]
}

/// Deletes an item past everything.
pub(super) async fn remove(cloud: &Cloud, key: &key::Key) {
    let mut call = cloud.table.client("local-test").delete_item().table_name(TABLE);
    for (name, value) in place(&key.pk, &key.sk) {
        call = call.key(name, value);
    }
    call.send().await.unwrap();
}

/// Sets one attribute of an item past everything.
pub(super) async fn set(cloud: &Cloud, key: &key::Key, name: &str, value: AttributeValue) {
    let mut call = cloud.table.client("local-test").update_item().table_name(TABLE);
    for (name, value) in place(&key.pk, &key.sk) {
        call = call.key(name, value);
    }
    let call = call.update_expression("SET #n = :v").expression_attribute_names("#n", name);
    call.expression_attribute_values(":v", value).send().await.unwrap();
}

pub(super) fn chain_of(record: &AuditRecord) -> String {
    record.key().pk.trim_start_matches(key::AUDIT).to_owned()
}

pub(super) fn link_of(record: &AuditRecord) -> key::Key {
    key::audit_link(&chain_of(record), &record.id.to_string())
}

/// The records of the fullest shard, oldest first.
fn fullest(records: Vec<AuditRecord>) -> Vec<AuditRecord> {
    let mut shards: BTreeMap<String, Vec<AuditRecord>> = BTreeMap::new();
    for record in records {
        shards.entry(chain_of(&record)).or_default().push(record);
    }
    let fullest = shards.into_values().max_by_key(Vec::len).unwrap();
    assert!(fullest.len() >= 3, "{fullest:?}");
    fullest
}

pub(super) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

#[tokio::test]
async fn a_day_as_it_was_written_has_nothing_to_find() {
    let cloud = cloud_at(START).await;
    let admin = Client::staff(&cloud, Role::SuperAdmin, Permissions::NONE, "Super Admin").await.unwrap();
    let support = Client::staff(&cloud, Role::Management, Permissions::NONE, "Support Two").await.unwrap();
    let path = format!("/v1/admin/users/{}/permissions", support.id);
    let set = admin.put_over(&path, &json!({ "permissions": ["booking_management"] })).await.unwrap();
    let request = set.headers["x-request-id"].to_str().unwrap().to_owned();
    body(set, 200);
    customer(&cloud, "Customer One").await;
    cloud.quiet().await.unwrap();
    let verified = verified(&cloud).await;
    assert_eq!(verified.findings, []);
    assert!(verified.records > 10, "{verified:?}");
    assert_eq!((verified.links, verified.pending), (verified.records, 0));
    let kept: Vec<Value> = items(&cloud)
        .await
        .into_iter()
        .filter(|item| item["t"] == text("audit"))
        .map(|item| serde_dynamo::from_item(item).unwrap())
        .collect();
    assert_eq!(kept.len(), verified.records);
    // The client makes staff in the table, without a request.
    let asked = kept.iter().filter(|record| record["entry"] != "role_set");
    assert!(asked.clone().count() > 10 && asked.clone().all(|record| record["request_id"].is_string()));
    assert!(kept.iter().all(|record| record["schema"] == 2));
    let act = kept.iter().find(|record| record["request_id"] == request.as_str()).unwrap();
    assert_eq!(act["entry"], "permissions_set");
    assert_eq!(act["GSI2PK"], format!("ACTED#{}", admin.id));
}

#[tokio::test]
async fn what_was_changed_is_found() {
    let (cloud, records) = logged(12).await;
    assert_eq!(findings(&cloud).await, []);
    let [record, ..] = records.as_slice() else { panic!() };
    set(&cloud, &record.key(), "entry", text("role_set")).await;
    let changed = Finding::Changed { audit_id: record.id.to_string() };
    assert_eq!(findings(&cloud).await, std::slice::from_ref(&changed));
    let entry = serde_json::to_value(record.entry).unwrap();
    set(&cloud, &record.key(), "entry", text(entry.as_str().unwrap())).await;
    assert_eq!(findings(&cloud).await, []);
    // What can be erased cannot become something else.
    let part = |address: &str| {
        let part = HashMap::from([("salt".into(), text("")), ("value".into(), text(address))]);
        AttributeValue::M(HashMap::from([("address".into(), AttributeValue::M(part))]))
    };
    set(&cloud, &record.key(), "private", part("192.0.2.2")).await;
    assert_eq!(findings(&cloud).await, std::slice::from_ref(&changed));
    set(&cloud, &record.key(), "private", AttributeValue::M(HashMap::new())).await;
    assert_eq!(findings(&cloud).await, []);
    // Also what no program reads.
    set(&cloud, &record.key(), "remark", text("")).await;
    assert_eq!(findings(&cloud).await, [changed]);
}

/// Whoever gives a link the digest that suits has to change all that follow, too.
#[tokio::test]
async fn a_changed_link_is_found() {
    let (cloud, records) = logged(12).await;
    let record = &fullest(records)[1];
    set(&cloud, &link_of(record), "digest", text(&"0".repeat(64))).await;
    let audit_id = record.id.to_string();
    assert_eq!(
        findings(&cloud).await,
        [Finding::Broken { audit_id: audit_id.clone(), sequence: 2 }, Finding::Changed { audit_id }]
    );
    set(&cloud, &link_of(record), "t", text("user")).await;
    assert!(findings(&cloud).await.contains(&Finding::Unreadable { chain: chain_of(record) }));
}

#[tokio::test]
async fn what_was_removed_is_found() {
    let (cloud, records) = logged(12).await;
    let shard = fullest(records);
    let audit_id = shard[0].id.to_string();
    remove(&cloud, &shard[0].key()).await;
    assert_eq!(findings(&cloud).await, [Finding::Removed { audit_id }]);
    // The link with it: the next one follows what is not there.
    remove(&cloud, &link_of(&shard[0])).await;
    let (chain, audit_id) = (chain_of(&shard[0]), shard[1].id.to_string());
    let gap = Finding::Misplaced { chain, sequence: 1 };
    assert_eq!(findings(&cloud).await, [gap, Finding::Broken { audit_id, sequence: 2 }]);
}

#[tokio::test]
async fn a_cut_tail_is_found() {
    let (cloud, records) = logged(12).await;
    let shard = fullest(records);
    let last = shard.last().unwrap();
    remove(&cloud, &last.key()).await;
    remove(&cloud, &link_of(last)).await;
    let cut = [Finding::Cut { chain: chain_of(last) }];
    assert_eq!(findings(&cloud).await, cut);
    // The end alone, too.
    remove(&cloud, &key::audit_head(&chain_of(last))).await;
    cloud.clock.advance(SignedDuration::from_secs(61));
    assert_eq!(findings(&cloud).await, cut);
}

/// A record that is put there later is linked like any other, and shows by when it was linked; one
/// without a link shows once it cannot be on its way any more.
#[tokio::test]
async fn what_was_inserted_is_found() {
    let (cloud, records) = logged(12).await;
    cloud.clock.advance(SignedDuration::from_hours(1));
    let made_up = AuditRecord { id: banister_platform::random::id(records[3].at), ..records[3].clone() };
    table(&cloud).put(&made_up).await.unwrap();
    cloud.quiet().await.unwrap();
    let late = |found: &Finding| matches!(found, Finding::Late { audit_id, .. } if *audit_id == made_up.id.to_string());
    let found = findings(&cloud).await;
    assert!(found.len() == 1 && late(&found[0]), "{found:?}");

    cloud.faults.crash_before("local-projections", 1);
    let at = cloud.clock.now();
    let hidden = AuditRecord { id: banister_platform::random::id(at), at, ..records[3].clone() };
    table(&cloud).put(&hidden).await.unwrap();
    let verified_now = verified(&cloud).await;
    assert_eq!((verified_now.findings.len(), verified_now.pending), (1, 1));
    cloud.clock.advance(SignedDuration::from_secs(60));
    let unlinked = Finding::Unlinked { audit_id: hidden.id.to_string() };
    assert!(findings(&cloud).await.contains(&unlinked));
    // The stream is followed again.
    cloud.faults.revive("local-projections");
    cloud.quiet().await.unwrap();
    assert_eq!(findings(&cloud).await.len(), 1);
}

/// What the stream no longer has is linked by hand, once.
#[tokio::test]
async fn what_was_missed_is_linked() {
    let (cloud, records) = logged(12).await;
    let day = START[..10].parse().unwrap();
    let chain = chain_of(&records[0]);
    for item in items(&cloud).await {
        let at = |name: &str| item[name].as_s().unwrap().clone();
        if at("PK") == key::audit_chain(&chain) {
            remove(&cloud, &key::Key { pk: at("PK"), sk: at("SK") }).await;
        }
    }
    let of_chain = records.iter().filter(|record| chain_of(record) == chain).count();
    for linked in [of_chain, 0] {
        assert_eq!(audit(&cloud).link_missed(day, None, cloud.clock.now()).await.unwrap(), linked);
        assert_eq!(findings(&cloud).await, []);
    }
}

fn written(record: &AuditRecord) -> Written {
    let key = record.key();
    Written::read(&json!({ "PK": key.pk, "SK": key.sk, "n": record.id })).unwrap()
}

/// Twice delivered, side by side and in parts: one link each, in one chain.
#[tokio::test]
async fn many_who_link_the_same_make_one_chain() {
    let cloud = cloud_at(START).await;
    cloud.faults.crash_before("local-projections", 1);
    let new = |n| AuditRecord {
        id: banister_platform::random::id(cloud.clock.now() + SignedDuration::from_millis(n)),
        ..AuditRecord::new(
            banister_platform::store::AuditEntry::SessionEnded,
            None,
            String::new(),
            cloud.clock.now(),
        )
    };
    let all: Vec<_> = (0..200)
        .map(new)
        .map(|record| Written { chain: "2031-03-03#0".into(), ..written(&record) })
        .collect();
    let now = cloud.clock.now();
    let audit = audit(&cloud);
    let parts = [&all[..120], &all[40..], &all[..], &[&all[..3], &all[..3]].concat()];
    let linked = join_all(parts.map(|part| audit.link("2031-03-03#0", part, now))).await;
    // Who loses five times over comes again, as Lambda does.
    for (part, linked) in parts.iter().zip(linked) {
        if linked.is_err() {
            audit.link("2031-03-03#0", part, now).await.unwrap();
        }
    }
    let verified = verified(&cloud).await;
    // The records themselves were never written.
    assert_eq!((verified.links, verified.findings.len()), (200, 200), "{:?}", verified.findings.first());
    assert!(verified.findings.iter().all(|finding| matches!(finding, Finding::Removed { .. })));
}

/// The one who links dies at each of its calls, and goes on when it is back.
#[tokio::test]
async fn a_crash_leaves_no_gap() {
    let cloud = cloud_at(START).await;
    for (after, n) in [(false, 1), (false, 2), (true, 1), (true, 2)] {
        cloud.quiet().await.unwrap();
        if after {
            cloud.faults.crash_after("local-projections", n);
        } else {
            cloud.faults.crash_before("local-projections", n);
        }
        let entry = banister_platform::store::AuditEntry::SessionEnded;
        let record = AuditRecord::new(entry, None, String::new(), cloud.clock.now());
        table(&cloud).put(&record).await.unwrap();
        while !cloud.faults.crashed("local-projections") {
            tokio::task::yield_now().await;
        }
        cloud.faults.revive("local-projections");
    }
    for kind in [FaultKind::Conflict, FaultKind::Throttle] {
        cloud.faults.script("local-projections", "TransactWriteItems", Verdict::Refuse(kind));
    }
    customer(&cloud, "Customer One").await;
    cloud.quiet().await.unwrap();
    let verified = verified(&cloud).await;
    assert_eq!((&*verified.findings, verified.links), (&[][..], verified.records));
    assert!(verified.records >= 7, "{verified:?}");
}
