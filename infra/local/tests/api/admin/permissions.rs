//! `/v1/admin/users/{id}` and `/permissions`: whom staff see, and who grants what.

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_local::client::{Answer, Client};
use banister_local::cloud::Cloud;
use banister_platform::table::Table;
use reqwest::Method;
use serde_json::{Value, json};

use crate::problems::refused;
use crate::support::{body, change_account, cloud, customer, pass};

fn some(permissions: &[Permission]) -> Permissions {
    permissions.iter().copied().collect()
}

async fn staff(cloud: &Cloud, role: Role, permissions: &[Permission], name: &str) -> Client {
    Client::staff(cloud, role, some(permissions), name).await.unwrap()
}

async fn set(by: &Client, of: &Client, permissions: Value) -> Answer {
    let path = format!("/v1/admin/users/{}/permissions", of.id);
    by.put_over(&path, &json!({ "permissions": permissions })).await.unwrap()
}

async fn see(by: &Client, other: &str) -> Answer {
    by.get(&format!("/v1/admin/users/{other}")).await.unwrap()
}

#[tokio::test]
async fn what_is_granted_and_revoked_counts_within_five_seconds() {
    let cloud = cloud().await;
    let boss = staff(&cloud, Role::SuperAdmin, &[], "Super Admin").await;
    let support = staff(&cloud, Role::Management, &[Permission::BookingManagement], "Support One").await;
    let customer = customer(&cloud, "Customer One").await;
    let missing = see(&support, &customer.id).await;
    refused(&missing, 403, "forbidden");
    assert!(missing.body["detail"].as_str().unwrap().contains("user_management"), "{}", missing.body);

    let shown = body(set(&boss, &support, json!(["user_management", "booking_management"])).await, 200);
    let grants: Vec<_> = shown["permissions"].as_array().unwrap().iter().collect();
    let row = |grant: &Value| (grant["permission"].clone(), grant["granted_by"].clone());
    assert_eq!(
        grants.iter().map(|grant| row(grant)).collect::<Vec<_>>(),
        [
            (json!("user_management"), json!(boss.id)),
            // It came with the role.
            (json!("booking_management"), Value::Null),
        ]
    );
    let path = format!("/v1/admin/users/{}/permissions", support.id);
    assert_eq!(body(boss.get(&path).await.unwrap(), 200), shown);
    // The refusal was not remembered: who may do more need not wait.
    assert_eq!(body(see(&support, &customer.id).await, 200)["email"], customer.email);

    body(set(&boss, &support, json!([])).await, 200);
    pass(&cloud, 5).await;
    refused(&see(&support, &customer.id).await, 403, "forbidden");
}

#[tokio::test]
async fn a_grant_keeps_who_made_it_first() {
    let cloud = cloud().await;
    let first = staff(&cloud, Role::SuperAdmin, &[], "Super One").await;
    let second = staff(&cloud, Role::SuperAdmin, &[], "Super Two").await;
    let admin = staff(&cloud, Role::Admin, &[], "Admin One").await;
    body(set(&first, &admin, json!(["financial_reports"])).await, 200);
    let shown = body(set(&second, &admin, json!(["financial_reports", "system_settings"])).await, 200);
    let by: Vec<_> =
        shown["permissions"].as_array().unwrap().iter().map(|grant| &grant["granted_by"]).collect();
    assert_eq!(by, [&json!(first.id), &json!(second.id)]);
}

#[tokio::test]
async fn nobody_raises_themselves() {
    let cloud = cloud().await;
    let all = Permission::ALL;
    for (role, name) in [(Role::Admin, "Admin One"), (Role::Management, "Support One")] {
        let client = staff(&cloud, role, &all, name).await;
        refused(&set(&client, &client, json!(["user_management"])).await, 403, "forbidden");
    }
    let boss = staff(&cloud, Role::SuperAdmin, &[], "Super Admin").await;
    refused(&set(&boss, &boss, json!(["user_management"])).await, 403, "forbidden");
    // Nor by what everybody may change.
    let customer = customer(&cloud, "Customer One").await;
    for field in ["role", "permissions", "status", "epoch", "email_confirmed"] {
        let answer = customer.patch("/v1/me", &json!({ field: "admin" })).await.unwrap();
        refused(&answer, 422, "invalid_input");
    }
}

#[tokio::test]
async fn customers_and_providers_have_no_permissions() {
    let cloud = cloud().await;
    let boss = staff(&cloud, Role::SuperAdmin, &[], "Super Admin").await;
    let customer = customer(&cloud, "Customer One").await;
    refused(&set(&boss, &customer, json!(["user_management"])).await, 409, "not_staff");
    // Were they written all the same, they would be worth nothing.
    change_account(&cloud, &customer.id, |account| banister_domain::account::Account {
        permissions: Permissions::all(),
        ..account
    })
    .await;
    pass(&cloud, 5).await;
    refused(&see(&customer, &boss.id).await, 403, "forbidden");
}

#[tokio::test]
async fn staff_are_seen_by_those_who_manage_staff() {
    let cloud = cloud().await;
    let users_only = staff(&cloud, Role::Admin, &[Permission::UserManagement], "Admin One").await;
    let both =
        staff(&cloud, Role::Admin, &[Permission::UserManagement, Permission::AdminManagement], "Admin Two")
            .await;
    let boss = staff(&cloud, Role::SuperAdmin, &[], "Super Admin").await;
    refused(&see(&users_only, &both.id).await, 404, "not_found");
    refused(&see(&users_only, "usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE").await, 404, "not_found");
    assert_eq!(body(see(&both, &boss.id).await, 200)["role"], "super_admin");
    assert_eq!(body(see(&both, &users_only.id).await, 200)["permissions"], json!(["user_management"]));
}

#[tokio::test]
async fn what_is_no_permission_is_refused_and_changes_nothing() {
    let cloud = cloud().await;
    let boss = staff(&cloud, Role::SuperAdmin, &[], "Super Admin").await;
    let admin = staff(&cloud, Role::Admin, &[Permission::SystemSettings], "Admin One").await;
    for wrong in [json!(["everything"]), json!("user_management"), json!([1]), Value::Null] {
        refused(&set(&boss, &admin, wrong).await, 422, "invalid_input");
    }
    let path = format!("/v1/admin/users/{}/permissions", admin.id);
    let shown = body(boss.get(&path).await.unwrap(), 200);
    assert_eq!(shown["permissions"][0]["permission"], "system_settings");
}

/// Of two who set them at once, the second one is told of the first.
#[tokio::test]
async fn nobody_undoes_what_they_have_not_seen() {
    let cloud = cloud().await;
    let first = staff(&cloud, Role::SuperAdmin, &[], "Super One").await;
    let second = staff(&cloud, Role::SuperAdmin, &[], "Super Two").await;
    let admin = staff(&cloud, Role::Admin, &[], "Admin One").await;
    let path = format!("/v1/admin/users/{}/permissions", admin.id);
    let seen = first.get(&path).await.unwrap().headers["etag"].to_str().unwrap().to_owned();
    let put = async |by: &Client, name: &str| {
        let ask = json!({ "permissions": [name] });
        by.call(Method::PUT, &path, &[("if-match", &seen)], Some(&ask)).await.unwrap()
    };
    let answers = tokio::join!(put(&first, "user_management"), put(&second, "system_settings"));
    let mut statuses = [answers.0.status.as_u16(), answers.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412], "{} {}", answers.0.body, answers.1.body);
    let (done, told) = if answers.0.status == 200 { answers } else { (answers.1, answers.0) };
    refused(&told, 412, "stale");
    let now = first.get(&path).await.unwrap();
    assert_eq!((&now.body, &now.headers["etag"]), (&done.body, &done.headers["etag"]));
    refused(&put(&second, "user_management").await, 412, "stale");
    let blind = first.put(&path, &json!({ "permissions": [] })).await.unwrap();
    refused(&blind, 428, "if_match_required");
    assert_eq!(body(first.get(&path).await.unwrap(), 200), now.body);
}

#[tokio::test]
async fn grants_made_at_once_are_each_whole() {
    let cloud = cloud().await;
    let boss = staff(&cloud, Role::SuperAdmin, &[], "Super Admin").await;
    let admin = staff(&cloud, Role::Admin, &[], "Admin One").await;
    let names: Vec<_> = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
    let sets = names.iter().map(|name| set(&boss, &admin, json!([name])));
    for answer in futures_util::future::join_all(sets).await {
        assert!(matches!(answer.status.as_u16(), 200 | 409), "{}", answer.body);
    }
    let shown = body(see(&boss, &admin.id).await, 200);
    let path = format!("/v1/admin/users/{}/permissions", admin.id);
    let grants = body(boss.get(&path).await.unwrap(), 200);
    assert_eq!(shown["permissions"].as_array().map(Vec::len), Some(1));
    assert_eq!(shown["permissions"][0], grants["permissions"][0]["permission"]);
    assert_eq!(grants["permissions"][0]["granted_by"], boss.id);
    let lines = audit(&cloud, &admin.id).await;
    assert!(lines.iter().any(|line| line["change"]["after"] == shown["permissions"]), "{lines:?}");
    assert!(lines.iter().all(|line| line["actor_id"] == boss.id), "{lines:?}");
}

/// The audit lines about somebody's permissions.
async fn audit(cloud: &Cloud, user: &str) -> Vec<Value> {
    use banister_platform::store::AuditRecord;
    use banister_platform::table::Query;
    use banister_platform::table::key::{Index, audit_by_user};
    let table = Table::from_settings(&cloud.settings("local-test")).unwrap();
    let place = audit_by_user(user.parse().unwrap(), banister_domain::id::Id::from_parts(1, 1));
    let page = table.query::<AuditRecord>(Query::all(Some(Index::Gsi1), place.key.pk, 100)).await.unwrap();
    let lines = page.items.into_iter().map(|(record, _)| serde_json::to_value(record.value).unwrap());
    lines.filter(|line| line["entry"] == "permissions_set").collect()
}
