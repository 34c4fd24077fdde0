//! Roles that staff give to staff.

use banister_domain::account::Role;
use serde_json::json;

use super::{acts, manager, path, seen};
use crate::problems::{refused, refused_at};
use crate::support::{body, cloud, customer, pass, super_admin, text};

#[tokio::test]
async fn no_role_brings_back_what_was_revoked_unless_a_super_admin_gives_it() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let admin = manager(&cloud, Role::Admin, "Admin One").await;
    let accountant = manager(&cloud, Role::Accountant, "Accountant One").await;
    let granted = async |names: serde_json::Value| {
        let ask = json!({ "permissions": names });
        body(superior.put_over(&path(&accountant, "/permissions"), &ask).await.unwrap(), 200);
    };
    let give = async |who: &banister_local::client::Client, role: &str| {
        let given = who.put(&path(&accountant, "/role"), &json!({ "role": role })).await.unwrap();
        body(given, 200)["permissions"].clone()
    };
    granted(json!([])).await;
    for role in ["management", "accountant"] {
        assert_eq!(give(&admin, role).await, json!([]), "{role}");
    }
    granted(json!(["financial_reports", "booking_management"])).await;
    assert_eq!(give(&admin, "management").await, json!(["booking_management"]));
    assert_eq!(give(&superior, "accountant").await, json!(Role::Accountant.starting_permissions()));
}

#[tokio::test]
async fn another_role_comes_with_its_own_permissions_and_ends_all_sessions() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let admin = manager(&cloud, Role::Admin, "Admin One").await;
    let mut support = manager(&cloud, Role::Management, "Support One").await;
    let permissions = path(&support, "/permissions");
    body(
        superior.put_over(&permissions, &json!({ "permissions": ["payment_management"] })).await.unwrap(),
        200,
    );
    let role = path(&support, "/role");
    let changed = body(superior.put(&role, &json!({ "role": "accountant" })).await.unwrap(), 200);
    let starting = json!(Role::Accountant.starting_permissions());
    assert_eq!((&changed["role"], &changed["permissions"]), (&json!("accountant"), &starting));
    pass(&cloud, 5).await;
    refused(&support.get("/v1/me").await.unwrap(), 401, "unauthenticated");
    support.sign_in().await.unwrap();
    assert_eq!(body(support.get("/v1/me").await.unwrap(), 200)["role"], "accountant");
    // Who granted the same permission in the old role counts no more.
    let grants = body(superior.get(&permissions).await.unwrap(), 200);
    for grant in grants["permissions"].as_array().unwrap() {
        assert_eq!(grant["granted_by"], json!(null), "{grant}");
        assert!(text(grant, "granted_at") > text(&changed, "created_at"), "{grant}");
    }
    // The role that it has already changes nothing.
    body(admin.put(&role, &json!({ "role": "accountant" })).await.unwrap(), 200);
    body(support.get("/v1/me").await.unwrap(), 200);
    let lines = acts(&cloud, &support).await;
    let before = json!({ "role": "management", "permissions": ["payment_management"] });
    let after = json!({ "role": "accountant", "permissions": starting });
    assert_eq!(lines[1..], [json!(["role_set", superior.id, [before, after]])]);
}

#[tokio::test]
async fn roles_are_given_from_above_only() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let (one, two) =
        (manager(&cloud, Role::Admin, "Admin One").await, manager(&cloud, Role::Admin, "Admin Two").await);
    let support = manager(&cloud, Role::Management, "Support One").await;
    let buyer = customer(&cloud, "Customer One").await;
    for (who, whom, role, status, code) in [
        (&one, &support, "admin", 403, "forbidden"),
        (&one, &support, "super_admin", 403, "forbidden"),
        (&one, &two, "management", 403, "forbidden"),
        (&one, &one, "super_admin", 403, "forbidden"),
        (&one, &superior, "management", 403, "forbidden"),
        (&support, &support, "admin", 403, "forbidden"),
        (&superior, &superior, "admin", 403, "forbidden"),
        (&superior, &buyer, "management", 409, "role_fixed"),
        (&superior, &buyer, "provider", 409, "role_fixed"),
        (&superior, &support, "customer", 409, "role_fixed"),
    ] {
        let answer = who.put(&path(whom, "/role"), &json!({ "role": role })).await.unwrap();
        refused(&answer, status, code);
    }
    refused_at(
        &superior.put(&path(&support, "/role"), &json!({ "role": "owner" })).await.unwrap(),
        "/role",
        "invalid",
    );
    assert_eq!(seen(&superior, &support).await["role"], "management");
    body(superior.put(&path(&support, "/role"), &json!({ "role": "super_admin" })).await.unwrap(), 200);
    body(superior.put(&path(&support, "/role"), &json!({ "role": "admin" })).await.unwrap(), 200);
    assert_eq!(seen(&superior, &support).await["role"], "admin");
}
