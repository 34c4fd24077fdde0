//! `GET /v1/sessions` in pages.

use banister_domain::account::Account;
use banister_domain::id::{SessionId, UserId};
use banister_local::client::Client;
use banister_local::cloud::Cloud;
use banister_platform::identity::refresh::RefreshToken;
use banister_platform::random;
use banister_platform::store::{Accounts, Place, Sessions, SignIn};
use jiff::SignedDuration;
use serde_json::Value;

use super::everywhere::table;
use super::refresh;
use crate::problems::{refused, refused_parameter};
use crate::support::{body, change_account, cloud_at, customer, pass, text};

const START: &str = "2026-03-02T08:00:00Z";

/// So many sessions, begun a second apart, the last of them now: their ids, begun last first.
async fn begun(cloud: &Cloud, owner: &Client, many: i64) -> Vec<String> {
    let user: UserId = owner.id.parse().unwrap();
    let (sessions, now) = (Sessions::new(table(cloud)), cloud.clock.now());
    let account = Accounts::new(table(cloud)).get(user).await.unwrap().unwrap();
    let mut ids = Vec::new();
    for second in 0..many {
        let at = now - SignedDuration::from_secs(second);
        let id: SessionId = random::id(at);
        let token = RefreshToken::issue(user, id);
        sessions.begin(&token, SignIn::to(&account), Place::default(), "test".into(), at).await.unwrap();
        ids.push(id.to_string());
    }
    ids
}

async fn page(client: &Client, query: &str) -> (Vec<String>, Option<String>) {
    let page = body(client.get(&format!("/v1/sessions?{query}")).await.unwrap(), 200);
    let ids = page["items"].as_array().unwrap().iter().map(|session| text(session, "id").to_owned());
    (ids.collect(), page["next_cursor"].as_str().map(String::from))
}

/// The ids on the pages from a cursor on, or on all of them.
async fn pages(client: &Client, limit: u16, mut cursor: Option<String>) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let after = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let (ids, next) = page(client, &format!("limit={limit}{after}")).await;
        assert!(ids.len() <= limit.into());
        all.extend(ids);
        match next {
            Some(next) => cursor = Some(next),
            None => return all,
        }
    }
}

/// More than there was room for when all of them were on one page.
#[tokio::test]
async fn more_than_five_hundred_are_listed() {
    let cloud = cloud_at(START).await;
    let owner = customer(&cloud, "Customer One").await;
    pass(&cloud, 600).await;
    let ids = begun(&cloud, &owner, 520).await;
    let found = pages(&owner, 100, None).await;
    assert_eq!((&found[..520], found.len()), (&ids[..], 521), "and the one that asks");
    let (first, next) = page(&owner, "").await;
    assert_eq!((first, next.is_some()), (ids[..20].to_vec(), true));
}

/// Between two pages one begins, one is used, one that was shown ends, one that was not, and the one that the page
/// ended with.
#[tokio::test]
async fn every_session_is_on_one_page_whatever_begins_and_ends_meanwhile() {
    let cloud = cloud_at(START).await;
    let mut owner = customer(&cloud, "Customer One").await;
    let own = crate::support::session_of(&owner).to_string();
    pass(&cloud, 600).await;
    let ids = begun(&cloud, &owner, 9).await;
    let (first, cursor) = page(&owner, "limit=4").await;
    assert_eq!(first, ids[..4]);
    owner.take_tokens(&body(refresh(&owner, owner.refresh_token.as_deref().unwrap()).await, 200));
    let mut another = owner.clone();
    another.sign_in().await.unwrap();
    for ended in [&ids[1], &ids[3], &ids[6]] {
        assert_eq!(owner.delete(&format!("/v1/sessions/{ended}")).await.unwrap().status, 204);
    }
    let rest = pages(&owner, 4, cursor).await;
    assert_eq!(rest, [&ids[4], &ids[5], &ids[7], &ids[8], &own].map(String::clone));
}

/// What is over, or void, takes room on a page and is not shown.
#[tokio::test]
async fn a_page_can_be_empty_with_more_to_come() {
    let cloud = cloud_at(START).await;
    let owner = customer(&cloud, "Customer One").await;
    pass(&cloud, 600).await;
    begun(&cloud, &owner, 3).await;
    change_account(&cloud, &owner.id, |account| Account { epoch: account.epoch + 1, ..account }).await;
    pass(&cloud, 6).await;
    let mut again = owner.clone();
    again.sign_in().await.unwrap();
    let (first, cursor) = page(&again, "limit=1").await;
    assert_eq!(first.len(), 1);
    let (second, next) = page(&again, &format!("limit=1&cursor={}", cursor.unwrap())).await;
    assert_eq!((second.len(), next.is_some()), (0, true));
    assert_eq!(pages(&again, 2, None).await, first);
}

#[tokio::test]
async fn a_cursor_is_good_for_whom_it_was_made_only() {
    let cloud = cloud_at(START).await;
    let (owner, other) = (customer(&cloud, "Customer One").await, customer(&cloud, "Customer Two").await);
    begun(&cloud, &owner, 3).await;
    let cursor = page(&owner, "limit=2").await.1.unwrap();
    let path = format!("/v1/sessions?limit=2&cursor={cursor}");
    assert_ne!(body(owner.get(&path).await.unwrap(), 200)["items"], Value::Array(Vec::new()));
    refused(&other.get(&path).await.unwrap(), 400, "invalid_cursor");
    refused(&owner.get("/v1/sessions?cursor=x").await.unwrap(), 400, "invalid_cursor");
    for limit in ["0", "101", "x"] {
        refused_parameter(
            &owner.get(&format!("/v1/sessions?limit={limit}")).await.unwrap(),
            "limit",
            "invalid",
        );
    }
}
