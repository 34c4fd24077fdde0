//! Live busy time, asked about ever later places.

use jiff::Timestamp;

use super::interval::{ceil_second, floor_second};
use super::{Busy, Seats, Visit};

/// Whether a place can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nobody is there.
    Free,
    /// Others who share it are there, and seats are left.
    Shared,
    /// Others who share it are there, and too few seats are left.
    Full,
    /// Something else is there.
    Taken,
}

/// Busy time by its start: what shares no place, and the places that the visit could share.
pub(super) struct Taken {
    merged: Vec<(i64, i64)>,
    passed: usize,
    /// The places that could be shared, by their beginning.
    shared: Vec<Shared>,
    shared_passed: usize,
    /// The longest of `shared`.
    longest: i64,
    wanted: u16,
    capacity: u16,
}

/// What the seats of one booking take.
struct Shared {
    /// With the buffers of its time.
    from: i64,
    to: i64,
    /// The service itself.
    service: (i64, i64),
    seats: u16,
}

impl Taken {
    pub(super) fn new<'a>(now: Timestamp, visit: Visit, busy: impl IntoIterator<Item = &'a Busy>) -> Self {
        let mut spans = Vec::new();
        // By owner: a place over midnight is in the list of both days.
        let mut seats = Vec::new();
        for busy in busy.into_iter().filter(|busy| busy.is_live(now)) {
            // Asked with whole seconds only, so widening to whole seconds changes no answer.
            let (from, to) = (floor_second(busy.interval.from()), ceil_second(busy.interval.to()));
            let service = busy.given.map(|given| given.service);
            let time = busy.service_time().filter(|_| service == visit.service);
            match time.filter(|_| visit.capacity > Seats::MIN) {
                Some(time) => {
                    let service = (floor_second(time.from()), ceil_second(time.to()));
                    seats.push((busy.owner, Shared { from, to, service, seats: busy.seats() }));
                }
                None => spans.push((from, to)),
            }
        }
        seats.sort_unstable_by_key(|(owner, shared)| (shared.from, *owner));
        seats.dedup_by_key(|(owner, _)| *owner);
        let shared: Vec<Shared> = seats.into_iter().map(|(_, shared)| shared).collect();
        let longest = shared.iter().map(|place| place.to - place.from).max().unwrap_or(0);
        let (wanted, capacity) = (visit.seats.get(), visit.capacity.get());
        Self { merged: merge(spans), passed: 0, shared, shared_passed: 0, longest, wanted, capacity }
    }

    /// About a place from `from` to `to` for a service of its own time in it; one that begins no earlier than
    /// the one asked about before.
    pub(super) fn at(&mut self, (from, to): (i64, i64), service: (i64, i64)) -> Answer {
        while self.merged.get(self.passed).is_some_and(|span| span.1 <= from) {
            self.passed += 1;
        }
        if self.merged.get(self.passed).is_some_and(|span| span.0 < to) {
            return Answer::Taken;
        }
        while self.shared.get(self.shared_passed).is_some_and(|place| place.from + self.longest <= from) {
            self.shared_passed += 1;
        }
        let near = self.shared[self.shared_passed..].iter().take_while(|place| place.from < to);
        let mut taken: Option<u16> = None;
        for place in near.filter(|place| place.to > from) {
            if place.service != service {
                return Answer::Taken;
            }
            taken = Some(taken.unwrap_or(0).saturating_add(place.seats));
        }
        let fits = taken.unwrap_or(0).saturating_add(self.wanted) <= self.capacity;
        match (fits, taken) {
            (false, _) => Answer::Full,
            (true, Some(_)) => Answer::Shared,
            (true, None) => Answer::Free,
        }
    }
}

fn merge(mut spans: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    spans.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.0 <= last.1 => last.1 = last.1.max(span.1),
            _ => merged.push(span),
        }
    }
    merged
}
