//! What is a person's alone: it is deleted, or becomes nobody's.

use banister_domain::id::UserId;
use banister_domain::waitlist::WaitlistStep;
use jiff::Timestamp;

use super::{Erasures, count, whole};
use crate::store::accounts::{FormerEmailRecord, claim, index};
use crate::store::{
    AccountRecord, AuditEntry, AuditRecord, CredentialsRecord, FeedRecord, JOB, Piece, PieceError,
    ServiceRecord, WaitError, WaitlistRecord,
};
use crate::table::key::{self, Index};
use crate::table::{
    Item, Key, Position, Query, Record as _, StorageError, Transaction, Versioned, from_item,
};

/// Items deleted in a piece: with the job and its event, fewer than a transaction takes.
const DELETED: u16 = 90;
/// Former addresses looked at for a piece.
const FORMER: u16 = 20;
/// The place of a piece that is not the first one at the beginning.
const BEGINNING: &str = "null";
/// Services written in a piece: each may have several kilobytes.
const SERVICES: u16 = 20;
/// How many of a user's items are looked at for a piece. Those that stay are at most the connections.
const LOOKED_AT: u16 = 250;

impl Erasures {
    /// Deletes what lies in the user's partition but the account and open connections, which are closed,
    /// and forgotten with that; and the user's places in the lines of those who wait.
    pub(super) async fn belongings(&self, user: UserId, now: Timestamp) -> Result<Piece, StorageError> {
        let own = key::user(user);
        let (items, last) = self.table.query_items(Query::all(None, own.pk.clone(), LOOKED_AT)).await?;
        let (mut gone, mut full) = (Vec::new(), false);
        for item in items {
            let key =
                crate::table::key_of(&item).filter(|key| *key != own && !key.sk.starts_with(key::SOCKETS));
            let Some(key) = key else { continue };
            full = gone.len() + 2 > usize::from(DELETED);
            if full {
                break;
            }
            if key.sk.starts_with(key::WAITS) {
                gone.extend(self.left(item, now).await?);
            }
            gone.push(key);
        }
        let mut transaction = Transaction::new();
        for key in &gone {
            transaction.delete(key);
        }
        // A page that was full, or that a piece has no room for, may have left some.
        let more = !gone.is_empty() && (last.is_some() || full);
        Ok(Piece { transaction, items: count(gone.len()), cursor: more.then(String::new) })
    }

    /// Ends a wait, so that what is offered goes to the next in line; answers where its place in the line was.
    async fn left(&self, wait: Item, now: Timestamp) -> Result<Option<Key>, StorageError> {
        let entry = match from_item::<WaitlistRecord>(wait) {
            Ok(record) => record.value.0,
            // It is deleted all the same, and so is its place once it is looked at.
            Err(error) => {
                tracing::error!(%error, "a wait that does not read is erased");
                return Ok(None);
            }
        };
        match self.bookings.step(entry.customer_id, entry.id, WaitlistStep::Leave, now).await {
            Ok(_) | Err(WaitError::Missing | WaitError::Wrong(_)) => {}
            Err(WaitError::Busy) => return Err(StorageError::Unavailable("contention".into())),
            Err(WaitError::Storage(error)) => return Err(error),
        }
        Ok(Some(key::waitlist_place(entry.provider_id, entry.id)))
    }

    /// Deletes the answers kept for repeated requests, of the user, of the address and of former ones.
    pub(super) async fn receipts(&self, user: UserId, after: Option<&str>) -> Result<Piece, StorageError> {
        let account = self.erased_account(user).await?.value.0;
        let all = Query::beginning(key::user(user).pk, key::FORMER_EMAILS, FORMER);
        let from = Position::kept(after.filter(|after| *after != BEGINNING))?;
        let page = whole(self.table.query::<FormerEmailRecord>(Query { after: from, ..all }).await?)?;
        let former = page.items.iter().map(|(former, _)| former.value.email.clone());
        let mut subjects = vec![user.to_string()];
        for email in [account.email].into_iter().chain(former) {
            // One that is somebody else's by now has that one's answers.
            let owner = self.table.get::<CredentialsRecord>(&key::credentials(&email)).await?;
            if owner.is_none_or(|owner| owner.value.user_id == user) {
                subjects.push(email.to_string());
            }
        }
        let mut gone = Vec::new();
        for subject in subjects {
            let query = Query::all(None, key::receipts(&subject), DELETED);
            let (found, _) = self.table.query_items(query).await?;
            gone.extend(found.iter().filter_map(crate::table::key_of));
        }
        // What there is no room for is left to the next piece, which looks at the same addresses.
        let full = gone.len() >= usize::from(DELETED);
        gone.truncate(DELETED.into());
        let mut transaction = Transaction::new();
        for key in &gone {
            transaction.delete(key);
        }
        let next = if full {
            Some(after.unwrap_or(BEGINNING).to_owned())
        } else {
            Position::keep(page.last.as_ref())?
        };
        Ok(Piece { transaction, items: count(gone.len()), cursor: next })
    }

    /// Archives services, and takes their words.
    pub(super) async fn services(&self, user: UserId, after: Option<&str>) -> Result<Piece, StorageError> {
        let all = Query::all(Some(Index::Gsi1), key::services_of(user), SERVICES);
        let page =
            whole(self.table.query::<ServiceRecord>(Query { after: Position::kept(after)?, ..all }).await?)?;
        let keys: Vec<_> = page.items.iter().map(|(record, _)| record.value.key()).collect();
        let mut found = self.table.get_all(&keys).await?;
        let mut transaction = Transaction::new();
        for key in &keys {
            let Some(service) = found.take::<ServiceRecord>(key)? else { continue };
            transaction.replace(&service.map(|service| ServiceRecord(service.0.erased())), PieceError::Stale);
        }
        Ok(Piece { transaction, items: count(keys.len()), cursor: Position::keep(page.last.as_ref())? })
    }

    /// Deletes the rules of the calendar and the link to it. Its days hold times and ids of bookings, vacations,
    /// services and what is held, only.
    pub(super) async fn calendar(&self, user: UserId) -> Result<Piece, StorageError> {
        let feed = self.table.get::<FeedRecord>(&key::calendar_feed(user)).await?;
        let mut transaction = Transaction::new();
        transaction.delete(&key::calendar_rules(user));
        if let Some(feed) = &feed {
            transaction.delete(&feed.value.key()).delete(&key::calendar_feed_link(&feed.value.hash));
        }
        Ok(Piece::whole(transaction, 1 + count(feed.iter().count())))
    }

    /// Makes the account nobody's, frees its address and its number, and leaves an audit line.
    pub(super) async fn account(&self, user: UserId, now: Timestamp) -> Result<Piece, StorageError> {
        let before = self.erased_account(user).await?;
        let email = before.value.0.email.clone();
        let mut transaction = Transaction::new();
        let credentials = self.table.get::<CredentialsRecord>(&key::credentials(&email)).await?;
        // The address of a registration that lapsed may be somebody else's by now.
        if let Some(Versioned { version, .. }) = credentials.filter(|found| found.value.user_id == user) {
            transaction.remove(&key::credentials(&email), version, PieceError::Stale);
        }
        let old = before.value.0.clone();
        let after = before.map(|record| AccountRecord(record.0.erased()));
        index(&mut transaction, Some(&old), &after.value.0);
        claim(&mut transaction, &old, &after.value.0, PieceError::Stale);
        transaction.replace(&after, PieceError::Stale).put_over(&AuditRecord::new(
            AuditEntry::AccountErased,
            Some(user),
            JOB.to_owned(),
            now,
        ));
        Ok(Piece::whole(transaction, 1))
    }

    async fn erased_account(&self, user: UserId) -> Result<Versioned<AccountRecord>, StorageError> {
        let found = self.table.get::<AccountRecord>(&key::user(user)).await?;
        found.ok_or_else(|| StorageError::Malformed("an account that is to be erased is not there".into()))
    }
}
