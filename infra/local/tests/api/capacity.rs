//! What every operation and worker asks of the table, held by a snapshot: `capacity.txt`.
//!
//! Each operation runs once, in a marketplace of its own with one customer and one provider, with a
//! gate that remembers nobody. A gate that remembers the caller (up to five seconds) saves every
//! operation for which one signs in 1 call, 1 trip and 2 read units. The numbers are those of the
//! request's own log line, so that these are held, too.

mod workers;

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Once;

use banister_domain::account::Role;
use banister_local::api;
use banister_local::client::Answer;
use banister_platform::config::Settings;
use banister_platform::http::Operation;
use banister_platform::telemetry;
use jiff::SignedDuration;
use serde_json::Value;

use crate::access::requests::World;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/capacity.txt");
/// Longer than a gate remembers, shorter than a token lives.
const FORGOTTEN: SignedDuration = SignedDuration::from_secs(10);

thread_local! {
    /// The lines that this thread wrote: a test's cloud runs on the test's own thread.
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Keeps what threads write that want it kept, and nothing of the others.
struct Keeper;

impl Write for Keeper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.as_mut().map_or(Ok(bytes.len()), |lines| lines.write(bytes)))
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The log of the test's thread.
struct Log;

impl Log {
    /// One subscriber for all threads: with one of a thread, `tracing` may ask another thread's, which
    /// has none, whether a line is wanted, and remembers the answer for all.
    fn start() -> Self {
        static STARTED: Once = Once::new();
        STARTED.call_once(|| {
            let lines = telemetry::json(&Settings::from_map([].into()), || Keeper);
            tracing::subscriber::set_global_default(lines).expect("nobody else keeps lines");
        });
        LINES.set(Some(Vec::new()));
        Self
    }

    /// The line of the request that was answered so.
    #[expect(clippy::unused_self, reason = "there are no lines before it was started")]
    fn of(&self, answer: &Answer) -> Value {
        let text = String::from_utf8(LINES.with_borrow(Clone::clone).unwrap_or_default()).unwrap();
        let id = answer.headers["x-request-id"].to_str().unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let found: Vec<_> =
            lines.filter(|line| line["request_id"] == id && line["status"].is_u64()).collect();
        assert_eq!(found.len(), 1, "lines of {id}: {found:?}");
        found[0].clone()
    }

    /// The row of the one invocation of a worker since the start.
    fn worker(&self, name: &str) -> Row {
        let found = self.invocations(name);
        assert_eq!(found.len(), 1, "lines of {name}: {found:?}");
        row(name, &found[0])
    }

    /// The row of all invocations of a worker since the start, added up.
    fn all_of(&self, name: &str) -> Row {
        let found = self.invocations(name);
        assert!(found.len() > 1, "lines of {name}: {found:?}");
        let sum = |member: &str| found.iter().filter_map(|line| line[member].as_f64()).sum::<f64>();
        row(name, &NUMBERS.into_iter().map(|member| (member, sum(member))).collect())
    }

    #[expect(clippy::unused_self, reason = "there are no lines before it was started")]
    fn invocations(&self, name: &str) -> Vec<Value> {
        let text = String::from_utf8(LINES.with_borrow(Clone::clone).unwrap_or_default()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["operation"] == name && line["table_calls"].is_u64()).collect()
    }
}

/// What a line says of the table.
const NUMBERS: [&str; 4] = ["table_calls", "round_trips", "read_units", "write_units"];

/// Operation, calls, trips, read and write units.
type Row = [String; 5];

fn row(name: &str, line: &Value) -> Row {
    let number = |name: &str| line[name].as_f64().unwrap_or_else(|| panic!("{name} in {line}")).to_string();
    let [calls, trips, read, write] = NUMBERS.map(number);
    [name.to_owned(), calls, trips, read, write]
}

async fn measured(operation: &Operation) -> Row {
    if operation.id == "remove_photo" {
        return workers::removal().await.0;
    }
    let log = Log::start();
    let mut world = World::new().await;
    let request = world.of_customer(operation).await;
    world.cloud.clock.advance(FORGOTTEN);
    let lets_in = |role| operation.access.roles.contains(&role);
    let caller = match () {
        () if lets_in(Role::Customer) => &world.customer,
        () if lets_in(Role::Provider) => &world.provider,
        () => &world.admin,
    };
    let answer = request.send(caller, operation).await;
    assert!(answer.status.is_success(), "{}: {}", operation.id, answer.body);
    let line = log.of(&answer);
    assert_eq!(line["operation"], operation.id.as_str());
    world.cloud.stop().await;
    row(&operation.id, &line)
}

fn part(of: &str, rows: &[Row]) -> String {
    let heading = [of, "calls", "trips", "read", "write"].map(String::from);
    let line = |row: &Row| {
        let [operation, calls, trips, read, write] = row;
        format!("{operation:<24}{calls:>6}{trips:>6}{read:>6}{write:>6}\n")
    };
    std::iter::once(&heading).chain(rows).map(line).collect()
}

#[tokio::test]
async fn everything_asks_no_more_of_the_table_than_before() {
    let mut rows = Vec::new();
    for operation in &api::operations() {
        rows.push(measured(operation).await);
    }
    rows.sort();
    let table = format!("{}\n{}", part("operation", &rows), part("worker", &workers::measured().await));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(TABLE, &table).expect("the table is written");
    }
    let committed = std::fs::read_to_string(TABLE).unwrap_or_default();
    assert!(
        table == committed,
        "what operations ask of the table has changed:\n{table}\nIf that is meant: BLESS=1 cargo test -p \
         banister-local --test api capacity"
    );
}
