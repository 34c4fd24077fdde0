//! Who gets what: staff in the file only for those who may see staff, nothing for those who may not any more.

use banister_domain::access::Permission::{AdminManagement, UserManagement};
use banister_domain::id::UserId;
use banister_local::cloud::Cloud;
use banister_platform::store::Accounts;
use banister_platform::table::Table;
use serde_json::{Value, json};

use super::{ask, crowd, export, job, log, names, staff};
use crate::problems::refused;
use crate::support::{body, change_account, customer, pass, super_admin, switch_off, text};

#[tokio::test]
async fn hidden_accounts_are_not_in_it() {
    let (cloud, admin) = crowd().await;
    let seller = staff(&cloud, &[UserManagement], "User Manager").await;
    let boss = staff(&cloud, &[UserManagement, AdminManagement], "Staff Manager").await;
    pass(&cloud, 1).await;
    let everybody = |job| async move { names(&job).await.len() };
    assert_eq!(everybody(export(&cloud, &seller, &json!({}), "the-export").await).await, 5);
    assert_eq!(everybody(export(&cloud, &boss, &json!({}), "the-export").await).await, 8);
    assert_eq!(everybody(export(&cloud, &admin, &json!({ "role": "admin" }), "the-export").await).await, 2);
    for filter in [
        json!({ "role": "admin" }),
        json!({ "role": "super_admin" }),
        json!({ "email": "super.admin@example.com" }),
        json!({ "q": "super" }),
    ] {
        let key = format!("export-{}", filter.to_string().len());
        let hidden = export(&cloud, &seller, &filter, &key).await;
        assert_eq!(names(&hidden).await, Vec::<String>::new(), "{filter}");
    }
    let nobody = staff(&cloud, &[AdminManagement], "Nobody's Manager").await;
    refused(&ask(&nobody, &json!({}), "the-export").await, 403, "forbidden");
    refused(&ask(&customer(&cloud, "Customer One").await, &json!({}), "the-export").await, 403, "forbidden");
}

#[tokio::test]
async fn rights_that_are_lost_before_the_job_begins_end_it() {
    let (cloud, _) = crowd().await;
    let seller = staff(&cloud, &[UserManagement], "User Manager").await;
    // The cloud's own worker waits.
    cloud.faults.crash_before("local-jobs", 1);
    let begun = body(ask(&seller, &json!({ "q": "robin" }), "the-export").await, 202);
    let admin = super_admin(&cloud, "Other Admin").await;
    let path = format!("/v1/admin/users/{}/permissions", seller.id);
    let none = json!({ "permissions": [] });
    body(admin.put_over(&path, &none).await.unwrap(), 200);
    cloud.faults.revive("local-jobs");
    crate::support::settle(&cloud).await;
    let mut seller = seller;
    seller.sign_in().await.unwrap();
    let over = job(&seller, &begun).await;
    assert_eq!((text(&over, "state"), text(&over, "failure")), ("failed", "forbidden"));
    assert_eq!((&over["files"], &over["done"]), (&Value::Null, &json!(0)));
    assert_eq!(cloud.s3.keys("PrivateBucket").await.unwrap(), [""; 0]);
    let lines = log(&cloud).await;
    assert_eq!(lines.last().unwrap().change.as_ref().unwrap().after, json!({ "failure": "forbidden" }));
    // It is over: neither rights that come back nor a command make it go on.
    let table = Table::from_settings(&cloud.settings("local-test")).unwrap();
    let id = text(&begun, "id").parse().unwrap();
    let jobs = banister_platform::store::Jobs::new(table);
    let again = jobs.ask_again(id, banister_platform::store::COMMAND, cloud.clock.now()).await.unwrap();
    assert_eq!(again, None);
    assert!(cloud.sqs.depth("JobsDeadLetterQueue").unwrap().is_empty());
}

#[tokio::test]
async fn who_was_switched_off_gets_no_file() {
    let (cloud, _) = crowd().await;
    let seller = staff(&cloud, &[UserManagement], "User Manager").await;
    cloud.faults.crash_before("local-jobs", 1);
    let begun = body(ask(&seller, &json!({}), "the-export").await, 202);
    switch_off(&cloud, &seller.id).await;
    cloud.faults.revive("local-jobs");
    crate::support::settle(&cloud).await;
    assert_eq!(failure(&cloud, &begun).await, json!("forbidden"));
    assert_eq!(cloud.s3.keys("PrivateBucket").await.unwrap(), [""; 0]);
}

async fn failure(cloud: &Cloud, begun: &Value) -> Value {
    let table = Table::from_settings(&cloud.settings("local-test")).unwrap();
    let jobs = banister_platform::store::Jobs::new(table);
    json!(jobs.get(text(begun, "id").parse().unwrap()).await.unwrap().unwrap().value.failure)
}

#[tokio::test]
async fn a_done_export_has_no_links_for_who_may_not_any_more() {
    let (cloud, _) = crowd().await;
    let boss = staff(&cloud, &[UserManagement, AdminManagement], "Staff Manager").await;
    let done = export(&cloud, &boss, &json!({}), "the-export").await;
    let customers = export(&cloud, &boss, &json!({ "role": "customer" }), "other-export").await;
    assert!(done["files"].is_array() && customers["files"].is_array());
    let (id, table): (UserId, _) =
        (boss.id.parse().unwrap(), Table::from_settings(&cloud.settings("local-test")).unwrap());
    // What an instance remembers of a caller ends after five seconds.
    for (left, all, some) in [(&[UserManagement][..], false, true), (&[][..], false, false)] {
        let permissions = left.iter().copied().collect();
        change_account(&cloud, &boss.id, |account| banister_domain::account::Account {
            permissions,
            ..account
        })
        .await;
        assert_eq!(
            Accounts::new(table.clone()).get(id).await.unwrap().unwrap().value.permissions,
            permissions
        );
        pass(&cloud, 6).await;
        assert_eq!(job(&boss, &done).await["files"].is_array(), all, "{left:?}");
        assert_eq!(job(&boss, &customers).await["files"].is_array(), some, "{left:?}");
    }
}
