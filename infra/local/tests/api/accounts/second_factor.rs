//! `/v1/me/totp`: on, off, and new recovery codes.

use banister_domain::account::{Step, TotpSecret};
use banister_local::client::{Answer, Client, PASSWORD};
use banister_local::cloud::Cloud;
use banister_local::faults::{FaultKind, Verdict};
use futures_util::future::join_all;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::audited;
use super::password::refresh;
use crate::problems::{refused, refused_at};
use crate::support::invariants::{invariants, items};
use crate::support::{body, cloud_at, customer, news, pass, stranger, super_admin};

const START: &str = "2026-03-02T08:00:00Z";

/// The app's code so many steps from now.
fn code(cloud: &Cloud, secret: &TotpSecret, steps: i64) -> String {
    secret.code(Step::at(cloud.clock.now() + SignedDuration::from_secs(30 * steps))).digits()
}

async fn confirm(client: &Client, code: &str) -> Answer {
    client.post("/v1/me/totp/confirm", &json!({ "code": code })).await.unwrap()
}

async fn turn_off(client: &Client, password: &str, code: &str) -> Answer {
    let ask = json!({ "password": password, "code": code });
    client.call(Method::DELETE, "/v1/me/totp", &[], Some(&ask)).await.unwrap()
}

async fn renew(client: &Client, password: &str, code: &str) -> Answer {
    client.post("/v1/me/totp/recovery-codes", &json!({ "password": password, "code": code })).await.unwrap()
}

async fn factor(client: &Client) -> Value {
    body(client.get("/v1/me").await.unwrap(), 200)["second_factor"].clone()
}

#[tokio::test]
async fn turning_it_on_ends_the_other_sessions_and_tells_the_owner() {
    let cloud = cloud_at(START).await;
    let mut owner = customer(&cloud, "Customer One").await;
    assert_eq!(factor(&owner).await, json!({ "on": false, "required": false, "recovery_codes_left": 0 }));
    let mut other = owner.clone();
    other.sign_in().await.unwrap();
    let ask = json!({ "password": PASSWORD });
    let setup = body(owner.post("/v1/me/totp", &ask).await.unwrap(), 201);
    let secret = setup["secret"].as_str().unwrap();
    assert!(secret.len() == 32 && setup["uri"].as_str().unwrap().contains(&format!("secret={secret}&")));
    assert!(
        setup["uri"].as_str().unwrap().starts_with("otpauth://totp/Banister:customer.one%40example.com?")
    );
    assert_eq!(factor(&owner).await["on"], false);
    body(other.get("/v1/me").await.unwrap(), 200);
    let codes = confirm(&owner, &code(&cloud, &banister_local::client::totp_secret(secret), 0)).await;
    let codes = body(codes, 200)["recovery_codes"].as_array().unwrap().clone();
    assert_eq!(codes.len(), 10);
    let is_shown = |code: &&Value| code.as_str().is_some_and(|code| code.len() == 14);
    assert!(codes.iter().all(|code| is_shown(&code)), "{codes:?}");
    refused(&owner.get("/v1/me").await.unwrap(), 401, "unauthenticated");
    assert_eq!(refresh(&mut owner).await, 200);
    assert_eq!(factor(&owner).await, json!({ "on": true, "required": false, "recovery_codes_left": 10 }));
    pass(&cloud, 6).await;
    refused(&other.get("/v1/me").await.unwrap(), 401, "unauthenticated");
    assert_eq!(refresh(&mut other).await, 401);
    assert_eq!(news(&cloud, &owner.email).await, ["Your second factor is on"]);
    assert_eq!(audited(&cloud, &owner.id, "second_factor_on").await, 1);
    // Neither the secret nor a code stands in the table as it is.
    let kept = format!("{:?}", items(&cloud).await);
    for text in codes.iter().filter_map(Value::as_str).chain([secret]) {
        assert!(!kept.contains(text) && !kept.contains(&text.replace('-', "")), "{text}");
    }
    refused(&owner.post("/v1/me/totp", &ask).await.unwrap(), 409, "second_factor_on");
    refused(&confirm(&owner, "123456").await, 409, "second_factor_on");
    invariants(&cloud).await;
}

#[tokio::test]
async fn it_waits_ten_minutes_for_its_own_code() {
    let cloud = cloud_at(START).await;
    let owner = customer(&cloud, "Customer One").await;
    refused(&confirm(&owner, "123456").await, 422, "invalid_code");
    let first = owner.set_up_second_factor().await.unwrap();
    let second = owner.set_up_second_factor().await.unwrap();
    // The first secret has gone.
    refused(&confirm(&owner, &code(&cloud, &first, 0)).await, 422, "invalid_code");
    refused_at(&confirm(&owner, "12345").await, "/code", "invalid");
    // A code of the kind that there is none of yet.
    refused(&confirm(&owner, "abcd-efgh-2345").await, 422, "invalid_code");
    pass(&cloud, 600).await;
    refused(&confirm(&owner, &code(&cloud, &second, 0)).await, 422, "invalid_code");
    let third = owner.set_up_second_factor().await.unwrap();
    body(confirm(&owner, &code(&cloud, &third, 0)).await, 200);
}

#[tokio::test]
async fn turning_it_off_takes_both_factors() {
    let cloud = cloud_at(START).await;
    let mut owner = customer(&cloud, "Customer One").await;
    refused(&turn_off(&owner, PASSWORD, "123456").await, 409, "second_factor_off");
    let secret = owner.turn_on_second_factor(cloud.clock.now()).await.unwrap();
    let next = code(&cloud, &secret, 1);
    refused(&turn_off(&owner, "not the password", &next).await, 422, "wrong_password");
    // It was used to turn it on.
    refused(&turn_off(&owner, PASSWORD, &code(&cloud, &secret, 0)).await, 422, "invalid_code");
    assert_eq!(factor(&owner).await["on"], true);
    body(turn_off(&owner, PASSWORD, &next).await, 204);
    assert_eq!(refresh(&mut owner).await, 200);
    assert_eq!(factor(&owner).await, json!({ "on": false, "required": false, "recovery_codes_left": 0 }));
    let ask = json!({ "email": owner.email, "password": PASSWORD });
    body(stranger(&cloud).post("/v1/sessions", &ask).await.unwrap(), 201);
    assert_eq!(news(&cloud, &owner.email).await, ["Your second factor is on", "Your second factor is off"]);
    assert_eq!(audited(&cloud, &owner.id, "second_factor_off").await, 1);
    assert_eq!(audited(&cloud, &owner.id, "second_factor_refused").await, 1);
    assert_eq!(audited(&cloud, &owner.id, "password_refused").await, 1);
    invariants(&cloud).await;
}

#[tokio::test]
async fn new_recovery_codes_void_the_old_ones() {
    let cloud = cloud_at(START).await;
    let mut owner = customer(&cloud, "Customer One").await;
    refused(&renew(&owner, PASSWORD, "123456").await, 409, "second_factor_off");
    owner.turn_on_second_factor(cloud.clock.now()).await.unwrap();
    let (used, old) = (owner.recovery_code().unwrap(), owner.recovery_code().unwrap());
    refused(&renew(&owner, "not the password", &used).await, 422, "wrong_password");
    let renewed = body(renew(&owner, PASSWORD, &used).await, 200);
    assert_eq!(factor(&owner).await["recovery_codes_left"], 10);
    for void in [&used, &old] {
        refused(&renew(&owner, PASSWORD, void).await, 422, "invalid_code");
    }
    let new = renewed["recovery_codes"][0].as_str().unwrap();
    body(renew(&owner, PASSWORD, new).await, 200);
    assert_eq!(audited(&cloud, &owner.id, "recovery_codes_renewed").await, 2);
    assert_eq!(audited(&cloud, &owner.id, "recovery_code_used").await, 2);
    // Not of the codes that were used for it as well.
    let mut told = news(&cloud, &owner.email).await;
    told.sort();
    let renewed = "You have new recovery codes";
    assert_eq!(told, [renewed, renewed, "Your second factor is on"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn confirmed_twenty_times_at_once_it_is_on_once() {
    let cloud = cloud_at(START).await;
    let owner = customer(&cloud, "Customer One").await;
    let secret = owner.set_up_second_factor().await.unwrap();
    let right = code(&cloud, &secret, 0);
    let answers = join_all((0..20).map(|_| confirm(&owner, &right))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        let known = [(409, "second_factor_on"), (409, "busy"), (401, "unauthenticated")];
        assert!(known.contains(&(answer.status.as_u16(), answer.code())), "{}", answer.body);
    }
    assert_eq!(audited(&cloud, &owner.id, "second_factor_on").await, 1);
    assert_eq!(news(&cloud, &owner.email).await.len(), 1);
}

/// The account, the session, the codes and the mail are one transaction.
#[tokio::test]
async fn all_of_it_or_nothing() {
    let cloud = cloud_at(START).await;
    for (number, verdict) in
        [Verdict::LoseAnswer, Verdict::Refuse(FaultKind::Conflict), Verdict::Crashed].into_iter().enumerate()
    {
        let mut owner = customer(&cloud, &format!("Customer Nr{number}")).await;
        let secret = owner.set_up_second_factor().await.unwrap();
        cloud.faults.script("local-http", "TransactWriteItems", verdict);
        let answer = confirm(&owner, &code(&cloud, &secret, 0)).await;
        let on = verdict != Verdict::Crashed;
        assert_eq!(answer.status.as_u16(), if on { 200 } else { 500 }, "{}", answer.body);
        if on {
            assert_eq!(refresh(&mut owner).await, 200);
        }
        assert_eq!(factor(&owner).await["on"], on);
        assert_eq!(news(&cloud, &owner.email).await.len(), usize::from(on));
    }
    invariants(&cloud).await;
}

#[tokio::test]
async fn super_admins_keep_theirs() {
    let cloud = cloud_at(START).await;
    let boss = super_admin(&cloud, "Super Admin").await;
    assert_eq!(factor(&boss).await, json!({ "on": true, "required": true, "recovery_codes_left": 10 }));
    let code = boss.recovery_code().unwrap();
    refused(&turn_off(&boss, PASSWORD, &code).await, 403, "second_factor_required_by_role");
    body(boss.get("/v1/admin/users").await.unwrap(), 200);
}

/// A new password by a mailed link does not get around it.
#[tokio::test]
async fn a_password_that_was_reset_does_not_do_alone() {
    let cloud = cloud_at(START).await;
    let mut owner = customer(&cloud, "Customer One").await;
    owner.turn_on_second_factor(cloud.clock.now()).await.unwrap();
    body(owner.post("/v1/password-resets", &json!({ "email": owner.email })).await.unwrap(), 202);
    let token = owner.token_from_mail(&cloud).await.unwrap();
    let ask = json!({ "token": token, "new_password": "another fine password" });
    body(owner.post("/v1/password-resets/complete", &ask).await.unwrap(), 204);
    let ask = json!({ "email": owner.email, "password": "another fine password" });
    refused(&stranger(&cloud).post("/v1/sessions", &ask).await.unwrap(), 401, "second_factor_needed");
}
