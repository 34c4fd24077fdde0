//! One round: a world of its own, clients that want something of it, and a scheduler that says whose turn it is.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use banister_platform::store::{AccountRecord, RulesRecord, ServiceRecord};
use banister_platform::table::Table;
use jiff::{SignedDuration, Timestamp};

use crate::ask::Outcome;
use crate::client::{Client, Delivery};
use crate::dice::Dice;
use crate::faults::{Fault, Injected, Rates};
use crate::gate::Gate;
use crate::model::{LINEAR, Model, Violation};
use crate::wishes;
use crate::world::World;

/// How many requests are served at the same time.
const SIDE_BY_SIDE: usize = 16;
/// Longer than any pause of the code under test, and shorter than the time-out of a call: whoever pauses goes on
/// after one such step, however the pause was thrown.
const PAUSE: Duration = Duration::from_millis(1_300);
/// For how long a request is sent again: a receipt answers for a day.
const KEY_LASTS: SignedDuration = SignedDuration::from_hours(20);
/// So many pauses with nobody to go on mean that something hangs for good.
const MOST_PAUSES: usize = 40;

/// What a round was.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Requests by what they asked, and by how they ended.
    pub answers: BTreeMap<(&'static str, &'static str), u64>,
    /// Requests.
    pub operations: u64,
    /// Commits of the table.
    pub commits: u64,
    /// What went wrong on purpose.
    pub injected: Injected,
    /// Refusals that are right of days read at different moments only.
    pub torn: u64,
    /// A number that another history would hardly have.
    pub digest: u64,
}

impl Tally {
    /// Both together.
    pub fn add(&mut self, other: &Self) {
        for (kind, count) in &other.answers {
            *self.answers.entry(*kind).or_default() += count;
        }
        self.operations += other.operations;
        self.commits += other.commits;
        self.injected.add(&other.injected);
        self.torn += other.torn;
        self.digest ^= other.digest;
    }

    fn mix(&mut self, value: u64) {
        self.digest = (self.digest ^ value).wrapping_mul(0x0000_0100_0000_01b3);
    }
}

/// A round that went wrong: what was broken, and what happened before.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What was broken.
    pub violation: Violation,
    /// The latest events, oldest first.
    pub events: Vec<String>,
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A request that is being served.
struct Running {
    attempt: usize,
    intention: usize,
    delivery: Delivery,
    since: Timestamp,
    future: Pin<Box<dyn Future<Output = Outcome>>>,
    woken: Arc<Flag>,
}

/// An intention that is not over.
struct Open {
    intention: usize,
    delivery: Delivery,
    since: Timestamp,
}

struct Round<'a> {
    gate: &'a Gate,
    client: Client,
    dice: Dice,
    world: World,
    model: Model,
    now: Timestamp,
    running: Vec<Running>,
    again: Vec<Open>,
    tally: Tally,
    rates: Rates,
}

/// Plays round `number` of `seed` with so many requests.
pub async fn play(
    gate: &Gate,
    table: &Table,
    (seed, number): (u64, u64),
    operations: u64,
) -> Result<Tally, Box<Failure>> {
    let mut dice = Dice::of(seed, number);
    let world = World::new(&mut dice);
    let rates = if dice.permille(100) { Rates::calm() } else { Rates::stormy() };
    let (client, model, now) = (Client::new(table.clone()), Model::default(), world.begins);
    let (running, again, tally) = (Vec::new(), Vec::new(), Tally::default());
    let mut round = Round { gate, client, dice, world, model, now, running, again, tally, rates };
    let played = match round.furnish(table) {
        Ok(()) => round.play(operations).await,
        failed => failed,
    };
    let Round { model, mut tally, .. } = round;
    tally.injected.add(&gate.injected());
    tally.commits = gate.peer(|peer| peer.commits());
    tally.torn = model.torn;
    let failure =
        |violation| Box::new(Failure { violation, events: model.events().map(str::to_owned).collect() });
    played.map(|()| tally).map_err(failure)
}

impl Round<'_> {
    /// Puts accounts, calendars and services there.
    fn furnish(&mut self, table: &Table) -> Result<(), Violation> {
        let gate = self.gate.clone();
        let calm = async {
            for account in &self.world.accounts {
                table.put(&AccountRecord(account.clone())).await?;
            }
            for service in &self.world.services {
                table.put(&ServiceRecord(service.clone())).await?;
            }
            for plan in &self.world.plans {
                let rules = plan.rules.clone();
                let record = RulesRecord { provider_id: plan.provider, rules, vacations: Vec::new() };
                table.put(&record).await?;
            }
            Ok::<(), banister_platform::table::StorageError>(())
        };
        let mut calm = Box::pin(tokio::task::unconstrained(calm));
        let (mut dice, rates) = (Dice::new(0), Rates::calm());
        loop {
            match calm.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Ok(())) => break,
                Poll::Ready(Err(error)) => {
                    return Err(Violation { rule: LINEAR, what: format!("nothing can be put: {error}") });
                }
                Poll::Pending => gate.step(&mut dice, &rates),
            }
        }
        drop(calm);
        self.gate.take_commits().iter().try_for_each(|commit| self.model.furnish(commit))
    }

    async fn play(&mut self, operations: u64) -> Result<(), Violation> {
        let mut pauses = 0;
        loop {
            while self.running.len() < SIDE_BY_SIDE && self.tally.operations < operations {
                self.send();
            }
            self.poll()?;
            let more = self.tally.operations < operations;
            if self.running.is_empty() && !more && !self.gate.waiting() {
                break;
            }
            if self.running.len() < SIDE_BY_SIDE && more {
                continue;
            }
            if self.gate.waiting() {
                pauses = 0;
                self.disturb();
                self.gate.step(&mut self.dice, &self.rates);
                self.take_commits()?;
                if self.dice.permille(12) {
                    tokio::time::advance(PAUSE).await;
                }
            } else {
                pauses += 1;
                if pauses > MOST_PAUSES {
                    return Err(Violation { rule: LINEAR, what: "nobody can go on".into() });
                }
                tokio::time::advance(PAUSE).await;
            }
        }
        self.gate.peer(|peer| self.model.at_rest(peer))
    }

    /// Sends a request: a new one, or one that was sent before.
    fn send(&mut self) {
        self.tick();
        let again = if self.dice.permille(600) { self.again.pop() } else { None };
        let again = again.filter(|open| self.now.duration_since(open.since) < KEY_LASTS);
        let open = again.unwrap_or_else(|| {
            let ask = wishes::wish(&mut self.dice, &self.world, &self.model, self.now);
            let intention = self.model.intend(&ask);
            let subject = self.world.customers[intention % self.world.customers.len()];
            let (key, dice) = (format!("intention-{intention:08}"), self.dice.clone());
            let delivery = Delivery { ask, subject, key, now: self.now, dice };
            Open { intention, delivery, since: self.now }
        });
        let twice = open.delivery.ask.has_key() && self.dice.permille(60);
        if twice {
            self.gate.count(Fault::Duplicate);
            self.deliver(open.intention, open.delivery.clone(), open.since);
        }
        self.deliver(open.intention, open.delivery, open.since);
    }

    fn deliver(&mut self, intention: usize, delivery: Delivery, since: Timestamp) {
        // Clocks of different machines differ by some seconds, one way or the other.
        let skew = if self.dice.permille(300) { self.dice.between(-40, 40) } else { 0 };
        let now = self.now + SignedDuration::from_secs(skew);
        let delivery = Delivery { now, dice: Dice::new(self.dice.next()), ..delivery };
        let attempt = self.model.begin(intention, &delivery);
        self.tally.operations += 1;
        let future = Box::pin(tokio::task::unconstrained(self.client.clone().serve(delivery.clone())));
        let woken = Arc::new(Flag(AtomicBool::new(true)));
        self.running.push(Running { attempt, intention, delivery, since, future, woken });
    }

    /// Time goes by, mostly slowly.
    fn tick(&mut self) {
        let seconds = match self.dice.below(400) {
            0 => self.dice.between(600, 5_000),
            1 if self.dice.permille(200) => self.dice.between(20_000, 100_000),
            _ => self.dice.between(0, 12),
        };
        if seconds > 500 {
            self.gate.count(Fault::ClockJump);
        }
        if seconds > 20_000 {
            let late = self.now.as_second() - 3_600;
            let deleted = self.gate.peer(|peer| peer.delete_expired(late));
            for _ in 0..deleted {
                self.gate.count(Fault::TimeToLive);
            }
        }
        self.now += SignedDuration::from_secs(seconds);
    }

    /// A client ends in the middle of a request, or the indexes move on.
    fn disturb(&mut self) {
        if self.dice.permille(300) {
            let count = self.dice.below(8);
            self.gate.peer(|peer| peer.index_some(count));
        }
        if self.running.is_empty() || !self.dice.permille(6) || self.rates.is_calm() {
            return;
        }
        let at = self.dice.below(self.running.len());
        let crashed = self.running.swap_remove(at);
        self.gate.count(Fault::Crash);
        self.finish(crashed, &Outcome::Unknown);
    }

    /// Polls whoever can go on.
    fn poll(&mut self) -> Result<(), Violation> {
        let mut at = 0;
        while at < self.running.len() {
            let running = &mut self.running[at];
            if !running.woken.0.swap(false, Ordering::Relaxed) {
                at += 1;
                continue;
            }
            self.gate.speak_for(running.attempt);
            let waker = Waker::from(Arc::clone(&running.woken));
            let polled = running.future.as_mut().poll(&mut Context::from_waker(&waker));
            let Poll::Ready(outcome) = polled else { continue };
            let finished = self.running.swap_remove(at);
            self.model.answer(finished.attempt, &outcome)?;
            self.finish(finished, &outcome);
        }
        Ok(())
    }

    fn finish(&mut self, running: Running, outcome: &Outcome) {
        // What is under way stays under way; the request is forsaken.
        let Running { attempt, intention, delivery, since, .. } = running;
        let asked = delivery.ask.name();
        *self.tally.answers.entry((asked, outcome.name())).or_default() += 1;
        let told = outcome
            .name()
            .bytes()
            .fold(attempt as u64, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        self.tally.mix(told);
        let likely = match outcome {
            Outcome::Unknown => 800,
            Outcome::Fresh(_) | Outcome::Replayed(_) => 40,
            _ => 10,
        };
        let fresh = self.now.duration_since(since) < KEY_LASTS;
        if fresh && delivery.ask.has_key() && self.dice.permille(likely) {
            self.gate.count(Fault::Duplicate);
            self.again.push(Open { intention, delivery, since });
        }
    }

    fn take_commits(&mut self) -> Result<(), Violation> {
        for commit in self.gate.take_commits() {
            self.tally.mix(commit.number << 16 | commit.writes.len() as u64);
            self.model.commit(&commit)?;
        }
        Ok(())
    }
}
