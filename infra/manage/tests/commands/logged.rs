//! What commands leave in the audit log, and what they find gone from it.

use banister_local::client::{Client, PASSWORD};
use banister_local::cloud::Cloud;
use banister_platform::random;
use banister_platform::store::{Audit, AuditEntry, AuditRecord, COMMAND, ListAudit};
use banister_platform::table::{Record as _, Table, key};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Folder, cloud, delete, manage};

fn table(cloud: &Cloud) -> Table {
    Table::from_settings(&cloud.settings("local-test")).unwrap()
}

fn today(cloud: &Cloud) -> Date {
    cloud.clock.now().to_zoned(TimeZone::UTC).date()
}

/// What the records of commands say was done, oldest first: the act, before and after.
async fn lines(cloud: &Cloud) -> Vec<(AuditEntry, Value)> {
    let mut found = Vec::new();
    // Midnight may have passed since.
    for day in [today(cloud).yesterday().unwrap(), today(cloud)] {
        let wanted = ListAudit::Days { from: day, to: day };
        let page = Audit::new(table(cloud)).list(wanted, 100, None).await.unwrap();
        let of_commands = page.items.into_iter().rev().filter(|record| record.address == COMMAND);
        found.extend(of_commands.map(|record| {
            assert_eq!((record.user_id, record.actor_id), (None, None));
            let change = record.change.unwrap();
            assert_eq!(change.before, Value::Null);
            (record.entry, change.after)
        }));
    }
    found
}

/// Before it begins, and with what came of it.
#[tokio::test]
async fn what_changes_much_is_logged_twice() {
    let folder = Folder::new();
    let cloud = cloud(&folder).await;
    Client::join(&cloud, "customer", "Customer One").await.unwrap();
    cloud.quiet().await.unwrap();
    let mut wanted = Vec::new();
    let (from, to) = (today(&cloud).yesterday().unwrap(), today(&cloud));
    let link = format!("link-audit --from {from} --to {to}");
    for (command, entry, begun) in [
        ("rebuild-cards", AuditEntry::CardsRebuilt, json!({ "step": "begun" })),
        ("rebuild-counters", AuditEntry::CountersRebuilt, json!({ "step": "begun" })),
        ("reindex-users", AuditEntry::UsersReindexed, json!({ "step": "begun" })),
        (link.as_str(), AuditEntry::AuditLinked, json!({ "step": "begun", "from": from, "to": to })),
    ] {
        let said = manage(&folder.0, &format!("{command} --json"), "").await;
        assert_eq!(said.code, Some(0), "{}", said.error);
        let mut done = said.json();
        if entry == AuditEntry::AuditLinked {
            // Not its own record, which is on its way.
            assert_eq!(done["linked"], 0);
        }
        done["step"] = json!("done");
        wanted.extend([(entry, begun), (entry, done)]);
        assert_eq!(lines(&cloud).await, wanted);
        cloud.quiet().await.unwrap();
    }
    cloud.stop().await;
}

#[tokio::test]
async fn a_job_that_is_asked_for_again_is_logged() {
    let folder = Folder::new();
    let cloud = cloud(&folder).await;
    let customer = Client::join(&cloud, "customer", "Customer One").await.unwrap();
    let ask = json!({ "password": PASSWORD });
    let begun = customer.call(Method::DELETE, "/v1/me", &[], Some(&ask)).await.unwrap();
    assert_eq!(begun.status.as_u16(), 202, "{}", begun.body);
    let job = begun.body["id"].as_str().unwrap();
    let said = manage(&folder.0, &format!("continue-job --json --job {job}"), "").await;
    assert_eq!(said.code, Some(0), "{}", said.error);
    let (state, revision) = (&said.json()["state"], &said.json()["revision"]);
    let after = json!({ "job": job, "state": state, "revision": revision });
    assert_eq!(lines(&cloud).await, [(AuditEntry::JobContinued, after.clone())]);
    // Nothing is done, and nothing logged.
    let other = "job_01KB2Q7S3H8Z6W4V5N9RXTMCDE";
    let said = manage(&folder.0, &format!("continue-job --job {other}"), "").await;
    assert!(said.code == Some(1) && said.error.contains("no such job"), "{}", said.error);
    assert_eq!(lines(&cloud).await, [(AuditEntry::JobContinued, after)]);
    cloud.stop().await;
}

/// A day of one shard, with its links and its end.
#[tokio::test]
async fn a_day_that_is_gone_is_named() {
    let folder = Folder::new();
    let cloud = cloud(&folder).await;
    let at = cloud.clock.now();
    let yesterday = today(&cloud).yesterday().unwrap();
    let noon = yesterday.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let new = |made| AuditRecord::new(AuditEntry::SessionEnded, None, String::new(), made);
    let old = new(noon);
    table(&cloud).put(&old).await.unwrap();
    cloud.quiet().await.unwrap();
    let chain = old.key().pk.trim_start_matches(key::AUDIT).to_owned();
    let (_, shard) = chain.split_once('#').unwrap();
    let mut behind = std::iter::repeat_with(|| AuditRecord { id: random::id(at), ..new(at) });
    let behind = behind.find(|record| record.key().pk.ends_with(&format!("#{shard}"))).unwrap();
    table(&cloud).put(&behind).await.unwrap();
    cloud.quiet().await.unwrap();
    let ask = format!("verify-audit --json --from {yesterday}");
    let lost = json!({ "finding": "lost", "chain": chain });
    let found = manage(&folder.0, &ask, "").await.json()["findings"].clone();
    assert!(!found.as_array().unwrap().contains(&lost), "{found}");
    let client = cloud.table.client("local-check");
    for key in [old.key(), key::audit_link(&chain, &old.id.to_string()), key::audit_head(&chain)] {
        delete(&client, &key.pk, &key.sk).await;
    }
    let said = manage(&folder.0, &ask, "").await;
    assert_eq!((said.code, &said.json()["findings"]), (Some(1), &json!([lost])), "{}", said.error);
    cloud.stop().await;
}
