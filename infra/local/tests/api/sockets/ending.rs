//! What ends a session ends its connections.

use banister_domain::account::{Account, AccountStatus};
use jiff::SignedDuration;
use serde_json::json;

use super::{act, book, closed, kept, silent, socket, stage, told};
use crate::support::invariants::{HashMap, items};
use crate::support::{body, change_account, pass, switch_off};

#[tokio::test]
async fn signing_out_everywhere_closes_all() {
    let (cloud, provider, _, mut customer) = stage().await;
    let mut other = customer.clone();
    other.sign_in().await.unwrap();
    let (mut one, mut two, mut theirs) =
        (socket(&customer).await, socket(&other).await, socket(&provider).await);
    body(customer.delete("/v1/sessions").await.unwrap(), 204);
    assert_eq!((closed(&mut one).await, closed(&mut two).await), (1000, 1000));
    cloud.quiet().await.unwrap();
    silent(&mut theirs).await;
    assert_eq!(kept(&cloud).await, 2);

    customer.sign_in().await.unwrap();
    let mut again = socket(&customer).await;
    silent(&mut again).await;
}

#[tokio::test]
async fn signing_out_closes_the_own_ones_only() {
    let (cloud, _, _, customer) = stage().await;
    let mut other = customer.clone();
    other.sign_in().await.unwrap();
    let (mut one, mut two) = (socket(&customer).await, socket(&other).await);
    body(customer.delete("/v1/sessions/current").await.unwrap(), 204);
    assert_eq!(closed(&mut one).await, 1000);
    cloud.quiet().await.unwrap();
    silent(&mut two).await;
    assert_eq!(kept(&cloud).await, 2);
}

#[tokio::test]
async fn a_stolen_refresh_token_closes_them_too() {
    let (cloud, _, _, mut customer) = stage().await;
    let stolen = customer.refresh_token.clone().unwrap();
    let ask = json!({ "refresh_token": stolen });
    customer.take_tokens(&body(customer.post("/v1/sessions/refresh", &ask).await.unwrap(), 200));
    let mut socket = socket(&customer).await;
    pass(&cloud, 61).await;
    body(customer.post("/v1/sessions/refresh", &ask).await.unwrap(), 401);
    assert_eq!(closed(&mut socket).await, 1000);
    cloud.sockets.all_gone().await;
    assert_eq!(kept(&cloud).await, 0);
}

#[tokio::test]
async fn switching_a_user_off_closes_them() {
    let (cloud, _, _, customer) = stage().await;
    let mut socket = socket(&customer).await;
    switch_off(&cloud, &customer.id).await;
    assert_eq!(closed(&mut socket).await, 1000);
    cloud.quiet().await.unwrap();
    assert_eq!(kept(&cloud).await, 0);
}

/// Where the gateway could not say that a connection has ended, its items end by their age.
#[tokio::test]
async fn items_without_a_connection_go_by_their_age() {
    let (cloud, mut provider, service, mut customer) = stage().await;
    let lost = socket(&provider).await;
    let soon = (cloud.clock.now() + SignedDuration::from_mins(130)).as_second();
    cloud.faults.crash_before("local-connect", 1);
    drop(lost);
    cloud.sockets.all_gone().await;
    cloud.faults.revive("local-connect");
    let left = items(&cloud).await;
    let ttl = |item: &HashMap| item.get("ttl")?.as_n().ok()?.parse::<i64>().ok();
    let of_connections = |item: &&HashMap| item.contains_key("connection_id");
    let ttls: Vec<_> = left.iter().filter(of_connections).filter_map(ttl).collect();
    assert!(
        ttls.len() == 2 && ttls.iter().all(|ttl| (soon - 60..=soon + 1).contains(ttl)),
        "{ttls:?} {soon}"
    );
    // Items are deleted late, and count for nothing until then.
    pass(&cloud, 131 * 60).await;
    provider.sign_in().await.unwrap();
    customer.sign_in().await.unwrap();
    let mut open = socket(&provider).await;
    let id = book(&customer, &service, 0).await;
    told(&mut open, &id, "requested").await;
    cloud.quiet().await.unwrap();
    assert_eq!(kept(&cloud).await, 2);
}

/// Even where nothing says that the user is switched off, a push tells them nothing more.
#[tokio::test]
async fn nobody_without_access_is_told_anything() {
    let (cloud, provider, service, customer) = stage().await;
    let id = book(&customer, &service, 0).await;
    cloud.quiet().await.unwrap();
    let mut socket = socket(&customer).await;
    let disable =
        |account: Account| Account { status: AccountStatus::Disabled, epoch: account.epoch + 1, ..account };
    change_account(&cloud, &customer.id, disable).await;
    act(&provider, &id, "confirm").await;
    assert_eq!(closed(&mut socket).await, 1000);
    cloud.sockets.all_gone().await;
    assert_eq!(kept(&cloud).await, 0);
}
