//! Accounts that staff make and change.

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_local::client::{Answer, Client, PASSWORD};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{acts, because, manager, path, seen};
use crate::problems::{refused, refused_at};
use crate::support::invariants::invariants;
use crate::support::{body, cloud, customer, pass, stranger, super_admin, text};

fn somebody(email: &str, role: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "role": role, "first_name": "Support", "last_name": "Nine",
        "phone": "(201) 555-0123", "time_zone": "Europe/Lisbon" })
}

async fn make(who: &Client, key: &str, ask: &Value) -> Answer {
    who.call(Method::POST, "/v1/admin/users", &[("idempotency-key", key)], Some(ask)).await.unwrap()
}

#[tokio::test]
async fn an_account_is_made_confirmed_by_its_owner_and_used() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let made =
        body(make(&superior, "make-one", &somebody("Support.Nine@example.com", "management")).await, 201);
    let starting = json!(Role::Management.starting_permissions());
    assert_eq!((&made["role"], &made["permissions"]), (&json!("management"), &starting));
    assert_eq!((&made["email_confirmed"], &made["phone"]), (&json!(false), &json!("+12015550123")));
    let mut owner = stranger(&cloud);
    "support.nine@example.com".clone_into(&mut owner.email);
    let code = owner.code_from_mail(&cloud).await.unwrap();
    let confirm = json!({ "email": owner.email, "code": code });
    body(owner.post("/v1/email-confirmations", &confirm).await.unwrap(), 204);
    owner.sign_in().await.unwrap();
    assert_eq!(owner.id, text(&made, "id"));
    assert_eq!(seen(&superior, &owner).await["email_confirmed"], true);
    let lines = acts(&cloud, &owner).await;
    assert_eq!(lines, [json!(["account_created", superior.id, [null, { "role": "management" }]])]);
    invariants(&cloud).await;
}

#[tokio::test]
async fn a_repeated_request_makes_nothing_twice() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let ask = somebody("support.nine@example.com", "provider");
    let answers = join_all((0..5).map(|_| make(&superior, "make-one", &ask))).await;
    let made: Vec<_> = answers.into_iter().map(|answer| body(answer, 201)).collect();
    assert!(made.iter().all(|one| *one == made[0]), "{made:?}");
    refused(&make(&superior, "make-two", &ask).await, 409, "email_taken");
    for (name, value) in [("first_name", "Other"), ("password", "another horse battery")] {
        let mut other = ask.clone();
        other[name] = value.into();
        refused(&make(&superior, "make-one", &other).await, 422, "idempotency_key_reused");
    }
    refused(&superior.post("/v1/admin/users", &ask).await.unwrap(), 400, "invalid_idempotency_key");
    refused_at(&make(&superior, "make-three", &somebody("support", "provider")).await, "/email", "invalid");
    for password in ["password123", "Support.Nine", "short"] {
        let mut bad = somebody("support.nine@example.com", "provider");
        bad["password"] = password.into();
        refused_at(&make(&superior, "make-four", &bad).await, "/password", "invalid");
    }
    assert_eq!(invariants(&cloud).await.accounts.len(), 2);
}

#[tokio::test]
async fn accounts_are_made_from_above_only() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let admin = manager(&cloud, Role::Admin, "Admin One").await;
    let users: Permissions = [Permission::UserManagement].into_iter().collect();
    let clerk = Client::staff(&cloud, Role::Admin, users, "Clerk One").await.unwrap();
    let mut made = 0;
    for (number, role) in Role::ALL.into_iter().enumerate() {
        for (who, may) in [
            (&superior, true),
            (&admin, !matches!(role, Role::Admin | Role::SuperAdmin)),
            (&clerk, !role.is_staff()),
        ] {
            let ask = somebody(&format!("person.{number}.{made}@example.com"), role.as_str());
            let answer = make(who, &format!("make-{number}-{made}"), &ask).await;
            if may {
                assert_eq!(body(answer, 201)["role"], role.as_str());
                made += 1;
            } else {
                refused(&answer, 403, "forbidden");
            }
        }
    }
    assert_eq!(made, 12);
    // One that was just made counts: the only other super admin can go.
    let mut second = stranger(&cloud);
    "person.5.11@example.com".clone_into(&mut second.email);
    second.sign_in().await.unwrap();
    let refused_first = second.post(&path(&superior, "/disable"), &because("A test.")).await.unwrap();
    refused(&refused_first, 403, "second_factor_setup_required");
    second.turn_on_second_factor(cloud.clock.now()).await.unwrap();
    body(second.post(&path(&superior, "/disable"), &because("A test.")).await.unwrap(), 200);
    pass(&cloud, 5).await;
    refused(&superior.get("/v1/me").await.unwrap(), 401, "unauthenticated");
}

/// Whoever registers the address of a member of staff who has not confirmed it gets nothing of theirs.
#[tokio::test]
async fn an_account_of_staff_does_not_lapse() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let made = body(make(&superior, "make-one", &somebody("support.nine@example.com", "admin")).await, 201);
    pass(&cloud, 601).await;
    let ask = json!({ "email": "support.nine@example.com", "password": "another horse battery", "role": "customer",
        "first_name": "Some", "last_name": "Body" });
    body(stranger(&cloud).post("/v1/accounts", &ask).await.unwrap(), 201);
    let mut owner = stranger(&cloud);
    "support.nine@example.com".clone_into(&mut owner.email);
    owner.sign_in().await.unwrap();
    assert_eq!(owner.id, text(&made, "id"));
}

/// Nobody whom staff switched off comes back by registering anew.
#[tokio::test]
async fn an_account_that_staff_switched_off_does_not_lapse() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let ask = json!({ "email": "bad@example.com", "password": PASSWORD, "role": "customer", "first_name": "Some",
        "last_name": "Body" });
    let mut bad = stranger(&cloud);
    bad.id = text(&body(bad.post("/v1/accounts", &ask).await.unwrap(), 201), "id").to_owned();
    body(superior.post(&path(&bad, "/disable"), &because("Spam.")).await.unwrap(), 200);
    pass(&cloud, 601).await;
    body(stranger(&cloud).post("/v1/accounts", &ask).await.unwrap(), 201);
    "bad@example.com".clone_into(&mut bad.email);
    assert!(bad.sign_in().await.is_err());
}

#[tokio::test]
async fn staff_change_what_an_account_says() {
    let cloud = cloud().await;
    let (admin, owner) =
        (manager(&cloud, Role::Admin, "Admin One").await, customer(&cloud, "Customer One").await);
    let ask = json!({ "first_name": "Robin", "phone": "201 555 0123", "locale": "ru", "last_name": "One" });
    let changed = body(admin.patch(&path(&owner, ""), &ask).await.unwrap(), 200);
    assert_eq!(changed["phone"], "+12015550123");
    let me = body(owner.get("/v1/me").await.unwrap(), 200);
    for name in ["first_name", "last_name", "phone", "time_zone", "locale", "email", "role"] {
        assert_eq!(me[name], changed[name], "{name}");
    }
    body(admin.patch(&path(&owner, ""), &ask).await.unwrap(), 200);
    for name in ["email", "role", "status", "permissions", "email_confirmed"] {
        let answer = admin.patch(&path(&owner, ""), &json!({ name: "customer" })).await.unwrap();
        refused_at(&answer, &format!("/{name}"), "unknown");
    }
    refused(&admin.patch(&path(&admin, ""), &ask).await.unwrap(), 403, "forbidden");
    let fields = json!({ "fields": ["first_name", "phone", "locale"] });
    assert_eq!(acts(&cloud, &owner).await, [json!(["account_changed", admin.id, [null, fields]])]);
}
