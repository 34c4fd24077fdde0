//! Making the bookings of a series: each for itself, or all or none.

use banister_domain::account::AccountStatus;
use banister_domain::booking::{Actor, Command};
use banister_domain::series::{Conflict, Occurrence, Refused, Series, SeriesMode, WantedBooking};
use banister_domain::service::{Service, ServiceStatus};
use jiff::Timestamp;

use super::carry::Outcome;
use super::{SeriesError, SeriesStore};
use crate::store::{BookingCommand, ChangeError, Claim, ReserveError};
use crate::table::{StorageError, key};

impl SeriesStore {
    /// Books what can be booked; where all or none is wanted, each place is held before any is booked.
    pub(super) async fn book(
        &self,
        series: &Series,
        wanted: &WantedBooking,
        now: Timestamp,
    ) -> Result<Outcome, SeriesError> {
        let whole = series.mode == SeriesMode::All;
        if whole {
            let hold = |planned: &Occurrence| Claim::Hold(planned.hold_id);
            let (_, refused) = self.take_each(series, wanted, hold, now).await?;
            if !refused.is_empty() {
                return Ok((Vec::new(), refused));
            }
        }
        let booking = |planned: &Occurrence| Claim::Booking(whole.then_some(planned.hold_id));
        self.take_each(series, wanted, booking, now).await
    }

    /// The service, if it is still to be had, and by this customer.
    async fn bookable(
        &self,
        series: &Series,
        wanted: &WantedBooking,
    ) -> Result<Option<Service>, StorageError> {
        let customer = self.accounts.get(series.customer_id).await?;
        if customer.is_none_or(|customer| customer.value.status != AccountStatus::Active) {
            return Ok(None);
        }
        let service = self.services.get(series.service_id).await?.map(|found| found.value);
        let published = service.filter(|service| service.status == ServiceStatus::Published);
        Ok(published.and_then(|service| service.lasting(wanted.duration)))
    }

    /// Takes the place of each booking that is not there yet.
    async fn take_each(
        &self,
        series: &Series,
        wanted: &WantedBooking,
        claim: impl Fn(&Occurrence) -> Claim + Send + Sync,
        now: Timestamp,
    ) -> Result<Outcome, SeriesError> {
        let (mut done, mut refused) = (Vec::new(), Vec::new());
        let keys: Vec<_> = indexes(series)
            .zip(&series.occurrences)
            .map(|(index, planned)| (index, key::booking(planned.booking_id)))
            .collect();
        let there = self.at(&keys).await?;
        for (index, planned) in indexes(series).zip(&series.occurrences) {
            if there.iter().any(|(made, _)| *made == index) {
                done.push(index);
                continue;
            }
            match self.take(series, planned, wanted, claim(planned), now).await? {
                None => done.push(index),
                Some(conflict) => refused.push(Refused { index, conflict }),
            }
        }
        Ok((done, refused))
    }

    /// Takes one place, unless it has been: what is in the way, if anything is.
    async fn take(
        &self,
        series: &Series,
        planned: &Occurrence,
        wanted: &WantedBooking,
        claim: Claim,
        now: Timestamp,
    ) -> Result<Option<Conflict>, SeriesError> {
        // Anew for each: making all of them takes seconds.
        let Some(service) = self.bookable(series, wanted).await? else {
            return Ok(Some(Conflict::NotBookable));
        };
        let Some(request) = series.request(planned, &service, wanted) else {
            return Ok(Some(Conflict::NoSuchTime));
        };
        let holding = matches!(claim, Claim::Hold(_));
        if holding {
            match self.bookings.hold(series.customer_id, planned.hold_id).await? {
                Some(hold) if now < hold.expires_at => return Ok(None),
                // It would be in its own way.
                Some(_) => self.let_go(series, planned, now).await?,
                None => {}
            }
        }
        let conflict = match self.bookings.reserve(&request, claim, None, now).await {
            Ok(_) if holding && self.bookings.get(planned.booking_id).await?.is_some() => {
                // Somebody else booked it meanwhile, and has seats to spare.
                self.let_go(series, planned, now).await?;
                return Ok(None);
            }
            Ok(_) => return Ok(None),
            Err(ReserveError::Taken(reason, _) | ReserveError::NotOffered(reason)) => reason.into(),
            Err(ReserveError::Gone | ReserveError::Unbookable(_)) => Conflict::NotBookable,
            Err(ReserveError::Seen | ReserveError::Busy) => return Err(SeriesError::Busy),
            Err(ReserveError::Storage(error)) => return Err(error.into()),
        };
        // Somebody else who carries this out may have been faster, and an answer may have been lost.
        let there = self.bookings.get(planned.booking_id).await?.is_some();
        let hold = self.bookings.hold(series.customer_id, planned.hold_id).await?;
        let kept = holding && hold.is_some_and(|hold| now < hold.expires_at);
        Ok((!there && !kept).then_some(conflict))
    }

    async fn let_go(&self, series: &Series, planned: &Occurrence, now: Timestamp) -> Result<(), SeriesError> {
        match self.bookings.let_hold_go(series.customer_id, planned.hold_id, now).await {
            Ok(()) => Ok(()),
            Err(ChangeError::Storage(error)) => Err(error.into()),
            Err(_) => Err(SeriesError::Busy),
        }
    }

    /// Gives back what was taken for a series that cannot be booked as a whole. Nobody was told of it.
    pub(super) async fn undo(&self, series: &Series, now: Timestamp) -> Result<(), SeriesError> {
        for planned in &series.occurrences {
            self.let_go(series, planned, now).await?;
            let Some(found) = self.bookings.get(planned.booking_id).await? else { continue };
            let cancel = BookingCommand {
                reason: "The series could not be booked as a whole.".parse().ok(),
                // Of what somebody has answered alone both sides know, and are told.
                series: (found.value.revision == 0).then_some(series.id),
                ..BookingCommand::from((Command::Cancel, Actor::Staff))
            };
            match self.bookings.change(planned.booking_id, cancel, None, now).await {
                Ok(_) | Err(ChangeError::Missing | ChangeError::WrongState(_)) => {}
                Err(ChangeError::Storage(error)) => return Err(error.into()),
                Err(_) => return Err(SeriesError::Busy),
            }
        }
        Ok(())
    }
}

/// The places in a series, of which there are at most 52.
fn indexes(series: &Series) -> impl Iterator<Item = u16> {
    0..u16::try_from(series.occurrences.len()).unwrap_or(u16::MAX)
}
