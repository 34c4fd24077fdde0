//! `cargo run --release -p banister-bench`: what functions, the local cloud and a month cost.
#![expect(clippy::print_stdout, reason = "this is a program that speaks to a person")]

mod cost;
mod document;
mod functions;
mod load;
mod machine;
mod passwords;
mod push;
mod report;
mod spread;
#[path = "../../runtime/tests/functions/world.rs"]
#[allow(dead_code, clippy::pedantic, clippy::unwrap_used, reason = "a part of the tests of infra/runtime")]
mod world;

use std::process::ExitCode;

use machine::Machine;
use report::{Figures, Part, Report};

const USAGE: &str = "\
Measures, prints a table for each part, and compares with infra/bench/baselines.

Usage: cargo run --release -p banister-bench [-- [PART] [--bless]]

Parts:
  all         every part (default)
  functions   CPU, memory and size of the binaries in target/lambda (infra/release/stage puts them there)
  load        requests a second and latency of the local cloud, with few and with many items in the table
  contention  bookings of one provider by up to a hundred customers at once, each a slot of their own or all the same
  users       the same of finding people and signing in, with few and with a million accounts (takes 8 GB)
  search      searching among 50,000 services, and reading all cards
  passwords   a password hash and a sign-in with one, free and with the processor's share of the function's memory
  push        pushes a second to 1,000 WebSocket connections of the local cloud
  cost        dollars by operation and by month, from counted units and prices.json

Options:
  --bless     make what is measured the new baselines, and write the tables in docs/ anew
  --help      this text
";

/// The page of the measured parts.
const PERFORMANCE: &str = "docs/performance.md";

/// Why something was not measured.
#[derive(Debug, thiserror::Error)]
enum BenchError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// A file is not the JSON that it should be.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A document has no place for a table.
    #[error("{path} has no marks for the table {name}")]
    Document {
        /// Which document.
        path: String,
        /// Which table.
        name: String,
    },
    /// The local cloud did not start.
    #[error(transparent)]
    Cloud(#[from] banister_local::cloud::CloudError),
    /// The local cloud did not answer as it should.
    #[error(transparent)]
    Client(#[from] banister_local::client::ClientError),
    /// Anything else that is not as it should be.
    #[error("{0}")]
    Unexpected(String),
}

/// What the command line asks for.
struct Asked {
    part: String,
    bless: bool,
}

fn parse() -> Result<Option<Asked>, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let mut asked = Asked { part: "all".into(), bless: false };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("bless") => asked.bless = true,
            Long("help") | Short('h') => return Ok(None),
            Value(part) => asked.part = part.string()?,
            other => return Err(other.unexpected()),
        }
    }
    match asked.part.as_str() {
        "all" | "functions" | "load" | "contention" | "users" | "search" | "passwords" | "push" | "cost" => {
            Ok(Some(asked))
        }
        other => Err(format!("there is no part {other}").into()),
    }
}

/// Prints a part, and compares it or makes it the baseline. What is wrong with it, a line each.
fn conclude(part: &Part, rows: Vec<(String, Figures)>, bless: bool) -> Result<Vec<String>, BenchError> {
    let report = Report { machine: Machine::here(), rows: rows.into_iter().collect() };
    println!("\n{}, on {}\n\n{}", part.name, report.machine, part.table(&report));
    for over in part.over_budget(&report) {
        println!("over budget: {over}");
    }
    let told = part.over_limit(&report).into_iter().map(|over| format!("over its limit: {over}"));
    let mut faults: Vec<_> = told.collect();
    if bless {
        part.bless(&report)?;
        return Ok(faults);
    }
    let Some(baseline) = part.baseline()? else {
        faults.push(format!("{}: there is no baseline; make one with --bless", part.name));
        return Ok(faults);
    };
    println!("compared with a baseline from {}", baseline.machine);
    faults.extend(part.faults(&report, &baseline));
    Ok(faults)
}

/// The performance page with the tables of the committed baselines.
fn performance() -> Result<String, BenchError> {
    let mut texts = Vec::new();
    for part in [
        &functions::PART,
        &load::PART,
        &load::contention::PART,
        &load::users::PART,
        &load::search::PART,
        &passwords::PART,
        &push::PART,
    ] {
        let text = part.baseline()?.map_or_else(
            || "Not measured yet.".to_owned(),
            |baseline| format!("On {}.\n\n{}", baseline.machine, part.table(&baseline)),
        );
        texts.push((part.name, text));
    }
    document::with(PERFORMANCE, &texts)
}

async fn run(asked: &Asked) -> Result<Vec<String>, BenchError> {
    let wanted = |name| asked.part == name || asked.part == "all";
    let mut faults = Vec::new();
    if wanted("functions") {
        let (rows, missing) = functions::measure().await?;
        faults.extend(conclude(&functions::PART, rows, asked.bless)?);
        faults.extend(missing);
    }
    // One log takes the place of the process's own, so both parts read it.
    let log = (wanted("load") || wanted("users") || wanted("search")).then(load::Log::start);
    if let (Some(log), true) = (&log, wanted("load")) {
        faults.extend(conclude(&load::PART, load::measure(log).await?, asked.bless)?);
    }
    if wanted("contention") {
        faults.extend(conclude(&load::contention::PART, load::contention::measure().await?, asked.bless)?);
    }
    if let (Some(log), true) = (&log, wanted("users")) {
        faults.extend(conclude(&load::users::PART, load::users::measure(log).await?, asked.bless)?);
    }
    if let (Some(log), true) = (&log, wanted("search")) {
        faults.extend(conclude(&load::search::PART, load::search::measure(log).await?, asked.bless)?);
    }
    if wanted("passwords") {
        faults.extend(conclude(&passwords::PART, passwords::measure().await?, asked.bless)?);
    }
    if wanted("push") {
        faults.extend(conclude(&push::PART, push::measure().await?, asked.bless)?);
    }
    if asked.bless {
        document::write(PERFORMANCE, &performance()?)?;
    }
    if wanted("cost") {
        faults.extend(cost::run(asked.bless)?);
    } else if asked.bless {
        // It is made of the baselines, too.
        document::write(cost::COSTS, &cost::document()?)?;
    }
    Ok(faults)
}

#[tokio::main]
async fn main() -> ExitCode {
    let asked = match parse() {
        Ok(Some(asked)) => asked,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            println!("{error}\n\n{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    match run(&asked).await {
        Ok(faults) if faults.is_empty() => ExitCode::SUCCESS,
        Ok(faults) => {
            println!("\n{}", faults.join("\n"));
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_performance_page_has_the_tables_of_the_baselines() {
        let page = banister_checks::files::read(PERFORMANCE).unwrap();
        assert!(
            performance().unwrap() == page,
            "write it anew: cargo run --release -p banister-bench -- cost --bless"
        );
    }
}
