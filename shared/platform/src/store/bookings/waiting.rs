//! What becomes of a customer's wait together with the place that is kept for it.

use banister_domain::booking::Hold;
use banister_domain::event::Payload;
use banister_domain::id::{UserId, WaitlistEntryId};
use banister_domain::waitlist::{WaitlistEntry, WaitlistStep};
use jiff::Timestamp;

use super::reserve::Lost;
use super::{Bookings, ChangeError};
use crate::store::{OfferRecord, OutboxRecord, Race, WaitError, WaitlistRecord};
use crate::table::{CommitError, StorageError, Transaction, Versioned, key};

impl Bookings {
    /// A customer's wait.
    pub async fn wait(
        &self,
        customer: UserId,
        id: WaitlistEntryId,
    ) -> Result<Option<Versioned<WaitlistEntry>>, StorageError> {
        let found = self.table.get::<WaitlistRecord>(&key::waitlist_entry(customer, id)).await?;
        Ok(found.map(|found| found.map(|record| record.0)))
    }

    /// Takes a step with a wait, at `now`, and gives back the place that was kept for it.
    pub async fn step(
        &self,
        customer: UserId,
        id: WaitlistEntryId,
        step: WaitlistStep,
        now: Timestamp,
    ) -> Result<WaitlistEntry, WaitError> {
        let mut race = Race::new();
        while race.goes_on().await {
            let found = self.wait(customer, id).await?.ok_or(WaitError::Missing)?;
            let (after, told) = found.value.take(step, now)?;
            let mut transaction = Transaction::new();
            if let Some(offer) = found.value.offer()
                && let Some(hold) = self.hold(customer, offer.hold_id).await?
            {
                self.give_back(&mut transaction, &hold).await?;
            }
            follow(&mut transaction, &found, (after.clone(), told), now)?;
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(after),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Refused(Lost::Race | Lost::Seen) | CommitError::Contention) => {}
            }
        }
        Err(WaitError::Busy)
    }

    /// Turns an offer down whose hold is given back; whether it was one.
    pub(super) async fn turned_down(
        &self,
        hold: &Hold,
        entry: WaitlistEntryId,
        now: Timestamp,
    ) -> Result<bool, ChangeError> {
        let found = self.wait(hold.customer_id, entry).await?;
        if found.is_none_or(|found| found.value.offer().is_none_or(|offer| offer.hold_id != hold.id)) {
            return Ok(false);
        }
        match self.step(hold.customer_id, entry, WaitlistStep::Decline(hold.id), now).await {
            Ok(_) => Ok(true),
            Err(WaitError::Missing | WaitError::Wrong(_)) => Ok(false),
            Err(WaitError::Busy) => Err(ChangeError::Busy),
            Err(WaitError::Storage(error)) => Err(error.into()),
        }
    }
}

/// Writes a wait after a step, on condition that it is as it was; one that is over has no place in line. The customer
/// has an offer of this provider with it, and no other, or has it no more.
pub(super) fn follow(
    transaction: &mut Transaction<Lost>,
    before: &Versioned<WaitlistEntry>,
    (after, told): (WaitlistEntry, Option<Payload>),
    now: Timestamp,
) -> Result<(), StorageError> {
    match (before.value.offer(), after.offer()) {
        (None, Some(offer)) => {
            transaction.create_or_expired(&OfferRecord::of(&after, &offer), now, Lost::Seen);
        }
        (Some(_), None) => {
            transaction.delete(&key::waitlist_offer(after.customer_id, after.provider_id));
        }
        _ => {}
    }
    if !after.is_open() {
        transaction.delete(&key::waitlist_place(after.provider_id, after.id));
    }
    let record = Versioned { value: WaitlistRecord(after), version: before.version };
    transaction.replace(&record, Lost::Race);
    if let Some(payload) = told {
        transaction.put_over(&OutboxRecord::new(payload, now)?);
    }
    Ok(())
}
