//! Signing in ends the session that the client still has.

use std::time::Duration;

use banister_domain::account::Account;
use banister_local::client::{Answer, Client, Incoming, PASSWORD};
use banister_local::cloud::Cloud;
use banister_local::faults::{FaultKind, Verdict};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{opens, refresh};
use crate::problems::{refused, refused_at};
use crate::support::invariants::{invariants, items};
use crate::support::{
    body, change_account, cloud_at, customer, news, pass, session_of, stranger, switch_off,
};

const START: &str = "2026-03-02T08:00:00Z";

/// Longer than any call takes to get to the table, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(5);

fn held(client: &Client) -> &str {
    client.refresh_token.as_deref().expect("a token")
}

/// Signs `email` in from a device that has `token`.
async fn over(cloud: &Cloud, email: &str, password: &str, token: impl Into<Value>) -> Answer {
    let ask = json!({ "email": email, "password": password, "replaces": token.into() });
    stranger(cloud).post("/v1/sessions", &ask).await.unwrap()
}

/// Whether the refresh token of a session is good; uses it up.
async fn stands(client: &Client) -> bool {
    let answer = refresh(client, held(client)).await;
    if answer.status != 200 {
        refused(&answer, 401, "invalid_refresh_token");
    }
    answer.status == 200
}

/// The lines of the audit log of one kind, by whom they are about.
async fn audited(cloud: &Cloud, entry: &str) -> Vec<String> {
    let items = items(cloud).await.into_iter();
    let of = items.filter(|item| item.get("entry").is_some_and(|e| e.as_s().is_ok_and(|e| e == entry)));
    of.map(|item| item["user_id"].as_s().expect("an id").clone()).collect()
}

async fn sessions(cloud: &Cloud) -> usize {
    items(cloud).await.iter().filter(|item| item["t"].as_s().is_ok_and(|t| t == "session")).count()
}

#[tokio::test]
async fn the_session_that_the_client_has_ends_as_by_signing_out() {
    let cloud = cloud_at(START).await;
    let owner = customer(&cloud, "Customer One").await;
    let mut other = owner.clone();
    other.sign_in().await.unwrap();
    let (mut closed, mut open) = (owner.socket().await.unwrap(), other.socket().await.unwrap());
    assert!(opens(&owner).await);
    let session = body(over(&cloud, &owner.email, PASSWORD, held(&owner)).await, 201);
    assert!(matches!(closed.next().await.unwrap(), Incoming::Closed(1000, _)));
    pass(&cloud, 6).await;
    assert!(!opens(&owner).await);
    assert!(!stands(&owner).await);
    assert_eq!(audited(&cloud, "session_ended").await, [owner.id.as_str()]);
    // Nothing else has ended.
    open.send(&json!({ "action": "ping" })).await.unwrap();
    assert_eq!(open.frame().await.unwrap(), json!({ "type": "pong" }));
    let mut new = stranger(&cloud);
    new.take_tokens(&session);
    for standing in [&other, &new] {
        assert!(opens(standing).await && stands(standing).await);
    }
    assert!(news(&cloud, &owner.email).await.is_empty(), "it is no theft");
    invariants(&cloud).await;
}

/// Two people share a device: what the one left there ends with the other's beginning.
#[tokio::test]
async fn it_may_be_somebody_elses() {
    let cloud = cloud_at(START).await;
    let (one, two) = (customer(&cloud, "Customer One").await, customer(&cloud, "Customer Two").await);
    let session = body(over(&cloud, &two.email, PASSWORD, held(&one)).await, 201);
    assert_eq!(session["user"]["id"], two.id);
    pass(&cloud, 6).await;
    assert!(!opens(&one).await && !stands(&one).await);
    assert!(opens(&two).await);
    assert_eq!(audited(&cloud, "session_ended").await, [one.id.as_str()]);
    invariants(&cloud).await;
}

#[tokio::test]
async fn nothing_ends_before_the_sign_in_has_succeeded() {
    let cloud = cloud_at(START).await;
    let owner = customer(&cloud, "Customer One").await;
    let mut guarded = customer(&cloud, "Customer Two").await;
    guarded.turn_on_second_factor(cloud.clock.now()).await.unwrap();
    let off = customer(&cloud, "Customer Three").await;
    switch_off(&cloud, &off.id).await;
    let before = audited(&cloud, "session_ended").await;
    for (email, password, status, code) in [
        (&owner.email, "wrong horse battery", 401, "wrong_credentials"),
        (&"nobody@example.com".to_owned(), PASSWORD, 401, "wrong_credentials"),
        (&guarded.email, PASSWORD, 401, "second_factor_needed"),
        (&off.email, PASSWORD, 403, "account_disabled"),
    ] {
        refused(&over(&cloud, email, password, held(&owner)).await, status, code);
    }
    let ask = json!({ "email": guarded.email, "password": PASSWORD, "code": "bbbb-bbbb-bbbb",
        "replaces": held(&owner) });
    refused(&stranger(&cloud).post("/v1/sessions", &ask).await.unwrap(), 401, "wrong_second_factor");
    assert_eq!(audited(&cloud, "session_ended").await, before);
    assert!(opens(&owner).await && stands(&owner).await);
}

#[tokio::test]
async fn the_second_factor_and_the_end_go_together() {
    let cloud = cloud_at(START).await;
    let mut owner = customer(&cloud, "Customer One").await;
    owner.turn_on_second_factor(cloud.clock.now()).await.unwrap();
    let code = owner.recovery_code().unwrap();
    let ask = json!({ "email": owner.email, "password": PASSWORD, "code": code, "replaces": held(&owner) });
    body(stranger(&cloud).post("/v1/sessions", &ask).await.unwrap(), 201);
    pass(&cloud, 6).await;
    assert!(!opens(&owner).await && !stands(&owner).await);
}

#[tokio::test]
async fn what_names_no_standing_session_is_passed_over() {
    let cloud = cloud_at(START).await;
    let (owner, other) = (customer(&cloud, "Customer One").await, customer(&cloud, "Customer Two").await);
    let token = held(&other).to_owned();
    let (ids, mac) = token.rsplit_once('.').unwrap();
    let (ids, _) = ids.rsplit_once('.').unwrap();
    let invented = format!("{ids}.{}.{mac}", "A".repeat(43));
    let mut gone = other.clone();
    gone.sign_in().await.unwrap();
    body(gone.delete("/v1/sessions/current").await.unwrap(), 204);
    let mut void = customer(&cloud, "Customer Three").await;
    change_account(&cloud, &void.id, |account| Account { epoch: account.epoch + 1, ..account }).await;
    let before = audited(&cloud, "session_ended").await;
    let long = "ё".repeat(256);
    for token in ["", "rft_", "nothing", &long, &invented, held(&gone), held(&void)] {
        body(over(&cloud, &owner.email, PASSWORD, token).await, 201);
    }
    pass(&cloud, 31 * 86_400).await;
    void.sign_in().await.unwrap();
    body(over(&cloud, &void.email, PASSWORD, held(&other)).await, 201);
    assert_eq!(audited(&cloud, "session_ended").await, before);
    assert_eq!(audited(&cloud, "refresh_token_reused").await, [""; 0]);
    assert!(opens(&void).await);
}

#[tokio::test]
async fn what_is_no_text_of_256_characters_is_refused() {
    let cloud = cloud_at(START).await;
    let owner = customer(&cloud, "Customer One").await;
    for (token, kind) in
        [(json!("x".repeat(257)), "invalid"), (json!(null), "invalid"), (json!(7), "invalid")]
    {
        refused_at(&over(&cloud, &owner.email, PASSWORD, token).await, "/replaces", kind);
    }
    body(over(&cloud, &owner.email, PASSWORD, "x".repeat(256)).await, 201);
}

/// The token before is the client's own, whose refresh was not answered; an older one is a stolen one's trace.
#[tokio::test]
async fn an_old_token_ends_the_session_and_its_owner_is_told() {
    let cloud = cloud_at(START).await;
    let mut owner = customer(&cloud, "Customer One").await;
    for told in [vec![], vec!["We ended one of your sessions"]] {
        let old = held(&owner).to_owned();
        let stolen = body(refresh(&owner, &old).await, 200);
        pass(&cloud, if told.is_empty() { 30 } else { 61 }).await;
        let session = body(over(&cloud, &owner.email, PASSWORD, old).await, 201);
        let mut thief = stranger(&cloud);
        thief.take_tokens(&stolen);
        pass(&cloud, 6).await;
        assert!(!opens(&thief).await && !stands(&thief).await);
        assert_eq!(news(&cloud, &owner.email).await, told);
        owner.take_tokens(&session);
    }
    assert_eq!(audited(&cloud, "session_ended").await, [owner.id.as_str()]);
    assert_eq!(audited(&cloud, "refresh_token_reused").await, [owner.id.as_str()]);
    invariants(&cloud).await;
}

/// All of them get in, and the session ends once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_sign_ins_replace_one_session() {
    let cloud = cloud_at(START).await;
    let (owner, other) = (customer(&cloud, "Customer One").await, customer(&cloud, "Customer Two").await);
    let who = [&owner.email, &other.email].repeat(10);
    for session in join_all(who.into_iter().map(|email| over(&cloud, email, PASSWORD, held(&owner)))).await {
        let mut client = stranger(&cloud);
        client.take_tokens(&body(session, 201));
        assert_ne!(session_of(&client), session_of(&owner));
        assert!(opens(&client).await && stands(&client).await);
    }
    pass(&cloud, 6).await;
    assert!(!opens(&owner).await && !stands(&owner).await);
    assert_eq!(audited(&cloud, "session_ended").await, [owner.id.as_str()]);
    invariants(&cloud).await;
}

/// Somebody refreshes the session while the sign-in is under way: it ends all the same.
#[tokio::test]
async fn a_refresh_holds_nothing_up() {
    let cloud = cloud_at(START).await;
    let mut owner = customer(&cloud, "Customer One").await;
    let email = owner.email.clone();
    let token = held(&owner).to_owned();
    cloud.faults.script("local-http", "TransactWriteItems", Verdict::Hold);
    let (session, next) = join(over(&cloud, &email, PASSWORD, token.clone()), async {
        tokio::time::timeout(PATIENCE, cloud.faults.held()).await.expect("a transaction on its way");
        let next = body(refresh(&owner, &token).await, 200);
        cloud.faults.release();
        next
    })
    .await;
    body(session, 201);
    owner.take_tokens(&next);
    pass(&cloud, 6).await;
    assert!(!opens(&owner).await && !stands(&owner).await);
    assert_eq!(sessions(&cloud).await, 1);
}

/// Signed out elsewhere while the sign-in is under way: it is tried again without.
#[tokio::test]
async fn the_session_ends_meanwhile() {
    let cloud = cloud_at(START).await;
    let owner = customer(&cloud, "Customer One").await;
    cloud.faults.script("local-http", "TransactWriteItems", Verdict::Hold);
    let (session, ()) = join(over(&cloud, &owner.email, PASSWORD, held(&owner)), async {
        tokio::time::timeout(PATIENCE, cloud.faults.held()).await.expect("a transaction on its way");
        body(owner.delete("/v1/sessions/current").await.unwrap(), 204);
        cloud.faults.release();
    })
    .await;
    body(session, 201);
    assert_eq!(audited(&cloud, "session_ended").await, [owner.id.as_str()]);
    assert_eq!(sessions(&cloud).await, 1);
}

/// The end is in the transaction of the beginning: both or neither.
#[tokio::test]
async fn both_or_neither() {
    let cloud = cloud_at(START).await;
    let mut owner = customer(&cloud, "Customer One").await;
    for verdict in [Verdict::Refuse(FaultKind::Conflict), Verdict::LoseAnswer] {
        cloud.faults.script("local-http", "TransactWriteItems", verdict);
        let session = body(over(&cloud, &owner.email, PASSWORD, held(&owner)).await, 201);
        assert!(!stands(&owner).await);
        assert_eq!(sessions(&cloud).await, 1);
        owner.take_tokens(&session);
    }
    // The function dies before the one call that writes both, and after it.
    for (after, left) in [(false, true), (true, false)] {
        let calls = 7;
        if after {
            cloud.faults.crash_after("local-http", calls);
        } else {
            cloud.faults.crash_before("local-http", calls);
        }
        let answer = over(&cloud, &owner.email, PASSWORD, held(&owner)).await;
        assert!(cloud.faults.crashed("local-http") && answer.status.is_server_error(), "{}", answer.body);
        cloud.faults.revive("local-http");
        assert_eq!(sessions(&cloud).await, 1, "one ends where one begins");
        pass(&cloud, 6).await;
        assert_eq!(opens(&owner).await, left);
    }
    // The client asks again, with what it has.
    body(over(&cloud, &owner.email, PASSWORD, held(&owner)).await, 201);
    assert_eq!(sessions(&cloud).await, 2, "the one that nobody was told of, and this");
    invariants(&cloud).await;
}
