//! A series and its bookings.

use std::collections::BTreeSet;

use banister_domain::booking::Status;
use banister_domain::event::Payload;
use banister_domain::series::{SeriesAction, SeriesMode};
use jiff::Timestamp;

use super::Kept;

impl Kept {
    /// A series that nobody is changing has the bookings that it says it has, and nobody else has any of it: all of
    /// them or none, where that was asked for.
    pub(super) fn series_are_whole(&self) {
        let mut known = BTreeSet::new();
        for series in self.series.iter().filter(|series| series.task.is_none()) {
            let made: BTreeSet<_> = series.booked().map(|(_, planned)| planned.booking_id).collect();
            if series.mode == SeriesMode::All {
                let all = made.len() == series.occurrences.len();
                assert!(all || made.is_empty(), "{}: some of all", series.id);
            }
            for planned in &series.occurrences {
                let Some(booking) = self.bookings.get(&planned.booking_id) else {
                    assert!(!made.contains(&planned.booking_id), "{}: a booking is lost", series.id);
                    continue;
                };
                assert_eq!(booking.series_id, Some(series.id));
                // What was given back, since not all could be had, is called off.
                let lives = booking.status != Status::Cancelled;
                assert!(made.contains(&booking.id) || !lives, "{}: {} is not its", series.id, booking.id);
                known.insert(booking.id);
            }
        }
        if self.series.iter().all(|series| series.task.is_none()) {
            let of_series = self.bookings.values().filter(|booking| booking.series_id.is_some());
            let strange: Vec<_> = of_series.filter(|booking| !known.contains(&booking.id)).collect();
            assert!(strange.is_empty(), "bookings of no series: {strange:?}");
        }
    }

    /// Whether no booking is any more as the event of its series says.
    pub(super) fn series_has_moved_on(&self, payload: &Payload, now: Timestamp) -> bool {
        let Payload::SeriesChanged(about) = payload else { return false };
        let series = self.series.iter().find(|series| series.id == about.series_id).expect("a series");
        let change = &series.changes[usize::from(about.change)];
        let told: &[Status] = match change.action {
            SeriesAction::Booked => &[Status::Requested, Status::Confirmed],
            SeriesAction::Confirmed
            | SeriesAction::Rescheduled
            | SeriesAction::RescheduleAccepted
            | SeriesAction::RescheduleDeclined => &[Status::Confirmed],
            SeriesAction::Declined => &[Status::Declined],
            SeriesAction::Cancelled => &[Status::Cancelled],
        };
        let mut done = series.booked().filter(|(index, _)| change.done.contains(index));
        done.all(|(_, planned)| !told.contains(&self.bookings[&planned.booking_id].status_at(now)))
    }
}
