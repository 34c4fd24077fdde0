//! Many rounds, on as many threads as there are; each round is the same wherever and whenever it is played.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryPartition;
use banister_platform::aws::client_config;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::table::Table;

use crate::gate::Gate;
use crate::peer::Flaw;
use crate::round::{Failure, Tally, play};

/// How many requests a round has.
pub const ROUND: u64 = 1_000;

/// What is to be played.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// How many requests.
    pub operations: u64,
    /// On how many threads.
    pub threads: usize,
    /// This round only.
    pub round: Option<u64>,
    /// What is wrong with the table, to see that it is noticed.
    pub flaw: Option<Flaw>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Played {
    /// All rounds together.
    pub tally: Tally,
    /// How many rounds.
    pub rounds: u64,
    /// The first round that went wrong.
    pub failure: Option<(u64, Box<Failure>)>,
}

/// Why nothing was played.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The settings of the client.
    #[error(transparent)]
    Settings(#[from] ConfigError),
    /// No runtime.
    #[error("no runtime: {0}")]
    Runtime(#[from] std::io::Error),
}

/// An empty table behind a gate, reached by the client that functions have. What that client remembers of its retries
/// is this table's own, named after it.
pub fn table(name: String) -> Result<(Gate, Table), RunError> {
    let values = [
        ("AWS_ACCESS_KEY_ID", "simulator"),
        ("AWS_SECRET_ACCESS_KEY", "simulator"),
        ("AWS_REGION", "us-east-1"),
    ];
    let values: BTreeMap<_, _> = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let gate = Gate::default();
    let mut config = client_config(&Settings::from_map(values))?;
    config.set_http_client(Some(aws_sdk_dynamodb::config::SharedHttpClient::new(gate.clone())));
    let config = aws_sdk_dynamodb::config::Builder::from(&config.build());
    let config = config.retry_partition(RetryPartition::new(name));
    Ok((gate, Table::new(Client::from_conf(config.build()), "banister")))
}

/// Plays what is planned, and stops at the first round that goes wrong.
pub fn run(plan: &Plan, progress: impl Fn(u64, u64) + Sync) -> Result<Played, RunError> {
    let rounds = plan.operations.div_ceil(ROUND);
    let (first, end) = plan.round.map_or((0, rounds), |round| (round, round + 1));
    let (next, stop) = (AtomicU64::new(first), AtomicBool::new(false));
    let played = Mutex::new(Played::default());
    let work = || -> Result<(), RunError> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= end {
                break;
            }
            let size = ROUND.min(plan.operations - (number * ROUND).min(plan.operations - 1));
            let size = if plan.round.is_some() { ROUND } else { size };
            let (gate, table) = table(format!("round {number} of {}", plan.seed))?;
            gate.peer(|peer| peer.spoil(plan.flaw));
            let tally = runtime.block_on(play(&gate, &table, (plan.seed, number), size));
            let mut played = played.lock().unwrap_or_else(PoisonError::into_inner);
            match tally {
                Ok(tally) => {
                    played.tally.add(&tally);
                    played.rounds += 1;
                    progress(played.rounds, end - first);
                }
                Err(failure) => {
                    stop.store(true, Ordering::Relaxed);
                    if played.failure.as_ref().is_none_or(|(earlier, _)| number < *earlier) {
                        played.failure = Some((number, failure));
                    }
                }
            }
        }
        // Connections of the client may still be closing.
        runtime.shutdown_timeout(Duration::ZERO);
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..plan.threads.max(1)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    Ok(played.into_inner().unwrap_or_else(PoisonError::into_inner))
}
