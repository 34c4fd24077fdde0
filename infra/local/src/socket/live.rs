//! The connections that are open now.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio_tungstenite::tungstenite::Message;

use super::MAX_CONNECTIONS;
use super::event::Origin;

/// Messages that wait for a client that does not read; with one more it is answered for as too slow.
const QUEUED: usize = 16;
/// What the connections get to end in when everything stops.
const GRACE: Duration = Duration::from_secs(3);

/// The live connections; clones are the same ones.
#[derive(Clone)]
pub struct Sockets {
    inner: Arc<Inner>,
}

struct Inner {
    live: Mutex<HashMap<String, Arc<Live>>>,
    moved: watch::Sender<()>,
    places: Arc<Semaphore>,
}

/// One connection, from the end of `$connect` to the beginning of `$disconnect`.
pub(super) struct Live {
    pub(super) origin: Origin,
    outbound: mpsc::Sender<Message>,
    pub(super) closed: Notify,
    last_active: AtomicI64,
}

/// A message that a connection does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsent {
    /// The client is too slow.
    Full,
    /// The connection is ending.
    Gone,
}

impl Default for Sockets {
    fn default() -> Self {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS as usize));
        Self { inner: Arc::new(Inner { live: Mutex::default(), moved: watch::Sender::new(()), places }) }
    }
}

impl Sockets {
    /// How many connections are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// Must be called after the clock was moved: connections that are idle or old by now then end.
    pub fn clock_moved(&self) {
        self.inner.moved.send_replace(());
    }

    /// Waits until no connection is left and each has had its `$disconnect`; lets no new one in meanwhile.
    pub async fn all_gone(&self) {
        // The semaphore is never closed, so that the wait ends with all places free.
        drop(self.inner.places.acquire_many(MAX_CONNECTIONS).await);
    }

    /// Waits for the stop, and then for a moment until every connection has ended.
    pub(crate) async fn finish(self, mut stop: watch::Receiver<bool>) {
        drop(stop.wait_for(|stop| *stop).await);
        if tokio::time::timeout(GRACE, self.all_gone()).await.is_err() {
            tracing::warn!("WebSocket connections were given up");
        }
    }

    /// A place for a connection, held to the end of its `$disconnect`.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.inner.places).try_acquire_owned().ok()
    }

    /// From now on messages can be posted to it; they wait for the upgrade.
    pub(super) fn add(&self, origin: Origin) -> (Arc<Live>, mpsc::Receiver<Message>) {
        let (outbound, messages) = mpsc::channel(QUEUED);
        let last_active = AtomicI64::new(origin.connected_at.as_millisecond());
        let live = Arc::new(Live { origin, outbound, closed: Notify::new(), last_active });
        self.lock().insert(live.origin.connection_id.clone(), Arc::clone(&live));
        (live, messages)
    }

    pub(super) fn get(&self, id: &str) -> Option<Arc<Live>> {
        self.lock().get(id).cloned()
    }

    pub(super) fn remove(&self, id: &str) -> Option<Arc<Live>> {
        self.lock().remove(id)
    }

    pub(super) fn moves(&self) -> watch::Receiver<()> {
        self.inner.moved.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Live>>> {
        self.inner.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    /// Puts a message behind those that the client has not read yet.
    pub(super) fn post(&self, message: Message) -> Result<(), Unsent> {
        self.outbound.try_send(message).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Unsent::Full,
            mpsc::error::TrySendError::Closed(_) => Unsent::Gone,
        })
    }

    /// A message went one way or the other.
    pub(super) fn active(&self, now: Timestamp) {
        self.last_active.store(now.as_millisecond(), Ordering::Relaxed);
    }

    /// When the last message went.
    pub(super) fn last_active(&self) -> Timestamp {
        let millis = self.last_active.load(Ordering::Relaxed);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
    }
}
