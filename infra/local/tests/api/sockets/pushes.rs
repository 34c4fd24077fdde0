//! What is pushed, to whom, and whatever goes wrong on the way.

use banister_local::faults::{FaultKind, Verdict};
use serde_json::json;

use super::{act, book, kept, silent, socket, stage, told};
use crate::support::{self, pass, settle};

#[tokio::test]
async fn the_other_side_is_told_on_every_connection() {
    let (cloud, provider, service, customer) = stage().await;
    let stranger = support::customer(&cloud, "Customer Two").await;
    let (mut ours, mut stranger) = (socket(&customer).await, socket(&stranger).await);
    let (mut one, mut two) = (socket(&provider).await, socket(&provider).await);

    let id = book(&customer, &service, 0).await;
    let frame = told(&mut one, &id, "requested").await;
    assert_eq!(frame, told(&mut two, &id, "requested").await);
    let mut names: Vec<_> = frame.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["booking_id", "event_id", "occurred_at", "revision", "starts_at", "status", "type"]);
    assert_eq!((&frame["revision"], &frame["starts_at"]), (&json!(0), &json!("2031-03-06T00:00:00Z")));

    act(&provider, &id, "confirm").await;
    assert_eq!(told(&mut ours, &id, "confirmed").await["revision"], 1);
    act(&customer, &id, "cancel").await;
    assert_eq!(told(&mut one, &id, "cancelled").await["revision"], 2);

    let id = book(&customer, &service, 1).await;
    told(&mut one, &id, "requested").await;
    act(&provider, &id, "decline").await;
    told(&mut ours, &id, "declined").await;

    let id = book(&customer, &service, 2).await;
    act(&provider, &id, "confirm").await;
    told(&mut ours, &id, "confirmed").await;
    act(&provider, &id, "cancel").await;
    told(&mut ours, &id, "cancelled").await;

    cloud.quiet().await.unwrap();
    silent(&mut ours).await;
    silent(&mut stranger).await;
}

/// Nobody acted: both are told.
#[tokio::test]
async fn both_sides_are_told_of_an_expiry() {
    let (cloud, provider, service, customer) = stage().await;
    let id = book(&customer, &service, 0).await;
    cloud.quiet().await.unwrap();
    pass(&cloud, 24 * 3_600 - 60).await;
    let (mut provider, mut customer) = (provider, customer);
    provider.sign_in().await.unwrap();
    customer.sign_in().await.unwrap();
    let (mut theirs, mut ours) = (socket(&provider).await, socket(&customer).await);
    pass(&cloud, 120).await;
    told(&mut theirs, &id, "expired").await;
    told(&mut ours, &id, "expired").await;
}

/// The gateway could not say that a connection has ended; the next push finds out, and the others go on.
#[tokio::test]
async fn a_connection_that_is_gone_is_forgotten() {
    let (cloud, provider, service, customer) = stage().await;
    let (mut lost, mut kept_open) = (socket(&provider).await, socket(&provider).await);
    pass(&cloud, 60).await;
    silent(&mut lost).await;
    cloud.faults.crash_before("local-connect", 1);
    drop(lost);
    while cloud.sockets.count() > 1 {
        tokio::task::yield_now().await;
    }
    while !cloud.faults.crashed("local-connect") {
        tokio::task::yield_now().await;
    }
    cloud.faults.revive("local-connect");
    assert_eq!(kept(&cloud).await, 4);
    let id = book(&customer, &service, 0).await;
    told(&mut kept_open, &id, "requested").await;
    cloud.quiet().await.unwrap();
    assert_eq!(kept(&cloud).await, 2);
    silent(&mut kept_open).await;
}

/// A connection written a moment ago and not there may still be opening; it is asked again, not forgotten.
#[tokio::test]
async fn a_connection_that_is_still_opening_is_not_forgotten() {
    let (cloud, provider, service, customer) = stage().await;
    let mut open = socket(&provider).await;
    // As it looks from outside between the writing of the item and the opening.
    cloud.faults.script("local-connect", "GetItem", Verdict::Crashed);
    drop(open);
    cloud.sockets.all_gone().await;
    assert_eq!(kept(&cloud).await, 2);
    book(&customer, &service, 0).await;
    let waiting = cloud.sqs.watch(&["SocketQueue"], |depths| depths[0].in_flight > 0);
    waiting.await.unwrap();
    assert_eq!(kept(&cloud).await, 2);
    settle(&cloud).await;
    assert_eq!(kept(&cloud).await, 0);
    open = socket(&provider).await;
    silent(&mut open).await;
}

#[tokio::test]
async fn throttling_and_broken_lines_are_overcome() {
    let (cloud, provider, service, customer) = stage().await;
    let mut theirs = socket(&provider).await;
    let trouble = [
        vec![Verdict::Refuse(FaultKind::Throttle); 3],
        vec![Verdict::Refuse(FaultKind::Lost); 3],
        // More than one delivery tries; the message comes again.
        vec![Verdict::Refuse(FaultKind::Throttle); 5],
    ];
    for (n, verdicts) in trouble.into_iter().enumerate() {
        for verdict in verdicts {
            cloud.faults.script("local-socket", "PostToConnection", verdict);
        }
        let id = book(&customer, &service, n).await;
        if n == 2 {
            settle(&cloud).await;
        }
        told(&mut theirs, &id, "requested").await;
    }
    // An answer that is lost: told twice, and both say which event it was.
    cloud.faults.script("local-socket", "PostToConnection", Verdict::LoseAnswer);
    let id = book(&customer, &service, 3).await;
    let first = told(&mut theirs, &id, "requested").await;
    assert_eq!(told(&mut theirs, &id, "requested").await, first);
    cloud.quiet().await.unwrap();
    silent(&mut theirs).await;
}

/// One connection that takes nothing keeps the others from nothing.
#[tokio::test]
async fn a_client_that_does_not_read_harms_nobody_else() {
    let (cloud, provider, service, customer) = stage().await;
    let (_deaf, mut open) = (socket(&provider).await, socket(&provider).await);
    let items = support::invariants::items(&cloud).await;
    let ids = items.iter().filter(|item| item["t"].as_s().is_ok_and(|kind| kind == "socket"));
    let mut ids: Vec<_> = ids.map(|item| item["connection_id"].as_s().unwrap().clone()).collect();
    ids.sort();
    let sockets = banister_platform::socket::Sockets::from_settings(&cloud.settings("local-test")).unwrap();
    // Which of the two is the deaf one shows in what the other one gets.
    let (mark, full) = (json!({ "mark": 0 }).to_string(), "x".repeat(100_000));
    sockets.post(&ids[0], mark).await.unwrap();
    sockets.post(&ids[1], json!({ "mark": 1 }).to_string()).await.unwrap();
    let heard = open.frame().await.unwrap()["mark"].as_u64().unwrap();
    let deaf = &ids[usize::from(heard == 0)];
    while sockets.post(deaf, full.clone()).await.is_ok() {}
    let id = book(&customer, &service, 0).await;
    told(&mut open, &id, "requested").await;
}
