//! A crash before and after every call that an operation or a worker makes: what was begun is
//! finished by a retry or a later run, once.

mod moves;
mod own;
mod requests;
mod resources;
mod series;
mod waitlist;
mod workers;

use banister_local::client::{Answer, Client};
use banister_local::cloud::Cloud;
use serde_json::Value;

use crate::support;

/// A Monday.
const START: &str = "2031-03-03T06:00:00Z";

/// Whether the call at which a role dies takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crash {
    Before,
    After,
}

impl Crash {
    const BOTH: [Self; 2] = [Self::Before, Self::After];

    /// From its `n`-th call on, `role` is dead.
    fn arm(self, cloud: &Cloud, role: &str, n: u64) {
        match self {
            Self::Before => cloud.faults.crash_before(role, n),
            Self::After => cloud.faults.crash_after(role, n),
        }
    }
}

/// Ends a crash, and says whether there was one.
fn revive(cloud: &Cloud, role: &str) -> bool {
    let crashed = cloud.faults.crashed(role);
    cloud.faults.revive(role);
    crashed
}

/// A cloud with a provider, their service of so many minutes, and a customer.
async fn stage(minutes: u16) -> (Cloud, Client, String, Client) {
    let cloud = support::cloud_at(START).await;
    let provider = support::provider(&cloud, "Provider One").await;
    let service = support::service(&provider, minutes).await;
    let customer = support::customer(&cloud, "Customer One").await;
    (cloud, provider, service, customer)
}

/// The `n`-th hour from some days after the start on.
fn hour(n: usize) -> String {
    format!("2031-03-{:02}T{:02}:00:00Z", 10 + n / 24, n % 24)
}

async fn book(customer: &Client, service: &str, n: usize) -> Value {
    let answer = customer.book(service, &hour(n), &format!("intention-{n}")).await.expect("an answer");
    support::body(answer, 201)
}

/// What a client sees of a function that died.
#[track_caller]
fn open(answer: &Answer) {
    assert!(answer.status.is_server_error(), "{}: {}", answer.status, answer.body);
}

fn replayed(answer: &Answer) -> bool {
    answer.headers.contains_key("idempotent-replayed")
}
