//! A provider's vacations: they lie with the rules, and take their time in the days of the calendar, both in
//! one transaction. So no booking is made beside one: whoever decided before it was there has lost a race.

use axum::http::StatusCode;
use banister_domain::availability::{
    Busy, Calendar, ChangedDay, MAX_VACATIONS, Refusal, Vacation, days_touched, release,
};
use banister_domain::id::{UserId, VacationId};
use jiff::Timestamp;
use serde_json::Value;

use super::{Calendars, DayRecord, Once, RulesRecord};
use crate::table::{CommitError, StorageError, Transaction, Versioned};

/// Why a vacation was not written.
#[derive(Debug)]
pub enum VacationError {
    /// There is none of that id.
    Missing,
    /// There are [`MAX_VACATIONS`] to come.
    TooMany,
    /// Something was changed since it was read: read and try again.
    Race,
    /// The request was answered before.
    Seen,
    /// The table did not answer.
    Storage(StorageError),
}

impl From<StorageError> for VacationError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// The receipt of a request, and how the vacation is shown in it beside the bookings inside.
type Receipt<'a> = (&'a Once, &'a (dyn Fn(&[Busy]) -> Value + Sync));

impl Calendars {
    /// Adds a vacation to the calendar as it was read, and says which time inside is taken and stays so.
    /// Vacations that are over are forgotten.
    pub async fn add_vacation(
        &self,
        mut calendar: Versioned<RulesRecord>,
        vacation: &Vacation,
        receipt: Option<Receipt<'_>>,
        now: Timestamp,
    ) -> Result<Vec<Busy>, VacationError> {
        let provider = calendar.value.provider_id;
        let vacations = &mut calendar.value.vacations;
        // An earlier try added it, of which it was not known whether it took effect.
        if vacations.iter().any(|kept| kept.id == vacation.id) {
            return match receipt {
                Some(_) => Err(VacationError::Seen),
                None => self.inside(provider, vacation, now).await,
            };
        }
        vacations.retain(|kept| kept.time.to() > now);
        if vacations.len() >= MAX_VACATIONS {
            return Err(VacationError::TooMany);
        }
        vacations.push(vacation.clone());
        vacations.sort_by_key(|kept| (kept.time, kept.id));
        let days = self.days(provider, &days_touched(vacation.time)).await?;
        let mut time = Calendar::new(days).map_err(|refusal| malformed(&refusal))?;
        let inside = time.block(now, vacation.busy()).map_err(|refusal| malformed(&refusal))?;
        let mut transaction = Transaction::new();
        if let Some((once, show)) = receipt {
            once.record(&mut transaction, StatusCode::CREATED, &show(&inside), now, VacationError::Seen)?;
        }
        self.write(transaction, &calendar, time.into_changes()).await?;
        Ok(inside)
    }

    /// Which time inside of a vacation that is there is taken.
    async fn inside(
        &self,
        provider: UserId,
        vacation: &Vacation,
        now: Timestamp,
    ) -> Result<Vec<Busy>, VacationError> {
        let days = self.days(provider, &days_touched(vacation.time)).await?;
        let mut time = Calendar::new(days).map_err(|refusal| malformed(&refusal))?;
        // Not there: it was taken out of the calendar since that was read.
        time.release(vacation.id).map_err(|_| VacationError::Race)?;
        time.block(now, vacation.busy()).map_err(|refusal| malformed(&refusal))
    }

    /// Takes a vacation out of the calendar as it was read.
    pub async fn remove_vacation(
        &self,
        mut calendar: Versioned<RulesRecord>,
        id: VacationId,
        now: Timestamp,
    ) -> Result<(), VacationError> {
        let provider = calendar.value.provider_id;
        let vacations = &mut calendar.value.vacations;
        let place = vacations.iter().position(|kept| kept.id == id).ok_or(VacationError::Missing)?;
        let vacation = vacations.remove(place);
        vacations.retain(|kept| kept.time.to() > now);
        let days = self.days(provider, &days_touched(vacation.time)).await?;
        // Not there: the rules were read before somebody else removed it.
        let days = release(days, id).map_err(|_| VacationError::Race)?;
        self.write(Transaction::new(), &calendar, days).await
    }

    async fn write(
        &self,
        mut transaction: Transaction<VacationError>,
        calendar: &Versioned<RulesRecord>,
        days: Vec<ChangedDay>,
    ) -> Result<(), VacationError> {
        let provider_id = calendar.value.provider_id;
        transaction.create_or_replace(&calendar.value, calendar.version, VacationError::Race);
        for ChangedDay { expected_version, day } in days {
            let record = DayRecord { provider_id, date: day.date, busy: day.busy };
            transaction.create_or_replace(&record, expected_version, VacationError::Race);
        }
        match transaction.commit(&self.table).await {
            Ok(()) => Ok(()),
            Err(CommitError::Refused(error)) => Err(error),
            Err(CommitError::Contention) => Err(VacationError::Race),
            Err(CommitError::Storage(error)) => Err(error.into()),
        }
    }
}

/// All days are loaded, so that a refusal says something about what is kept; one that is there already was put there
/// by an earlier try, of which it was not known whether it took effect.
fn malformed(refusal: &Refusal) -> VacationError {
    match refusal {
        Refusal::Duplicate => VacationError::Seen,
        refusal => StorageError::Malformed(refusal.to_string()).into(),
    }
}
