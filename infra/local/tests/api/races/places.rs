//! Races for places in a provider's time.

use banister_domain::availability::Interval;
use banister_domain::booking::Booking;
use banister_local::client::{Answer, Client};
use banister_local::cloud::Cloud;
use banister_local::faults::{Plan, Rates};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Ask, START, all_at_once, crowd};
use crate::support::invariants::{Kept, invariants};
use crate::support::{self, body, text};

/// A provider and what everybody wants of them.
struct Scene {
    name: &'static str,
    /// Minutes of each of the provider's services.
    services: &'static [u16],
    /// Minutes before and after.
    buffers: (u16, u16),
    starts: Vec<String>,
}

/// Every half hour from `hour` on, as clock times that go on after midnight.
fn half_hours(day: &str, hour: i64, count: i64) -> Vec<String> {
    let midnight: Timestamp = format!("{day}T00:00:00Z").parse().expect("a day");
    let start = |n: i64| midnight + SignedDuration::from_mins(hour * 60 + n * 30);
    (0..count).map(|n| start(n).to_string()).collect()
}

fn scenes() -> [Scene; 4] {
    let plain = |name, services, starts| Scene { name, services, buffers: (0, 0), starts };
    [
        plain("90 minutes on a grid of 30", &[90], half_hours("2031-03-05", 8, 12)),
        plain("two services", &[60, 90], half_hours("2031-03-05", 8, 10)),
        plain("across midnight", &[120], half_hours("2031-03-05", 21, 10)),
        Scene {
            name: "with buffers",
            services: &[60],
            buffers: (15, 30),
            starts: half_hours("2031-03-05", 8, 10),
        },
    ]
}

/// The provider of a scene, open for business, and what the customers will ask.
async fn set(cloud: &Cloud, scene: &Scene, name: &str, customers: &[Client]) -> Vec<Ask> {
    let provider = support::provider(cloud, name).await;
    let (before, after) = scene.buffers;
    let buffers = json!({ "buffer_before_minutes": before, "buffer_after_minutes": after });
    support::open(&provider, buffers).await;
    let mut services = Vec::new();
    for minutes in scene.services {
        services.push((support::service(&provider, *minutes).await, *minutes));
    }
    let ask = |(n, who): (usize, &Client)| {
        // Neighbours differ in the start, and every start is asked for with every service.
        let (service, minutes) = services[n / scene.starts.len() % services.len()].clone();
        let starts_at = scene.starts[n % scene.starts.len()].clone();
        let key = format!("intention-{name}-{n}").replace(' ', "-");
        Ask { who: who.clone(), service, minutes, starts_at, key }
    };
    customers.iter().enumerate().map(ask).collect()
}

/// The booking that this very intention made.
fn made<'a>(kept: &'a Kept, ask: &Ask) -> Option<&'a Booking> {
    let mine = |booking: &&Booking| {
        booking.customer_id.to_string() == ask.who.id && booking.service_id.to_string() == ask.service
    };
    kept.bookings.values().find(mine)
}

/// The last word on an intention whose answer left it open; it must be the truth.
async fn insist(cloud: &Cloud, ask: &Ask, answer: Answer) -> Answer {
    let open = answer.status == 503 || answer.code() == "busy";
    if !open {
        return answer;
    }
    assert!(answer.headers.contains_key("retry-after"), "{}", answer.body);
    let before = made(&Kept::read(cloud).await, ask).map(|booking| booking.id.to_string());
    let again = ask.send().await;
    if let Some(id) = before {
        assert_eq!(again.status, 201, "{}", again.body);
        assert_eq!(again.headers["idempotent-replayed"], "true");
        assert_eq!(text(&again.body, "id"), id);
    }
    again
}

/// Each answer is a booking that exists, or the news that the place overlaps one of those.
fn judge(scene: &Scene, kept: &Kept, asks: &[Ask], answers: &[Answer]) {
    let mut taken = Vec::new();
    for (ask, answer) in asks.iter().zip(answers) {
        if answer.status == 201 {
            let booking = kept.booking(text(&answer.body, "id"));
            assert_eq!(booking.customer_id.to_string(), ask.who.id);
            assert_eq!(booking.starts_at.to_string(), ask.starts_at);
            taken.push(booking.occupies);
        }
    }
    let services: std::collections::BTreeSet<_> = asks.iter().map(|ask| &ask.service).collect();
    let here = |booking: &&Booking| services.contains(&booking.service_id.to_string());
    assert_eq!(
        taken.len(),
        kept.bookings.values().filter(here).count(),
        "{}: unanswered bookings",
        scene.name
    );
    assert!(!taken.is_empty() && taken.len() < asks.len(), "{}: no race", scene.name);
    for (ask, answer) in asks.iter().zip(answers).filter(|(_, answer)| answer.status != 201) {
        assert_eq!((answer.status.as_u16(), answer.code()), (409, "slot_taken"), "{}", answer.body);
        assert!(
            answer.body["next_slots"].as_array().is_some_and(|slots| !slots.is_empty()),
            "{}",
            answer.body
        );
        let wanted = place(scene, ask);
        let in_the_way = taken.iter().filter(|taken| taken.overlaps(&wanted)).count();
        assert!(in_the_way > 0, "{}: {} is refused, and free", scene.name, ask.starts_at);
    }
}

/// What an intention would occupy.
fn place(scene: &Scene, ask: &Ask) -> Interval {
    let starts_at: Timestamp = ask.starts_at.parse().expect("a moment");
    let end = starts_at + SignedDuration::from_mins(ask.minutes.into());
    Interval::new(starts_at, end).expect("a service takes time").extend(scene.buffers.0, scene.buffers.1)
}

/// What is taken is not shown, and the next slot that a refusal names can be booked.
async fn the_page_agrees(customer: &Client, ask: &Ask) {
    let refusal = ask.send().await;
    assert_eq!(refusal.code(), "slot_taken", "{}", refusal.body);
    let shown = format!("/v1/services/{}/slots?from=2031-03-05&to=2031-03-06&time_zone=UTC", ask.service);
    let shown = support::each(&body(customer.get(&shown).await.expect("an answer"), 200), "starts_at");
    assert!(!shown.contains(&ask.starts_at), "{} is shown, and taken", ask.starts_at);
    let next = text(&refusal.body["next_slots"][0], "starts_at");
    assert!(next > ask.starts_at.as_str());
    body(customer.book(&ask.service, next, &format!("next-{}", ask.key)).await.expect("an answer"), 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_customers_and_one_provider() {
    let cloud = support::cloud_at(START).await;
    let customers = crowd(&cloud, 100).await;
    for (scene, many) in scenes().iter().zip([100, 30, 30, 30]) {
        let asks = set(&cloud, scene, &format!("Provider {}", scene.name), &customers[..many]).await;
        let mut answers = Vec::new();
        for (ask, answer) in asks.iter().zip(all_at_once(&asks).await) {
            answers.push(insist(&cloud, ask, answer).await);
        }
        let kept = invariants(&cloud).await;
        judge(scene, &kept, &asks, &answers);
        let refused = answers.iter().position(|answer| answer.status == 409).expect("a refusal");
        the_page_agrees(&customers[99], &asks[refused]).await;
    }
    invariants(&cloud).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_race_with_faults() {
    let cloud = support::cloud_at(START).await;
    let customers = crowd(&cloud, 20).await;
    let rates = Rates {
        conflict: 80,
        throttle: 100,
        lost_before: 60,
        lost_after: 100,
        stale_index: 300,
        ..Rates::default()
    };
    let mut left_open = 0;
    for seed in 1..=4 {
        let scene = &scenes()[usize::try_from(seed).unwrap() % 4];
        let asks = set(&cloud, scene, &format!("Provider Seed{seed}"), &customers).await;
        let roles = ["local-http".to_owned()].into();
        cloud.faults.set(Plan { seed, roles, rates: rates.clone(), ..Plan::default() });
        let first = all_at_once(&asks).await;
        cloud.faults.off();
        left_open += first.iter().filter(|answer| answer.status == 503).count();
        let mut answers = Vec::new();
        for (ask, answer) in asks.iter().zip(first) {
            answers.push(insist(&cloud, ask, answer).await);
        }
        judge(scene, &invariants(&cloud).await, &asks, &answers);
        for (ask, answer) in asks.iter().zip(&answers) {
            assert_eq!(
                ask.send().await.body["id"],
                answer.body["id"],
                "seed {seed}: a retry tells something else"
            );
        }
    }
    assert!(left_open > 0, "the faults are too few to be seen");
    invariants(&cloud).await;
}
