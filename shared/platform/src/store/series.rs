//! Series of bookings: what is asked of one is written down, and carried out booking by booking.
//!
//! Every booking is made, changed and moved by the one way in which bookings are, in a transaction of its own. Whoever
//! asks carries the task out; where that ends before its end, the schedule goes on after a minute. Both may do so at
//! the same time: what is done is found done, and whoever is last learns what became of it.

mod carry;
mod make;

use axum::http::StatusCode;
use banister_domain::booking::Booking;
use banister_domain::id::SeriesId;
use banister_domain::series::{Doing, Series, SeriesRefusal, SeriesStatus, Task};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Accounts, BookingRecord, Bookings, Once, OutboxRecord, Race, Services};
use crate::http::{Code, Problem};
use crate::table::key::{self, Index, IndexKey};
use crate::table::{
    CommitError, Key, Page, Position, Query, Record, StorageError, Table, Transaction, Versioned,
};

/// The version of a series from its beginning until it is written down what became of its bookings.
pub(super) const BEING_MADE: u64 = 1;

/// How long a series of which nothing was booked is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A series as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeriesRecord(pub Series);

impl Record for SeriesRecord {
    const TYPE: &'static str = "series";

    fn key(&self) -> Key {
        key::series(self.0.id)
    }

    fn indexes(&self) -> Vec<IndexKey> {
        self.0.task.iter().map(|task| key::series_unfinished(task.due_at(), self.0.id)).collect()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        let over = self.0.status() == SeriesStatus::Failed && self.0.task.is_none();
        if over { self.0.created_at.checked_add(KEPT).ok() } else { None }
    }
}

/// Why nothing was done to a series.
#[derive(Debug)]
pub enum SeriesError {
    /// There is none.
    Missing,
    /// It cannot be.
    Refused(SeriesRefusal),
    /// The request was answered before.
    Seen,
    /// Too many others at once.
    Busy,
    /// The table did not answer.
    Storage(StorageError),
}

impl From<SeriesRefusal> for SeriesError {
    fn from(refusal: SeriesRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StorageError> for SeriesError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<SeriesError> for Problem {
    fn from(error: SeriesError) -> Self {
        match error {
            SeriesError::Missing => Self::new(Code::NotFound),
            SeriesError::Refused(SeriesRefusal::Changing) | SeriesError::Seen | SeriesError::Busy => {
                Self::busy()
            }
            SeriesError::Refused(there @ SeriesRefusal::There) => {
                Self::invalid("/starts_at", there.to_string())
            }
            SeriesError::Refused(refusal) => Self::new(Code::WrongState).detail(refusal.to_string()),
            SeriesError::Storage(error) => error.into(),
        }
    }
}

/// What is to be done to a series, seen with its bookings and their places in it.
pub type Plan<'a> = &'a (dyn Fn(&Series, &[(u16, Booking)]) -> Result<Task, SeriesRefusal> + Sync);

/// Why a transaction was not taken.
enum Lost {
    Race,
    Seen,
}

/// All series.
#[derive(Debug, Clone)]
pub struct SeriesStore {
    table: Table,
    accounts: Accounts,
    bookings: Bookings,
    services: Services,
}

impl SeriesStore {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self {
            accounts: Accounts::new(table.clone()),
            bookings: Bookings::new(table.clone()),
            services: Services::new(table.clone()),
            table,
        }
    }

    /// One series.
    pub async fn get(&self, id: SeriesId) -> Result<Option<Versioned<Series>>, StorageError> {
        let found = self.table.get::<SeriesRecord>(&key::series(id)).await?;
        Ok(found.map(|record| record.map(|record| record.0)))
    }

    /// The bookings of a series that were made, with their places in it.
    pub async fn bookings(&self, series: &Series) -> Result<Vec<(u16, Booking)>, StorageError> {
        let keys: Vec<_> =
            series.booked().map(|(index, planned)| (index, key::booking(planned.booking_id))).collect();
        self.at(&keys).await
    }

    /// What is there of these bookings.
    async fn at(&self, keys: &[(u16, Key)]) -> Result<Vec<(u16, Booking)>, StorageError> {
        let all: Vec<_> = keys.iter().map(|(_, key)| key.clone()).collect();
        let mut found = self.table.get_all(&all).await?;
        let there = keys.iter().filter_map(|(index, key)| {
            found.take::<BookingRecord>(key).transpose().map(|record| Ok((*index, record?.value.0)))
        });
        there.collect()
    }

    /// Writes down a series that is to be made, with the receipt of its request.
    pub async fn open(
        &self,
        series: &Series,
        (once, shown): (&Once, &Value),
        now: Timestamp,
    ) -> Result<(), SeriesError> {
        let mut transaction = Transaction::new();
        transaction.create(&SeriesRecord(series.clone()), Lost::Race);
        once.record(&mut transaction, StatusCode::CREATED, shown, now, Lost::Seen)?;
        match transaction.commit(&self.table).await {
            Ok(()) => Ok(()),
            Err(CommitError::Refused(Lost::Seen)) => Err(SeriesError::Seen),
            Err(CommitError::Refused(Lost::Race) | CommitError::Contention) => Err(SeriesError::Busy),
            Err(CommitError::Storage(error)) => Err(error.into()),
        }
    }

    /// Writes down what `plan` wants done to a series, with the receipt of its request, if it has a key.
    pub async fn begin(
        &self,
        id: SeriesId,
        plan: Plan<'_>,
        receipt: Option<(&Once, &Value)>,
        now: Timestamp,
    ) -> Result<(), SeriesError> {
        let mut race = Race::new();
        while race.goes_on().await {
            let Versioned { value: series, version } = self.get(id).await?.ok_or(SeriesError::Missing)?;
            match series.task.as_ref().map(|task| &task.doing) {
                None => {}
                // Whoever makes it comes to its end, or the schedule does.
                Some(Doing::Book(_) | Doing::Undo) => return Err(SeriesRefusal::Changing.into()),
                Some(Doing::Command(..) | Doing::Move(_) | Doing::Answer(..)) => {
                    self.finish(id, now).await?;
                    continue;
                }
            }
            let bookings = self.bookings(&series).await?;
            let begun = series.begin(plan(&series, &bookings)?)?;
            let mut transaction = Transaction::new();
            transaction.replace(&Versioned { value: SeriesRecord(begun), version }, Lost::Race);
            if let Some((once, shown)) = receipt {
                once.record(&mut transaction, StatusCode::OK, shown, now, Lost::Seen)?;
            }
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Refused(Lost::Seen)) => return Err(SeriesError::Seen),
                Err(CommitError::Refused(Lost::Race) | CommitError::Contention) => {}
                Err(CommitError::Storage(error)) => return Err(error.into()),
            }
        }
        Err(SeriesError::Busy)
    }

    /// Carries out what is being done to a series, if anything is, at `now`: the series after it.
    pub async fn finish(&self, id: SeriesId, now: Timestamp) -> Result<Series, SeriesError> {
        let mut race = Race::new();
        while race.goes_on().await {
            let Versioned { value: series, version } = self.get(id).await?.ok_or(SeriesError::Missing)?;
            let Some(task) = &series.task else { return Ok(series) };
            let (done, refused) = self.carry_out(&series, task, now).await?;
            let mut transaction = Transaction::new();
            if matches!(task.doing, Doing::Book(_)) {
                // What somebody else has booked meanwhile is not called refused.
                for planned in
                    refused.iter().filter_map(|refused| series.occurrences.get(usize::from(refused.index)))
                {
                    transaction.check_absent(&key::booking(planned.booking_id), Lost::Race);
                }
            }
            let (after, told) = series.end(done, refused);
            transaction.replace(&Versioned { value: SeriesRecord(after.clone()), version }, Lost::Race);
            if let Some(payload) = told {
                transaction.put_over(&OutboxRecord::new(payload, now)?);
            }
            match transaction.commit(&self.table).await {
                Ok(()) if after.task.is_none() => return Ok(after),
                // Or else what was taken for it is given back.
                Ok(()) | Err(CommitError::Refused(Lost::Race | Lost::Seen) | CommitError::Contention) => {}
                Err(CommitError::Storage(error)) => return Err(error.into()),
            }
        }
        Err(SeriesError::Busy)
    }

    /// A page of up to 25 series of one shard to which something has been done for longer than a minute at `now`. The
    /// index lags behind: [`SeriesStore::finish`] decides on what is there.
    pub async fn due(
        &self,
        shard: u8,
        now: Timestamp,
        after: Option<Position>,
    ) -> Result<Page<SeriesRecord>, StorageError> {
        let all = Query::all(Some(Index::Gsi3), key::series_unfinished_in(shard), 25);
        self.table.query(Query { to: format!("{}~", key::moment(now)), after, ..all }).await
    }
}
