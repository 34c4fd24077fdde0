//! Log-in sessions: each one family of refresh tokens.

use banister_domain::event::Payload;
use banister_domain::id::{SessionId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AccountRecord, AuditEntry, AuditRecord, OutboxRecord};
use crate::identity::refresh::{LIFETIME_DAYS, RefreshToken};
use crate::table::{CommitError, Key, Query, Record, StorageError, Table, Transaction, Versioned, key};

/// How many sessions are ended in one transaction, which takes 100 items.
const AT_ONCE: u16 = 90;

/// A session as kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// Hash of the one refresh token that is good.
    pub refresh_hash: String,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub refreshed_at: Timestamp,
    /// From when on it is over, unless refreshed.
    pub expires_at: Timestamp,
}

impl Record for SessionRecord {
    const TYPE: &'static str = "session";

    fn key(&self) -> Key {
        key::session(self.user_id, self.id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

fn expiry(now: Timestamp) -> Timestamp {
    now.saturating_add(SignedDuration::from_hours(24 * LIFETIME_DAYS)).unwrap_or(Timestamp::MAX)
}

/// All sessions.
#[derive(Debug, Clone)]
pub struct Sessions {
    table: Table,
}

impl Sessions {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Begins the session that `token` belongs to.
    pub async fn begin(
        &self,
        token: &RefreshToken,
        address: String,
        now: Timestamp,
    ) -> Result<(), CommitError<()>> {
        let record = SessionRecord {
            id: token.session_id,
            user_id: token.user_id,
            refresh_hash: token.hash(),
            created_at: now,
            refreshed_at: now,
            expires_at: expiry(now),
        };
        let mut transaction = Transaction::new();
        transaction.create(&record, ()).put_over(&AuditRecord::new(
            AuditEntry::SessionCreated,
            Some(token.user_id),
            address,
            now,
        ));
        transaction.commit(&self.table).await
    }

    /// Leaves an audit line of a sign-in that was refused; `user` is none where there is no account.
    pub async fn refuse(
        &self,
        user: Option<UserId>,
        address: String,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        self.table.put(&AuditRecord::new(AuditEntry::SignInRefused, user, address, now)).await
    }

    /// One session that is not over.
    pub async fn get(
        &self,
        user: UserId,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Option<Versioned<SessionRecord>>, StorageError> {
        let found = self.table.get::<SessionRecord>(&key::session(user, id)).await?;
        Ok(found.filter(|session| now < session.value.expires_at))
    }

    /// Makes `next` the one good refresh token of a session; refused if another refresh was faster.
    pub async fn rotate(
        &self,
        session: Versioned<SessionRecord>,
        next: &RefreshToken,
        now: Timestamp,
    ) -> Result<(), CommitError<()>> {
        let rotated = session.map(|session| SessionRecord {
            refresh_hash: next.hash(),
            refreshed_at: now,
            expires_at: expiry(now),
            ..session
        });
        let mut transaction = Transaction::new();
        transaction.replace(&rotated, ());
        transaction.commit(&self.table).await
    }

    /// Ends a session with an audit line that says why, and the event that closes what it opened.
    /// Ending one that is over changes nothing.
    pub async fn end(
        &self,
        user: UserId,
        id: SessionId,
        why: AuditEntry,
        address: String,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        for attempt in 0..5 {
            let Some(session) = self.table.get::<SessionRecord>(&key::session(user, id)).await? else {
                return Ok(());
            };
            let mut transaction = Transaction::new();
            let ended = Payload::SessionsEnded { user_id: user, session_id: Some(id) };
            transaction
                .remove(&session.value.key(), session.version, ())
                .put_over(&AuditRecord::new(why, Some(user), address.clone(), now))
                .put_over(&OutboxRecord::new(ended, now)?);
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Storage(error)) => return Err(error),
                // Refreshed at this very moment: end what it has become.
                Err(CommitError::Refused(()) | CommitError::Contention) => {
                    tokio::time::sleep(crate::table::backoff(attempt)).await;
                }
            }
        }
        Err(StorageError::Unavailable("contention".into()))
    }

    /// Ends all sessions of a user, raises the account's epoch and leaves an audit line and the event
    /// that closes what they opened. `own` is the caller's session, which goes last: where this stops
    /// half way, the caller can ask again.
    pub async fn end_all(
        &self,
        user: UserId,
        own: SessionId,
        address: String,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        for attempt in 0..5 {
            match self.end_rest(user, own, &address, now).await {
                Err(CommitError::Refused(()) | CommitError::Contention) => {
                    tokio::time::sleep(crate::table::backoff(attempt)).await;
                }
                Err(CommitError::Storage(error)) => return Err(error),
                Ok(()) => return Ok(()),
            }
        }
        Err(StorageError::Unavailable("contention".into()))
    }

    /// More sessions than fit into one transaction go ahead of it, [`AT_ONCE`] at a time.
    async fn end_rest(
        &self,
        user: UserId,
        own: SessionId,
        address: &str,
        now: Timestamp,
    ) -> Result<(), CommitError<()>> {
        let mut after = None;
        loop {
            let query = Query { after, ..Query::beginning(key::user(user).pk, key::SESSIONS, AT_ONCE) };
            let page = self.table.query::<SessionRecord>(query).await?;
            let mut transaction = Transaction::new();
            for (session, _) in page.items.iter().filter(|(session, _)| session.value.id != own) {
                transaction.delete(&session.value.key());
            }
            after = page.last;
            if after.is_none() {
                transaction.delete(&key::session(user, own));
                return self.finish(transaction, user, address, now).await;
            }
            transaction.commit(&self.table).await?;
        }
    }

    async fn finish(
        &self,
        mut transaction: Transaction<()>,
        user: UserId,
        address: &str,
        now: Timestamp,
    ) -> Result<(), CommitError<()>> {
        let Some(account) = self.table.get::<AccountRecord>(&key::user(user)).await? else {
            return Ok(());
        };
        let raised = account.map(|mut record| {
            record.0.epoch = record.0.epoch.saturating_add(1);
            record
        });
        let entry = AuditEntry::AllSessionsEnded;
        transaction
            .replace(&raised, ())
            .put_over(&AuditRecord::new(entry, Some(user), address.to_owned(), now))
            .put_over(&OutboxRecord::new(Payload::SessionsEnded { user_id: user, session_id: None }, now)?);
        transaction.commit(&self.table).await
    }
}
