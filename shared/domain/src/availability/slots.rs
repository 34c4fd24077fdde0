//! The starts that may be offered.
//!
//! A service `[t, t + duration)` is offered if and only if every moment of it is open, the wall
//! time of `t` is on the grid of the range it starts in, `t` is to come and neither sooner than the
//! notice nor on a local date beyond the horizon, its day and week have room for one more booking, and
//! the service with its buffers overlaps no live busy time but seats of the same service at the same time.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::caps::{Caps, counted_window, limited};
use super::interval::{ceil_second, floor_second};
use super::open::{DAY, pieces};
use super::taken::{Answer, Taken};
use super::{Busy, CalendarRules, Interval, Visit};

/// More than any offset from UTC, in seconds (jiff allows up to 25:59:59).
const ANY_OFFSET: i64 = 26 * 3_600;

/// One place for a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({
    "starts_at": "2026-03-10T10:00:00Z",
    "ends_at": "2026-03-10T11:00:00Z",
}))]
pub struct Slot {
    /// When the service would begin.
    #[schema(value_type = String, format = DateTime, examples("2026-03-02T09:00:00Z"))]
    pub starts_at: Timestamp,
    /// When it would be over.
    #[schema(value_type = String, format = DateTime, examples("2026-03-02T10:00:00Z"))]
    pub ends_at: Timestamp,
}

/// Why a start is not offered; the first reason in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOffered {
    /// Past, or sooner than the minimum notice.
    #[error("starts sooner than the provider's minimum notice")]
    TooSoon,
    /// On a date after the horizon.
    #[error("starts later than the provider takes bookings for")]
    TooFar,
    /// Some moment of the service is outside the open hours.
    #[error("is not inside the provider's open hours")]
    OutsideHours,
    /// Not a whole number of steps after the opening.
    #[error("does not start on the provider's time grid")]
    OffGrid,
    /// The service takes longer than the provider's longest booking.
    #[error("takes longer than the provider's longest booking")]
    TooLong,
    /// The service or its buffers overlap a live booking or hold.
    #[error("overlaps a time that is taken")]
    Taken,
    /// Others share the place, and fewer seats are left than are wanted.
    #[error("has fewer seats left than are wanted")]
    Full,
    /// A resource that the service needs is switched off, or no longer for its provider. Not said by this module.
    #[error("needs a resource that cannot be booked now")]
    NoResource,
    /// The provider takes no more bookings on that day or in that week.
    #[error("is on a day or in a week for which the provider takes no more bookings")]
    CapReached,
}

/// Every slot that starts inside `window`, by time. `busy` may come in any order and hold entries
/// twice; it must hold all of [`days_to_load`].
#[must_use]
pub fn slots<'a>(
    now: Timestamp,
    rules: &CalendarRules,
    visit: impl Into<Visit>,
    window: Interval,
    busy: impl IntoIterator<Item = &'a Busy>,
) -> Vec<Slot> {
    offered(now, rules, visit.into(), window, busy).collect()
}

/// The first `count` slots that start at `after` or later, searching to the horizon. `busy` must
/// reach as far: what is not in it counts as free. To load less, take from [`offered`] on a
/// shorter window.
#[must_use]
pub fn next_slots<'a>(
    now: Timestamp,
    rules: &CalendarRules,
    visit: impl Into<Visit>,
    after: Timestamp,
    busy: impl IntoIterator<Item = &'a Busy>,
    count: usize,
) -> Vec<Slot> {
    let visit = visit.into();
    search_window(now, rules, after)
        .map(|window| offered(now, rules, visit, window, busy).take(count).collect())
        .unwrap_or_default()
}

/// The slots that start inside `window`, by time and one at a time, as [`slots`] gives them.
pub fn offered<'a, B: IntoIterator<Item = &'a Busy>>(
    now: Timestamp,
    rules: &CalendarRules,
    visit: Visit,
    window: Interval,
    busy: B,
) -> impl Iterator<Item = Slot> + use<B> {
    let limits = Limits::of(now, rules);
    let from = ceil_second(window.from()).max(limits.earliest);
    let to = ceil_second(window.to()).min(limits.ceiling());
    let length = seconds(visit.duration.get());
    let possible = from < to && !too_long(rules, &visit);
    let open = if possible { pieces(rules, from, to + length) } else { Vec::new() };
    let stride = usize::from(rules.slot_step_minutes.get()) * 60;
    let step = seconds(rules.slot_step_minutes.get());
    let starts =
        open.into_iter().filter(move |piece| piece.date <= limits.last_date).flat_map(move |piece| {
            let steps = (piece.from - piece.origin + step - 1).div_euclid(step);
            let end = to.min(piece.to).min(piece.until - length + 1);
            (piece.origin + steps * step..end).step_by(stride).map(move |start| (piece.date, start))
        });
    let (before, after) = buffers(rules);
    let busy: Vec<&Busy> = busy.into_iter().collect();
    let caps = Caps::new(now, rules, &visit, busy.iter().copied());
    let mut taken = Taken::new(now, visit, busy);
    starts.filter_map(move |(date, start)| {
        let free = match taken.at((start - before, start + length + after), (start, start + length)) {
            Answer::Free => caps.allow(date),
            Answer::Shared => true,
            Answer::Taken | Answer::Full => false,
        };
        if free { slot(start, length) } else { None }
    })
}

/// Whether a service may start at `starts_at`: the same answer as being among [`slots`].
pub fn is_offered<'a>(
    now: Timestamp,
    rules: &CalendarRules,
    visit: impl Into<Visit>,
    starts_at: Timestamp,
    busy: impl IntoIterator<Item = &'a Busy>,
) -> Result<(), NotOffered> {
    is_still_offered(now, now, rules, visit, starts_at, busy)
}

/// The same of a place that was asked for at another moment, as one that was held is: notice and horizon
/// are those of `asked`, but what has expired since is in nobody's way, and counts for no limit.
pub fn is_still_offered<'a>(
    asked: Timestamp,
    now: Timestamp,
    rules: &CalendarRules,
    visit: impl Into<Visit>,
    starts_at: Timestamp,
    busy: impl IntoIterator<Item = &'a Busy>,
) -> Result<(), NotOffered> {
    let visit = visit.into();
    let limits = Limits::of(asked, rules);
    let (start, length) = (floor_second(starts_at), seconds(visit.duration.get()));
    if start < limits.earliest {
        return Err(NotOffered::TooSoon);
    }
    let date = local_date(rules, starts_at);
    if date > limits.last_date || slot(start, length).is_none() {
        return Err(NotOffered::TooFar);
    }
    let open = pieces(rules, start, start + length);
    let piece = open.first().filter(|piece| piece.from == start && piece.until == start + length);
    let piece = piece.ok_or(NotOffered::OutsideHours)?;
    let step = seconds(rules.slot_step_minutes.get());
    if starts_at.subsec_nanosecond() != 0 || (start - piece.origin) % step != 0 {
        return Err(NotOffered::OffGrid);
    }
    if too_long(rules, &visit) {
        return Err(NotOffered::TooLong);
    }
    let (before, after) = buffers(rules);
    let busy: Vec<&Busy> = busy.into_iter().collect();
    let caps = Caps::new(now, rules, &visit, busy.iter().copied());
    match Taken::new(now, visit, busy).at((start - before, start + length + after), (start, start + length)) {
        Answer::Shared => Ok(()),
        Answer::Free if caps.allow(date) => Ok(()),
        Answer::Free => Err(NotOffered::CapReached),
        Answer::Taken => Err(NotOffered::Taken),
        Answer::Full => Err(NotOffered::Full),
    }
}

/// Whether every moment of `time` is open, whoever may have taken it.
#[must_use]
pub fn is_open(rules: &CalendarRules, time: Interval) -> bool {
    let (from, to) = (floor_second(time.from()), ceil_second(time.to()));
    pieces(rules, from, to).first().is_some_and(|piece| piece.from == from && piece.until == to)
}

/// The UTC dates whose busy time decides about the slots that start inside `window`.
#[must_use]
pub fn days_to_load(rules: &CalendarRules, visit: impl Into<Visit>, window: Interval) -> Vec<Date> {
    let visit = visit.into();
    let after = visit.duration.get() + rules.buffer_after_minutes.get();
    let reached = window.extend(rules.buffer_before_minutes.get(), after);
    if !limited(rules, &visit) {
        return reached.utc_days().collect();
    }
    let counted = counted_window(rules, window);
    let (from, to) = (reached.from().min(counted.from()), reached.to().max(counted.to()));
    Interval::new(from, to).unwrap_or(reached).utc_days().collect()
}

/// The time in which any slot from `after` on could start; `None` once that is past the horizon.
#[must_use]
pub fn search_window(now: Timestamp, rules: &CalendarRules, after: Timestamp) -> Option<Interval> {
    let end = Timestamp::from_second(Limits::of(now, rules).ceiling()).unwrap_or(Timestamp::MAX);
    Interval::new(after.max(now), end).ok()
}

struct Limits {
    /// The first second that honours the notice and is still to come: a request for this very
    /// moment would expire as it is made.
    earliest: i64,
    /// The last local date of the horizon, in days since 1970-01-01.
    last_date: i64,
}

impl Limits {
    fn of(now: Timestamp, rules: &CalendarRules) -> Self {
        Self {
            earliest: (ceil_second(now) + seconds(rules.min_notice_minutes.get())).max(floor_second(now) + 1),
            last_date: local_date(rules, now) + i64::from(rules.horizon_days.get()),
        }
    }

    /// A second that no moment of the last date reaches, whatever the zone does until then.
    fn ceiling(&self) -> i64 {
        (self.last_date + 1) * DAY + ANY_OFFSET
    }
}

fn slot(start: i64, length: i64) -> Option<Slot> {
    let starts_at = Timestamp::from_second(start).ok()?;
    Some(Slot { starts_at, ends_at: starts_at.checked_add(SignedDuration::from_secs(length)).ok()? })
}

fn too_long(rules: &CalendarRules, visit: &Visit) -> bool {
    rules.max_duration_minutes.is_some_and(|longest| visit.duration > longest)
}

/// The date on the provider's calendar, in days since 1970-01-01.
pub(super) fn local_date(rules: &CalendarRules, instant: Timestamp) -> i64 {
    let offset = rules.time_zone.rules().to_offset(instant);
    (floor_second(instant) + i64::from(offset.seconds())).div_euclid(DAY)
}

fn buffers(rules: &CalendarRules) -> (i64, i64) {
    (seconds(rules.buffer_before_minutes.get()), seconds(rules.buffer_after_minutes.get()))
}

fn seconds(minutes: u16) -> i64 {
    i64::from(minutes) * 60
}
