//! Those who wait for a place.
//!
//! A wait is two items: the wait itself beside its customer, which says how it stands, and its place in the line of its
//! provider, which is there as long as the wait is not over. Whoever changes a calendar is not asked to think
//! of those who wait: the stream tells of every change, and the line is looked through then; the schedule looks for
//! what comes free by the clock alone, and hands offers on that nobody took.

mod look;
mod watch;

use std::collections::BTreeSet;

use axum::http::StatusCode;
use banister_domain::account::AccountStatus;
use banister_domain::availability::{CalendarRules, Interval, Slot};
use banister_domain::id::{ServiceId, UserId, WaitlistEntryId};
use banister_domain::service::Service;
use banister_domain::waitlist::{
    MOST_OF_A_CUSTOMER, MOST_OF_A_PROVIDER, Offer, WaitlistEntry, WrongWaitlistStatus,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use watch::{Changes, Lines};

use super::{Accounts, Bookings, Calendars, Once, Services};
use crate::table::key::{self, Index, IndexKey};
use crate::table::{CommitError, Key, Page, Position, Query, Record, StorageError, Table, Transaction};

/// How long a wait that is over is kept behind its time.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A wait as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WaitlistRecord(pub WaitlistEntry);

impl Record for WaitlistRecord {
    const TYPE: &'static str = "waitlist_entry";

    fn key(&self) -> Key {
        key::waitlist_entry(self.0.customer_id, self.0.id)
    }

    fn indexes(&self) -> Vec<IndexKey> {
        self.0.due_at().map(|due| key::wait_due(due, self.0.id)).into_iter().collect()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        if self.0.is_open() { None } else { self.0.window.to().checked_add(KEPT).ok() }
    }
}

/// A place in the line of a provider. Nothing of it ever changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitlistPlaceRecord {
    /// Which wait.
    pub entry_id: WaitlistEntryId,
    /// Whose.
    pub customer_id: UserId,
    /// In whose line.
    pub provider_id: UserId,
    /// For which service.
    pub service_id: ServiceId,
    /// When it is to begin.
    pub window: Interval,
}

impl WaitlistPlaceRecord {
    fn of(entry: &WaitlistEntry) -> Self {
        Self {
            entry_id: entry.id,
            customer_id: entry.customer_id,
            provider_id: entry.provider_id,
            service_id: entry.service_id,
            window: entry.window,
        }
    }
}

impl Record for WaitlistPlaceRecord {
    const TYPE: &'static str = "waitlist_place";

    fn key(&self) -> Key {
        key::waitlist_place(self.provider_id, self.entry_id)
    }
}

/// That a customer has an offer of a provider: nobody has two at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferRecord {
    customer_id: UserId,
    provider_id: UserId,
    entry_id: WaitlistEntryId,
    until: Timestamp,
}

impl OfferRecord {
    /// Of what a wait is offered.
    #[must_use]
    pub fn of(entry: &WaitlistEntry, offer: &Offer) -> Self {
        Self {
            customer_id: entry.customer_id,
            provider_id: entry.provider_id,
            entry_id: entry.id,
            until: offer.kept_until(),
        }
    }
}

impl Record for OfferRecord {
    const TYPE: &'static str = "waitlist_offer";

    fn key(&self) -> Key {
        key::waitlist_offer(self.customer_id, self.provider_id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        // It goes with the offer: this is only for what nobody thought of.
        self.until.checked_add(SignedDuration::from_hours(24)).ok()
    }
}

/// Why somebody cannot wait.
#[derive(Debug)]
pub enum JoinError {
    /// The customer waits for the service at that time already.
    Already,
    /// These places are free.
    Free(Vec<Slot>),
    /// The customer waits for this provider too often already.
    TooMany,
    /// Too many wait for this provider.
    Full,
    /// The request was answered before.
    Seen,
    /// Too many others at once.
    Busy,
    /// The table did not answer.
    Storage(StorageError),
}

impl From<StorageError> for JoinError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// Why nothing became of a step.
#[derive(Debug)]
pub enum WaitError {
    /// There is no such wait.
    Missing,
    /// It stands otherwise.
    Wrong(WrongWaitlistStatus),
    /// Too many others at once.
    Busy,
    /// The table did not answer.
    Storage(StorageError),
}

impl From<WrongWaitlistStatus> for WaitError {
    fn from(wrong: WrongWaitlistStatus) -> Self {
        Self::Wrong(wrong)
    }
}

impl From<StorageError> for WaitError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// Why a transaction was not taken.
enum Lost {
    Race,
    Seen,
}

/// All that wait.
#[derive(Debug, Clone)]
pub struct Waitlist {
    table: Table,
    accounts: Accounts,
    bookings: Bookings,
    calendars: Calendars,
    services: Services,
}

impl Waitlist {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self {
            accounts: Accounts::new(table.clone()),
            bookings: Bookings::new(table.clone()),
            calendars: Calendars::new(table.clone()),
            services: Services::new(table.clone()),
            table,
        }
    }

    /// Puts a wait at the end of the line, where nothing of `service` is free in its time.
    pub async fn join(
        &self,
        entry: &WaitlistEntry,
        service: &Service,
        (once, answer): (&Once, &Value),
        now: Timestamp,
    ) -> Result<(), JoinError> {
        let line = self.line(entry.provider_id).await?;
        let own: Vec<_> = line.iter().filter(|place| place.customer_id == entry.customer_id).collect();
        let same = |place: &WaitlistPlaceRecord| {
            place.service_id == entry.service_id && place.window.overlaps(&entry.window)
        };
        // Or else whoever waits twice would be offered what they do not take again, before the next in line.
        if own.iter().any(|place| same(place)) {
            return Err(JoinError::Already);
        }
        if own.len() >= MOST_OF_A_CUSTOMER {
            return Err(JoinError::TooMany);
        }
        if line.len() >= MOST_OF_A_PROVIDER {
            return Err(JoinError::Full);
        }
        let free = self.free(entry, service, now).await?;
        if !free.is_empty() {
            return Err(JoinError::Free(free));
        }
        let mut transaction = Transaction::new();
        transaction.create(&WaitlistRecord(entry.clone()), Lost::Race);
        transaction.create(&WaitlistPlaceRecord::of(entry), Lost::Race);
        once.record(&mut transaction, StatusCode::CREATED, answer, now, Lost::Seen)?;
        match transaction.commit(&self.table).await {
            Ok(()) => Ok(()),
            Err(CommitError::Refused(Lost::Seen)) => Err(JoinError::Seen),
            Err(CommitError::Refused(Lost::Race) | CommitError::Contention) => Err(JoinError::Busy),
            Err(CommitError::Storage(error)) => Err(error.into()),
        }
    }

    /// The first three places that are free for it.
    async fn free(
        &self,
        entry: &WaitlistEntry,
        service: &Service,
        now: Timestamp,
    ) -> Result<Vec<Slot>, StorageError> {
        let Some(rules) = self.rules(entry.provider_id).await? else { return Ok(Vec::new()) };
        let rules = rules.for_service(&service.calendar);
        let visit = service.visit(entry.seats);
        let mut slots = self.calendars.slots(now, service, (&rules, visit), entry.window).await?;
        slots.truncate(3);
        Ok(slots)
    }

    /// The rules of a provider who takes bookings.
    async fn rules(&self, provider: UserId) -> Result<Option<CalendarRules>, StorageError> {
        Ok(self.calendars.load(provider, &BTreeSet::new(), &[]).await?.rules)
    }

    /// All places in a provider's line, longest wait first.
    async fn line(&self, provider: UserId) -> Result<Vec<WaitlistPlaceRecord>, StorageError> {
        let mut query = Query::all(None, key::waitlist(provider), 500);
        let mut line = Vec::new();
        loop {
            let page = self.table.query::<WaitlistPlaceRecord>(query.clone()).await?;
            line.extend(page.items.into_iter().map(|(record, _)| record.value));
            match page.last {
                Some(position) => query.after = Some(position),
                None => return Ok(line),
            }
        }
    }

    /// A page of a customer's waits, newest first, over ones too.
    pub async fn of_customer(
        &self,
        customer: UserId,
        limit: u16,
        after: Option<Position>,
    ) -> Result<Page<WaitlistRecord>, StorageError> {
        let all = Query::beginning(key::user(customer).pk, key::WAITS, limit);
        self.table.query(Query { ascending: false, after, ..all }).await
    }

    /// A page of those who wait for a provider, longest first.
    pub async fn of_provider(
        &self,
        provider: UserId,
        limit: u16,
        after: Option<Position>,
    ) -> Result<(Vec<WaitlistEntry>, Option<Position>), StorageError> {
        let all = Query::all(None, key::waitlist(provider), limit);
        let page = self.table.query::<WaitlistPlaceRecord>(Query { after, ..all }).await?;
        let places: Vec<_> = page.items.into_iter().map(|(record, _)| record.value).collect();
        let (entries, _) = self.entries(&places).await?;
        Ok((entries, page.last))
    }

    /// The waits at these places that are not over, in that order, and the places at which there is none any more.
    async fn entries(
        &self,
        places: &[WaitlistPlaceRecord],
    ) -> Result<(Vec<WaitlistEntry>, Vec<Key>), StorageError> {
        let (mut entries, mut empty) = (Vec::new(), Vec::new());
        for some in places.chunks(100) {
            let key = |place: &WaitlistPlaceRecord| key::waitlist_entry(place.customer_id, place.entry_id);
            let keys: Vec<_> = some.iter().map(key).collect();
            let mut found = self.table.get_all(&keys).await?;
            for (place, key) in some.iter().zip(&keys) {
                match found.take::<WaitlistRecord>(key)?.map(|record| record.value.0) {
                    Some(entry) if entry.is_open() => entries.push(entry),
                    Some(_) => {}
                    None => empty.push(place.key()),
                }
            }
        }
        Ok((entries, empty))
    }

    /// A page of up to 25 waits of one shard that are to be seen to at `now`. The index lags behind:
    /// [`Waitlist::attend`] decides on what is there.
    pub async fn due(
        &self,
        shard: u8,
        now: Timestamp,
        after: Option<Position>,
    ) -> Result<Page<WaitlistRecord>, StorageError> {
        let all = Query::all(Some(Index::Gsi3), key::waits_due_in(shard), 25);
        self.table.query(Query { to: format!("{}~", key::moment(now)), after, ..all }).await
    }

    /// Whether a customer's account is in use.
    async fn is_active(&self, customer: UserId) -> Result<bool, StorageError> {
        let account = self.accounts.get(customer).await?;
        Ok(account.is_some_and(|account| account.value.status == AccountStatus::Active))
    }
}
