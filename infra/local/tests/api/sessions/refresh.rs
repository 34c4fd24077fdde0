//! The same refresh token again: a lost answer, or a stolen token.

use std::time::Duration;

use banister_local::client::{Answer, Client, PASSWORD};
use banister_local::cloud::Cloud;
use banister_local::faults::Verdict;
use futures_util::future::{join, join_all};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use super::{opens, refresh};
use crate::problems::refused;
use crate::support::{body, cloud_at, customer, news, pass, stranger, text};

const START: &str = "2026-03-02T08:00:00Z";

/// Longer than any call takes to get to the table, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(5);

async fn refresh_as(agent: &str, client: &Client, token: &str) -> Answer {
    let ask = json!({ "refresh_token": token });
    let headers = [("user-agent", agent)];
    client.call(Method::POST, "/v1/sessions/refresh", &headers, Some(&ask)).await.unwrap()
}

/// All get the same next token, which works; the one before ends the family once the seconds are over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_at_once_get_the_same_token() {
    let cloud = cloud_at(START).await;
    let mut client = customer(&cloud, "Customer One").await;
    let old = client.refresh_token.clone().unwrap();
    let answers = join_all((0..20).map(|_| refresh(&client, &old))).await;
    let sessions: Vec<_> = answers.into_iter().map(|answer| body(answer, 200)).collect();
    let next = text(&sessions[0], "refresh_token").to_owned();
    assert_ne!(next, old);
    for session in &sessions {
        assert_eq!(session["refresh_token"], next);
        client.take_tokens(session);
        assert!(opens(&client).await);
    }
    pass(&cloud, 60).await;
    let last = body(refresh(&client, &next).await, 200);
    refused(&refresh(&client, &old).await, 401, "invalid_refresh_token");
    refused(&refresh(&client, text(&last, "refresh_token")).await, 401, "invalid_refresh_token");
    pass(&cloud, 6).await;
    assert!(!opens(&client).await);
}

#[tokio::test]
async fn a_lost_answer_is_given_again() {
    let cloud = cloud_at(START).await;
    let client = customer(&cloud, "Customer One").await;
    let old = client.refresh_token.clone().unwrap();
    let first = body(refresh(&client, &old).await, 200);
    pass(&cloud, 55).await;
    let second = body(refresh(&client, &old).await, 200);
    assert_eq!(second["refresh_token"], first["refresh_token"]);
    // The time counts from the first one.
    pass(&cloud, 5).await;
    refused(&refresh(&client, &old).await, 401, "invalid_refresh_token");
}

/// The table took it, and nobody heard: the SDK asks again with the same token of its own.
#[tokio::test]
async fn an_answer_of_the_table_is_lost() {
    let cloud = cloud_at(START).await;
    let client = customer(&cloud, "Customer One").await;
    let old = client.refresh_token.clone().unwrap();
    cloud.faults.script("local-http", "TransactWriteItems", Verdict::LoseAnswer);
    let next = body(refresh(&client, &old).await, 200);
    body(refresh(&client, text(&next, "refresh_token")).await, 200);
}

#[tokio::test]
async fn another_device_or_an_older_token_is_no_lost_answer() {
    let cloud = cloud_at(START).await;
    for other in ["browser/2", ""] {
        let mut client = customer(&cloud, &format!("Customer{} One", other.len())).await;
        let old = client.refresh_token.clone().unwrap();
        let next = body(refresh_as("browser/1", &client, &old).await, 200);
        refused(&refresh_as(other, &stranger(&cloud), &old).await, 401, "invalid_refresh_token");
        client.take_tokens(&next);
        let next = text(&next, "refresh_token");
        refused(&refresh_as("browser/1", &client, next).await, 401, "invalid_refresh_token");
    }
    let client = customer(&cloud, "Customer Two").await;
    let oldest = client.refresh_token.clone().unwrap();
    let older = body(refresh(&client, &oldest).await, 200);
    let last = body(refresh(&client, text(&older, "refresh_token")).await, 200);
    refused(&refresh(&client, &oldest).await, 401, "invalid_refresh_token");
    refused(&refresh(&client, text(&last, "refresh_token")).await, 401, "invalid_refresh_token");
}

/// The time counts from when the token was replaced, however long the request had been under way.
#[tokio::test]
async fn the_grace_begins_when_the_token_is_replaced() {
    let cloud = cloud_at(START).await;
    let client = customer(&cloud, "Customer One").await;
    let old = client.refresh_token.clone().unwrap();
    cloud.faults.script("local-http", "GetItem", Verdict::Hold);
    let (first, ()) = join(refresh(&client, &old), async {
        tokio::time::timeout(PATIENCE, cloud.faults.held()).await.expect("a read on its way");
        cloud.clock.advance(SignedDuration::from_secs(50));
        cloud.faults.release();
    })
    .await;
    let first = body(first, 200);
    pass(&cloud, 50).await;
    assert_eq!(body(refresh(&client, &old).await, 200)["refresh_token"], first["refresh_token"]);
}

/// What the API has asked of the table.
fn reads(cloud: &Cloud) -> u64 {
    let calls = cloud.table.calls();
    calls.into_iter().filter(|((role, _), _)| role == "local-http").map(|(_, count)| count).sum()
}

/// It names somebody's session, and was never issued: nothing of it is read, and nothing ends.
#[tokio::test]
async fn an_invented_token_ends_nobodys_session() {
    let cloud = cloud_at(START).await;
    let owner = customer(&cloud, "Customer One").await;
    let token = owner.refresh_token.clone().unwrap();
    let parts: Vec<_> = token.split('.').collect();
    let [user, session, secret, mac] = parts[..] else { panic!("{token}") };
    let (other_secret, other_mac) = ("A".repeat(43), "A".repeat(22));
    for invented in [
        format!("{user}.{session}.{other_secret}"),
        format!("{user}.{session}.{other_secret}.{mac}"),
        format!("{user}.{session}.{secret}.{other_mac}"),
    ] {
        let reads = reads(&cloud);
        refused(&refresh(&stranger(&cloud), &invented).await, 401, "invalid_refresh_token");
        assert_eq!(self::reads(&cloud), reads, "nothing is read");
    }
    assert!(opens(&owner).await);
    body(refresh(&owner, &token).await, 200);
    assert_eq!(news(&cloud, &owner.email).await, Vec::<String>::new());
}

/// The password changes between the two reads of a refresh in the session that goes on.
#[tokio::test]
async fn a_refresh_that_a_change_of_the_password_overtakes_goes_on() {
    let cloud = cloud_at(START).await;
    let client = customer(&cloud, "Customer One").await;
    let token = client.refresh_token.clone().unwrap();
    // The first read, of the session, passes; the second one, of the account, waits.
    cloud.faults.script("local-http", "GetItem", Verdict::Pass);
    cloud.faults.script("local-http", "GetItem", Verdict::Hold);
    let (refreshed, ()) = join(refresh(&client, &token), async {
        tokio::time::timeout(PATIENCE, cloud.faults.held()).await.expect("a read on its way");
        let ask = json!({ "current_password": PASSWORD, "new_password": "another fine password" });
        body(client.put("/v1/me/password", &ask).await.unwrap(), 204);
        cloud.faults.release();
    })
    .await;
    let mut client = client.clone();
    client.take_tokens(&body(refreshed, 200));
    assert!(opens(&client).await);
}
