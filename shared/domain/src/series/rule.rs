//! When the bookings of a series take place.

use jiff::civil::{Date, DateTime};
use jiff::tz::AmbiguousOffset;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use crate::availability::Zone;
use crate::availability::bounded::bounded;

/// How often a series comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "weekly")]
pub enum Frequency {
    /// Every week.
    Weekly,
    /// Every two weeks.
    EveryTwoWeeks,
    /// On the same day of every month; where a month is too short, on its last day.
    MonthlyByDate,
    /// On the same weekday of every month, as the first is: the second Tuesday. The fifth one is the last of a month.
    MonthlyByWeekday,
}

/// How often, and how many times in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesRule {
    /// How often.
    pub frequency: Frequency,
    /// How many bookings, with the first.
    pub count: SeriesCount,
}

bounded! {
    /// How many bookings a series has, 2 to 52.
    SeriesCount(2..=52) usual 10;
}

impl SeriesRule {
    /// The starts of a series that begins at `first`, at the same time on the clock of `zone`. None for a time that
    /// does not exist on its date; of one that comes twice, the first.
    #[must_use]
    pub fn starts(self, first: Timestamp, zone: &Zone) -> Vec<Option<Timestamp>> {
        let local = first.to_zoned(zone.rules().clone()).datetime();
        let later = |index: u16| {
            let date = self.date(local.date(), index)?;
            instant(date.to_datetime(local.time()), zone)
        };
        (0..self.count.get()).map(|index| if index == 0 { Some(first) } else { later(index) }).collect()
    }

    /// The date of the booking at this place of the series; none past the end of representable time.
    fn date(self, first: Date, index: u16) -> Option<Date> {
        let index = i64::from(index);
        match self.frequency {
            Frequency::Weekly => first.checked_add(index.weeks()).ok(),
            Frequency::EveryTwoWeeks => first.checked_add((2 * index).weeks()).ok(),
            // Always from the first: a short month must not shorten those behind it.
            Frequency::MonthlyByDate => first.checked_add(index.months()).ok(),
            Frequency::MonthlyByWeekday => {
                let month = first.first_of_month().checked_add(index.months()).ok()?;
                let nth = (first.day() - 1) / 7 + 1;
                month.nth_weekday_of_month(if nth > 4 { -1 } else { nth }, first.weekday()).ok()
            }
        }
    }
}

/// The instant at which the clock of `zone` shows this: none where it never does, the first where it does twice.
pub(super) fn instant(local: DateTime, zone: &Zone) -> Option<Timestamp> {
    let found = zone.rules().to_ambiguous_zoned(local);
    if matches!(found.offset(), AmbiguousOffset::Gap { .. }) {
        return None;
    }
    found.earlier().ok().map(|zoned| zoned.timestamp())
}
