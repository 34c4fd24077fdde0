//! Search among 10,000 providers and 50,000 services, over HTTP and all the way: words, filters, orders and who is free;
//! and reading all cards, as a function does when it starts.

pub(crate) mod market;

use std::time::{Duration, Instant};

use banister_local::client::Client;
use banister_local::cloud::{Cloud, Options};
use banister_platform::search::Shelf;
use banister_platform::table::Table;

use super::figures;
use super::market::{Log, Request};
use crate::BenchError;
use crate::machine;
use crate::report::{Column, Figures, Part, Worse};
use market::Words;

/// The part. Time depends on what else the machine does, so only what is far off is worse.
pub(crate) const PART: Part = Part {
    name: "search",
    of: "among 50,000 services",
    columns: &[
        Column::new("p50_ms", "p50 ms", 1, Worse::Above(1.0)),
        Column::new("p95_ms", "p95 ms", 1, Worse::Above(1.5)),
        Column::new("p99_ms", "p99 ms", 1, Worse::Above(2.0)).budget(300.0),
        Column::new("max_ms", "max ms", 1, Worse::Never),
        Column::new("read", "RRU", 1, Worse::Above(0.5)),
        Column::new("memory_mb", "memory MB", 0, Worse::Above(0.5)),
    ],
};

/// Providers.
const PROVIDERS: u64 = 10_000;
/// Services.
const SERVICES: u64 = 50_000;
/// How often each question is asked, one after the other, with other words and places each time.
const REQUESTS: u64 = 200;
/// How often all cards are read.
const LOADS: u64 = 5;

/// What is asked, by what it is called.
const QUESTIONS: [(&str, &str); 11] = [
    ("one word", "services?q={word}"),
    ("two words, the last one begun", "services?q={word}%20{begun}"),
    ("a Russian word", "services?q={russian}"),
    ("all services, by rating", "services?"),
    ("a category up to a price, by price", "services?category=home&currency=eur&max_price=9000&sort=price"),
    ("within 10 km, by distance", "services?{place}&radius_km=10"),
    (
        "words, place, price, language",
        "services?q={word}&{place}&radius_km=50&currency=eur&max_price=9000&language=en",
    ),
    ("providers, one word", "providers?q={word}"),
    ("providers, all, by rating", "providers?"),
    ("free in a week, a page by distance", "services?{place}&radius_km=50&{week}"),
    ("free in a week, soonest", "services?{place}&radius_km=50&{week}&sort=soonest"),
];

/// The figures of each question.
///
/// # Errors
/// Where an answer is not the one that it should be.
pub(crate) async fn measure(log: &Log) -> Result<Vec<(String, Figures)>, BenchError> {
    let cloud = Cloud::start(Options { password_memory_kib: Some(16), ..Options::default() }).await?;
    let begun = Instant::now();
    market::fill(&cloud, PROVIDERS, SERVICES).await?;
    println!("search: written after {:.1} s", begun.elapsed().as_secs_f64());
    cloud.quiet().await.map_err(|error| BenchError::Unexpected(error.to_string()))?;
    println!(
        "search: {SERVICES} services of {PROVIDERS} have cards after {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    let mut rows = vec![("reading all cards".to_owned(), loaded(&cloud).await?)];
    let anyone = Client::stranger(&cloud.url())?;
    let now = cloud.clock.now();
    // The gateway's own index is read now.
    Request::get(anyone.clone(), "/v1/search/services".into()).send().await?;
    for (name, question) in QUESTIONS {
        let path = |number| format!("/v1/search/{}", Words::ask(question, number, now));
        let operation =
            if question.starts_with("providers") { "search_providers" } else { "search_services" };
        let mut row = log.capacity(operation, Request::get(anyone.clone(), path(REQUESTS))).await?;
        row.remove("write");
        let (mut times, begun) = (Vec::new(), Instant::now());
        for number in 0..REQUESTS {
            let request = Request::get(anyone.clone(), path(number));
            let sent = Instant::now();
            request.send().await?;
            times.push(sent.elapsed());
        }
        row.extend(figures(times, begun.elapsed()));
        println!("search: {name}: p99 {:.1} ms", row.get("p99_ms").copied().unwrap_or_default());
        rows.push((name.to_owned(), row));
    }
    cloud.stop().await;
    Ok(rows)
}

/// Reading all cards: how long, and how much memory they take then.
async fn loaded(cloud: &Cloud) -> Result<Figures, BenchError> {
    let mut times: Vec<Duration> = Vec::new();
    let mut shelves = Vec::new();
    let before = machine::rss(std::process::id())?;
    for _ in 0..LOADS {
        let table = Table::from_settings(&cloud.settings("local-bench"))
            .map_err(banister_local::cloud::CloudError::from)?;
        let shelf = Shelf::new(table, cloud.clock.clone());
        let begun = Instant::now();
        let looked = shelf.look(|index| (index.services(), index.words())).await;
        let (services, words) = looked.map_err(|error| BenchError::Unexpected(error.to_string()))?;
        times.push(begun.elapsed());
        if u64::try_from(services).ok() != Some(SERVICES) {
            return Err(BenchError::Unexpected(format!("{services} services have cards, of {words} words")));
        }
        shelves.push(shelf);
    }
    let grown = machine::rss(std::process::id())?.saturating_sub(before);
    let mut row = figures(times.clone(), times.iter().sum());
    let count = f64::from(u32::try_from(shelves.len()).unwrap_or(1));
    // Of five, and no answer to anybody.
    row.retain(|key, _| matches!(key.as_str(), "p50_ms" | "max_ms"));
    row.insert("memory_mb".into(), f64::from(grown) / 1024.0 / count);
    Ok(row)
}
