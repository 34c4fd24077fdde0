//! The starts that may be offered.
//!
//! A service `[t, t + duration)` is offered if and only if every moment of it is open, the wall
//! time of `t` is on the grid of the range it starts in, `t` is to come and neither sooner than the
//! notice nor on a local date beyond the horizon, and the service with its buffers overlaps no live busy time.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::interval::{ceil_second, floor_second};
use super::open::{DAY, pieces};
use super::{Busy, CalendarRules, DurationMinutes, Interval};

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
    /// The service or its buffers overlap a live booking or hold.
    #[error("overlaps a time that is taken")]
    Taken,
}

/// Every slot that starts inside `window`, by time. `busy` may come in any order and hold entries
/// twice; it must hold all of [`days_to_load`].
#[must_use]
pub fn slots<'a>(
    now: Timestamp,
    rules: &CalendarRules,
    duration: DurationMinutes,
    window: Interval,
    busy: impl IntoIterator<Item = &'a Busy>,
) -> Vec<Slot> {
    offered(now, rules, duration, window, busy).collect()
}

/// The first `count` slots that start at `after` or later, searching to the horizon. `busy` must
/// reach as far: what is not in it counts as free. To load less, take from [`offered`] on a
/// shorter window.
#[must_use]
pub fn next_slots<'a>(
    now: Timestamp,
    rules: &CalendarRules,
    duration: DurationMinutes,
    after: Timestamp,
    busy: impl IntoIterator<Item = &'a Busy>,
    count: usize,
) -> Vec<Slot> {
    search_window(now, rules, after)
        .map(|window| offered(now, rules, duration, window, busy).take(count).collect())
        .unwrap_or_default()
}

/// The slots that start inside `window`, by time and one at a time, as [`slots`] gives them.
pub fn offered<'a, B: IntoIterator<Item = &'a Busy>>(
    now: Timestamp,
    rules: &CalendarRules,
    duration: DurationMinutes,
    window: Interval,
    busy: B,
) -> impl Iterator<Item = Slot> + use<'a, B> {
    let limits = Limits::of(now, rules);
    let from = ceil_second(window.from()).max(limits.earliest);
    let to = ceil_second(window.to()).min(limits.ceiling());
    let length = seconds(duration.get());
    let open = if from < to { pieces(rules, from, to + length) } else { Vec::new() };
    let stride = usize::from(rules.slot_step_minutes.get()) * 60;
    let step = seconds(rules.slot_step_minutes.get());
    let starts =
        open.into_iter().filter(move |piece| piece.date <= limits.last_date).flat_map(move |piece| {
            let steps = (piece.from - piece.origin + step - 1).div_euclid(step);
            let end = to.min(piece.to).min(piece.until - length + 1);
            (piece.origin + steps * step..end).step_by(stride)
        });
    let (before, after) = buffers(rules);
    let mut taken = Taken::new(now, busy);
    starts.filter_map(move |start| {
        let free = !taken.overlaps(start - before, start + length + after);
        if free { slot(start, length) } else { None }
    })
}

/// Whether a service may start at `starts_at`: the same answer as being among [`slots`].
pub fn is_offered<'a>(
    now: Timestamp,
    rules: &CalendarRules,
    duration: DurationMinutes,
    starts_at: Timestamp,
    busy: impl IntoIterator<Item = &'a Busy>,
) -> Result<(), NotOffered> {
    let limits = Limits::of(now, rules);
    let (start, length) = (floor_second(starts_at), seconds(duration.get()));
    if start < limits.earliest {
        return Err(NotOffered::TooSoon);
    }
    if local_date(rules, starts_at) > limits.last_date || slot(start, length).is_none() {
        return Err(NotOffered::TooFar);
    }
    let open = pieces(rules, start, start + length);
    let piece = open.first().filter(|piece| piece.from == start && piece.until == start + length);
    let piece = piece.ok_or(NotOffered::OutsideHours)?;
    let step = seconds(rules.slot_step_minutes.get());
    if starts_at.subsec_nanosecond() != 0 || (start - piece.origin) % step != 0 {
        return Err(NotOffered::OffGrid);
    }
    let (before, after) = buffers(rules);
    let taken = Taken::new(now, busy).overlaps(start - before, start + length + after);
    if taken { Err(NotOffered::Taken) } else { Ok(()) }
}

/// The UTC dates whose busy time decides about the slots that start inside `window`.
#[must_use]
pub fn days_to_load(rules: &CalendarRules, duration: DurationMinutes, window: Interval) -> Vec<Date> {
    let after = duration.get() + rules.buffer_after_minutes.get();
    window.extend(rules.buffer_before_minutes.get(), after).utc_days().collect()
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

/// Live busy time, by its start; asked about ever later places.
struct Taken {
    merged: Vec<(i64, i64)>,
    passed: usize,
}

impl Taken {
    fn new<'a>(now: Timestamp, busy: impl IntoIterator<Item = &'a Busy>) -> Self {
        let live = busy.into_iter().filter(|busy| busy.is_live(now)).map(|busy| busy.interval);
        // Asked with whole seconds only, so widening to whole seconds changes no answer.
        let mut spans: Vec<_> =
            live.map(|span| (floor_second(span.from()), ceil_second(span.to()))).collect();
        spans.sort_unstable();
        let mut merged: Vec<(i64, i64)> = Vec::with_capacity(spans.len());
        for span in spans {
            match merged.last_mut() {
                Some(last) if span.0 <= last.1 => last.1 = last.1.max(span.1),
                _ => merged.push(span),
            }
        }
        Self { merged, passed: 0 }
    }

    fn overlaps(&mut self, from: i64, to: i64) -> bool {
        while self.merged.get(self.passed).is_some_and(|span| span.1 <= from) {
            self.passed += 1;
        }
        self.merged.get(self.passed).is_some_and(|span| span.0 < to)
    }
}

fn slot(start: i64, length: i64) -> Option<Slot> {
    let starts_at = Timestamp::from_second(start).ok()?;
    Some(Slot { starts_at, ends_at: starts_at.checked_add(SignedDuration::from_secs(length)).ok()? })
}

fn local_date(rules: &CalendarRules, instant: Timestamp) -> i64 {
    let offset = rules.time_zone.rules().to_offset(instant);
    (floor_second(instant) + i64::from(offset.seconds())).div_euclid(DAY)
}

fn buffers(rules: &CalendarRules) -> (i64, i64) {
    (seconds(rules.buffer_before_minutes.get()), seconds(rules.buffer_after_minutes.get()))
}

fn seconds(minutes: u16) -> i64 {
    i64::from(minutes) * 60
}
