//! Accounts that staff make and change.

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_local::client::{Answer, Client, PASSWORD};
use banister_local::cloud::Cloud;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{acts, because, manager, path, seen};
use crate::problems::{refused, refused_at};
use crate::support::invariants::{HashMap, invariants, items};
use crate::support::{body, cloud, cloud_at, customer, mails, news, pass, stranger, super_admin, text};

fn somebody(email: &str, role: &str) -> Value {
    json!({ "email": email, "role": role, "first_name": "Support", "last_name": "Nine",
        "phone": "(201) 555-0123", "time_zone": "Europe/Lisbon" })
}

async fn make(who: &Client, key: &str, ask: &Value) -> Answer {
    who.call(Method::POST, "/v1/admin/users", &[("idempotency-key", key)], Some(ask)).await.unwrap()
}

/// Whoever the account was made for.
fn invited(cloud: &Cloud, made: &Value) -> Client {
    let mut owner = stranger(cloud);
    text(made, "email").clone_into(&mut owner.email);
    text(made, "id").clone_into(&mut owner.id);
    owner
}

async fn choose(cloud: &Cloud, token: &str, password: &str) -> Answer {
    let ask = json!({ "token": token, "new_password": password });
    stranger(cloud).post("/v1/password-resets/complete", &ask).await.unwrap()
}

#[tokio::test]
async fn an_account_is_made_and_its_owner_chooses_the_password() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let made =
        body(make(&superior, "make-one", &somebody("Support.Nine@example.com", "management")).await, 201);
    let starting = json!(Role::Management.starting_permissions());
    assert_eq!((&made["role"], &made["permissions"]), (&json!("management"), &starting));
    assert_eq!((&made["email_confirmed"], &made["phone"]), (&json!(false), &json!("+12015550123")));
    let mut owner = invited(&cloud, &made);
    assert!(owner.sign_in().await.is_err());
    let mail = mails(&cloud, &owner.email).await.pop().unwrap();
    let token = owner.token_from_mail(&cloud).await.unwrap();
    assert_eq!(mail.subject, "You are invited to Banister");
    assert!(
        mail.text.contains(&format!("http://localhost:3000/reset-password#token={token}")),
        "{}",
        mail.text
    );
    owner.accept_invitation(&cloud).await.unwrap();
    assert_eq!(seen(&superior, &owner).await["email_confirmed"], true);
    // The same again, as after a lost answer; another password takes another link.
    body(choose(&cloud, &token, PASSWORD).await, 204);
    refused(&choose(&cloud, &token, "another horse battery").await, 422, "invalid_reset_token");
    let lines = acts(&cloud, &owner).await;
    assert_eq!(lines, [json!(["account_created", superior.id, [null, { "role": "management" }]])]);
    invariants(&cloud).await;
}

/// Staff, whoever reads the answers or the table, and whoever guesses: nobody has a password before the owner.
#[tokio::test]
async fn nobody_knows_a_first_password() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let mut chosen = somebody("support.nine@example.com", "provider");
    chosen["password"] = PASSWORD.into();
    refused_at(&make(&superior, "make-one", &chosen).await, "/password", "unknown");
    let made =
        body(make(&superior, "make-two", &somebody("support.nine@example.com", "provider")).await, 201);
    let owner = invited(&cloud, &made);
    let kept = items(&cloud).await;
    let hashed = |email: &str| {
        let found = kept.iter().find(|item| item["PK"].as_s().unwrap() == &format!("EMAIL#{email}"));
        found.unwrap().contains_key("password_hash")
    };
    assert!(!hashed(&owner.email) && hashed(&superior.email));
    for password in [PASSWORD, "", "Support Nine"] {
        let ask = json!({ "email": owner.email, "password": password });
        let answer = stranger(&cloud).post("/v1/sessions", &ask).await.unwrap();
        let unknown = json!({ "email": "nobody@example.com", "password": password });
        let other = stranger(&cloud).post("/v1/sessions", &unknown).await.unwrap();
        assert_eq!((answer.status, &answer.body["code"]), (other.status, &other.body["code"]), "{password}");
    }
}

#[tokio::test]
async fn an_invitation_lapses_and_staff_send_another() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let mut superior = super_admin(&cloud, "Super Admin").await;
    let made =
        body(make(&superior, "make-one", &somebody("support.nine@example.com", "provider")).await, 201);
    let mut owner = invited(&cloud, &made);
    let first = owner.token_from_mail(&cloud).await.unwrap();
    pass(&cloud, 72 * 3_600).await;
    refused(&choose(&cloud, &first, PASSWORD).await, 422, "invalid_reset_token");
    superior.sign_in().await.unwrap();
    let again = path(&owner, "/confirmation-code");
    assert_eq!(superior.act(&again).await.unwrap().status, 202);
    refused(&superior.act(&again).await.unwrap(), 429, "too_many_requests");
    cloud.quiet().await.unwrap();
    let second = owner.token_from_mail(&cloud).await.unwrap();
    pass(&cloud, 72 * 3_600 - 10).await;
    superior.sign_in().await.unwrap();
    assert_eq!(superior.act(&again).await.unwrap().status, 202);
    cloud.quiet().await.unwrap();
    let third = owner.token_from_mail(&cloud).await.unwrap();
    assert!(first != second && second != third);
    // A newer one does not void the one before; a password voids all of them.
    body(choose(&cloud, &second, PASSWORD).await, 204);
    refused(&choose(&cloud, &third, "another horse battery").await, 422, "invalid_reset_token");
    owner.sign_in().await.unwrap();
    // Who has a password, which confirmed the address, gets neither code nor invitation.
    let before = mails(&cloud, &owner.email).await.len();
    pass(&cloud, 60).await;
    assert_eq!(superior.act(&again).await.unwrap().status, 202);
    assert_eq!(mails(&cloud, &owner.email).await.len(), before);
    let acts: Vec<_> = acts(&cloud, &owner).await.into_iter().map(|line| line[0].clone()).collect();
    assert_eq!(acts, ["account_created", "account_invited", "account_invited", "confirmation_requested"]);
}

#[tokio::test]
async fn an_invitation_is_void_with_what_ends_all_sessions_and_a_reset_does_as_well() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let made =
        body(make(&superior, "make-one", &somebody("support.nine@example.com", "provider")).await, 201);
    let mut owner = invited(&cloud, &made);
    let token = owner.token_from_mail(&cloud).await.unwrap();
    body(superior.delete(&path(&owner, "/sessions")).await.unwrap(), 204);
    refused(&choose(&cloud, &token, PASSWORD).await, 422, "invalid_reset_token");
    body(stranger(&cloud).post("/v1/password-resets", &json!({ "email": owner.email })).await.unwrap(), 202);
    cloud.quiet().await.unwrap();
    owner.accept_invitation(&cloud).await.unwrap();
    assert_eq!(seen(&superior, &owner).await["email_confirmed"], true);
}

/// Three days are for whoever has not come yet: the answer to the same request tells whether a guess is the
/// password.
#[tokio::test]
async fn a_used_invitation_is_known_for_half_an_hour() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let made =
        body(make(&superior, "make-one", &somebody("support.nine@example.com", "provider")).await, 201);
    let token = invited(&cloud, &made).token_from_mail(&cloud).await.unwrap();
    let life = async || {
        let resets =
            items(&cloud).await.into_iter().filter(|item| item["t"].as_s().is_ok_and(|t| t == "reset"));
        let ends: Vec<i64> = resets.map(|item| item["ttl"].as_n().unwrap().parse().unwrap()).collect();
        assert_eq!(ends.len(), 1);
        ends[0] - cloud.clock.now().as_second()
    };
    pass(&cloud, 3_600).await;
    assert!((71 * 3_600 - 60..=71 * 3_600).contains(&life().await), "{}", life().await);
    body(choose(&cloud, &token, PASSWORD).await, 204);
    assert!((1_740..=1_800).contains(&life().await), "{}", life().await);
    pass(&cloud, 1_700).await;
    body(choose(&cloud, &token, PASSWORD).await, 204);
    refused(&choose(&cloud, &token, "another horse battery").await, 422, "invalid_reset_token");
    pass(&cloud, 100).await;
    refused(&choose(&cloud, &token, PASSWORD).await, 422, "invalid_reset_token");
}

/// Nothing is kept of what nobody is mailed, and what was mailed before opens nothing, now or later.
#[tokio::test]
async fn whoever_is_switched_off_is_not_invited() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let made =
        body(make(&superior, "make-one", &somebody("support.nine@example.com", "provider")).await, 201);
    let mut owner = invited(&cloud, &made);
    let first = owner.token_from_mail(&cloud).await.unwrap();
    body(superior.post(&path(&owner, "/disable"), &because("Not yet.")).await.unwrap(), 200);
    cloud.quiet().await.unwrap();
    let kept = async || {
        let of = |kind: &str, item: &&HashMap| item["t"].as_s().is_ok_and(|t| t == kind);
        let all = items(&cloud).await;
        let count = |kind: &str| all.iter().filter(|item| of(kind, item)).count();
        (count("reset"), count("audit"), mails(&cloud, "support.nine@example.com").await.len())
    };
    let before = kept().await;
    assert_eq!((before.0, before.2), (1, 1));
    for _ in 0..2 {
        // Counts for nothing either.
        assert_eq!(superior.act(&path(&owner, "/confirmation-code")).await.unwrap().status, 202);
    }
    cloud.quiet().await.unwrap();
    assert_eq!(kept().await, before);
    refused(&choose(&cloud, &first, PASSWORD).await, 422, "invalid_reset_token");
    body(superior.post(&path(&owner, "/enable"), &because("Now.")).await.unwrap(), 200);
    refused(&choose(&cloud, &first, PASSWORD).await, 422, "invalid_reset_token");
    assert!(owner.sign_in().await.is_err());
    assert_eq!(superior.act(&path(&owner, "/confirmation-code")).await.unwrap().status, 202);
    cloud.quiet().await.unwrap();
    owner.accept_invitation(&cloud).await.unwrap();
    let acts: Vec<_> = acts(&cloud, &owner).await.into_iter().map(|line| line[0].clone()).collect();
    assert_eq!(acts, ["account_created", "account_disabled", "account_enabled", "account_invited"]);
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
    let mut other = ask.clone();
    other["first_name"] = "Other".into();
    refused(&make(&superior, "make-one", &other).await, 422, "idempotency_key_reused");
    refused(&superior.post("/v1/admin/users", &ask).await.unwrap(), 400, "invalid_idempotency_key");
    refused_at(&make(&superior, "make-three", &somebody("support", "provider")).await, "/email", "invalid");
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
    second.accept_invitation(&cloud).await.unwrap();
    let refused_first = second.post(&path(&superior, "/disable"), &because("A test.")).await.unwrap();
    refused(&refused_first, 403, "second_factor_setup_required");
    second.turn_on_second_factor(cloud.clock.now()).await.unwrap();
    body(second.post(&path(&superior, "/disable"), &because("A test.")).await.unwrap(), 200);
    pass(&cloud, 5).await;
    refused(&superior.get("/v1/me").await.unwrap(), 401, "unauthenticated");
}

/// Whoever registers the address of somebody whom staff made an account, and who has not used the invitation yet, gets
/// nothing of theirs, and the owner still gets in.
#[tokio::test]
async fn an_account_that_staff_made_does_not_lapse() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    for role in ["admin", "customer"] {
        let email = format!("{role}.nine@example.com");
        let made = body(make(&superior, &format!("make-{role}"), &somebody(&email, role)).await, 201);
        pass(&cloud, 601).await;
        let ask = json!({ "email": email, "password": "another horse battery", "role": "customer",
            "first_name": "Some", "last_name": "Body" });
        body(stranger(&cloud).post("/v1/accounts", &ask).await.unwrap(), 201);
        let mut owner = invited(&cloud, &made);
        assert_eq!(news(&cloud, &email).await, ["You already have an account"]);
        owner.accept_invitation(&cloud).await.unwrap();
        assert_eq!(owner.id, text(&made, "id"));
    }
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
    let changed = body(admin.patch_over(&path(&owner, ""), &ask).await.unwrap(), 200);
    assert_eq!(changed["phone"], "+12015550123");
    let me = body(owner.get("/v1/me").await.unwrap(), 200);
    for name in ["first_name", "last_name", "phone", "time_zone", "locale", "email", "role"] {
        assert_eq!(me[name], changed[name], "{name}");
    }
    body(admin.patch_over(&path(&owner, ""), &ask).await.unwrap(), 200);
    for name in ["email", "role", "status", "permissions", "email_confirmed"] {
        let answer = admin.patch_over(&path(&owner, ""), &json!({ name: "customer" })).await.unwrap();
        refused_at(&answer, &format!("/{name}"), "unknown");
    }
    refused(&admin.patch_over(&path(&admin, ""), &ask).await.unwrap(), 403, "forbidden");
    let before = json!({ "values": { "first_name": "Customer", "phone": null, "phone_status": "named",
        "locale": "en" } });
    let after = json!({ "fields": ["first_name", "locale", "phone", "phone_status"], "values": {
        "first_name": "Robin", "phone": "+12015550123", "phone_status": "held", "locale": "ru" } });
    assert_eq!(acts(&cloud, &owner).await, [json!(["account_changed", admin.id, [before, after]])]);
}

/// Of two who change an account at once, or one after the other without reading again, one is told.
#[tokio::test]
async fn nobody_undoes_what_they_have_not_seen() {
    let cloud = cloud().await;
    let (one, two) =
        (manager(&cloud, Role::Admin, "Admin One").await, manager(&cloud, Role::Admin, "Admin Two").await);
    let owner = customer(&cloud, "Customer One").await;
    let read = one.get(&path(&owner, "")).await.unwrap();
    let seen = read.headers["etag"].to_str().unwrap().to_owned();
    let place = path(&owner, "");
    let patch = async |by: &Client, tag: &str, name: &str| {
        let ask = json!({ "first_name": name });
        by.call(Method::PATCH, &place, &[("if-match", tag)], Some(&ask)).await.unwrap()
    };
    let (first, second) = tokio::join!(patch(&one, &seen, "First"), patch(&two, &seen, "Second"));
    let (done, told) = if first.status == 200 { (first, second) } else { (second, first) };
    refused(&told, 412, "stale");
    let now = one.get(&place).await.unwrap();
    assert_eq!((&now.body, &now.headers["etag"]), (&done.body, &done.headers["etag"]));
    refused(&patch(&two, &seen, "Third").await, 412, "stale");
    refused(&one.patch(&place, &json!({ "first_name": "Third" })).await.unwrap(), 428, "if_match_required");
    // What its owner or other staff make of it counts as well.
    body(owner.patch("/v1/me", &json!({ "last_name": "Other" })).await.unwrap(), 200);
    let tag = now.headers["etag"].to_str().unwrap();
    refused(&patch(&one, tag, "Fourth").await, 412, "stale");
    let name = seen_by(&two, &owner).await;
    assert_eq!(name, json!([done.body["first_name"], "Other"]));
    assert_eq!(body(patch(&one, "*", "Fifth").await, 200)["first_name"], "Fifth");
}

async fn seen_by(staff: &Client, owner: &Client) -> Value {
    let shown = seen(staff, owner).await;
    json!([shown["first_name"], shown["last_name"]])
}

#[tokio::test]
async fn staff_see_whether_there_is_a_second_factor() {
    let cloud = cloud().await;
    let admin = manager(&cloud, Role::Admin, "Admin One").await;
    let mut owner = customer(&cloud, "Customer One").await;
    assert_eq!(seen(&admin, &owner).await["second_factor_on"], false);
    owner.turn_on_second_factor(cloud.clock.now()).await.unwrap();
    assert_eq!(seen(&admin, &owner).await["second_factor_on"], true);
    let list = body(admin.get("/v1/admin/users?role=customer").await.unwrap(), 200);
    assert_eq!(list["items"][0]["second_factor_on"], true);
}
