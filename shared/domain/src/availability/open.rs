//! The open hours of a plan laid onto elapsed time.
//!
//! A moment is open if and only if its local wall clock time falls inside a range of its local
//! date: the exception's for that date where there is one, else its weekday's. Between two changes of
//! a zone's offset the wall clock runs evenly, so there a range is one stretch of elapsed time; a change
//! cuts it. So wall time that a change skips gives nothing, and wall time that it repeats gives two
//! stretches.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::CalendarRules;

pub(super) const DAY: i64 = 86_400;

/// Open time of one range on one local date under one offset. Seconds since the Unix epoch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) from: i64,
    pub(super) to: i64,
    /// The local date, in days since 1970-01-01.
    pub(super) date: i64,
    /// When the range would have started, had the offset always been this one.
    pub(super) origin: i64,
    /// The end of the unbroken open time that this piece is part of.
    pub(super) until: i64,
}

/// The open pieces of `[from, to)`, ascending and disjoint.
pub(super) fn pieces(rules: &CalendarRules, from: i64, to: i64) -> Vec<Piece> {
    let plan = Plan { week: rules.weekly.merged(), dates: rules.exceptions.merged() };
    let Ok(first) = Timestamp::from_second(from) else { return Vec::new() };
    if plan.is_never_open() {
        return Vec::new();
    }
    let zone = rules.time_zone.rules();
    let mut found = Vec::new();
    let mut changes = zone.following(first);
    let (mut at, mut offset) = (from, zone.to_offset(first));
    while at < to {
        let change = changes.next();
        let end = change.as_ref().map_or(to, |change| to.min(change.timestamp().as_second()));
        lay(&plan, i64::from(offset.seconds()), at, end, &mut found);
        at = end;
        offset = change.map_or(offset, |change| change.offset());
    }
    join(&mut found);
    found
}

/// Seconds since local midnight at which it is open.
struct Plan {
    /// By weekday, from Monday.
    week: [Vec<(i64, i64)>; 7],
    /// By days since 1970-01-01, in the stead of the weekday's.
    dates: BTreeMap<i64, Vec<(i64, i64)>>,
}

impl Plan {
    fn is_never_open(&self) -> bool {
        self.week.iter().chain(self.dates.values()).all(Vec::is_empty)
    }

    fn of(&self, date: i64) -> &[(i64, i64)] {
        self.dates.get(&date).unwrap_or(&self.week[weekday(date)])
    }
}

fn lay(plan: &Plan, offset: i64, from: i64, to: i64, found: &mut Vec<Piece>) {
    for date in (from + offset).div_euclid(DAY)..=(to - 1 + offset).div_euclid(DAY) {
        let midnight = date * DAY - offset;
        for (start, end) in plan.of(date) {
            let origin = midnight + start;
            let (from, to) = (from.max(origin), to.min(midnight + end));
            if from < to {
                found.push(Piece { from, to, date, origin, until: to });
            }
        }
    }
}

fn join(pieces: &mut [Piece]) {
    for i in (1..pieces.len()).rev() {
        if pieces[i - 1].to == pieces[i].from {
            pieces[i - 1].until = pieces[i].until;
        }
    }
}

/// Days after Monday; day 0 of the epoch was a Thursday.
fn weekday(date: i64) -> usize {
    usize::try_from((date + 3).rem_euclid(7)).expect("a remainder of 7 is below 7")
}
