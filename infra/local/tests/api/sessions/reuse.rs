//! The owner is told of an old refresh token that came back: once a session, and of no lost answer.

use banister_domain::event::Payload;
use banister_local::cloud::Cloud;
use banister_local::faults::{FaultKind, Verdict};
use futures_util::future::join_all;

use super::refresh;
use crate::problems::refused;
use crate::support::invariants::invariants;
use crate::support::{body, cloud_at, customer, news, pass, stranger};

const START: &str = "2026-03-02T08:00:00Z";
const TOLD: &str = "We ended one of your sessions";

/// Uses a token again from elsewhere, so many times at once.
async fn steal(cloud: &Cloud, token: &str, times: usize) {
    let thieves: Vec<_> = (0..times).map(|_| stranger(cloud)).collect();
    for answer in join_all(thieves.iter().map(|thief| refresh(thief, token))).await {
        refused(&answer, 401, "invalid_refresh_token");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_mail_a_session_however_often_it_is_tried() {
    let cloud = cloud_at(START).await;
    let mut owner = customer(&cloud, "Customer One").await;
    for number in 1..=2 {
        let stolen = owner.refresh_token.clone().unwrap();
        body(refresh(&owner, &stolen).await, 200);
        pass(&cloud, 60).await;
        steal(&cloud, &stolen, 20).await;
        steal(&cloud, &stolen, 1).await;
        assert_eq!(news(&cloud, &owner.email).await, vec![TOLD; number]);
        owner.sign_in().await.unwrap();
    }
    let kept = invariants(&cloud).await;
    let told = |payload: &Payload| matches!(payload, Payload::RefreshTokenReused { .. });
    assert_eq!(kept.events.iter().filter(|event| told(&event.payload)).count(), 2);
}

#[tokio::test]
async fn a_lost_answer_is_no_news() {
    let cloud = cloud_at(START).await;
    let owner = customer(&cloud, "Customer One").await;
    let token = owner.refresh_token.clone().unwrap();
    for _ in 0..2 {
        body(refresh(&owner, &token).await, 200);
    }
    assert!(news(&cloud, &owner.email).await.is_empty());
}

/// The session's end and the mail are one transaction.
#[tokio::test]
async fn the_mail_goes_with_the_session() {
    let cloud = cloud_at(START).await;
    let mut owner = customer(&cloud, "Customer One").await;
    for (number, verdict) in [(1, Verdict::LoseAnswer), (2, Verdict::Refuse(FaultKind::Conflict))] {
        let stolen = owner.refresh_token.clone().unwrap();
        body(refresh(&owner, &stolen).await, 200);
        pass(&cloud, 60).await;
        cloud.faults.script("local-http", "TransactWriteItems", verdict);
        steal(&cloud, &stolen, 1).await;
        assert_eq!(news(&cloud, &owner.email).await, vec![TOLD; number]);
        owner.sign_in().await.unwrap();
    }
    invariants(&cloud).await;
}
