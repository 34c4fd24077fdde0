//! Everything fails now and then, for everybody at once; what was agreed stands all the same.

use banister_domain::booking::Status;
use banister_local::client::{Answer, Client};
use banister_local::cloud::Cloud;
use banister_local::faults::{Plan, Rates};
use futures_util::future::join_all;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::invariants::{Kept, Mails, invariants, invariants_with};
use crate::support::{self, settle, text};

/// A Monday.
const START: &str = "2031-03-03T06:00:00Z";

/// Everybody but the test itself.
const ROLES: [&str; 9] = [
    "local-http",
    "local-projections",
    "local-projections-source",
    "local-relay",
    "local-relay-source",
    "local-email",
    "local-email-source",
    "local-expire",
    "local-sweep",
];

fn storm(seed: u64) -> Plan {
    let rates = Rates {
        conflict: 80,
        throttle: 100,
        lost_before: 60,
        lost_after: 80,
        duplicate: 200,
        late: 200,
        stale_index: 300,
        ..Rates::default()
    };
    Plan { seed, roles: ROLES.map(str::to_owned).into(), rates, ..Plan::default() }
}

/// Asks until there is a clear answer, each time under the same key.
async fn insist(who: &Client, path: &str, key: &str, ask: &Value) -> Answer {
    for _ in 0..50 {
        let answer = who.call(Method::POST, path, &[("idempotency-key", key)], Some(ask)).await;
        let answer = answer.expect("an answer");
        if answer.status != 503 && answer.code() != "busy" {
            return answer;
        }
    }
    panic!("{path} is never answered");
}

/// One customer's afternoon: books, may call it off; the provider answers most.
async fn visit(n: usize, customer: &Client, provider: &Client, service: &str) -> Option<(String, Status)> {
    let starts_at = format!("2031-03-05T{:02}:{:02}:00Z", 8 + n / 2, n % 2 * 30);
    let ask = json!({ "service_id": service, "starts_at": starts_at });
    let booked = insist(customer, "/v1/bookings", &format!("visit-{n}-at-you"), &ask).await;
    if booked.status != 201 {
        assert_eq!((booked.status.as_u16(), booked.code()), (409, "slot_taken"), "{}", booked.body);
        return None;
    }
    let id = text(&booked.body, "id").to_owned();
    let commands: &[_] = match n % 4 {
        0 => &[(provider, "confirm", Status::Confirmed)],
        1 => &[(provider, "decline", Status::Declined)],
        2 => &[(provider, "confirm", Status::Confirmed), (customer, "cancel", Status::Cancelled)],
        _ => &[],
    };
    let mut status = Status::Expired;
    for (who, command, to) in commands {
        let path = format!("/v1/bookings/{id}/{command}");
        let answer = insist(who, &path, &format!("{command}-number-{n}"), &json!({})).await;
        assert_eq!(support::body(answer, 200)["status"], to.as_str());
        status = *to;
    }
    Some((id, status))
}

async fn stage(customers: usize) -> (Cloud, Client, String, Vec<Client>) {
    let cloud = support::cloud_at(START).await;
    let provider = support::provider(&cloud, "Provider One").await;
    let service = support::service(&provider, 60).await;
    let names: Vec<_> = (0..customers).map(|n| format!("Customer Nr{n}")).collect();
    let customers = join_all(names.iter().map(|name| support::customer(&cloud, name))).await;
    (cloud, provider, service, customers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_in_bad_weather() {
    for seed in 1..=3 {
        let (cloud, provider, service, customers) = stage(10).await;
        cloud.faults.set(storm(seed));
        let visits = customers.iter().enumerate().map(|(n, who)| visit(n, who, &provider, &service));
        let agreed: Vec<_> = join_all(visits).await.into_iter().flatten().collect();
        assert!(!agreed.is_empty());
        // In the bad weather the deadline of the unanswered ones passes, and then some.
        for hours in [12, 13, 1, 1] {
            cloud.advance(SignedDuration::from_hours(hours)).await;
        }
        cloud.faults.off();
        cloud.run_schedules().await;
        settle(&cloud).await;
        let kept = invariants_with(&cloud, Mails::AtLeastOnce).await;
        assert_eq!(kept.bookings.len(), agreed.len(), "seed {seed}");
        for (id, status) in &agreed {
            assert_eq!(kept.booking(id).status, *status, "seed {seed}");
        }
    }
}

/// An index that lags shows the schedule what is over and hides what is due; it decides by the
/// bookings themselves, and misses nothing for good.
#[tokio::test]
async fn expiring_by_a_stale_index() {
    let (cloud, provider, service, customers) = stage(1).await;
    let mut bookings = Vec::new();
    for hour in 7..15 {
        let ask = json!({ "service_id": service, "starts_at": format!("2031-03-03T{hour:02}:00:00Z") });
        let key = format!("at-{hour:02}-hours");
        bookings.push(support::body(insist(&customers[0], "/v1/bookings", &key, &ask).await, 201));
    }
    let confirm = format!("/v1/bookings/{}/confirm", text(&bookings[3], "id"));
    support::body(provider.act(&confirm).await.unwrap(), 200);
    cloud.quiet().await.unwrap();
    let rates = Rates { stale_index: 1_000, stale_depth: 12, ..Rates::default() };
    cloud.faults.set(Plan { roles: ["local-expire".to_owned()].into(), rates, ..Plan::default() });
    for _ in 0..9 {
        cloud.quiet().await.unwrap();
        support::pass(&cloud, 3_600).await;
    }
    let expired = Kept::read(&cloud).await;
    let expired = expired.bookings.values().filter(|booking| booking.status == Status::Expired).count();
    assert!(expired > 0, "a lagging index still moves on");
    cloud.faults.off();
    cloud.run_schedules().await;
    let kept = invariants(&cloud).await;
    for (n, booking) in bookings.iter().enumerate() {
        let end = if n == 3 { Status::Confirmed } else { Status::Expired };
        assert_eq!(kept.path(text(booking, "id")), [Status::Requested, end]);
    }
}

/// A queue may deliver twice, late and out of order; nobody gets a mail twice.
#[tokio::test]
async fn messages_that_come_twice_and_late() {
    let (cloud, provider, service, customers) = stage(4).await;
    let rates = Rates { duplicate: 500, late: 400, ..Rates::default() };
    cloud.faults.set(Plan { roles: ["local-relay".to_owned()].into(), rates, ..Plan::default() });
    let visits = (0..12).map(|n| visit(n, &customers[n % 4], &provider, &service));
    let agreed: Vec<_> = join_all(visits).await.into_iter().flatten().collect();
    let kept = invariants(&cloud).await;
    assert_eq!(kept.bookings.len(), agreed.len());
    assert!(kept.mails.values().all(|count| *count == 1));
}
