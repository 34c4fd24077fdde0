//! What runs behind the API dies: the schedules, the relay, the e-mail worker and the mapping that
//! feeds it.

use std::time::Duration;

use banister_domain::booking::Status;
use banister_local::cloud::Cloud;
use jiff::SignedDuration;

use super::{Crash, book, revive, stage};
use crate::support::invariants::{Kept, Mails, invariants, invariants_with};
use crate::support::{body, settle, text};

/// After this a message that failed is delivered again.
const VISIBILITY: SignedDuration = SignedDuration::from_secs(181);
/// Longer than anything that is under way takes.
const PATIENCE: Duration = Duration::from_secs(1);

/// Waits until `role` is dead, or until all is done and it has not died.
pub(super) async fn dies(cloud: &Cloud, role: &str) -> bool {
    let dead = async {
        while !cloud.faults.crashed(role) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        quiet = cloud.quiet() => quiet.expect("the cloud comes to rest"),
        () = dead => {}
    }
    cloud.faults.crashed(role)
}

#[tokio::test]
async fn expiring() {
    let (cloud, _, service, customer) = stage(30).await;
    let mut bookings = Vec::new();
    // From the hour after the start on, so that each deadline is the beginning.
    for n in 0..50 {
        let (hour, minute) = (7 + n / 2, n % 2 * 30);
        let starts_at = format!("2031-03-{:02}T{:02}:{minute:02}:00Z", 3 + hour / 24, hour % 24);
        let key = format!("intention-{n}");
        bookings.push(body(customer.book(&service, &starts_at, &key).await.unwrap(), 201));
    }
    cloud.quiet().await.unwrap();
    cloud.clock.advance(SignedDuration::from_mins(30));
    let mut due = bookings.iter();
    for crash in Crash::BOTH {
        let mut calls = 0;
        for n in 1.. {
            cloud.clock.advance(SignedDuration::from_mins(30));
            cloud.sqs.clock_moved();
            let id = text(due.next().expect("a booking for each round"), "id");
            crash.arm(&cloud, "local-expire", n);
            cloud.run_schedules().await;
            let crashed = revive(&cloud, "local-expire");
            cloud.run_schedules().await;
            assert_eq!(
                invariants(&cloud).await.path(id),
                [Status::Requested, Status::Expired],
                "{crash:?} {n}"
            );
            if !crashed {
                break;
            }
            calls = n;
        }
        assert_eq!(
            calls, 23,
            "four shards, the booking, calendar, transaction, four shards of what completes, four of reviews, four of series, four of who waits"
        );
    }
}

#[tokio::test]
async fn relaying() {
    let (cloud, _, service, customer) = stage(60).await;
    let mut booked = 0;
    for crash in Crash::BOTH {
        for n in 1.. {
            cloud.quiet().await.unwrap();
            crash.arm(&cloud, "local-relay", n);
            book(&customer, &service, booked).await;
            booked += 1;
            let died = dies(&cloud, "local-relay").await;
            revive(&cloud, "local-relay");
            invariants(&cloud).await;
            if !died {
                assert_eq!(n, 4, "two sends, forget");
                break;
            }
        }
    }
    assert_eq!(invariants(&cloud).await.bookings.len(), booked);
}

/// The relay is dead all the time; the sweep gets the events out, and dies too.
#[tokio::test]
async fn sweeping() {
    let (cloud, _, service, mut customer) = stage(60).await;
    cloud.quiet().await.unwrap();
    cloud.faults.crash_before("local-relay", 1);
    let mut booked = 0;
    for crash in Crash::BOTH {
        let mut calls = 0;
        for n in 1.. {
            customer.sign_in().await.unwrap();
            book(&customer, &service, booked).await;
            booked += 1;
            // Waiting for a minute makes an event the sweep's.
            cloud.clock.advance(SignedDuration::from_secs(61));
            crash.arm(&cloud, "local-sweep", n);
            cloud.run_schedules().await;
            let crashed = revive(&cloud, "local-sweep");
            cloud.run_schedules().await;
            assert_eq!(Kept::read(&cloud).await.waiting, 0, "the sweep alone gets everything out");
            if !crashed {
                break;
            }
            calls = n;
        }
        assert_eq!(calls, 7, "four shards, two sends, forget");
    }
    revive(&cloud, "local-relay");
    assert_eq!(invariants(&cloud).await.bookings.len(), booked);
}

#[tokio::test]
async fn mailing() {
    let (cloud, _, service, mut customer) = stage(60).await;
    let mut booked = 0;
    for role in ["local-email", "local-email-source"] {
        for crash in Crash::BOTH {
            let mut calls = 0;
            for n in 1.. {
                customer.sign_in().await.unwrap();
                crash.arm(&cloud, role, n);
                book(&customer, &service, booked).await;
                booked += 1;
                // A long poll that outlived its caller may take the message, and nothing happens.
                let died = tokio::time::timeout(PATIENCE, dies(&cloud, role)).await;
                revive(&cloud, role);
                settle(&cloud).await;
                if died == Ok(false) {
                    break;
                }
                calls = n;
            }
            let least = if role == "local-email" { 4 } else { 1 };
            assert!(calls >= least, "{role}: {calls}");
        }
    }
    // A mark that could not be written is missing, and nobody was told twice for want of it.
    let kept = invariants_with(&cloud, Mails::AtLeastOnce).await;
    assert_eq!(kept.bookings.len(), booked);
    assert!(kept.mails.values().all(|count| *count == 1), "{:?}", kept.mails);
}

/// The mail server takes a mail and dies before it says so: the mail is sent again, and both have
/// the same Message-ID, by which the reader's server knows them.
#[tokio::test]
async fn the_mail_server() {
    let (cloud, _, service, customer) = stage(60).await;
    cloud.quiet().await.unwrap();
    let before = cloud.mailbox.list(None).len();
    cloud.mailbox.lose_answers(1);
    book(&customer, &service, 0).await;
    let request = |mail: &banister_local::mail::Mail| mail.subject.starts_with("New request");
    let first = cloud.mailbox.wait_for(request).await.unwrap();
    cloud.advance(VISIBILITY).await;
    let kept = invariants_with(&cloud, Mails::AtLeastOnce).await;
    let mails = cloud.mailbox.list(None);
    assert_eq!(mails.len(), before + 2);
    assert!(mails[before..].iter().all(|mail| mail.message_id == first.message_id));
    assert_eq!(kept.mails.values().filter(|count| **count == 2).count(), 1);
}
