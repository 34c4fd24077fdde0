//! Mails about series: one for what was done to all bookings of one.

use banister_domain::account::Account;
use banister_domain::booking::{Actor, Booking, Status};
use banister_domain::series::{Series, SeriesAction, SeriesChange};
use jiff::Timestamp;

use crate::EmailWorker;
use crate::letter::Letter;
use crate::letter::series::{SeriesTold, write};
use crate::post::{Skip, Unsent, still_true};
use crate::recipients::{News, SeriesNews, Turn};

impl EmailWorker {
    /// The letter about a change of a series, if any of its bookings is still as it says.
    pub(crate) async fn of_series(
        &self,
        (reader, other): (&Account, Option<&Account>),
        news: SeriesNews,
        now: Timestamp,
    ) -> Result<askama::Result<Letter>, Unsent> {
        let series = self.series.get(news.series).await?.ok_or(Skip::NoBooking)?.value;
        let change = series.changes.get(usize::from(news.change)).ok_or(Skip::NoBooking)?;
        let bookings = self.series.bookings(&series).await?;
        let about = |booking: &Booking| News {
            booking: booking.id,
            turn: turn(change, booking, now),
            side: news.side,
            other: news.other,
            by_staff: false,
        };
        let done = bookings.into_iter().filter(|(index, _)| change.done.contains(index));
        let still = |(_, booking): (u16, Booking)| {
            let news = about(&booking);
            still_true(booking, news, now).ok()
        };
        let bookings: Vec<_> = done.filter_map(still).collect();
        let first = bookings.first().ok_or(Skip::MovedOn)?;
        let reason = self.reason(first, about(first)).await?;
        let missing =
            if change.action == SeriesAction::Booked { missing(&series, change) } else { Vec::new() };
        let told = SeriesTold {
            action: Some(change.action),
            by_customer: change.actor == Actor::Customer,
            side: news.side,
            bookings: &bookings,
            missing: &missing,
            reason: reason.as_deref(),
        };
        Ok(write(reader, other, &told, now))
    }

    /// Of the bookings of a series that expire together, the first speaks for all: the letter about them; none
    /// where it is the only one.
    pub(crate) async fn expired_with_its_series(
        &self,
        (reader, other): (&Account, Option<&Account>),
        (booking, news): (&Booking, News),
        now: Timestamp,
    ) -> Result<Option<askama::Result<Letter>>, Unsent> {
        let Some(id) = booking.series_id else { return Ok(None) };
        let Some(series) = self.series.get(id).await? else { return Ok(None) };
        let all = self.series.bookings(&series.value).await?.into_iter().map(|(_, booking)| booking);
        let together =
            |other: &Booking| other.status_at(now) == Status::Expired && other.answer_by == booking.answer_by;
        let expired: Vec<_> = all.filter(together).collect();
        if expired.len() < 2 {
            return Ok(None);
        }
        if expired.first().is_some_and(|first| first.id != booking.id) {
            return Err(Skip::ToldOfSeries.into());
        }
        let told = SeriesTold {
            action: None,
            by_customer: false,
            side: news.side,
            bookings: &expired,
            missing: &[],
            reason: None,
        };
        Ok(Some(write(reader, other, &told, now)))
    }
}

/// What has happened to a booking with a change of its series.
fn turn(change: &SeriesChange, booking: &Booking, now: Timestamp) -> Turn {
    match change.action {
        // A request that was confirmed meanwhile is news all the same.
        SeriesAction::Booked => Turn::Stands(Status::Requested),
        SeriesAction::Confirmed => Turn::Stands(Status::Confirmed),
        SeriesAction::Declined => Turn::Stands(Status::Declined),
        SeriesAction::Cancelled => Turn::Stands(Status::Cancelled),
        SeriesAction::Rescheduled if booking.open_proposal(now).is_some() => Turn::MoveProposed,
        SeriesAction::Rescheduled | SeriesAction::RescheduleAccepted => Turn::Moved,
        SeriesAction::RescheduleDeclined => Turn::MoveDeclined,
    }
}

/// The times that were not booked.
fn missing(series: &Series, change: &SeriesChange) -> Vec<Timestamp> {
    let planned = |index: u16| series.occurrences.get(usize::from(index))?.starts_at;
    change.refused.iter().filter_map(|refused| planned(refused.index)).collect()
}
