//! The checker: a simple model of calendars that follows every commit of the table and judges every answer, without
//! the code under test. The order of the table's commits is the witness that the history is linearizable.

mod act;
mod answers;
mod claim;
mod days;
mod facts;
mod fate;
mod fit;
mod rest;

pub use facts::{Booking, Status};

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use crate::ask::{Ask, Outcome, Shown};
use crate::client::Delivery;
use crate::peer::{Commit, Item, text};
use claim::Claim;
use facts::{Entry, Hold, Offer, Rules};

/// How many of the latest events are kept to be shown.
const KEPT_EVENTS: usize = 600;

/// A rule that was broken.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{rule}: {what}")]
pub struct Violation {
    /// Which rule.
    pub rule: &'static str,
    /// By what.
    pub what: String,
}

type Checked = Result<(), Violation>;

fn broken<T>(rule: &'static str, what: impl Into<String>) -> Result<T, Violation> {
    Err(Violation { rule, what: what.into() })
}

/// Overlap: a place was given to two.
pub const OVERLAP: &str = "no overlap";
/// A day, a booking, its history and its events do not say the same.
pub const LOST: &str = "nothing lost";
/// Something took effect more often than it was asked for.
pub const ONCE: &str = "each key one effect";
/// An answer or a change was right in no state that it can have seen.
pub const LINEAR: &str = "linearizable";
/// What is kept cannot be read.
pub const FORM: &str = "readable";

/// What one idempotency key stands for.
#[derive(Debug)]
struct Intention {
    ask: Ask,
    /// What was done for it: commit, request, and what is shown.
    effects: Vec<(u64, usize, Shown)>,
}

/// One request, and what it could have seen.
#[derive(Debug)]
struct Attempt {
    intention: usize,
    now: i64,
    /// The state in which it began.
    begun: u64,
    /// Whether it was told that it was refused.
    refused: bool,
}

/// A value with the states in which it held.
#[derive(Debug)]
struct Version<T> {
    value: T,
    born: u64,
    died: u64,
}

impl<T> Version<T> {
    fn stood(&self, first: u64, last: u64) -> bool {
        self.born <= last && first < self.died
    }
}

/// Values with the states in which they held, oldest first.
type Versions<T> = Vec<Version<T>>;

fn change<T>(versions: &mut Versions<T>, value: Option<T>, at: u64) {
    if let Some(last) = versions.last_mut() {
        last.died = last.died.min(at);
    }
    versions.extend(value.map(|value| Version { value, born: at, died: u64::MAX }));
}

fn latest<T>(versions: Option<&Versions<T>>) -> Option<&T> {
    versions?.last().filter(|version| version.died == u64::MAX).map(|version| &version.value)
}

/// The checker of one world.
#[derive(Debug, Default)]
pub struct Model {
    intentions: Vec<Intention>,
    attempts: Vec<Attempt>,
    bookings: BTreeMap<String, Versions<Booking>>,
    holds: BTreeMap<String, Versions<Hold>>,
    rules: BTreeMap<String, Versions<Rules>>,
    offers: HashMap<String, Offer>,
    history: HashMap<String, BTreeSet<i64>>,
    events: HashMap<String, Vec<String>>,
    /// By provider.
    claims: HashMap<String, Vec<Claim>>,
    /// Provider and place in `claims` of what stands.
    standing: HashMap<String, (String, usize)>,
    days: HashMap<(String, i64), Vec<Entry>>,
    /// The days that have an entry of an owner.
    found: HashMap<String, BTreeSet<(String, i64)>>,
    /// Holds and proposals that had to go after they expired.
    displaced: HashSet<String>,
    /// Holds whose item TTL has deleted, and vacations that were forgotten: their entries may stay.
    forgotten: HashSet<String>,
    commits: u64,
    lines: VecDeque<String>,
    /// Refusals that are right of days read at different moments only.
    pub torn: u64,
}

impl Model {
    /// A new intention of a client; its number.
    pub fn intend(&mut self, ask: &Ask) -> usize {
        self.intentions.push(Intention { ask: ask.clone(), effects: Vec::new() });
        self.intentions.len() - 1
    }

    /// A request for an intention begins; its number.
    pub fn begin(&mut self, intention: usize, delivery: &Delivery) -> usize {
        let now = delivery.now.as_second();
        self.attempts.push(Attempt { intention, now, begun: self.commits, refused: false });
        let number = self.attempts.len() - 1;
        self.note(|| format!("request {number} at {}: {:?}", delivery.now, delivery.ask));
        number
    }

    /// What happened last, oldest first.
    pub fn events(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if self.lines.len() >= KEPT_EVENTS {
            self.lines.pop_front();
        }
        self.lines.push_back(line());
    }

    /// Follows what was put there before anybody came.
    pub fn furnish(&mut self, commit: &Commit) -> Checked {
        self.follow(commit).map(drop)
    }

    /// Follows a commit and checks it.
    pub fn commit(&mut self, commit: &Commit) -> Checked {
        let Some(by) = commit.by else {
            return self.expire(commit);
        };
        let fate = fate::Fate::read(commit)?;
        self.note(|| format!("commit {} by request {by}: {fate}", commit.number));
        self.judge_place(by, &fate, commit.number)?;
        let moved = self.follow(commit)?;
        let now = self.attempts[by].now;
        self.check_days(&moved, now, commit.number)?;
        self.check_overlap(&moved, now)?;
        self.check_books(&fate)?;
        self.credit(by, &fate, commit)
    }

    /// The table deleted something by itself.
    fn expire(&mut self, commit: &Commit) -> Checked {
        for write in &commit.writes {
            let before = write.before.as_ref();
            match before.and_then(|item| text(item, "t")) {
                Some("hold") => {
                    let id = before.and_then(|item| text(item, "id")).unwrap_or_default().to_owned();
                    self.forgotten.insert(id);
                }
                Some("receipt") => {}
                other => return broken(LOST, format!("TTL deletes a {other:?}")),
            }
        }
        self.follow(commit).map(drop)
    }

    /// The bookings as they are.
    pub fn bookings(&self) -> impl Iterator<Item = &Booking> {
        self.bookings.values().filter_map(|versions| latest(Some(versions)))
    }

    /// Id, customer, service, start, seats and expiry of the holds that are kept.
    pub fn holds(&self) -> impl Iterator<Item = (&str, &str, &str, i64, i64)> {
        let kept = self.holds.values().filter_map(|versions| latest(Some(versions)));
        kept.map(|hold| {
            (hold.id.as_str(), hold.customer.as_str(), hold.offer.as_str(), hold.service.0, hold.seats)
        })
    }

    /// Provider and id of every vacation.
    pub fn vacations(&self) -> impl Iterator<Item = (&str, &str)> {
        let kept = self.rules.iter().filter_map(|(provider, rules)| Some((provider, latest(Some(rules))?)));
        kept.flat_map(|(provider, rules)| {
            rules.vacations.iter().map(|(id, _)| (provider.as_str(), id.as_str()))
        })
    }

    /// What a request was told.
    pub fn answer(&mut self, attempt: usize, outcome: &Outcome) -> Checked {
        self.note(|| format!("request {attempt} is told: {outcome:?}"));
        self.judge_answer(attempt, outcome)
    }
}

fn read<T>(
    item: &Item,
    read: impl FnOnce(&serde_json::Map<String, serde_json::Value>) -> Option<T>,
) -> Result<T, Violation> {
    read(item).map_or_else(|| broken(FORM, format!("{item:?}")), Ok)
}
