//! Local dates as elapsed time.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::AmbiguousOffset;

use super::{Interval, Zone};

/// Most dates that one window may span.
pub const MAX_WINDOW_DAYS: i32 = 62;

/// Why a range of dates is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWindow {
    /// The last date is before the first.
    #[error("the last date must not be before the first")]
    Backwards,
    /// More than [`MAX_WINDOW_DAYS`] dates.
    #[error("must span at most {MAX_WINDOW_DAYS} days")]
    TooLong,
    /// The zone skipped every one of the dates (Pacific/Apia had no 2011-12-30).
    #[error("the dates do not exist in the time zone")]
    Skipped,
    /// Outside the years -9999 to 9999.
    #[error("the dates are outside the calendar")]
    OutOfRange,
}

/// The instants from the beginning of `from` to the end of `to` (both included) in the zone: from
/// the first instant of the one date to the first of the date after the other, so that windows of
/// neighbouring dates meet without gap or overlap.
pub fn window_of_dates(from: Date, to: Date, zone: &Zone) -> Result<Interval, InvalidWindow> {
    if to < from {
        return Err(InvalidWindow::Backwards);
    }
    if from.until(to).map_or(i32::MAX, |span| span.get_days()) >= MAX_WINDOW_DAYS {
        return Err(InvalidWindow::TooLong);
    }
    let next = to.tomorrow().map_err(|_| InvalidWindow::OutOfRange)?;
    Interval::new(first_instant(from, zone)?, first_instant(next, zone)?).map_err(|_| InvalidWindow::Skipped)
}

/// The first instant whose local date is `date` or, where the zone skipped that date, a later one.
fn first_instant(date: Date, zone: &Zone) -> Result<Timestamp, InvalidWindow> {
    let midnight = date.at(0, 0, 0, 0);
    let (offset, skipped) = match zone.rules().to_ambiguous_timestamp(midnight).offset() {
        AmbiguousOffset::Unambiguous { offset } => (offset, false),
        AmbiguousOffset::Fold { before, .. } => (before, false),
        AmbiguousOffset::Gap { after, .. } => (after, true),
    };
    let instant = offset.to_timestamp(midnight).map_err(|_| InvalidWindow::OutOfRange)?;
    // Read with the later offset, a skipped midnight lies before the change that skips it.
    let change = if skipped { zone.rules().following(instant).next() } else { None };
    Ok(change.map_or(instant, |change| change.timestamp()))
}
