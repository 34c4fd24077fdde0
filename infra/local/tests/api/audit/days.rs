//! A day that is gone as a whole is known to the days behind it.

use aws_sdk_dynamodb::types::AttributeValue;
use banister_local::cloud::Cloud;
use banister_platform::random;
use banister_platform::store::{AuditEntry, AuditRecord, Finding};
use banister_platform::table::{Record as _, key};
use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan as _};

use super::chain::{chain_of, link_of, remove, set, text};
use super::{START, audit, table};
use crate::support::cloud_at;
use crate::support::invariants::items;

/// The records of one shard of one day, oldest first.
type Day = Vec<AuditRecord>;

fn day(n: i64) -> Date {
    START[..10].parse::<Date>().unwrap() + n.days()
}

/// Three records of the first shard, linked.
async fn write(cloud: &Cloud) -> Day {
    let mut records = Vec::new();
    while records.len() < 3 {
        cloud.clock.advance(SignedDuration::from_secs(1));
        let at = cloud.clock.now();
        let new = AuditRecord::new(AuditEntry::SignInRefused, None, "192.0.2.1".into(), at);
        let mut ids = std::iter::repeat_with(|| AuditRecord { id: random::id(at), ..new.clone() });
        let record = ids.find(|record| chain_of(record).ends_with("#0")).unwrap();
        table(cloud).put(&record).await.unwrap();
        records.push(record);
    }
    cloud.quiet().await.unwrap();
    records
}

/// Four days, each with three records in the same shard.
async fn days() -> (Cloud, [Day; 4]) {
    let cloud = cloud_at(START).await;
    let mut days = [const { Vec::new() }; 4];
    for (n, day) in days.iter_mut().enumerate() {
        if n > 0 {
            cloud.clock.advance(SignedDuration::from_hours(24));
        }
        *day = write(&cloud).await;
    }
    (cloud, days)
}

async fn findings(cloud: &Cloud, n: i64) -> Vec<Finding> {
    audit(cloud).verify(day(n), cloud.clock.now()).await.unwrap().findings
}

async fn all(cloud: &Cloud) -> [Vec<Finding>; 4] {
    [findings(cloud, 0).await, findings(cloud, 1).await, findings(cloud, 2).await, findings(cloud, 3).await]
}

fn lost(day: &Day) -> Vec<Finding> {
    vec![Finding::Lost { chain: chain_of(&day[0]) }]
}

/// Deletes records, links and end.
async fn remove_day(cloud: &Cloud, day: &Day) {
    for record in day {
        remove(cloud, &record.key()).await;
        remove(cloud, &link_of(record)).await;
    }
    remove(cloud, &key::audit_head(&chain_of(&day[0]))).await;
}

const NOTHING: Vec<Finding> = Vec::new();

#[tokio::test]
async fn a_day_that_is_gone_is_found_by_those_behind_it() {
    let (cloud, days) = days().await;
    assert_eq!(all(&cloud).await, [NOTHING; 4]);
    remove_day(&cloud, &days[1]).await;
    let gone = lost(&days[1]);
    assert_eq!(all(&cloud).await, [NOTHING, NOTHING, gone.clone(), gone.clone()]);
    let earlier = audit(&cloud).verify_earlier(day(2), cloud.clock.now()).await.unwrap();
    assert_eq!(earlier, gone);
    // Nor can it be made again without its last record.
    for record in &days[1][..2] {
        table(&cloud).put(record).await.unwrap();
    }
    cloud.quiet().await.unwrap();
    assert_eq!(findings(&cloud, 2).await, gone);
}

#[tokio::test]
async fn what_is_gone_from_the_middle_of_an_earlier_day_is_found() {
    let (cloud, days) = days().await;
    let [_, middle, last] = days[1].as_slice() else { panic!() };
    remove(&cloud, &middle.key()).await;
    let audit_id = middle.id.to_string();
    assert_eq!(all(&cloud).await, [NOTHING, vec![Finding::Removed { audit_id }], NOTHING, NOTHING]);
    remove(&cloud, &link_of(middle)).await;
    let gap = Finding::Misplaced { chain: chain_of(middle), sequence: 2 };
    let broken = Finding::Broken { audit_id: last.id.to_string(), sequence: 3 };
    assert_eq!(all(&cloud).await, [NOTHING, vec![gap, broken], NOTHING, NOTHING]);
}

/// Also where the end was set back to what was its last link but one.
#[tokio::test]
async fn a_tail_that_was_cut_with_its_end_is_found() {
    let (cloud, days) = days().await;
    let cut = &days[2];
    let kept = link_of(&cut[1]);
    let kept = items(&cloud)
        .await
        .into_iter()
        .find(|item| item["PK"].as_s().unwrap() == &kept.pk && item["SK"].as_s().unwrap() == &kept.sk);
    let head = key::audit_head(&chain_of(&cut[0]));
    set(&cloud, &head, "sequence", AttributeValue::N("2".into())).await;
    set(&cloud, &head, "hash", kept.unwrap()["hash"].clone()).await;
    remove(&cloud, &cut[2].key()).await;
    remove(&cloud, &link_of(&cut[2])).await;
    assert_eq!(all(&cloud).await, [NOTHING, NOTHING, NOTHING, lost(cut)]);
}

/// The first link of a day has the ends of the two before, and of no more; the very first looks as those
/// from before days were tied to each other.
#[tokio::test]
async fn two_days_are_named() {
    let (cloud, days) = days().await;
    let items = items(&cloud).await;
    for (n, day) in days.iter().enumerate() {
        let of_day = |record: &AuditRecord| {
            let key = link_of(record);
            let link = items.iter().find(|item| item["SK"] == text(&key.sk)).unwrap();
            let ends = link.get("earlier").map(|ends| ends.as_l().unwrap().clone()).unwrap_or_default();
            ends.iter().map(|end| end.as_m().unwrap()["chain"].as_s().unwrap().clone()).collect::<Vec<_>>()
        };
        let before: Vec<_> = days[..n].iter().rev().take(2).map(|day| chain_of(&day[0])).collect();
        assert_eq!(of_day(&day[0]), before);
        assert_eq!((of_day(&day[1]), of_day(&day[2])), (Vec::new(), Vec::new()));
    }
}

/// What is taken out of a first link breaks it.
#[tokio::test]
async fn what_a_day_knows_of_others_cannot_be_taken_from_it() {
    let (cloud, days) = days().await;
    set(&cloud, &link_of(&days[3][0]), "earlier", AttributeValue::L(Vec::new())).await;
    let audit_id = days[3][0].id.to_string();
    assert_eq!(findings(&cloud, 3).await, [Finding::Broken { audit_id, sequence: 1 }]);
}
