//! Making all cards again, where some were not made: of services from before there were cards, or where changes were
//! lost on the way.

use banister_domain::search::CardId;
use jiff::Timestamp;

use super::{CardRecord, Cards, card_of};
use crate::store::ServiceRecord;
use crate::table::{Record as _, StorageError, from_item};

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RebuiltCards {
    /// Services and cards that were looked at.
    pub looked_at: u64,
    /// Items among them that do not read as what they should be.
    pub unreadable: u64,
}

impl Cards {
    /// Makes every card anew that does not say what it should, while the market goes on. Goes through the whole
    /// table.
    pub async fn rebuild(&self, now: impl Fn() -> Timestamp) -> Result<RebuiltCards, StorageError> {
        let (mut rebuilt, mut after) = (RebuiltCards::default(), None);
        loop {
            let types = [ServiceRecord::TYPE, CardRecord::TYPE];
            let (items, last) = self.table.every_item(&types, after).await?;
            let mut ids: Vec<CardId> = Vec::new();
            for item in items {
                let id =
                    card_of(&item).or_else(|| from_item::<CardRecord>(item).ok().map(|card| card.value.id));
                rebuilt.looked_at += 1;
                rebuilt.unreadable += u64::from(id.is_none());
                ids.extend(id);
            }
            self.refresh(&ids, now()).await?;
            after = last;
            if after.is_none() {
                return Ok(rebuilt);
            }
        }
    }
}
