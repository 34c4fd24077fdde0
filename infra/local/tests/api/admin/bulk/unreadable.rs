//! Accounts of which what is kept does not read: each is told of, and holds up nobody else.

use super::jobs::{counts, done, results};
use super::*;
use crate::support::{spoil, text};

/// What a filter comes to that ends sessions, when nothing is done.
async fn found(who: &Client, key: &str, filter: &Value) -> Vec<(String, Option<String>)> {
    let ask = json!({ "operation": "end_sessions", "filter": filter, "dry_run": true });
    told(&body(self::ask(who, key, &ask).await, 200)["results"])
}

#[tokio::test]
async fn one_of_some_is_refused_alone() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let ids = crowd(&cloud, Role::Customer, 5).await;
    spoil(&cloud, &ids[2]).await;
    let outcomes = come_to(&["changed", "changed", "internal", "changed", "changed"]);
    let enable = json!({ "operation": "enable", "reason": "A mistake." });
    for (n, operation) in [disable(), enable, json!({ "operation": "end_sessions" })].iter().enumerate() {
        for dry_run in [true, false] {
            let key = format!("odd-one-{n}-{dry_run}");
            let wanted = on(operation, &ids, dry_run);
            let first = body(ask(&superior, &key, &wanted).await, 200);
            assert_eq!(told(&first["results"]), outcomes, "{operation}");
            assert_eq!(first["counts"], counts(4, 0, 1));
            assert_eq!(body(ask(&superior, &key, &wanted).await, 200), first, "and again");
        }
    }
    let times = times(&cloud, AuditEntry::AccountDisabled).await;
    assert!(times.len() == 4 && !times.contains_key(&ids[2]), "{times:?}");
    // Alone, it is a fault of ours.
    let alone = superior.post(&format!("/v1/admin/users/{}/disable", ids[2]), &because("No.")).await.unwrap();
    refused(&alone, 500, "internal");
}

#[tokio::test]
async fn one_that_a_filter_finds_is_told_to_whoever_may_know_of_it() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let users: Permissions = [Permission::UserManagement].into_iter().collect();
    let admin = Client::staff(&cloud, Role::Admin, users, "Admin One").await.unwrap();
    let (mut buyers, mut staff) =
        (crowd(&cloud, Role::Customer, 3).await, crowd(&cloud, Role::Accountant, 2).await);
    // Those of one moment are in no order but that of their ids.
    buyers.sort();
    staff.sort();
    // Found by two texts that begin alike.
    change_account(&cloud, &buyers[1], |account| Account {
        first_name: "Robin".parse().unwrap(),
        last_name: "Robinson".parse().unwrap(),
        ..account
    })
    .await;
    let email = body(superior.get(&format!("/v1/admin/users/{}", buyers[1])).await.unwrap(), 200);
    let email = json!({ "email": text(&email, "email") });
    spoil(&cloud, &buyers[1]).await;
    spoil(&cloud, &staff[0]).await;
    let three = come_to(&["changed", "internal", "changed"]);
    let one = come_to(&["internal"]);
    let (role, accountants) = (json!({ "role": "customer" }), json!({ "role": "accountant" }));
    let (text, all) = (json!({ "q": "robin" }), json!({ "confirmed": true, "status": "active" }));
    for (n, who) in [&superior, &admin].into_iter().enumerate() {
        let key = |what: &str| format!("found-{what}-{n}");
        assert_eq!(found(who, &key("role"), &role).await, three);
        assert_eq!(found(who, &key("text"), &text).await, one, "once");
        assert_eq!(found(who, &key("email"), &email).await, one);
    }
    assert_eq!(found(&superior, "found-staff", &accountants).await, come_to(&["internal", "changed"]));
    assert_eq!(found(&admin, "hidden-staff", &accountants).await, []);
    let faults = |told: Vec<(String, Option<String>)>| {
        told.into_iter().filter(|(_, code)| code.as_deref() == Some("internal")).count()
    };
    assert_eq!(faults(found(&superior, "found-all", &all).await), 2);
    assert_eq!(faults(found(&admin, "found-all", &all).await), 1, "nothing of staff");
}

/// Of staff that an admin may not know of, it is no more than an id that nobody has; also alone.
#[tokio::test]
async fn one_that_is_named_is_told_to_whoever_may_know_of_it() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let users: Permissions = [Permission::UserManagement].into_iter().collect();
    let admin = Client::staff(&cloud, Role::Admin, users, "Admin One").await.unwrap();
    let both = [Permission::UserManagement, Permission::AdminManagement].into_iter().collect();
    let equal = Client::staff(&cloud, Role::Admin, both, "Admin Two").await.unwrap();
    let ids = [
        crowd(&cloud, Role::Customer, 1).await,
        crowd(&cloud, Role::Accountant, 1).await,
        crowd(&cloud, Role::Admin, 1).await,
    ]
    .concat();
    for id in &ids {
        spoil(&cloud, id).await;
    }
    let nobody = "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE".to_owned();
    let ids = [ids, vec![nobody]].concat();
    for (n, (who, outcomes, statuses)) in [
        (&superior, ["internal", "internal", "internal", "not_found"], [500, 500, 500, 404]),
        (&admin, ["internal", "not_found", "not_found", "not_found"], [500, 404, 404, 404]),
        (&equal, ["internal", "internal", "forbidden", "not_found"], [500, 500, 403, 404]),
    ]
    .into_iter()
    .enumerate()
    {
        for dry_run in [true, false] {
            let wanted = on(&disable(), &ids, dry_run);
            let said = body(ask(who, &format!("named-one-{n}-{dry_run}"), &wanted).await, 200);
            assert_eq!(told(&said["results"]), come_to(&outcomes), "{n}");
        }
        for (id, status) in ids.iter().zip(statuses) {
            let path = format!("/v1/admin/users/{id}");
            let alone = who.post(&format!("{path}/disable"), &because("No.")).await.unwrap();
            assert_eq!(alone.status, status, "{n} {}", alone.body);
            let seen = if status == 403 { 500 } else { status };
            assert_eq!(who.get(&path).await.unwrap().status, seen, "{n}");
        }
    }
}

#[tokio::test]
async fn one_of_many_does_not_stop_the_job() {
    for by_filter in [false, true] {
        let cloud = cloud().await;
        let superior = super_admin(&cloud, "Super Admin").await;
        let ids = crowd(&cloud, Role::Customer, 110).await;
        spoil(&cloud, &ids[40]).await;
        let mut wanted = on(&disable(), &ids, false);
        if by_filter {
            wanted["ids"] = json!(null);
            wanted["filter"] = json!({ "role": "customer" });
        }
        let job = done(&cloud, &superior, "job-one", &wanted).await;
        assert_eq!((&job["bulk"]["counts"], &job["done"]), (&counts(109, 0, 1), &json!(110)), "{by_filter}");
        let results = results(&superior, &job).await;
        let refused: Vec<_> = results.iter().filter(|result| result["outcome"] == "refused").collect();
        assert_eq!(refused, [&json!({ "user_id": ids[40], "outcome": "refused", "code": "internal" })]);
        assert!(cloud.sqs.depth("JobsDeadLetterQueue").unwrap().is_empty());
    }
}
