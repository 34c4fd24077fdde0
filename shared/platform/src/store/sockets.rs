//! WebSocket connections, and the tickets that open them.

use std::collections::HashSet;

use banister_domain::account::{Account, AccountStatus};
use banister_domain::event::Payload;
use banister_domain::id::{SessionId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AccountRecord, OutboxRecord, SessionRecord};
use crate::identity::ticket::{LIFETIME_SECONDS, Ticket};
use crate::random;
use crate::table::{CommitError, Key, Query, Record, StorageError, Table, Transaction, backoff, key};

/// How many live connections a user may have: with one more, the oldest is closed.
pub const MOST_CONNECTIONS: usize = 50;

/// API Gateway ends a connection after two hours
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>);
/// its items are kept a little longer.
const LIFETIME: SignedDuration = SignedDuration::from_mins(130);

/// How many sessions are looked up in one call: with the account, what one call takes.
const AT_ONCE: usize = 99;

/// A ticket as kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketRecord {
    /// Hash of its text.
    pub hash: String,
    /// For whom.
    pub user_id: UserId,
    /// In which session it was asked for.
    pub session_id: SessionId,
    /// The account's epoch then.
    pub epoch: u32,
    /// From when on it is void.
    pub expires_at: Timestamp,
}

impl Record for TicketRecord {
    const TYPE: &'static str = "ticket";

    fn key(&self) -> Key {
        key::ticket(&self.hash)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// A connection as kept among its user's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketRecord {
    /// Which: the gateway's name for it.
    pub connection_id: String,
    /// Whose.
    pub user_id: UserId,
    /// The session that opened it, and with which it ends.
    pub session_id: SessionId,
    /// The account's epoch when it was opened.
    pub epoch: u32,
    /// When it was opened.
    pub connected_at: Timestamp,
    /// From when on it is over in any case.
    pub expires_at: Timestamp,
}

impl Record for SocketRecord {
    const TYPE: &'static str = "socket";

    fn key(&self) -> Key {
        key::socket(self.user_id, &self.connection_id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// Whose a connection is: the gateway names no user when it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionRecord {
    /// Which.
    pub connection_id: String,
    /// Whose.
    pub user_id: UserId,
    /// As in [`SocketRecord`].
    pub expires_at: Timestamp,
}

impl Record for ConnectionRecord {
    const TYPE: &'static str = "connection";

    fn key(&self) -> Key {
        key::connection(&self.connection_id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// Why a connection was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The ticket is unknown, used or too old, or its session or account no longer stands.
    #[error("the ticket is not good")]
    Ticket,
    /// The table gave no answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What of a user stands: an account that is switched on, at its epoch, and sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    epoch: Option<u32>,
    sessions: HashSet<SessionId>,
}

impl Standing {
    /// Of this account and these sessions, as they are.
    #[must_use]
    pub fn new(account: Option<&Account>, sessions: &[SessionRecord], now: Timestamp) -> Self {
        let active = account.filter(|account| account.status == AccountStatus::Active);
        let stands = |session: &&SessionRecord| active.is_some_and(|account| session.stands(account, now));
        Self {
            epoch: active.map(|account| account.epoch),
            sessions: sessions.iter().filter(stands).map(|session| session.id).collect(),
        }
    }

    /// Whether a connection may be told anything.
    #[must_use]
    pub fn bears(&self, socket: &SocketRecord) -> bool {
        self.epoch == Some(socket.epoch) && self.sessions.contains(&socket.session_id)
    }
}

/// Any index of a list that is so long.
fn below(length: usize) -> usize {
    usize::try_from(random::below(length as u64)).unwrap_or(0)
}

/// All WebSocket connections.
#[derive(Debug, Clone)]
pub struct Connections {
    table: Table,
}

impl Connections {
    /// Of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Keeps a new ticket for the user, session and epoch that ask for it.
    pub async fn keep(
        &self,
        ticket: &Ticket,
        (user_id, session_id, epoch): (UserId, SessionId, u32),
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let life = SignedDuration::from_secs(LIFETIME_SECONDS);
        let expires_at = now.saturating_add(life).unwrap_or(Timestamp::MAX);
        self.table.put(&TicketRecord { hash: ticket.hash(), user_id, session_id, epoch, expires_at }).await
    }

    /// Opens a connection with a ticket, which is used up.
    ///
    /// The connection is written before the account and the session are looked at: what ends either
    /// of them before the look is seen by it, and what ends them later finds the connection.
    pub async fn open(
        &self,
        ticket: &Ticket,
        connection: &str,
        now: Timestamp,
    ) -> Result<SocketRecord, OpenError> {
        let socket = self.exchange(ticket, connection, now).await?;
        let looked = async {
            let (stands, all) = tokio::join!(self.look(&socket, now), self.of_user(socket.user_id));
            stands?;
            self.make_room(&socket, all?, now).await
        };
        let looked = looked.await;
        if looked.is_err() {
            // Left where it is, it is removed with the first push that finds nobody, or by its age.
            if let Err(error) = self.remove(socket.user_id, connection).await {
                tracing::warn!(%error, "a refused connection was not removed");
            }
        }
        looked.map(|()| socket)
    }

    async fn exchange(
        &self,
        ticket: &Ticket,
        connection: &str,
        now: Timestamp,
    ) -> Result<SocketRecord, OpenError> {
        for attempt in 0..5 {
            let found = self.table.get::<TicketRecord>(&key::ticket(&ticket.hash())).await?;
            let found = found.filter(|found| now < found.value.expires_at).ok_or(OpenError::Ticket)?;
            let TicketRecord { user_id, session_id, epoch, .. } = found.value;
            let connection_id = connection.to_owned();
            let expires_at = now.saturating_add(LIFETIME).unwrap_or(Timestamp::MAX);
            let of = ConnectionRecord { connection_id: connection_id.clone(), user_id, expires_at };
            let socket =
                SocketRecord { connection_id, user_id, session_id, epoch, connected_at: now, expires_at };
            let mut transaction = Transaction::new();
            transaction.remove(&key::ticket(&ticket.hash()), found.version, ());
            transaction.put_over(&socket).put_over(&of);
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(socket),
                // Somebody else used it.
                Err(CommitError::Refused(())) => return Err(OpenError::Ticket),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                Err(CommitError::Contention) => tokio::time::sleep(backoff(attempt)).await,
            }
        }
        Err(StorageError::Unavailable("contention".into()).into())
    }

    async fn look(&self, socket: &SocketRecord, now: Timestamp) -> Result<(), OpenError> {
        let standing = self.standing(std::slice::from_ref(socket), now).await?;
        if standing.bears(socket) { Ok(()) } else { Err(OpenError::Ticket) }
    }

    /// Forgets the oldest connections over [`MOST_CONNECTIONS`], two at most, with the event that closes
    /// each: the gateway may have lost the end of any of them. Never `own`, which is not open yet.
    async fn make_room(
        &self,
        own: &SocketRecord,
        mut others: Vec<SocketRecord>,
        now: Timestamp,
    ) -> Result<(), OpenError> {
        for attempt in 0..5 {
            others.retain(|other| now < other.expires_at && other.connection_id != own.connection_id);
            others.sort_by_key(|other| other.connected_at);
            others.truncate((others.len() + 1).saturating_sub(MOST_CONNECTIONS));
            let mut transaction = Transaction::<()>::new();
            // Any two of them, where many come at once: all would wait for each other over the very oldest.
            for _ in 0..others.len().min(2) {
                let other = others.swap_remove(below(others.len()));
                let SocketRecord { connection_id, user_id, connected_at, .. } = other;
                transaction
                    .delete(&key::socket(user_id, &connection_id))
                    .delete(&key::connection(&connection_id));
                let replaced = Payload::ConnectionReplaced { user_id, connection_id, connected_at };
                transaction.put_over(&OutboxRecord::new(replaced, now)?);
            }
            match transaction.commit(&self.table).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Storage(error)) => return Err(error.into()),
                // Somebody else makes room at this very moment: see what is left.
                Err(CommitError::Refused(()) | CommitError::Contention) => {
                    tokio::time::sleep(backoff(attempt)).await;
                    others = self.of_user(own.user_id).await?;
                }
            }
        }
        // A few too many for a while hurt nobody; the next one makes room for itself and for these.
        Ok(())
    }

    /// A user's connections, those included that have expired and are still kept.
    pub async fn of_user(&self, user: UserId) -> Result<Vec<SocketRecord>, StorageError> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let query = Query { after, ..Query::beginning(key::user(user).pk, key::SOCKETS, 100) };
            let page = self.table.query::<SocketRecord>(query).await?;
            all.extend(page.items.into_iter().map(|(socket, _)| socket.value));
            after = page.last;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// What stands of the account and the sessions behind `sockets`, all of one user; strongly read.
    pub async fn standing(&self, sockets: &[SocketRecord], now: Timestamp) -> Result<Standing, StorageError> {
        let Some(user) = sockets.first().map(|socket| socket.user_id) else {
            return Ok(Standing::new(None, &[], now));
        };
        let account_key = key::user(user);
        let ids: HashSet<_> = sockets.iter().map(|socket| socket.session_id).collect();
        let keys: Vec<_> = ids.into_iter().map(|id| key::session(user, id)).collect();
        let (mut account, mut sessions) = (None, Vec::new());
        for keys in keys.chunks(AT_ONCE) {
            let wanted: Vec<_> = std::iter::once(&account_key).chain(keys).cloned().collect();
            let mut found = self.table.get_all(&wanted).await?;
            account = found.take::<AccountRecord>(&account_key)?.map(|record| record.value.0);
            for key in keys {
                sessions.extend(found.take::<SessionRecord>(key)?.map(|record| record.value));
            }
        }
        Ok(Standing::new(account.as_ref(), &sessions, now))
    }

    /// Whose a connection is.
    pub async fn user_of(&self, connection: &str) -> Result<Option<UserId>, StorageError> {
        let found = self.table.get::<ConnectionRecord>(&key::connection(connection)).await?;
        Ok(found.map(|record| record.value.user_id))
    }

    /// Forgets a connection; forgetting it twice is no error.
    pub async fn remove(&self, user: UserId, connection: &str) -> Result<(), StorageError> {
        // In this order: what a crash leaves behind is of no use to anybody, and goes by its age.
        self.table.delete(&key::socket(user, connection)).await?;
        self.table.delete(&key::connection(connection)).await
    }
}
