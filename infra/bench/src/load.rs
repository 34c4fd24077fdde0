//! Requests a second and latency of the local cloud, with few and with many items in its table in memory. The
//! clients are in the same process and take their part of the processors.

pub(crate) mod contention;
pub(crate) mod fill;
pub(crate) mod market;
pub(crate) mod search;
pub(crate) mod users;

use std::time::{Duration, Instant};

use banister_local::cloud::{Cloud, Options};
use jiff::SignedDuration;

use crate::BenchError;
use crate::report::{Column, Figures, Part, Worse};
use crate::spread::latencies;
pub(crate) use market::Log;
use market::{Market, Request};

/// The part. Time depends on what else the machine does, so only what is far off is worse.
pub(crate) const PART: Part = Part { name: "load", of: "operation, items in the table", columns: COLUMNS };

const COLUMNS: &[Column] = &[
    Column::new("rate", "requests a second", 0, Worse::Below(0.5)),
    Column::new("p50_ms", "p50 ms", 2, Worse::Above(1.0)),
    Column::new("p95_ms", "p95 ms", 2, Worse::Above(1.5)),
    Column::new("p99_ms", "p99 ms", 2, Worse::Above(2.0)),
    Column::new("max_ms", "max ms", 1, Worse::Never),
    Column::new("read", "RRU", 1, Worse::Above(0.0)),
    Column::new("write", "WRU", 1, Worse::Above(0.0)),
];

/// Items in the table.
const SIZES: [usize; 2] = [1_000, 1_000_000];
/// Clients at the same time.
const CLIENTS: usize = 8;
/// Requests of each client for each operation: so many that its customers fit into the smaller table.
const REQUESTS: usize = 150;
/// Longer than the gate remembers a caller.
const FORGOTTEN: SignedDuration = SignedDuration::from_secs(10);
/// What is measured, in this order: what is booked is listed afterwards, and takes its slots.
const OPERATIONS: [&str; 4] = ["create_booking", "list_slots", "list_bookings", "list_services"];

/// The figures of each operation and size.
///
/// # Errors
/// Where an answer is not the one that it should be, or an operation costs more in the larger table.
pub(crate) async fn measure(log: &Log) -> Result<Vec<(String, Figures)>, BenchError> {
    let mut rows = Vec::new();
    for size in SIZES {
        let cloud = Cloud::start(Options { password_memory_kib: Some(16), ..Options::default() }).await?;
        let market = Market::open(&cloud, CLIENTS, REQUESTS).await?;
        let filled = Instant::now();
        fill::fill(&cloud, size).await?;
        println!(
            "load: {} items in the table after {:.1} s",
            with_commas(size),
            filled.elapsed().as_secs_f64()
        );
        for operation in OPERATIONS {
            cloud.clock.advance(FORGOTTEN);
            println!("load: {operation}, {} items", with_commas(size));
            let mut figures = log.capacity(operation, market.one(operation)).await?;
            figures.extend(load(&market, operation).await?);
            rows.push((format!("{operation}, {}", with_commas(size)), figures));
        }
        cloud.stop().await;
    }
    same_cost(&OPERATIONS, &rows)?;
    Ok(rows)
}

/// All clients at once.
async fn load(market: &Market, operation: &'static str) -> Result<Figures, BenchError> {
    at_once(market.requests(operation)).await
}

/// The figures of many requests: of those of one client each waits for the answer to the one before.
async fn at_once(clients: Vec<Vec<Request>>) -> Result<Figures, BenchError> {
    let begun = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for requests in clients {
        running.spawn(async move {
            let mut times = Vec::with_capacity(requests.len());
            for request in &requests {
                let sent = Instant::now();
                request.send().await?;
                times.push(sent.elapsed());
            }
            Ok::<Vec<Duration>, BenchError>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = running.join_next().await {
        times.extend(done.map_err(|error| BenchError::Unexpected(error.to_string()))??);
    }
    Ok(figures(times, begun.elapsed()))
}

/// How long requests took, and how many there were in a second.
fn figures(times: Vec<Duration>, in_all: Duration) -> Figures {
    let count = f64::from(u32::try_from(times.len()).unwrap_or(u32::MAX));
    let mut figures = latencies(times);
    figures.insert("rate".into(), count / in_all.as_secs_f64());
    figures
}

/// Work grows with the answer and not with the table.
fn same_cost(operations: &[&str], rows: &[(String, Figures)]) -> Result<(), BenchError> {
    for operation in operations {
        let of_it = rows.iter().filter(|(name, _)| name.starts_with(operation));
        if of_it.clone().count() != SIZES.len() {
            return Err(BenchError::Unexpected(format!("{operation} was not measured at each size")));
        }
        let mut costs = of_it.map(|(_, figures)| (figures.get("read"), figures.get("write")));
        let Some(first) = costs.next() else { continue };
        if let Some(other) = costs.find(|cost| *cost != first) {
            let what =
                format!("{operation}: {first:?} read and write units became {other:?} in the larger table");
            return Err(BenchError::Unexpected(what));
        }
    }
    Ok(())
}

fn with_commas(size: usize) -> String {
    match (size / 1_000_000, size / 1_000 % 1_000, size % 1_000) {
        (0, 0, rest) => rest.to_string(),
        (0, thousands, rest) => format!("{thousands},{rest:03}"),
        (millions, thousands, rest) => format!("{millions},{thousands:03},{rest:03}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_that_grows_with_the_table_is_found() {
        let row = |size: &str, read: f64| {
            let figures = [("read".to_owned(), read), ("write".to_owned(), 0.0)].into();
            (format!("list_slots, {size}"), figures)
        };
        let one = &["list_slots"];
        assert!(same_cost(one, &[row("1,000", 2.5), row("1,000,000", 2.5)]).is_ok());
        assert!(same_cost(one, &[row("1,000", 2.5)]).is_err());
        assert!(same_cost(one, &[row("1,000", 2.5), row("1,000,000", 3.0)]).is_err());
    }

    #[test]
    fn sizes_are_read_at_a_glance() {
        assert_eq!([7, 1_000, 1_000_000].map(with_commas), ["7", "1,000", "1,000,000"]);
    }
}
