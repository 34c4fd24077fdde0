//! Links to providers' calendars: one each at most, kept as the hash of its token.

use banister_domain::account::AccountStatus;
use banister_domain::id::UserId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountRecord, AuditEntry, AuditRecord};
use crate::identity::feed::FeedToken;
use crate::table::{CommitError, Key, Record, StorageError, Table, Transaction, key};

/// That a provider's calendar has a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedRecord {
    /// Whose.
    pub provider_id: UserId,
    /// Hash of the link's token.
    pub hash: String,
    /// When the link was made.
    pub created_at: Timestamp,
}

impl Record for FeedRecord {
    const TYPE: &'static str = "calendar_feed";

    fn key(&self) -> Key {
        key::calendar_feed(self.provider_id)
    }
}

/// Whose calendar a link shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedLinkRecord {
    /// Hash of the link's token.
    pub hash: String,
    /// Whose.
    pub provider_id: UserId,
}

impl Record for FeedLinkRecord {
    const TYPE: &'static str = "calendar_feed_link";

    fn key(&self) -> Key {
        key::calendar_feed_link(&self.hash)
    }
}

/// Why a link was neither made nor revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedError {
    /// The account is switched off, or there is none.
    Gone,
    /// Something was changed since it was read: try again.
    Race,
}

/// All links to calendars.
#[derive(Debug, Clone)]
pub struct Feeds {
    table: Table,
}

impl Feeds {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Gives a provider's calendar the link with this token, at `now`, in the place of the one that it had. Not where
    /// the account is changed at the same time: what erases it would miss the link.
    pub async fn replace(
        &self,
        provider: UserId,
        token: &FeedToken,
        (address, now): (String, Timestamp),
    ) -> Result<(), CommitError<FeedError>> {
        let keys = [key::user(provider), key::calendar_feed(provider)];
        let mut found = self.table.get_all(&keys).await?;
        let account = found.take::<AccountRecord>(&keys[0])?;
        let account = account.filter(|account| account.value.0.status == AccountStatus::Active);
        let account = account.ok_or(CommitError::Refused(FeedError::Gone))?;
        let before = found.take::<FeedRecord>(&keys[1])?;
        let mut transaction = Transaction::new();
        transaction.check(&keys[0], account.version, FeedError::Race);
        if let Some(before) = &before {
            transaction.delete(&key::calendar_feed_link(&before.value.hash));
        }
        let feed = FeedRecord { provider_id: provider, hash: token.hash(), created_at: now };
        let link = FeedLinkRecord { hash: feed.hash.clone(), provider_id: provider };
        let version = before.map_or(0, |before| before.version);
        transaction
            .create_or_replace(&feed, version, FeedError::Race)
            .create(&link, FeedError::Race)
            .put_over(&AuditRecord::new(AuditEntry::CalendarFeedMade, Some(provider), address, now));
        transaction.commit(&self.table).await
    }

    /// Takes the link of a provider's calendar back, at `now`, if there is one.
    pub async fn revoke(
        &self,
        provider: UserId,
        address: String,
        now: Timestamp,
    ) -> Result<(), CommitError<FeedError>> {
        let Some(feed) = self.table.get::<FeedRecord>(&key::calendar_feed(provider)).await? else {
            return Ok(());
        };
        let mut transaction = Transaction::new();
        transaction
            .remove(&feed.value.key(), feed.version, FeedError::Race)
            .delete(&key::calendar_feed_link(&feed.value.hash))
            .put_over(&AuditRecord::new(AuditEntry::CalendarFeedRevoked, Some(provider), address, now));
        transaction.commit(&self.table).await
    }

    /// Whose calendar the link with this token shows; nobody's where it was revoked.
    pub async fn whose(&self, token: &FeedToken) -> Result<Option<UserId>, StorageError> {
        let link = self.table.get::<FeedLinkRecord>(&key::calendar_feed_link(&token.hash())).await?;
        Ok(link.map(|link| link.value.provider_id))
    }

    /// Whether a provider's link shows anything: not while the account is switched off.
    pub async fn is_open(&self, provider: UserId) -> Result<bool, StorageError> {
        let account = self.table.get::<AccountRecord>(&key::user(provider)).await?;
        Ok(account.is_some_and(|account| account.value.0.status == AccountStatus::Active))
    }
}
