//! Accounts that staff switch off and on, and sign out.

use banister_domain::access::Permission;
use banister_domain::account::Role;
use banister_local::client::{Client, Incoming, PASSWORD};
use futures_util::future::join;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{acts, because, manager, path, seen};
use crate::problems::{refused, refused_at};
use crate::support::{body, cloud, customer, pass, stranger, super_admin, text};

#[tokio::test]
async fn an_account_that_is_switched_off_is_out_and_stays_out_of_old_sessions() {
    let cloud = cloud().await;
    let (admin, mut owner) =
        (super_admin(&cloud, "Super Admin").await, customer(&cloud, "Customer One").await);
    let off = body(admin.post(&path(&owner, "/disable"), &because("Sent spam.")).await.unwrap(), 200);
    assert_eq!((&off["status"], &off["disabled_reason"]), (&json!("disabled"), &json!("Sent spam.")));
    let at: Timestamp = text(&off, "disabled_at").parse().unwrap();
    assert!(cloud.clock.now().duration_since(at).abs() < SignedDuration::from_secs(60));
    assert_eq!(seen(&admin, &owner).await, off);
    // Once more changes nothing, the reason neither.
    let again = body(admin.post(&path(&owner, "/disable"), &because("Another.")).await.unwrap(), 200);
    assert_eq!(again, off);
    pass(&cloud, 5).await;
    refused(&owner.get("/v1/me").await.unwrap(), 401, "unauthenticated");
    let refresh = json!({ "refresh_token": owner.refresh_token });
    let refreshed = stranger(&cloud).post("/v1/sessions/refresh", &refresh).await.unwrap();
    refused(&refreshed, 401, "invalid_refresh_token");
    assert!(owner.sign_in().await.is_err());

    let on = body(admin.post(&path(&owner, "/enable"), &because("A mistake.")).await.unwrap(), 200);
    assert_eq!(
        (&on["status"], &on["disabled_reason"], &on["disabled_at"]),
        (&json!("active"), &json!(null), &json!(null))
    );
    pass(&cloud, 5).await;
    refused(&owner.get("/v1/me").await.unwrap(), 401, "unauthenticated");
    let refreshed = stranger(&cloud).post("/v1/sessions/refresh", &refresh).await.unwrap();
    refused(&refreshed, 401, "invalid_refresh_token");
    owner.sign_in().await.unwrap();
    body(owner.get("/v1/me").await.unwrap(), 200);
    body(admin.post(&path(&owner, "/enable"), &because("Again.")).await.unwrap(), 200);
    let by = &admin.id;
    let disabled =
        json!({ "status": "disabled", "disabled": { "reason": "Sent spam.", "at": off["disabled_at"] } });
    let expected = [
        json!(["account_disabled", by, [{ "status": "active" }, { "reason": "Sent spam." }]]),
        json!(["account_enabled", by, [disabled, { "reason": "A mistake." }]]),
    ];
    assert_eq!(acts(&cloud, &owner).await, expected);
}

/// What an act answers is what may be changed next, by the tag that it has.
#[tokio::test]
async fn the_answers_of_acts_have_the_tag_of_the_account() {
    let cloud = cloud().await;
    let admin = super_admin(&cloud, "Super Admin").await;
    let owner = customer(&cloud, "Customer One").await;
    let other = manager(&cloud, Role::Management, "Support One").await;
    let acts = [
        (Method::POST, path(&owner, ""), "/disable", because("Sent spam.")),
        (Method::POST, path(&owner, ""), "/enable", because("A mistake.")),
        (Method::PUT, path(&other, ""), "/role", json!({ "role": "accountant" })),
    ];
    for (number, (method, account, act, ask)) in acts.into_iter().enumerate() {
        let answer = admin.call(method, &format!("{account}{act}"), &[], Some(&ask)).await.unwrap();
        let tag = answer.headers["etag"].to_str().unwrap().to_owned();
        body(answer, 200);
        assert_eq!(admin.get(&account).await.unwrap().headers["etag"], tag, "{act}");
        let change = async || {
            let ask = json!({ "first_name": format!("Name {}", ["A", "B", "C"][number]) });
            admin.call(Method::PATCH, &account, &[("if-match", &tag)], Some(&ask)).await.unwrap()
        };
        body(change().await, 200);
        refused(&change().await, 412, "stale");
    }
}

#[tokio::test]
async fn somebody_is_signed_out_everywhere_and_may_come_back() {
    let cloud = cloud().await;
    let (admin, mut owner) =
        (super_admin(&cloud, "Super Admin").await, customer(&cloud, "Customer One").await);
    let (other, mut second) = (customer(&cloud, "Customer Two").await, owner.clone());
    second.sign_in().await.unwrap();
    let mut socket = owner.socket().await.unwrap();
    body(admin.delete(&path(&owner, "/sessions")).await.unwrap(), 204);
    assert!(matches!(socket.next().await.unwrap(), Incoming::Closed(1000, _)));
    pass(&cloud, 5).await;
    for client in [&owner, &second] {
        refused(&client.get("/v1/me").await.unwrap(), 401, "unauthenticated");
        let refresh = json!({ "refresh_token": client.refresh_token });
        refused(&other.post("/v1/sessions/refresh", &refresh).await.unwrap(), 401, "invalid_refresh_token");
    }
    body(other.get("/v1/me").await.unwrap(), 200);
    owner.sign_in().await.unwrap();
    body(owner.get("/v1/me").await.unwrap(), 200);
    assert_eq!(acts(&cloud, &owner).await, [json!(["all_sessions_ended", admin.id, null])]);
}

/// Whom one cannot manage one cannot switch off, and what one may not see is not there.
#[tokio::test]
async fn nobody_acts_on_equals_on_themselves_or_unseen() {
    let cloud = cloud().await;
    let [one, two] = ["Admin One", "Admin Two"].map(|name| manager(&cloud, Role::Admin, name));
    let (one, two) = join(one, two).await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let support = manager(&cloud, Role::Management, "Support One").await;
    for (who, whom) in
        [(&one, &two), (&one, &one), (&one, &superior), (&support, &one), (&superior, &superior)]
    {
        for (call, ask) in
            [("/disable", Some(because("Why."))), ("/enable", Some(because("Why."))), ("/sessions", None)]
        {
            let answer = match &ask {
                Some(ask) => who.post(&path(whom, call), ask).await.unwrap(),
                None => who.delete(&path(whom, call)).await.unwrap(),
            };
            refused(&answer, 403, "forbidden");
        }
    }
    let only_users = [Permission::UserManagement].into_iter().collect();
    let clerk = Client::staff(&cloud, Role::Admin, only_users, "Clerk One").await.unwrap();
    refused(&clerk.post(&path(&support, "/disable"), &because("Why.")).await.unwrap(), 404, "not_found");
    let nobody = "/v1/admin/users/usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE/disable";
    refused(&superior.post(nobody, &because("Why.")).await.unwrap(), 404, "not_found");
    body(one.post(&path(&support, "/disable"), &because("Why.")).await.unwrap(), 200);
    refused_at(&one.post(&path(&support, "/disable"), &because(" ")).await.unwrap(), "/reason", "invalid");
    assert_eq!(acts(&cloud, &two).await, Vec::<Value>::new());
}

/// Of two super admins who switch each other off at the same moment one stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_super_admin_always_stays() {
    for round in 0..8 {
        let cloud = cloud().await;
        let one = super_admin(&cloud, "Super One").await;
        let two = super_admin(&cloud, "Super Two").await;
        for client in [&one, &two] {
            // The gate remembers both.
            body(client.get("/v1/me").await.unwrap(), 200);
        }
        let ask = because("Me or you.");
        let (first_path, second_path) = (path(&two, "/disable"), path(&one, "/disable"));
        let role = json!({ "role": "admin" });
        let first = one.post(&first_path, &ask);
        let (first, second) = if round % 2 == 0 {
            join(first, two.post(&second_path, &ask)).await
        } else {
            join(first, two.put(&second_path.replace("/disable", "/role"), &role)).await
        };
        let statuses = [first.unwrap(), second.unwrap()];
        let done = statuses.iter().filter(|answer| answer.status == StatusCode::OK).count();
        assert_eq!(done, 1, "{statuses:?}");
        for answer in statuses.iter().filter(|answer| answer.status != StatusCode::OK) {
            // Either both were let in, or the gate already knew who was out.
            assert!(["last_super_admin", "unauthenticated"].contains(&answer.code()), "{answer:?}");
        }
        pass(&cloud, 5).await;
        let (one, two) = join(one.get("/v1/me"), two.get("/v1/me")).await;
        let still_in = [one.unwrap().status, two.unwrap().status].map(|status| status == StatusCode::OK);
        assert!(still_in[0] != still_in[1], "{still_in:?}");
    }
}

/// Whoever was switched off a moment ago is still let in for seconds: not to switch off the last one.
#[tokio::test]
async fn the_last_super_admin_is_refused_by_the_table() {
    let cloud = cloud().await;
    let (one, two) = (super_admin(&cloud, "Super One").await, super_admin(&cloud, "Super Two").await);
    body(two.get(&path(&one, "")).await.unwrap(), 200);
    body(one.post(&path(&two, "/disable"), &because("You.")).await.unwrap(), 200);
    let late = two.post(&path(&one, "/disable"), &because("No, you.")).await.unwrap();
    refused(&late, 409, "last_super_admin");
    refused(
        &two.put(&path(&one, "/role"), &json!({ "role": "admin" })).await.unwrap(),
        409,
        "last_super_admin",
    );
    body(one.post(&path(&two, "/enable"), &because("Friends.")).await.unwrap(), 200);
}

/// A registration that lapsed, and whose address was registered anew, stays off.
#[tokio::test]
async fn an_account_whose_address_has_another_one_stays_off() {
    let cloud = cloud().await;
    let mut admin = super_admin(&cloud, "Super Admin").await;
    let ask = json!({ "email": "late@example.com", "password": PASSWORD, "role": "customer",
        "first_name": "Customer", "last_name": "Late" });
    let mut lapsed = stranger(&cloud);
    lapsed.id = text(&body(lapsed.post("/v1/accounts", &ask).await.unwrap(), 201), "id").to_owned();
    pass(&cloud, 601).await;
    admin.sign_in().await.unwrap();
    body(stranger(&cloud).post("/v1/accounts", &ask).await.unwrap(), 201);
    assert_eq!(seen(&admin, &lapsed).await["status"], "disabled");
    let answer = admin.post(&path(&lapsed, "/enable"), &because("Why.")).await.unwrap();
    refused(&answer, 409, "email_taken");
}
