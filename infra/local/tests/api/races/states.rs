//! Races about one booking: who answers it, who takes its place.

use banister_domain::booking::Status;
use banister_domain::event::Payload;
use banister_local::client::{Answer, Client};
use banister_local::cloud::Cloud;
use banister_local::faults::Verdict;
use futures_util::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Ask, START, all_at_once, crowd};
use crate::support::invariants::{Kept, invariants};
use crate::support::{self, body, text};

/// Longer than any call takes to get to the table, on a busy machine too.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// A cloud with a provider, the service of so many minutes that they offer, and customers.
async fn stage(minutes: u16, customers: usize) -> (Cloud, Client, String, Vec<Client>) {
    let cloud = support::cloud_at(START).await;
    let (provider, customers) =
        join(support::provider(&cloud, "Provider One"), crowd(&cloud, customers)).await;
    let service = support::service(&provider, minutes).await;
    (cloud, provider, service, customers)
}

/// Moves the clock without running the schedules, once nobody is at work.
async fn pass_unnoticed(cloud: &Cloud, by: SignedDuration) {
    cloud.quiet().await.expect("the cloud comes to rest");
    cloud.clock.advance(by);
    cloud.sqs.clock_moved();
}

/// To a moment before the deadline that leaves time for a call or two.
async fn pass_to_the_brink(cloud: &Cloud, booking: &Value) {
    let deadline: Timestamp = text(booking, "answer_by").parse().expect("a moment");
    let left = deadline.duration_since(cloud.clock.now());
    pass_unnoticed(cloud, left - SignedDuration::from_millis(20)).await;
}

async fn book(who: &Client, service: &str, starts_at: &str) -> Value {
    body(who.book(service, starts_at, &format!("first-{starts_at}")).await.expect("an answer"), 201)
}

async fn act(who: &Client, booking: &str, command: &str) -> Answer {
    who.act(&format!("/v1/bookings/{booking}/{command}")).await.expect("an answer")
}

/// What `customers` want: the starts by turns.
fn asks(customers: &[Client], service: &str, minutes: u16, starts: &[&str]) -> Vec<Ask> {
    let ask = |(n, who): (usize, &Client)| Ask {
        who: who.clone(),
        service: service.to_owned(),
        minutes,
        starts_at: starts[n % starts.len()].to_owned(),
        key: format!("intention-{n}-{}", starts[0]),
    };
    customers.iter().enumerate().map(ask).collect()
}

/// The ids of those who got a place.
fn winners(answers: &[Answer]) -> Vec<&str> {
    let won = answers.iter().filter(|answer| answer.status == 201);
    won.map(|answer| text(&answer.body, "id")).collect()
}

fn agrees_with_history(kept: &Kept, id: &str, accepted: &[&str]) {
    let path: Vec<_> = kept.path(id).into_iter().skip(1).map(Status::as_str).collect();
    let (mut path_sorted, mut accepted) = (path.clone(), accepted.to_vec());
    path_sorted.sort_unstable();
    accepted.sort_unstable();
    assert_eq!(path_sorted, accepted, "accepted answers (right) are not the history (left)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_answers_to_one_request() {
    let (cloud, provider, service, customers) = stage(60, 1).await;
    let customer = &customers[0];
    for (hour, commands) in [
        (8, ["confirm", "decline"].as_slice()),
        (10, &["confirm", "decline", "cancel"]),
        (12, &["cancel", "confirm"]),
    ] {
        let booking = book(customer, &service, &format!("2031-03-05T{hour:02}:00:00Z")).await;
        let id = text(&booking, "id");
        let call = |n: usize| {
            let command = commands[n % commands.len()];
            let who = if command == "cancel" && n % 4 < 2 { customer } else { &provider };
            async move { act(who, id, command).await }
        };
        let answers = join_all((0..20).map(call)).await;
        let kept = invariants(&cloud).await;
        let accepted: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!((refused.status.as_u16(), refused.code()), (409, "wrong_state"), "{}", refused.body);
        }
        let accepted: Vec<_> = accepted.iter().map(|answer| text(&answer.body, "status")).collect();
        agrees_with_history(&kept, id, &accepted);
        // What was confirmed may still be called off; there is no other second change.
        assert!(accepted.len() == 1 || kept.path(id)[1..] == [Status::Confirmed, Status::Cancelled]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn confirm_against_expire() {
    let (cloud, mut provider, service, customers) = stage(30, 1).await;
    let mut bookings = Vec::new();
    for hour in 8..16 {
        bookings.push(book(&customers[0], &service, &format!("2031-03-05T{hour:02}:00:00Z")).await);
    }
    pass_unnoticed(&cloud, SignedDuration::from_hours(23) + SignedDuration::from_mins(50)).await;
    provider.sign_in().await.unwrap();
    pass_to_the_brink(&cloud, &bookings[4]).await;
    // The first answer is decided in time and late at the table, where the schedule is before it.
    cloud.faults.script("local-http", "TransactWriteItems", Verdict::Hold);
    let answers =
        join_all(bookings.iter().rev().map(|booking| act(&provider, text(booking, "id"), "confirm")));
    let (answers, ()) = join(answers, async {
        tokio::time::timeout(PATIENCE, cloud.faults.held()).await.expect("an answer on its way");
        cloud.run_schedules().await;
        cloud.clock.advance(SignedDuration::from_secs(1));
        cloud.run_schedules().await;
        cloud.faults.release();
    })
    .await;
    pass_unnoticed(&cloud, SignedDuration::from_secs(60)).await;
    cloud.run_schedules().await;
    let kept = invariants(&cloud).await;
    for (booking, answer) in bookings.iter().rev().zip(answers) {
        let path = &kept.path(text(booking, "id"))[1..];
        if answer.status == 200 {
            assert_eq!(path, [Status::Confirmed]);
        } else {
            assert_eq!((answer.status.as_u16(), answer.code()), (409, "wrong_state"), "{}", answer.body);
            assert_eq!(answer.body["booking_status"], "expired");
            assert_eq!(path, [Status::Expired]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancel_against_book() {
    let (cloud, provider, service, customers) = stage(90, 9).await;
    let (owner, others) = customers.split_first().expect("customers");
    for (hour, confirmed) in [(8, false), (12, true), (16, true)] {
        let starts: Vec<_> =
            (0..4).map(|n| format!("2031-03-05T{:02}:{:02}:00Z", hour + n / 2, n % 2 * 30)).collect();
        let starts: Vec<_> = starts.iter().map(String::as_str).collect();
        let booking = book(owner, &service, starts[1]).await;
        let id = text(&booking, "id");
        if confirmed {
            body(act(&provider, id, "confirm").await, 200);
        }
        let rivals = asks(others, &service, 90, &starts[..3]);
        let (cancelled, answers) = join(act(owner, id, "cancel"), all_at_once(&rivals)).await;
        body(cancelled, 200);
        let kept = invariants(&cloud).await;
        assert_eq!(kept.booking(id).status, Status::Cancelled);
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!((refused.status.as_u16(), refused.code()), (409, "slot_taken"), "{}", refused.body);
        }
        // All three starts overlap each other, so one place was freed.
        let won = winners(&answers);
        assert!(won.len() <= 1, "{won:?}");
        let late = others[0].book(&service, starts[1], &format!("late-{hour}-hours")).await.unwrap();
        assert_eq!(late.status.as_u16(), if won.is_empty() { 201 } else { 409 }, "{}", late.body);
    }
    invariants(&cloud).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taking_the_place_of_an_expired_hold() {
    let (cloud, _, service, mut customers) = stage(120, 7).await;
    // The hold of the last one lies over midnight, in two days.
    let hours = ["2031-03-06T08", "2031-03-06T14", "2031-03-06T23"];
    let mut holds = Vec::new();
    for hour in hours {
        holds.push(book(&customers[0], &service, &format!("{hour}:00:00Z")).await);
    }
    pass_unnoticed(&cloud, SignedDuration::from_hours(24)).await;
    join_all(customers.iter_mut().map(Client::sign_in))
        .await
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    let rivals = |range: std::ops::Range<usize>| {
        let starts =
            hours[range].iter().flat_map(|hour| [format!("{hour}:00:00Z"), format!("{hour}:30:00Z")]);
        let starts: Vec<_> = starts.collect();
        asks(&customers[1..], &service, 120, &starts.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let first = all_at_once(&rivals(0..1)).await;
    assert_eq!(winners(&first).len(), 1, "the place of an expired hold is free at once");
    assert_eq!(Kept::read(&cloud).await.booking(text(&holds[0], "id")).status, Status::Expired);
    let (rest, ()) = join(all_at_once(&rivals(1..3)), cloud.run_schedules()).await;
    assert_eq!(winners(&rest).len(), 2, "the schedule takes nobody's place away");
    for refused in first.iter().chain(&rest).filter(|answer| answer.status != 201) {
        assert_eq!((refused.status.as_u16(), refused.code()), (409, "slot_taken"), "{}", refused.body);
    }
    let kept = invariants(&cloud).await;
    for hold in &holds {
        let id = text(hold, "id");
        assert_eq!(kept.path(id), [Status::Requested, Status::Expired]);
        let expired = kept.events.iter().find(|event| {
            matches!(event.payload, Payload::BookingExpired(about) if about.booking_id.to_string() == id)
        });
        let event = expired.expect("an event").id.to_string();
        let told: Vec<_> = kept.mails.iter().filter(|(mail, _)| mail.starts_with(&event)).collect();
        assert_eq!(told.len(), 2, "one for each side: {told:?}");
    }
}
