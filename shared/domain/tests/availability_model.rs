//! An exhaustive small model of two concurrent writers of one provider's calendar.
//!
//! Each writer reads, decides, and later commits one transaction: the changed days on condition of
//! their versions, and the bookings on condition of their states, as the table would. Every order
//! of reads, commits and ticks of the clock is tried, over places that overlap and cross midnight.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use banister_domain::availability::{Busy, ChangedDay, Day, Interval, Refusal, release, reserve, settle};
use banister_domain::id::BookingId;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

const BOOKINGS: usize = 3;
const WRITERS: usize = 2;
const LAST_TICK: i64 = 3;
/// Ticks that a hold lasts.
const HOLD: i64 = 1;

/// The first overlaps the second, the second the third; the second and third touch two days.
const PLACES: [(&str, &str); 3] = [
    ("2026-03-02T22:00:00Z", "2026-03-02T23:30:00Z"),
    ("2026-03-02T23:00:00Z", "2026-03-03T01:00:00Z"),
    ("2026-03-02T23:30:00Z", "2026-03-03T02:00:00Z"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    New,
    Held { place: usize, until: i64 },
    Firm { place: usize },
    Expired,
    Cancelled,
}

#[derive(Debug, Clone, Copy)]
enum Command {
    Request { booking: usize, place: usize },
    Confirm { booking: usize },
    Cancel { booking: usize },
    Expire { booking: usize },
}

/// A decided transaction that is not committed yet.
#[derive(Debug, Clone)]
struct Pending {
    days: Vec<ChangedDay>,
    /// Booking, state that was read, state to write.
    states: Vec<(usize, State, State)>,
}

#[derive(Debug, Clone)]
struct World {
    tick: i64,
    days: Vec<Day>,
    states: [State; BOOKINGS],
    pending: [Option<Pending>; WRITERS],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Versions {
    Checked,
    Ignored,
}

#[derive(Debug, Default)]
struct Seen {
    worlds: usize,
    lost_races: usize,
    displaced: usize,
    refused: usize,
    firm_over_midnight: usize,
}

fn clock(tick: i64) -> Timestamp {
    let start: Timestamp = "2026-03-01T12:00:00Z".parse().expect("a timestamp");
    start + SignedDuration::from_mins(tick)
}

fn place(index: usize) -> Interval {
    let (from, to) = PLACES[index];
    Interval::new(from.parse().expect("a timestamp"), to.parse().expect("a timestamp")).expect("an interval")
}

fn id(booking: usize) -> BookingId {
    BookingId::from_parts(u64::try_from(booking).expect("small") + 1, 0)
}

fn index(booking: BookingId) -> usize {
    (0..BOOKINGS).find(|index| id(*index) == booking).expect("a booking of the model")
}

impl State {
    fn live(self, tick: i64) -> Option<usize> {
        match self {
            Self::Held { place, until } => (tick < until).then_some(place),
            Self::Firm { place } => Some(place),
            _ => None,
        }
    }

    /// What the calendar must hold for a booking in this state.
    fn entry(self, booking: usize) -> Option<Busy> {
        let (index, until) = match self {
            Self::Held { place, until } => (place, Some(clock(until))),
            Self::Firm { place } => (place, None),
            _ => return None,
        };
        Some(Busy { until, ..Busy::firm(place(index), id(booking)) })
    }
}

impl World {
    fn new() -> Self {
        let days = vec![Day::empty(date(2026, 3, 2)), Day::empty(date(2026, 3, 3))];
        Self { tick: 0, days, states: [State::New; BOOKINGS], pending: [const { None }; WRITERS] }
    }

    /// Everything that decides about the future: versions only by whether they are still current.
    fn key(&self) -> String {
        let busy: Vec<Vec<String>> =
            self.days.iter().map(|day| day.busy.iter().map(Busy::to_text).collect()).collect();
        let pending = self.pending.iter().flatten().map(|pending| {
            let fresh = pending.days.iter().all(|changed| self.is_current(changed));
            let days: Vec<_> = pending.days.iter().map(|changed| &changed.day.busy).collect();
            (fresh, format!("{days:?}"), &pending.states)
        });
        let pending: BTreeSet<String> = pending.map(|pending| format!("{pending:?}")).collect();
        format!(
            "{} {:?} {busy:?} {} {pending:?}",
            self.tick,
            self.states,
            self.pending.iter().flatten().count()
        )
    }

    fn is_current(&self, changed: &ChangedDay) -> bool {
        self.days.iter().any(|day| day.date == changed.day.date && day.version == changed.expected_version)
    }

    fn commands(&self) -> Vec<Command> {
        let per_booking = (0..BOOKINGS).flat_map(|booking| match self.states[booking] {
            State::New => (0..PLACES.len()).map(|place| Command::Request { booking, place }).collect(),
            State::Held { until, .. } if self.tick < until => {
                vec![Command::Confirm { booking }, Command::Cancel { booking }]
            }
            State::Held { .. } => vec![Command::Expire { booking }, Command::Cancel { booking }],
            State::Firm { .. } => vec![Command::Cancel { booking }],
            State::Expired | State::Cancelled => vec![],
        });
        per_booking.collect()
    }

    /// Reads and decides; `None` if the command is refused.
    fn decide(&self, command: Command, seen: &mut Seen) -> Option<Pending> {
        let write = |booking: usize, to: State| (booking, self.states[booking], to);
        match command {
            Command::Request { booking, place } => self.request(booking, place, seen),
            Command::Confirm { booking } => {
                let State::Held { place, .. } = self.states[booking] else {
                    panic!("only holds are confirmed")
                };
                let days = settle(self.days.clone(), id(booking)).expect("a live hold is in the calendar");
                Some(Pending { days, states: vec![write(booking, State::Firm { place })] })
            }
            Command::Cancel { booking } => {
                let days = release(self.days.clone(), id(booking)).expect("what is held is in the calendar");
                Some(Pending { days, states: vec![write(booking, State::Cancelled)] })
            }
            Command::Expire { booking } => {
                let days = release(self.days.clone(), id(booking)).expect("nobody displaced it yet");
                Some(Pending { days, states: vec![write(booking, State::Expired)] })
            }
        }
    }

    fn request(&self, booking: usize, index: usize, seen: &mut Seen) -> Option<Pending> {
        let held = State::Held { place: index, until: self.tick + HOLD };
        let wanted = held.entry(booking).expect("a hold has an entry");
        let blocking: Vec<usize> =
            (0..BOOKINGS).filter(|other| self.blocks(*other, wanted.interval)).collect();
        match reserve(clock(self.tick), self.days.clone(), wanted) {
            Ok(made) => {
                assert!(blocking.is_empty(), "a live booking did not block: {self:?}");
                seen.displaced += made.displaced.len();
                let displaced = made.displaced.iter().map(|by| (self::index(*by), State::Expired));
                let all = std::iter::once((booking, held)).chain(displaced);
                let states = all.map(|(booking, to)| (booking, self.states[booking], to)).collect();
                Some(Pending { days: made.days, states })
            }
            Err(Refusal::Taken { by }) => {
                assert!(
                    blocking.contains(&self::index(by.booking().expect("only bookings are in the model"))),
                    "{by} blocks and is not live: {self:?}"
                );
                seen.refused += 1;
                None
            }
            Err(other) => panic!("{other}: {self:?}"),
        }
    }

    fn blocks(&self, booking: usize, interval: Interval) -> bool {
        self.states[booking].live(self.tick).is_some_and(|index| place(index).overlaps(&interval))
    }

    /// The transaction of the table: all conditions hold, or nothing is written.
    fn commit(&mut self, pending: &Pending, versions: Versions) -> bool {
        let states_hold = pending.states.iter().all(|(booking, from, _)| self.states[*booking] == *from);
        let days_hold = pending.days.iter().all(|changed| self.is_current(changed));
        if !states_hold || (!days_hold && versions == Versions::Checked) {
            return false;
        }
        for (booking, _, to) in &pending.states {
            self.states[*booking] = *to;
        }
        for changed in &pending.days {
            let day =
                self.days.iter_mut().find(|day| day.date == changed.day.date).expect("a day of the model");
            *day = changed.day.clone();
        }
        true
    }

    /// The worlds one step on.
    fn next(&self, versions: Versions, seen: &mut Seen) -> Vec<Self> {
        let mut worlds = Vec::new();
        if self.tick < LAST_TICK {
            worlds.push(Self { tick: self.tick + 1, ..self.clone() });
        }
        // Writers are alike: only the first idle one begins.
        if let Some(idle) = self.pending.iter().position(Option::is_none) {
            for command in self.commands() {
                if let Some(pending) = self.decide(command, seen) {
                    let mut next = self.clone();
                    next.pending[idle] = Some(pending);
                    worlds.push(next);
                }
            }
        }
        for writer in 0..WRITERS {
            let mut next = self.clone();
            if let Some(pending) = next.pending[writer].take() {
                seen.lost_races += usize::from(!next.commit(&pending, versions));
                worlds.push(next);
            }
        }
        worlds
    }

    fn faults(&self, before: &Self) -> Vec<String> {
        let mut faults = Vec::new();
        for (old, new) in before.days.iter().zip(&self.days) {
            if new.version != old.version + u64::from(new.busy != old.busy) {
                faults.push(format!("version {} after {} of {}", new.version, old.version, new.date));
            }
        }
        for day in &self.days {
            let stored: BTreeMap<_, _> = day.busy.iter().map(|busy| (busy.owner, busy.to_text())).collect();
            let owed = (0..BOOKINGS).filter_map(|booking| self.states[booking].entry(booking));
            let owed = owed.filter(|busy| busy.interval.utc_days().any(|date| date == day.date));
            let owed: BTreeMap<_, _> = owed.map(|busy| (busy.owner, busy.to_text())).collect();
            if stored != owed || stored.len() != day.busy.len() {
                faults.push(format!("{} holds {stored:?}, owes {owed:?}", day.date));
            }
            let live: Vec<&Busy> = day.busy.iter().filter(|busy| busy.is_live(clock(self.tick))).collect();
            let overlap =
                |(i, a): (usize, &&Busy)| live[..i].iter().any(|b| a.interval.overlaps(&b.interval));
            if live.iter().enumerate().any(overlap) {
                faults.push(format!("live entries of {} overlap: {live:?}", day.date));
            }
        }
        for booking in 0..BOOKINGS {
            let own = self.states[booking].live(self.tick).map(place);
            if (0..booking).any(|other| own.is_some_and(|own| self.blocks(other, own))) {
                faults.push(format!("booking {booking} overlaps another: {:?}", self.states));
            }
        }
        faults
    }

    /// A newcomer gets a place if and only if no live booking overlaps it.
    fn check_newcomer(&self) {
        for index in 0..PLACES.len() {
            let wanted = Busy::firm(place(index), BookingId::from_parts(99, 0));
            let answer = reserve(clock(self.tick), self.days.clone(), wanted);
            let blocked = (0..BOOKINGS).any(|other| self.blocks(other, wanted.interval));
            assert_eq!(answer.is_err(), blocked, "place {index}: {answer:?} in {self:?}");
        }
    }
}

/// Every world within `depth` steps; the first fault ends it.
fn explore(depth: usize, versions: Versions) -> (Seen, Option<String>) {
    let (mut seen, mut known, mut front) = (Seen::default(), HashSet::new(), vec![World::new()]);
    for _ in 0..depth {
        let mut found = Vec::new();
        for world in &front {
            for next in world.next(versions, &mut seen) {
                let faults = next.faults(world);
                if !faults.is_empty() {
                    return (seen, Some(faults.join("; ")));
                }
                if known.insert(next.key()) {
                    next.check_newcomer();
                    let over_midnight = |state: &State| matches!(state, State::Firm { place: 1 | 2 });
                    seen.firm_over_midnight += usize::from(next.states.iter().any(over_midnight));
                    found.push(next);
                }
            }
        }
        front = found;
    }
    seen.worlds = known.len();
    (seen, None)
}

#[test]
fn no_order_of_events_breaks_the_calendar() {
    let (seen, fault) = explore(7, Versions::Checked);
    assert_eq!(fault, None);
    // The model is worth nothing if it never gets anywhere.
    assert!(seen.worlds > 5_000, "{seen:?}");
    assert!(seen.lost_races > 100 && seen.refused > 100, "{seen:?}");
    assert!(seen.displaced > 100 && seen.firm_over_midnight > 100, "{seen:?}");
}

#[test]
fn without_versions_the_model_finds_a_fault() {
    let (_, fault) = explore(9, Versions::Ignored);
    assert!(fault.is_some());
}
