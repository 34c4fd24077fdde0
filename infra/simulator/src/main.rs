//! `cargo run --release -p banister-simulator`: proves for a seed that nothing is booked twice.
#![expect(clippy::print_stdout, reason = "this is a program that speaks to a person")]

use std::process::ExitCode;
use std::time::Instant;

use banister_simulator::run::{Plan, Played, run};

const USAGE: &str = "\
Plays random clients against the calendars of a few providers, and checks every commit and every answer.

Usage: cargo run --release -p banister-simulator -- [OPTIONS]

Options:
  --seed N          where chance begins (default 1)
  --operations N    how many requests, 1,000 a round (default 100000)
  --threads N       how many rounds at a time (default: one for each processor)
  --round N         only this round of the seed, to see again what went wrong
  --help            this text

Ends with 1 if a rule is broken, and says the seed, the round, the rule and what happened last.
";

/// How many of the latest events are shown.
const SHOWN_EVENTS: usize = 80;

fn parse() -> Result<Option<Plan>, lexopt::Error> {
    use lexopt::prelude::{Long, Short, ValueExt as _};
    let threads = std::thread::available_parallelism().map_or(1, Into::into);
    let mut plan = Plan { seed: 1, operations: 100_000, threads, round: None, flaw: None };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("seed") => plan.seed = arguments.value()?.parse()?,
            Long("operations") => plan.operations = arguments.value()?.parse()?,
            Long("threads") => plan.threads = arguments.value()?.parse()?,
            Long("round") => plan.round = Some(arguments.value()?.parse()?),
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(plan))
}

fn report(plan: &Plan, played: &Played, seconds: f64) {
    let Played { tally, rounds, .. } = played;
    println!("\nseed {}: {} requests in {rounds} rounds, {:.0} s", plan.seed, tally.operations, seconds);
    println!("{} commits, digest {:016x}\n\nwhat went wrong on purpose", tally.commits, tally.digest);
    for (fault, count) in &tally.injected.0 {
        println!("  {count:>9}  {}", fault.name());
    }
    println!("\nrequests, and how they ended");
    for ((asked, told), count) in &tally.answers {
        println!("  {count:>9}  {asked}: {told}");
    }
    println!("\n{} refusals are right of days read at different moments only", tally.torn);
}

fn main() -> ExitCode {
    let plan = match parse() {
        Ok(Some(plan)) => plan,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            println!("{error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let begun = Instant::now();
    let progress = |done: u64, all: u64| {
        if done.is_multiple_of(100) {
            println!("{done} of {all} rounds, {:.0} s", begun.elapsed().as_secs_f64());
        }
    };
    let played = match run(&plan, progress) {
        Ok(played) => played,
        Err(error) => {
            println!("{error}");
            return ExitCode::FAILURE;
        }
    };
    report(&plan, &played, begun.elapsed().as_secs_f64());
    let Some((round, failure)) = &played.failure else {
        println!("no rule was broken");
        return ExitCode::SUCCESS;
    };
    let events = &failure.events[failure.events.len().saturating_sub(SHOWN_EVENTS)..];
    println!("\nwhat happened last in round {round}");
    for event in events {
        println!("  {event}");
    }
    println!("\nBROKEN: {}\nseed {}, round {round}", failure.violation, plan.seed);
    ExitCode::FAILURE
}
