//! `GET /v1/sessions` and `DELETE /v1/sessions/{id}`: who is signed in as me, and ending one of them.

use banister_domain::account::Account;
use banister_domain::id::UserId;
use banister_local::client::{Client, PASSWORD};
use banister_local::faults::{FaultKind, Verdict};
use banister_platform::identity::refresh::{RefreshKey, RefreshToken};
use banister_platform::random;
use banister_platform::store::{Accounts, Place, Sessions, SignIn};
use reqwest::Method;
use serde_json::{Value, json};

use super::everywhere::table;
use super::{opens, refresh};
use crate::problems::refused;
use crate::support::invariants::invariants;
use crate::support::{body, change_account, cloud_at, customer, pass, session_of, stranger, text};

const START: &str = "2026-03-02T08:00:00Z";

async fn sign_in_as(agent: &str, client: &Client) -> Client {
    let ask = json!({ "email": client.email, "password": PASSWORD });
    let answer = client.call(Method::POST, "/v1/sessions", &[("user-agent", agent)], Some(&ask)).await;
    let mut signed_in = client.clone();
    signed_in.take_tokens(&body(answer.unwrap(), 201));
    signed_in
}

async fn list(client: &Client) -> Vec<Value> {
    let page = body(client.get("/v1/sessions").await.unwrap(), 200);
    assert_eq!(page["next_cursor"], Value::Null);
    page["items"].as_array().unwrap().clone()
}

async fn ids(client: &Client) -> Vec<String> {
    list(client).await.iter().map(|session| text(session, "id").to_owned()).collect()
}

async fn end(client: &Client, id: &str) -> banister_local::client::Answer {
    client.delete(&format!("/v1/sessions/{id}")).await.unwrap()
}

#[tokio::test]
async fn own_sessions_begun_last_first() {
    let cloud = cloud_at(START).await;
    let first = customer(&cloud, "Customer One").await;
    customer(&cloud, "Customer Two").await;
    pass(&cloud, 60).await;
    let second = sign_in_as(&format!("browser/1\t({})", "x".repeat(300)), &first).await;
    let (one, two) = (session_of(&first).to_string(), session_of(&second).to_string());
    assert_eq!(ids(&second).await, [two.as_str(), &one]);
    pass(&cloud, 60).await;
    body(refresh(&first, first.refresh_token.as_deref().unwrap()).await, 200);
    let found = list(&second).await;
    assert_eq!(found.iter().map(|session| text(session, "id")).collect::<Vec<_>>(), [&two, &one]);
    assert_eq!([&found[0]["current"], &found[1]["current"]], [true, false]);
    for (session, begun, used) in [(&found[1], 0, 120), (&found[0], 60, 60)] {
        let after = |name: &str| -> i64 {
            let at: jiff::Timestamp = text(session, name).parse().unwrap();
            at.as_second() - START.parse::<jiff::Timestamp>().unwrap().as_second()
        };
        // The clock also goes by itself.
        for (name, seconds) in [("created_at", begun), ("last_used_at", used)] {
            assert!((seconds..seconds + 30).contains(&after(name)), "{name}: {session}");
        }
        assert_eq!(after("expires_at"), after("last_used_at") + 30 * 86_400);
        assert!(text(session, "network").ends_with(".0/24"), "{session}");
    }
    assert_eq!(found[0]["device"], format!("browser/1({}", "x".repeat(190)));
    let shown = Value::from(found).to_string();
    assert!(!shown.contains("rft_") && !shown.contains("hash"), "{shown}");
}

/// As those of before are.
#[tokio::test]
async fn a_session_without_a_place_is_listed_and_goes_on() {
    let cloud = cloud_at(START).await;
    let mut owner = customer(&cloud, "Customer One").await;
    let (user, now): (UserId, _) = (owner.id.parse().unwrap(), cloud.clock.now());
    let account = Accounts::new(table(&cloud)).get(user).await.unwrap().unwrap();
    let token = RefreshToken::issue(user, random::id(now));
    let key = RefreshKey::from_settings(&cloud.settings("local-test")).unwrap();
    let sessions = Sessions::new(table(&cloud));
    sessions.begin(&token, SignIn::to(&account), Place::default(), "test".into(), now).await.unwrap();
    let found = list(&owner).await;
    assert_eq!((&found[0]["device"], &found[0]["network"]), (&Value::Null, &Value::Null));
    owner.take_tokens(&body(refresh(&owner, &key.expose(&token)).await, 200));
    assert!(list(&owner).await[0]["network"].is_string());
}

#[tokio::test]
async fn only_what_stands_is_listed() {
    let cloud = cloud_at(START).await;
    let first = customer(&cloud, "Customer One").await;
    pass(&cloud, 29 * 86_400).await;
    let second = sign_in_as("browser/1", &first).await;
    assert_eq!(list(&second).await.len(), 2);
    pass(&cloud, 86_400 + 60).await;
    let third = sign_in_as("browser/1", &second).await;
    assert_eq!(ids(&third).await, [session_of(&third).to_string(), session_of(&second).to_string()]);
    change_account(&cloud, &first.id, |account| Account { epoch: account.epoch + 1, ..account }).await;
    let last = sign_in_as("browser/1", &third).await;
    assert_eq!(ids(&last).await, [session_of(&last).to_string()]);
    refused(&end(&last, &session_of(&third).to_string()).await, 404, "not_found");
}

#[tokio::test]
async fn one_session_ends_and_no_other() {
    let cloud = cloud_at(START).await;
    let owner = customer(&cloud, "Customer One").await;
    let (lost, kept) = (sign_in_as("browser/1", &owner).await, sign_in_as("browser/2", &owner).await);
    assert!(opens(&lost).await);
    let id = session_of(&lost).to_string();
    let answer = end(&owner, &id).await;
    assert_eq!((answer.status.as_u16(), answer.body), (204, Value::Null));
    refused(
        &refresh(&stranger(&cloud), lost.refresh_token.as_deref().unwrap()).await,
        401,
        "invalid_refresh_token",
    );
    pass(&cloud, 5).await;
    assert!(!opens(&lost).await && opens(&kept).await && opens(&owner).await);
    refused(&end(&owner, &id).await, 404, "not_found");
    assert_eq!(list(&owner).await.len(), 2);
    // The own one as well.
    body(end(&owner, &session_of(&owner).to_string()).await, 204);
    refused(&owner.get("/v1/sessions").await.unwrap(), 401, "unauthenticated");
    assert_eq!(list(&kept).await.len(), 1);
}

#[tokio::test]
async fn what_is_not_ones_own_does_not_exist() {
    let cloud = cloud_at(START).await;
    let (owner, other) = (customer(&cloud, "Customer One").await, customer(&cloud, "Customer Two").await);
    for id in [session_of(&owner).to_string(), owner.id.clone(), "ses_".into(), "x".into()] {
        refused(&end(&other, &id).await, 404, "not_found");
    }
    assert!(opens(&owner).await);
    assert_eq!((list(&owner).await.len(), list(&other).await.len()), (1, 1));
    refused(&stranger(&cloud).get("/v1/sessions").await.unwrap(), 401, "unauthenticated");
}

/// The table ended it, and nobody heard.
#[tokio::test]
async fn ending_one_survives_a_lost_answer_and_a_conflict() {
    let cloud = cloud_at(START).await;
    let owner = customer(&cloud, "Customer One").await;
    for verdict in [Verdict::LoseAnswer, Verdict::Refuse(FaultKind::Conflict)] {
        let lost = sign_in_as("browser/1", &owner).await;
        cloud.faults.script("local-http", "TransactWriteItems", verdict);
        body(end(&owner, &session_of(&lost).to_string()).await, 204);
        assert_eq!(ids(&owner).await, [session_of(&owner).to_string()]);
    }
    invariants(&cloud).await;
}
