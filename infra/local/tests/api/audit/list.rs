//! How staff read the log.

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_local::client::Client;
use banister_local::cloud::Cloud;
use banister_platform::random;
use banister_platform::store::{AuditEntry, AuditRecord};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{logged, table};
use crate::support::{all_pages, body, cloud_at, customer, each, pass};

async fn reader(cloud: &Cloud) -> Client {
    let permissions = [Permission::AdminManagement].into_iter().collect();
    Client::staff(cloud, Role::Admin, permissions, "Admin One").await.unwrap()
}

fn ids(items: &[Value]) -> Vec<String> {
    each(&json!({ "items": items }), "id")
}

fn newest_first(records: &[AuditRecord]) -> Vec<String> {
    let mut ids: Vec<_> = records.iter().map(|record| record.id.to_string()).collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids
}

/// Every record of every shard once, in order, whatever the size of the pages.
#[tokio::test]
async fn a_day_is_one_list() {
    let (cloud, records) = logged(45).await;
    let wanted = newest_first(&records);
    let admin = reader(&cloud).await;
    let path = "/v1/admin/audit?from=2031-03-03&to=2031-03-03";
    for limit in [1, 2, 7, 100] {
        let mut found = ids(&all_pages(&admin, path, limit).await);
        // What was logged since is about the reader, and newer.
        let rest = found.split_off(found.len() - wanted.len());
        assert_eq!(rest, wanted, "{limit}");
        assert!(found.is_sorted_by(|a, b| a > b) && found.len() >= 4, "{found:?}");
    }
}

#[tokio::test]
async fn days_follow_each_other_and_empty_ones_are_passed() {
    let (cloud, mut records) = logged(3).await;
    for day in [1, 3] {
        pass(&cloud, 86_400 * day).await;
        let record = AuditRecord {
            id: banister_platform::random::id(cloud.clock.now()),
            at: cloud.clock.now(),
            ..records[0].clone()
        };
        table(&cloud).put(&record).await.unwrap();
        records.push(record);
    }
    let wanted = newest_first(&records);
    let admin = reader(&cloud).await;
    let found = async |path: &str| {
        let all = all_pages(&admin, &format!("/v1/admin/audit?{path}"), 2).await;
        ids(&all.into_iter().filter(|record| record["target_id"].is_null()).collect::<Vec<_>>())
    };
    assert_eq!(found("from=2031-03-01").await, wanted);
    assert_eq!(found("from=2031-03-03&to=2031-03-04").await, wanted[1..]);
    assert_eq!(found("to=2031-03-04").await, wanted[1..2]);
    // Today alone.
    assert_eq!(found("").await, wanted[..1]);
    assert_eq!(found("from=2031-03-05&to=2031-03-06").await, [""; 0]);
}

#[tokio::test]
async fn a_list_is_of_one_target_or_of_one_actor() {
    let cloud = cloud_at(super::START).await;
    let admin = Client::staff(&cloud, Role::SuperAdmin, Permissions::NONE, "Super Admin").await.unwrap();
    let support = Client::staff(&cloud, Role::Management, Permissions::NONE, "Support Two").await.unwrap();
    let path = format!("/v1/admin/users/{}/permissions", support.id);
    for permissions in [json!(["booking_management"]), json!([])] {
        body(admin.put_over(&path, &json!({ "permissions": permissions })).await.unwrap(), 200);
    }
    for limit in [1, 20] {
        let done = all_pages(&admin, &format!("/v1/admin/audit?actor={}", admin.id), limit).await;
        let changes: Vec<_> = done.iter().map(|record| [&record["before"], &record["after"]]).collect();
        let set = json!(["booking_management"]);
        assert_eq!(changes, [[&set, &json!([])], [&json!([]), &set]]);
        for record in &done {
            assert_eq!(
                (&record["target_id"], &record["entry"]),
                (&json!(support.id), &json!("permissions_set"))
            );
            assert!(record["request_id"].as_str().unwrap().starts_with("req_"), "{record}");
        }
        let about = all_pages(&admin, &format!("/v1/admin/audit?target={}", support.id), limit).await;
        let entries = each(&json!({ "items": about }), "entry");
        let begun = ["session_created", "email_confirmed", "account_registered"];
        assert!(
            entries[..2] == ["permissions_set"; 2] && entries.ends_with(&begun.map(String::from)),
            "{entries:?}"
        );
    }
}

/// Also the first and the last moment of a day are of it; pages end where the days do.
#[tokio::test]
async fn days_narrow_the_list_of_a_target_or_of_an_actor() {
    let cloud = cloud_at(super::START).await;
    let admin = reader(&cloud).await;
    let (actor, target) = (random::id(cloud.clock.now()), random::id(cloud.clock.now()));
    let mut written = Vec::new();
    for at in [
        "2029-12-31T23:59:59.999Z",
        "2030-03-02T00:00:00Z",
        "2030-03-02T23:59:59.999999Z",
        "2030-03-03T00:00:00Z",
        "2031-03-02T12:00:00Z",
    ] {
        let at: Timestamp = at.parse().unwrap();
        let record = AuditRecord::new(AuditEntry::AccountChanged, Some(target), String::new(), at).by(actor);
        table(&cloud).put(&record).await.unwrap();
        written.push(record);
    }
    for (days, wanted) in [
        ("", 0..5),
        ("&from=2030-03-02", 1..5),
        ("&to=2030-03-02", 0..3),
        ("&from=2030-03-02&to=2030-03-02", 1..3),
        ("&from=2030-03-01&to=2030-03-03", 1..4),
        ("&from=2030-03-03&to=2031-03-03", 3..5),
        ("&from=0001-01-01&to=2029-12-31", 0..1),
        ("&from=0001-01-01&to=1969-12-31", 0..0),
        ("&from=2031-03-03&to=9999-12-31", 5..5),
        ("&from=9999-12-31&to=9999-12-31", 5..5),
    ] {
        let wanted = newest_first(&written[wanted]);
        for (who, limit) in [(format!("target={target}"), 1), (format!("actor={actor}"), 2)] {
            let path = format!("/v1/admin/audit?{who}{days}");
            assert_eq!(ids(&all_pages(&admin, &path, limit).await), wanted, "{path}");
        }
    }
    let path = format!("/v1/admin/audit?target={target}&from=2030-03-02&limit=1");
    let page = body(admin.get(&path).await.unwrap(), 200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let other = format!("/v1/admin/audit?target={target}&from=2030-03-01&limit=1&cursor={cursor}");
    assert_eq!(admin.get(&other).await.unwrap().code(), "invalid_cursor");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_a_cursor_is_its_readers() {
    let (cloud, _) = logged(3).await;
    let admin = reader(&cloud).await;
    let customer = customer(&cloud, "Customer One").await;
    let (a, b) = (&admin.id, &customer.id);
    for (query, parameter) in [
        (format!("target={a}&actor={b}"), "actor"),
        (format!("target={a}&from=2031-03-04&to=2031-03-03"), "from"),
        (format!("actor={a}&to=2031-03-02&from=2031-03-03"), "from"),
        // After today.
        (format!("actor={a}&from=2031-03-04"), "from"),
        ("from=2031-03-04&to=2031-03-03".into(), "from"),
        ("from=2030-03-02&to=2031-03-03".into(), "from"),
        ("from=yesterday".into(), "from"),
        ("target=somebody".into(), "target"),
        ("limit=101".into(), "limit"),
    ] {
        let refused = body(admin.get(&format!("/v1/admin/audit?{query}")).await.unwrap(), 422);
        assert_eq!(refused["errors"][0]["parameter"], parameter, "{query}: {refused}");
    }
    let page = body(admin.get("/v1/admin/audit?limit=1").await.unwrap(), 200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let again = admin.get(&format!("/v1/admin/audit?limit=1&cursor={cursor}")).await.unwrap();
    assert_ne!(body(again, 200)["items"], page["items"]);
    let other = Client::staff(&cloud, Role::SuperAdmin, Permissions::NONE, "Super Admin").await.unwrap();
    for (reader, query) in
        [(&admin, format!("target={a}&")), (&admin, "from=2031-03-03&".into()), (&other, String::new())]
    {
        let refused = reader.get(&format!("/v1/admin/audit?{query}limit=1&cursor={cursor}")).await.unwrap();
        assert_eq!(refused.code(), "invalid_cursor", "{query}");
    }
    assert_eq!(customer.get("/v1/admin/audit").await.unwrap().status, 403);
}
