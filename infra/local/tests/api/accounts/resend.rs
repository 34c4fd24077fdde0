//! `POST /v1/email-confirmations/resend`.

use banister_local::client::{Answer, Client};
use banister_local::cloud::Cloud;
use serde_json::{Value, json};

use super::{audited, registration};
use crate::problems::refused;
use crate::support::{body, cloud, cloud_at, customer, mails, news, pass, stranger};

async fn resend(client: &Client, email: &str) -> Answer {
    client.post("/v1/email-confirmations/resend", &json!({ "email": email })).await.unwrap()
}

async fn confirm(client: &Client, code: &str) -> Answer {
    client.post("/v1/email-confirmations", &json!({ "email": client.email, "code": code })).await.unwrap()
}

/// Somebody who has registered and was mailed a code.
async fn registered(cloud: &Cloud) -> (Client, String) {
    let mut client = stranger(cloud);
    client.email = "customer.one@example.com".into();
    let account =
        body(client.post("/v1/accounts", &registration(&client.email, "customer")).await.unwrap(), 201);
    client.id = account["id"].as_str().unwrap().into();
    let code = client.code_from_mail(cloud).await.unwrap();
    (client, code)
}

#[tokio::test]
async fn the_new_code_is_good_and_the_old_one_void() {
    let cloud = cloud().await;
    let (client, old) = registered(&cloud).await;
    let answer = resend(&client, "Customer.One@EXAMPLE.com").await;
    assert_eq!((answer.status.as_u16(), &answer.body), (202, &Value::Null));
    assert_eq!(news(&cloud, &client.email).await, ["Your confirmation code"]);
    let new = client.code_from_mail(&cloud).await.unwrap();
    assert_ne!(old, new);
    refused(&confirm(&client, &old).await, 422, "invalid_code");
    body(confirm(&client, &new).await, 204);
    assert_eq!(audited(&cloud, &client.id, "confirmation_requested").await, 1);
}

#[tokio::test]
async fn a_code_that_ran_out_or_was_guessed_at_is_replaced() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let (client, code) = registered(&cloud).await;
    let wrong = if code == "00000000" { "00000001" } else { "00000000" };
    for _ in 0..5 {
        refused(&confirm(&client, wrong).await, 422, "invalid_code");
    }
    pass(&cloud, 601).await;
    body(resend(&client, &client.email).await, 202);
    cloud.quiet().await.unwrap();
    let code = client.code_from_mail(&cloud).await.unwrap();
    body(confirm(&client, &code).await, 204);
}

/// Neither the answer nor the work tells whether there is an address to confirm.
#[tokio::test]
async fn unknown_and_confirmed_addresses_cost_and_answer_the_same() {
    let cloud = cloud().await;
    let (client, _) = registered(&cloud).await;
    let confirmed = customer(&cloud, "Customer Two").await;
    let calls = || {
        let all = cloud.table.calls().into_iter().filter(|((role, _), _)| role == "local-http");
        all.map(|((_, call), count)| (call, count)).collect::<std::collections::BTreeMap<_, _>>()
    };
    let mut seen = Vec::new();
    for email in [client.email.as_str(), &confirmed.email, "nobody@example.com"] {
        let before = calls();
        let answer = resend(&stranger(&cloud), email).await;
        let work: Vec<_> = calls().into_iter().map(|(call, n)| n - before.get(&call).unwrap_or(&0)).collect();
        seen.push((answer.status.as_u16(), answer.body, work));
    }
    assert_eq!((seen[0].0, &seen[0].1), (202, &Value::Null));
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
    assert_eq!(news(&cloud, &client.email).await.len(), 1);
    assert_eq!(news(&cloud, &confirmed.email).await.len(), 0);
    assert_eq!(mails(&cloud, "nobody@example.com").await, []);
}

#[tokio::test]
async fn one_a_minute_and_five_an_hour() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let (client, _) = registered(&cloud).await;
    for email in [client.email.as_str(), "nobody@example.com"] {
        for _ in 0..5 {
            body(resend(&stranger(&cloud), email).await, 202);
            refused(&resend(&stranger(&cloud), &email.to_uppercase()).await, 429, "too_many_requests");
            pass(&cloud, 60).await;
        }
        refused(&resend(&stranger(&cloud), email).await, 429, "too_many_requests");
    }
    assert_eq!(news(&cloud, &client.email).await.len(), 5);
}

/// Limits hold in every minute and every hour, not in those of the clock, and what is told to wait is enough.
#[tokio::test]
async fn nothing_begins_anew_with_the_minute_or_the_hour() {
    let cloud = cloud_at("2026-03-02T08:53:59Z").await;
    let client = stranger(&cloud);
    let again = async |named: &str| {
        let answer = resend(&client, "nobody@example.com").await;
        refused(&answer, 429, "too_many_requests");
        let wait: i64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert_eq!(answer.headers["ratelimit"], format!("\"{named}\";r=0;t={wait}"));
        wait
    };
    for _ in 0..5 {
        body(resend(&client, "nobody@example.com").await, 202);
        pass(&cloud, 2).await;
        let wait = again("resend_account").await;
        assert!((30..=58).contains(&wait), "{wait}");
        pass(&cloud, wait).await;
    }
    // The hour began while they were asked for.
    pass(&cloud, 120).await;
    let wait = again("resend_account_hour").await;
    assert!((3_000..=3_180).contains(&wait), "{wait}");
    pass(&cloud, wait).await;
    body(resend(&client, "nobody@example.com").await, 202);
    // Only the first one is an hour ago.
    pass(&cloud, 30).await;
    assert!(again("resend_account").await <= 30);
    for _ in 0..4 {
        pass(&cloud, 60).await;
        body(resend(&client, "nobody@example.com").await, 202);
    }
}

/// A new code takes nothing from an attempt that is being counted, and an attempt nothing from it.
#[tokio::test]
async fn asked_for_while_codes_are_tried_the_newest_is_good() {
    let cloud = cloud().await;
    let (client, old) = registered(&cloud).await;
    let wrong = if old == "00000000" { "00000001" } else { "00000000" };
    let wrongly = (0..3).map(|_| confirm(&client, wrong));
    let (answer, tried) =
        futures_util::future::join(resend(&client, &client.email), futures_util::future::join_all(wrongly))
            .await;
    body(answer, 202);
    for answer in tried {
        refused(&answer, 422, "invalid_code");
    }
    cloud.quiet().await.unwrap();
    let new = client.code_from_mail(&cloud).await.unwrap();
    body(confirm(&client, &new).await, 204);
}
