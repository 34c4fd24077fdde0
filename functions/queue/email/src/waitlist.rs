//! Mails to those who wait for a place.

use banister_domain::account::Account;
use banister_domain::id::{HoldId, WaitlistEntryId};
use banister_domain::waitlist::WaitlistStatus;
use jiff::Timestamp;

use crate::EmailWorker;
use crate::letter::Letter;
use crate::letter::waitlist::{ended, offered};
use crate::post::{Skip, Unsent};

impl EmailWorker {
    /// The letter about a place that is kept, if it still is.
    pub(crate) async fn of_offer(
        &self,
        reader: &Account,
        (entry, hold): (WaitlistEntryId, HoldId),
        now: Timestamp,
    ) -> Result<askama::Result<Letter>, Unsent> {
        let found = self.bookings.wait(reader.id, entry).await?.ok_or(Skip::NotOffered)?.value;
        let kept = found.offer().filter(|offer| offer.hold_id == hold && now < offer.answer_by);
        let offer = kept.ok_or(Skip::NotOffered)?;
        let service = self.services.get(found.service_id).await?.ok_or(Skip::NotOffered)?.value;
        Ok(offered(reader, service.title.as_str(), &offer))
    }

    /// The letter about a wait that came to nothing.
    pub(crate) async fn of_ended_wait(
        &self,
        reader: &Account,
        entry: WaitlistEntryId,
    ) -> Result<askama::Result<Letter>, Unsent> {
        let found = self.bookings.wait(reader.id, entry).await?.ok_or(Skip::StillWaiting)?.value;
        let lapsed = match found.status() {
            WaitlistStatus::Lapsed => true,
            WaitlistStatus::Expired => false,
            _ => return Err(Skip::StillWaiting.into()),
        };
        let service = self.services.get(found.service_id).await?.ok_or(Skip::StillWaiting)?.value;
        Ok(ended(reader, service.title.as_str(), lapsed))
    }
}
