//! Finding people and signing in, with few and with many accounts.

use std::time::{Duration, Instant};

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_local::client::{Client, PASSWORD};
use banister_local::cloud::{Cloud, Options};
use jiff::SignedDuration;
use serde_json::json;

use super::market::{Log, Request};
use super::{COLUMNS, FORGOTTEN, at_once, figures, fill, same_cost, with_commas};
use crate::BenchError;
use crate::report::{Figures, Part};

/// The part.
pub(crate) const PART: Part = Part { name: "users", of: "operation, accounts", columns: COLUMNS };

/// Accounts in the table.
const SIZES: [usize; 2] = [1_000, 1_000_000];
/// Members of staff who ask at the same time.
const CLIENTS: usize = 8;
/// What each of them asks.
const REQUESTS: usize = 50;
/// How often somebody signs in, one after the other: the limit for one address is 100 in five minutes.
const SIGN_INS: usize = 200;
/// Longer than limits on signing in count back.
const LIMITS_OVER: SignedDuration = SignedDuration::from_mins(6);
/// Signing in, after which the clock is set forward.
const OF_ONE: usize = 9;
/// What is measured: a page of all customers, a page of the many with one name, one person by address.
const LISTS: [(&str, &str); 3] = [
    ("list customers", "/v1/admin/users?role=customer&limit=20"),
    ("search, many found", "/v1/admin/users?q=example&limit=20"),
    ("search, one found", "/v1/admin/users?q=sought.person&limit=20"),
];
const SIGN_IN: &str = "sign in";

/// The figures of each operation and size.
///
/// # Errors
/// Where an answer is not the one that it should be, or an operation costs more with more accounts.
pub(crate) async fn measure(log: &Log) -> Result<Vec<(String, Figures)>, BenchError> {
    let mut rows = Vec::new();
    for size in SIZES {
        let cloud = Cloud::start(Options { password_memory_kib: Some(16), ..Options::default() }).await?;
        rows.extend(with(&cloud, log, size).await?);
        cloud.stop().await;
    }
    let names: Vec<_> = LISTS.iter().map(|(name, _)| *name).chain([SIGN_IN]).collect();
    same_cost(&names, &rows)?;
    Ok(rows)
}

async fn with(cloud: &Cloud, log: &Log, size: usize) -> Result<Vec<(String, Figures)>, BenchError> {
    let may: Permissions = [Permission::UserManagement].into_iter().collect();
    let mut staff = Vec::new();
    for number in 0..CLIENTS {
        staff.push(Client::staff(cloud, Role::Management, may, &format!("Support {number}")).await?);
    }
    let sought = Client::join(cloud, "customer", "Sought Person").await?;
    let example = Client::join(cloud, "customer", "Example Customer").await?;
    let begun = Instant::now();
    fill::people(cloud, &example, size).await?;
    println!("users: {} after {:.1} s", with_commas(size), begun.elapsed().as_secs_f64());
    let mut rows = Vec::new();
    let named = |name: &str| format!("{name}, {}", with_commas(size));
    for (name, path) in LISTS {
        cloud.clock.advance(FORGOTTEN);
        let ask = |client: &Client| Request::get(client.clone(), path.to_owned());
        let mut row = log.capacity("list_users", ask(&staff[0])).await?;
        let each = |client| (0..REQUESTS).map(|_| ask(client)).collect();
        row.extend(at_once(staff.iter().map(each).collect()).await?);
        rows.push((named(name), row));
    }
    rows.push((named(SIGN_IN), signing_in(cloud, log, &sought).await?));
    Ok(rows)
}

/// One person signs in again and again; time passes in between, so that no limit is met.
async fn signing_in(cloud: &Cloud, log: &Log, person: &Client) -> Result<Figures, BenchError> {
    let credentials = json!({ "email": person.email, "password": PASSWORD });
    let ask = || Request::post(person.clone(), "/v1/sessions", None, credentials.clone());
    cloud.clock.advance(LIMITS_OVER);
    let mut row = log.capacity("create_session", ask()).await?;
    let mut times = Vec::with_capacity(SIGN_INS);
    for number in 0..SIGN_INS {
        if number % OF_ONE == 0 {
            cloud.clock.advance(LIMITS_OVER);
        }
        let sent = Instant::now();
        ask().send().await?;
        times.push(sent.elapsed());
    }
    let in_all: Duration = times.iter().sum();
    row.extend(figures(times, in_all));
    Ok(row)
}
