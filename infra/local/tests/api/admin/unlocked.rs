//! What staff do for those who cannot get in.

use banister_domain::access::Permissions;
use banister_domain::account::{Role, Step};
use banister_local::client::{Client, PASSWORD, totp_secret};
use serde_json::json;

use crate::problems::refused;
use crate::support::{body, cloud_at, customer, mails, stranger, super_admin, text};

const START: &str = "2031-03-03T06:00:00Z";

/// From one address ten wrong passwords are too many, until staff say so.
#[tokio::test]
async fn staff_let_somebody_try_again() {
    let cloud = cloud_at(START).await;
    let admin = super_admin(&cloud, "Super Admin").await;
    let owner = customer(&cloud, "Customer One").await;
    let sign_in = async |password: &str| {
        owner.post("/v1/sessions", &json!({ "email": owner.email, "password": password })).await.unwrap()
    };
    // The owner has signed in once already.
    for _ in 0..9 {
        refused(&sign_in("not the password").await, 401, "wrong_credentials");
    }
    refused(&sign_in(PASSWORD).await, 429, "too_many_requests");
    let change = json!({ "current_password": "not the password",
        "new_password": "another fine password" });
    for _ in 0..10 {
        refused(&owner.put("/v1/me/password", &change).await.unwrap(), 422, "wrong_password");
    }
    refused(&owner.put("/v1/me/password", &change).await.unwrap(), 429, "too_many_requests");

    let path = format!("/v1/admin/users/{}/unlock", owner.id);
    let support = Client::staff(&cloud, Role::Management, Permissions::NONE, "Support One").await.unwrap();
    refused(&support.act(&path).await.unwrap(), 403, "forbidden");
    refused(&sign_in(PASSWORD).await, 429, "too_many_requests");
    assert_eq!(admin.act(&path).await.unwrap().status, 204);
    assert_eq!(sign_in(PASSWORD).await.status, 201);
    refused(&owner.put("/v1/me/password", &change).await.unwrap(), 422, "wrong_password");
    let lines = body(admin.get(&format!("/v1/admin/audit?target={}", owner.id)).await.unwrap(), 200);
    let lines = lines["items"].as_array().unwrap();
    let line = lines.iter().find(|line| line["entry"] == "account_unlocked").unwrap();
    assert_eq!(line["actor_id"], admin.id);
}

/// Five wrong codes of an app are too many as well.
#[tokio::test]
async fn staff_let_somebody_type_codes_again() {
    let cloud = cloud_at(START).await;
    let (admin, owner) = (super_admin(&cloud, "Super Admin").await, customer(&cloud, "Customer One").await);
    let set_up = body(owner.post("/v1/me/totp", &json!({ "password": PASSWORD })).await.unwrap(), 201);
    let secret = totp_secret(text(&set_up, "secret"));
    let code = |steps: i64| {
        let now = cloud.clock.now() + jiff::SignedDuration::from_secs(30 * steps);
        secret.code(Step::at(now)).digits()
    };
    body(owner.post("/v1/me/totp/confirm", &json!({ "code": code(0) })).await.unwrap(), 200);
    let sign_in = async |code: &str| {
        let ask = json!({ "email": owner.email, "password": PASSWORD, "code": code });
        owner.post("/v1/sessions", &ask).await.unwrap()
    };
    let right = code(1);
    let near: Vec<_> = (-3..=3).map(code).collect();
    let wrong = (0..8).map(|number| format!("{number:06}")).find(|other| !near.contains(other)).unwrap();
    for _ in 0..5 {
        refused(&sign_in(&wrong).await, 401, "wrong_second_factor");
    }
    refused(&sign_in(&right).await, 429, "too_many_requests");
    let path = format!("/v1/admin/users/{}/unlock", owner.id);
    assert_eq!(admin.act(&path).await.unwrap().status, 204);
    assert_eq!(sign_in(&right).await.status, 201);
}

#[tokio::test]
async fn staff_have_a_code_mailed_as_often_as_its_owner() {
    let cloud = cloud_at(START).await;
    let admin = super_admin(&cloud, "Super Admin").await;
    let mut owner = stranger(&cloud);
    owner.email = "owner@example.com".into();
    let ask = json!({ "email": owner.email, "password": PASSWORD, "role": "customer",
        "first_name": "Customer", "last_name": "One" });
    let made = body(owner.post("/v1/accounts", &ask).await.unwrap(), 201);
    let path = format!("/v1/admin/users/{}/confirmation-code", text(&made, "id"));
    assert_eq!(admin.act(&path).await.unwrap().status, 202);
    refused(&admin.act(&path).await.unwrap(), 429, "too_many_requests");
    let resend = json!({ "email": owner.email });
    let own = owner.post("/v1/email-confirmations/resend", &resend).await.unwrap();
    refused(&own, 429, "too_many_requests");
    cloud.quiet().await.unwrap();
    assert_eq!(mails(&cloud, &owner.email).await.len(), 2);
    let code = owner.code_from_mail(&cloud).await.unwrap();
    let ask = json!({ "email": owner.email, "code": code });
    assert_eq!(owner.post("/v1/email-confirmations", &ask).await.unwrap().status, 204);
    let path = format!("/v1/admin/users/{}/confirmation-code", admin.id);
    refused(&admin.act(&path).await.unwrap(), 403, "forbidden");
}
