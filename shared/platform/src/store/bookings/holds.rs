//! Places held for some minutes.

use banister_domain::availability::{self, Calendar, Joint};
use banister_domain::booking::Hold;
use banister_domain::id::{HoldId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::reserve::{Lost, add};
use super::{Bookings, ChangeError};
use crate::store::{Loaded, Race};
use crate::table::{CommitError, Key, Record, StorageError, Transaction, key};

/// How long a hold is kept after it has expired, so that whoever books late learns of that.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// A hold as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HoldRecord(pub Hold);

impl Record for HoldRecord {
    const TYPE: &'static str = "hold";

    fn key(&self) -> Key {
        key::hold(self.0.customer_id, self.0.id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.0.expires_at.checked_add(KEPT).ok()
    }
}

impl Bookings {
    /// A customer's hold, also one that has expired of late.
    pub async fn hold(&self, customer: UserId, id: HoldId) -> Result<Option<Hold>, StorageError> {
        let found = self.table.get::<HoldRecord>(&key::hold(customer, id)).await?;
        Ok(found.map(|found| found.value.0))
    }

    /// Gives a customer's hold back; one that is gone or has expired is no error. Whoever waited for it waits on.
    pub async fn let_hold_go(&self, customer: UserId, id: HoldId, now: Timestamp) -> Result<(), ChangeError> {
        let mut race = Race::new();
        while race.goes_on().await {
            let Some(hold) = self.hold(customer, id).await? else { return Ok(()) };
            if let Some(entry) = hold.waitlist_entry_id
                && self.turned_down(&hold, entry, now).await?
            {
                return Ok(());
            }
            let mut transaction = Transaction::new();
            self.give_back(&mut transaction, &hold).await?;
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Refused(Lost::Race | Lost::Seen) | CommitError::Contention) => {}
            }
        }
        Err(ChangeError::Busy)
    }

    /// Adds that a hold is let go; its place may have been taken away since it expired.
    pub(super) async fn give_back(
        &self,
        transaction: &mut Transaction<Lost>,
        hold: &Hold,
    ) -> Result<(), StorageError> {
        let dates = availability::days_touched(hold.occupies);
        let resources = hold.resource_ids.as_slice().iter().copied().collect();
        let Loaded { days, .. } = self.calendars.load(hold.provider_id, &resources, &dates).await?;
        let calendars = Joint::<Calendar>::new(days).and_then(|mut calendars| {
            calendars.let_go(hold.id, &hold.resource_ids)?;
            Ok(calendars)
        });
        let calendars = calendars.map_err(|refusal| StorageError::Malformed(refusal.to_string()))?;
        transaction.delete(&key::hold(hold.customer_id, hold.id));
        add(transaction, hold.provider_id, calendars.into_changes());
        Ok(())
    }
}
