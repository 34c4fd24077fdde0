//! Log-in sessions: each one family of refresh tokens.

mod ending;

pub use ending::{Ending, SignIn};

use banister_domain::account::{Account, Role, session_end};
use banister_domain::event::Payload;
use banister_domain::id::{SessionId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AccountRecord, AuditEntry, AuditRecord, OutboxRecord};
use crate::http::Code;
use crate::identity::refresh::{RefreshToken, Salt};
use crate::table::{
    CommitError, Key, Page, Position, Query, Record, StorageError, Table, Transaction, Versioned, backoff,
    key,
};

/// How many sessions are ended in one transaction, which takes 100 items.
const AT_ONCE: u16 = 90;

/// How long after a refresh the same token may come again, since its answer was lost.
/// Longer than the gateway waits for an answer, which is 30 seconds
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>), with time for
/// the client to ask again.
const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// A refresh token that was exchanged for the next one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplacedToken {
    /// Its hash.
    pub hash: String,
    /// What made the next one of it.
    pub salt: Salt,
    /// The device that sent it, as it calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

impl ReplacedToken {
    /// Of a token that such a device sent, with the token that takes its place.
    #[must_use]
    pub fn of(token: &RefreshToken, agent: Option<String>) -> (Self, RefreshToken) {
        let salt = Salt::issue();
        let next = token.successor(&salt);
        (Self { hash: token.hash(), salt, agent }, next)
    }
}

/// What a refresh token is to its session.
pub enum Presented {
    /// The one that is good.
    Current,
    /// The one before, again from the same device within a minute: this was the answer.
    Repeated(RefreshToken),
    /// An old one.
    Reused,
}

/// Where a session is used, as far as a request tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The device, as it calls itself.
    pub device: Option<String>,
    /// The network of its address.
    pub network: Option<String>,
}

/// A session as kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// The account's epoch when it was begun; void with another one.
    #[serde(default)]
    pub epoch: u32,
    /// Hash of the one refresh token that is good.
    pub refresh_hash: String,
    /// What the one before was, as long as a client may not have got the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<ReplacedToken>,
    /// The device that used it last, as it calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The network that it was last used from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was last refreshed, or begun.
    pub refreshed_at: Timestamp,
    /// From when on it is over; refreshing moves it, as far as the role allows.
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

impl SessionRecord {
    /// How `token` stands, sent at `now` with the `User-Agent` `agent`.
    #[must_use]
    pub fn judge(&self, token: &RefreshToken, agent: Option<&str>, now: Timestamp) -> Presented {
        if token.matches(&self.refresh_hash) {
            return Presented::Current;
        }
        // Either way: two instances do not have quite the same time.
        let fresh = now.duration_since(self.refreshed_at).abs() < GRACE;
        match &self.replaced {
            Some(replaced)
                if fresh && token.matches(&replaced.hash) && replaced.agent.as_deref() == agent =>
            {
                Presented::Repeated(token.successor(&replaced.salt))
            }
            _ => Presented::Reused,
        }
    }

    /// Whether it stands at `now`: neither over nor ended with all others of `account`.
    #[must_use]
    pub fn stands(&self, account: &Account, now: Timestamp) -> bool {
        self.user_id == account.id && self.stands_in(account.epoch, now)
    }

    /// Whether it stands at `now`, of an account with this epoch.
    #[must_use]
    pub fn stands_in(&self, epoch: u32, now: Timestamp) -> bool {
        self.epoch == epoch && now < self.expires_at
    }
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

    /// Begins the session that `token` belongs to; refused if its account has changed since it was
    /// read: what ended all sessions meanwhile would end this one as well. The code of a second factor is used by
    /// this; refused if it was used meanwhile. The session that this one replaces ends with it; refused if that has
    /// ended meanwhile, but not if it was refreshed, or whoever refreshes it again and again would keep others out.
    pub async fn begin(
        &self,
        token: &RefreshToken,
        SignIn { account, proof, replaces }: SignIn<'_>,
        place: Place,
        address: String,
        now: Timestamp,
    ) -> Result<(), CommitError<()>> {
        let record = SessionRecord {
            id: token.session_id,
            user_id: token.user_id,
            epoch: account.value.epoch,
            refresh_hash: token.hash(),
            replaced: None,
            device: place.device,
            network: place.network,
            created_at: now,
            refreshed_at: now,
            expires_at: session_end(account.value.role, now, now),
        };
        let mut transaction = Transaction::new();
        let entry = AuditEntry::SessionCreated;
        transaction
            .check(&key::user(token.user_id), account.version, ())
            .create(&record, ())
            .put_over(&AuditRecord::new(entry, Some(token.user_id), address.clone(), now));
        if let Some(proof) = proof {
            proof.spend(&mut transaction, (), &address, now)?;
        }
        if let Some(ending) = replaces {
            transaction.remove_any(&key::session(ending.user_id, ending.session_id), ());
            ending.note(&mut transaction, &address, now)?;
        }
        transaction.commit(&self.table).await
    }

    /// Leaves an audit line of a sign-in that was refused with `code`; `user` is none where there is no account.
    pub async fn refuse(
        &self,
        user: Option<UserId>,
        code: Code,
        address: String,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let line = AuditRecord::new(AuditEntry::SignInRefused, user, address, now);
        self.table.put(&line.refused(code, None)).await
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

    /// One page of a user's sessions, begun last first: at most `limit` are read, also those that are over.
    pub async fn list(
        &self,
        user: UserId,
        limit: u16,
        after: Option<Position>,
    ) -> Result<Page<SessionRecord>, StorageError> {
        let all = Query::beginning(key::user(user).pk, key::SESSIONS, limit);
        self.table.query(Query { ascending: false, after, ..all }).await
    }

    /// Makes `next` the one good refresh token of a session in place of `replaced`; refused if another
    /// refresh was faster. `role` is the account's, `place` where the session is used now.
    pub async fn rotate(
        &self,
        (session, role): (Versioned<SessionRecord>, Role),
        (replaced, next): (ReplacedToken, &RefreshToken),
        place: Place,
        now: Timestamp,
    ) -> Result<(), CommitError<()>> {
        let rotated = session.map(|session| SessionRecord {
            refresh_hash: next.hash(),
            replaced: Some(replaced),
            device: place.device,
            network: place.network,
            refreshed_at: now,
            expires_at: session_end(role, session.created_at, now),
            ..session
        });
        let mut transaction = Transaction::new();
        transaction.replace(&rotated, ());
        transaction.commit(&self.table).await
    }

    /// Ends a session with an audit line that says why, and the event that closes what it opened; the
    /// owner is told where an old token came back. Ending one that is over changes nothing, so whatever
    /// comes after the first is told to nobody.
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
            transaction.remove(&session.value.key(), session.version, ());
            Ending { user_id: user, session_id: id, why }.note(&mut transaction, &address, now)?;
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Storage(error)) => return Err(error),
                // Refreshed at this very moment: end what it has become.
                Err(CommitError::Refused(()) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
            }
        }
        Err(StorageError::Unavailable("contention".into()))
    }

    /// Ends all sessions of a user by raising the account's epoch, with an audit line and the event
    /// that closes what they opened. What is left of them is deleted, or goes by its age.
    pub async fn end_all(&self, user: UserId, address: String, now: Timestamp) -> Result<(), StorageError> {
        for attempt in 0..5 {
            match self.raise(user, &address, now).await {
                Ok(Some(epoch)) => {
                    self.clear(user, epoch).await;
                    return Ok(());
                }
                Ok(None) => return Ok(()),
                Err(CommitError::Storage(error)) => return Err(error),
                Err(CommitError::Refused(()) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
            }
        }
        Err(StorageError::Unavailable("contention".into()))
    }

    /// Raises the epoch and answers it. No session is in the transaction: whoever refreshes one again
    /// and again would hold it up, and so keep the owner from ending it.
    async fn raise(
        &self,
        user: UserId,
        address: &str,
        now: Timestamp,
    ) -> Result<Option<u32>, CommitError<()>> {
        let Some(account) = self.table.get::<AccountRecord>(&key::user(user)).await? else {
            return Ok(None);
        };
        let raised = account.map(|mut record| {
            record.0.epoch = record.0.epoch.saturating_add(1);
            record
        });
        let (epoch, entry) = (raised.value.0.epoch, AuditEntry::AllSessionsEnded);
        let ended = Payload::SessionsEnded { user_id: user, session_id: None };
        let mut transaction = Transaction::new();
        transaction
            .replace(&raised, ())
            .put_over(&AuditRecord::new(entry, Some(user), address.to_owned(), now))
            .put_over(&OutboxRecord::new(ended, now)?);
        transaction.commit(&self.table).await?;
        Ok(Some(epoch))
    }

    /// Deletes void sessions. They are of no use to anybody: failing is no failure, and what stays goes
    /// by its age.
    async fn clear(&self, user: UserId, epoch: u32) {
        let mut rest = None;
        loop {
            let cleared = async {
                let (transaction, next) = self.deletion(user, epoch, rest.take()).await?;
                transaction.commit(&self.table).await.map(|()| next)
            };
            match cleared.await {
                Ok(None) => return,
                Ok(next) => rest = next,
                Err(error) => {
                    tracing::warn!(%error, "void sessions stay until they expire");
                    return;
                }
            }
        }
    }

    /// Deletes those of up to [`AT_ONCE`] sessions that are older than an epoch; answers where the next
    /// ones begin.
    async fn deletion(
        &self,
        user: UserId,
        epoch: u32,
        after: Option<Position>,
    ) -> Result<(Transaction<()>, Option<Position>), StorageError> {
        let query = Query { after, ..Query::beginning(key::user(user).pk, key::SESSIONS, AT_ONCE) };
        let page = self.table.query::<SessionRecord>(query).await?;
        let mut transaction = Transaction::new();
        for (session, _) in page.items.iter().filter(|(session, _)| session.value.epoch < epoch) {
            transaction.delete(&session.value.key());
        }
        Ok((transaction, page.last))
    }
}
