//! Signing in with a second factor.

use banister_domain::account::{Step, TotpSecret};
use banister_local::client::{Answer, Client, PASSWORD};
use banister_local::cloud::Cloud;
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::json;

use crate::problems::{refused, refused_at};
use crate::support::invariants::items;
use crate::support::{body, cloud_at, customer, news, pass, stranger, text};

/// A moment at which a step begins.
const START: &str = "2026-03-02T08:00:00Z";

async fn sign_in(cloud: &Cloud, owner: &Client, password: &str, code: &str) -> Answer {
    let ask = json!({ "email": owner.email, "password": password, "code": code });
    stranger(cloud).post("/v1/sessions", &ask).await.unwrap()
}

/// The app's code so many steps from now.
fn code(cloud: &Cloud, secret: &TotpSecret, steps: i64) -> String {
    secret.code(Step::at(cloud.clock.now() + SignedDuration::from_secs(30 * steps))).digits()
}

/// One that no step near now has.
fn wrong(cloud: &Cloud, secret: &TotpSecret) -> String {
    let near: Vec<_> = (-3..=3).map(|steps| code(cloud, secret, steps)).collect();
    let mut others = (0..8).map(|number| format!("{number:06}"));
    others.find(|other| !near.contains(other)).expect("one of them is no code")
}

/// Somebody with a second factor, and the app's secret.
async fn owner(cloud: &Cloud) -> (Client, TotpSecret) {
    let mut owner = customer(cloud, "Customer One").await;
    let secret = owner.turn_on_second_factor(cloud.clock.now()).await.unwrap();
    (owner, secret)
}

async fn audited(cloud: &Cloud, entry: &str) -> usize {
    let items = items(cloud).await;
    items.iter().filter(|item| item.get("entry").is_some_and(|e| e.as_s().is_ok_and(|e| e == entry))).count()
}

#[tokio::test]
async fn the_password_alone_does_not_do() {
    let cloud = cloud_at(START).await;
    let (owner, secret) = owner(&cloud).await;
    pass(&cloud, 60).await;
    let ask = json!({ "email": owner.email, "password": PASSWORD });
    let answer = stranger(&cloud).post("/v1/sessions", &ask).await.unwrap();
    refused(&answer, 401, "second_factor_needed");
    let session = body(sign_in(&cloud, &owner, PASSWORD, &code(&cloud, &secret, 0)).await, 201);
    let mut client = stranger(&cloud);
    client.take_tokens(&session);
    body(client.get("/v1/me").await.unwrap(), 200);
    // The password of somebody who has no second factor is enough, whatever code comes with it.
    let other = customer(&cloud, "Customer Two").await;
    body(sign_in(&cloud, &other, PASSWORD, "000000").await, 201);
}

/// Whoever does not know the password learns nothing of the second factor, not even with a right code.
#[tokio::test]
async fn without_the_password_a_code_tells_nothing() {
    let cloud = cloud_at(START).await;
    let (owner, secret) = owner(&cloud).await;
    let mut nobody = stranger(&cloud);
    nobody.email = "nobody@example.com".into();
    let right = code(&cloud, &secret, 1);
    for who in [&owner, &nobody] {
        for code in [right.as_str(), "000000"] {
            let calls = cloud.table.calls();
            let answer = sign_in(&cloud, who, "wrong horse battery", code).await;
            refused(&answer, 401, "wrong_credentials");
            let made = |operation: &str| {
                let key = ("local-http".to_owned(), operation.to_owned());
                cloud.table.calls().get(&key).copied().unwrap_or(0) - calls.get(&key).copied().unwrap_or(0)
            };
            assert_eq!(["GetItem", "UpdateItem", "PutItem", "TransactWriteItems"].map(made), [2, 3, 1, 0]);
        }
        refused_at(&sign_in(&cloud, who, PASSWORD, "12345").await, "/code", "invalid");
    }
    assert_eq!(audited(&cloud, "second_factor_refused").await, 0);
    body(sign_in(&cloud, &owner, PASSWORD, &right).await, 201);
}

#[tokio::test]
async fn a_code_is_good_one_step_early_and_late_and_once() {
    let cloud = cloud_at(START).await;
    let (owner, secret) = owner(&cloud).await;
    // The one that turned it on, and those before it.
    for steps in [0, -1] {
        refused(
            &sign_in(&cloud, &owner, PASSWORD, &code(&cloud, &secret, steps)).await,
            401,
            "wrong_second_factor",
        );
    }
    let early = code(&cloud, &secret, 1);
    body(sign_in(&cloud, &owner, PASSWORD, &early).await, 201);
    pass(&cloud, 30).await;
    refused(&sign_in(&cloud, &owner, PASSWORD, &early).await, 401, "wrong_second_factor");
    pass(&cloud, 60).await;
    refused(&sign_in(&cloud, &owner, PASSWORD, &code(&cloud, &secret, -2)).await, 401, "wrong_second_factor");
    refused(&sign_in(&cloud, &owner, PASSWORD, &code(&cloud, &secret, 2)).await, 401, "wrong_second_factor");
    body(sign_in(&cloud, &owner, PASSWORD, &code(&cloud, &secret, -1)).await, 201);
    assert_eq!(audited(&cloud, "second_factor_refused").await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_code_twenty_times_at_once_signs_in_once() {
    let cloud = cloud_at(START).await;
    let (owner, secret) = owner(&cloud).await;
    pass(&cloud, 60).await;
    let code = code(&cloud, &secret, 0);
    let answers = join_all((0..20).map(|_| sign_in(&cloud, &owner, PASSWORD, &code))).await;
    let signed_in = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(signed_in, 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let known = [(401, "wrong_second_factor"), (429, "too_many_requests"), (409, "busy")];
        assert!(known.contains(&(answer.status.as_u16(), answer.code())), "{}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recovery_code_opens_once_also_at_once() {
    let cloud = cloud_at(START).await;
    let (owner, _) = owner(&cloud).await;
    let code = owner.recovery_code().expect("a code");
    let answers = join_all((0..20).map(|_| sign_in(&cloud, &owner, PASSWORD, &code))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    pass(&cloud, 901).await;
    let typed = owner.recovery_code().expect("another code").replace('-', " ").to_uppercase();
    let session = body(sign_in(&cloud, &owner, PASSWORD, &typed).await, 201);
    let mut client = stranger(&cloud);
    client.take_tokens(&session);
    let me = body(client.get("/v1/me").await.unwrap(), 200);
    assert_eq!(me["second_factor"], json!({ "on": true, "required": false, "recovery_codes_left": 8 }));
    assert_eq!(audited(&cloud, "recovery_code_used").await, 2);
    let told = news(&cloud, &owner.email).await;
    assert_eq!(told.iter().filter(|subject| *subject == "A recovery code was used").count(), 2, "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_wrong_codes_and_then_nothing_for_a_quarter_of_an_hour() {
    let cloud = cloud_at(START).await;
    let (owner, secret) = owner(&cloud).await;
    pass(&cloud, 60).await;
    let guess = wrong(&cloud, &secret);
    let answers = join_all((0..20).map(|_| sign_in(&cloud, &owner, PASSWORD, &guess))).await;
    let tried = answers.iter().filter(|answer| answer.code() == "wrong_second_factor").count();
    assert!(tried <= 5, "{tried} guesses");
    for _ in tried..5 {
        refused(&sign_in(&cloud, &owner, PASSWORD, &guess).await, 401, "wrong_second_factor");
    }
    let right = code(&cloud, &secret, 0);
    let answer = sign_in(&cloud, &owner, PASSWORD, &right).await;
    refused(&answer, 429, "too_many_requests");
    let wait: i64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((800..=900).contains(&wait), "{wait}");
    // Of those that are not looked at, one line.
    for _ in 0..3 {
        refused(&sign_in(&cloud, &owner, PASSWORD, &right).await, 429, "too_many_requests");
    }
    assert_eq!(audited(&cloud, "second_factor_refused").await, 6);
    pass(&cloud, wait).await;
    body(sign_in(&cloud, &owner, PASSWORD, &code(&cloud, &secret, 0)).await, 201);
}

/// The table took it and nobody heard: the SDK asks again with the same token of its own.
#[tokio::test]
async fn an_answer_of_the_table_is_lost() {
    use banister_local::faults::{FaultKind, Verdict};
    let cloud = cloud_at(START).await;
    let (owner, secret) = owner(&cloud).await;
    for verdict in [Verdict::LoseAnswer, Verdict::Refuse(FaultKind::Conflict)] {
        pass(&cloud, 60).await;
        cloud.faults.script("local-http", "TransactWriteItems", verdict);
        let session = body(sign_in(&cloud, &owner, PASSWORD, &code(&cloud, &secret, 0)).await, 201);
        assert!(text(&session, "access_token").len() > 100);
    }
}
