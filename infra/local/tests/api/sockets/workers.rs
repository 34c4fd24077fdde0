//! The push worker and its queue die, and get what they cannot read.

use std::time::Duration;

use banister_local::cloud::Cloud;
use banister_platform::queue::Queue;
use serde_json::json;

use super::{act, book, silent, socket, stage, told};
use crate::support::{settle, text};

/// Longer than anything that is under way takes.
const PATIENCE: Duration = Duration::from_secs(1);

/// Waits until `role` is dead, or until all is done and it has not died.
async fn dies(cloud: &Cloud, role: &str) -> bool {
    let dead = async {
        while !cloud.faults.crashed(role) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        quiet = cloud.quiet() => quiet.expect("the cloud comes to rest"),
        () = dead => {}
        // A long poll that outlived its caller may have taken the message.
        () = tokio::time::sleep(PATIENCE) => return true,
    }
    cloud.faults.crashed(role)
}

/// Before and after each of its calls: told at least once, and nobody else is.
#[tokio::test]
async fn pushing() {
    let (cloud, provider, service, customer) = stage().await;
    cloud.quiet().await.unwrap();
    let mut booked = 0;
    for role in ["local-socket", "local-socket-source"] {
        for executed in [false, true] {
            let mut calls = 0;
            for n in 1.. {
                let (mut provider, mut customer) = (provider.clone(), customer.clone());
                provider.sign_in().await.unwrap();
                customer.sign_in().await.unwrap();
                let (mut theirs, mut ours) = (socket(&provider).await, socket(&customer).await);
                if executed {
                    cloud.faults.crash_after(role, n);
                } else {
                    cloud.faults.crash_before(role, n);
                }
                let id = book(&customer, &service, booked).await;
                booked += 1;
                let died = dies(&cloud, role).await;
                cloud.faults.revive(role);
                settle(&cloud).await;
                let first = told(&mut theirs, &id, "requested").await;
                loop {
                    theirs.send(&json!({ "action": "ping" })).await.unwrap();
                    let next = theirs.frame().await.unwrap();
                    if next == json!({ "type": "pong" }) {
                        break;
                    }
                    assert_eq!(next, first, "the same again, at most");
                }
                silent(&mut ours).await;
                drop((theirs, ours));
                cloud.sockets.all_gone().await;
                if !died {
                    break;
                }
                calls = n;
            }
            let least = if role == "local-socket" { 4 } else { 1 };
            assert!(calls >= least, "{role}: {calls}");
        }
    }
    assert!(cloud.sqs.depth("SocketDeadLetterQueue").unwrap().is_empty());
}

/// What no worker can read is put aside at once and keeps nothing behind it back.
#[tokio::test]
async fn poison_is_put_aside() {
    let (cloud, provider, service, customer) = stage().await;
    let mut theirs = socket(&provider).await;
    let queue = Queue::from_settings(&cloud.settings("local-test"), "SOCKET_QUEUE_URL").unwrap();
    for body in ["", "{}", r#"{"type":"booking.danced"}"#, "not JSON"] {
        if !body.is_empty() {
            queue.send(body.to_owned()).await.unwrap();
        }
    }
    let id = book(&customer, &service, 0).await;
    told(&mut theirs, &id, "requested").await;
    cloud.quiet().await.unwrap();
    assert_eq!(cloud.sqs.depth("SocketDeadLetterQueue").unwrap().visible, 3);
    silent(&mut theirs).await;
}

/// Events that come twice, late and out of order tell how the booking is, not how it was.
#[tokio::test]
async fn an_old_event_tells_the_newest_state() {
    let (cloud, provider, service, customer) = stage().await;
    let mut theirs = socket(&provider).await;
    cloud.faults.crash_before("local-socket", 1);
    let id = book(&customer, &service, 0).await;
    act(&customer, &id, "cancel").await;
    cloud.sqs.watch(&["SocketQueue"], |depths| depths[0].in_flight == 2).await.unwrap();
    cloud.faults.revive("local-socket");
    settle(&cloud).await;
    let (one, two) = (theirs.frame().await.unwrap(), theirs.frame().await.unwrap());
    for frame in [&one, &two] {
        assert_eq!((text(frame, "status"), &frame["revision"]), ("cancelled", &json!(1)));
    }
    assert_ne!(one["event_id"], two["event_id"]);
}
