//! The state with its watchers and its file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::failure::{Failure, Kind};
use super::state::State;

/// Shared by the server, the handle and the writer.
#[derive(Debug)]
pub(super) struct Store {
    state: Mutex<State>,
    /// Counts changes of the state and moves of the clock.
    changes: watch::Sender<u64>,
    /// The change up to which the file is written; absent when there is no file.
    saved: Option<watch::Sender<Saved>>,
}

#[derive(Clone, Debug, Default)]
struct Saved {
    change: u64,
    error: Option<String>,
}

impl Store {
    pub(super) fn new(state: State, durable: bool) -> Self {
        let saved = durable.then(|| watch::Sender::new(Saved::default()));
        Self { state: Mutex::new(state), changes: watch::Sender::new(1), saved }
    }

    /// Looks at the state.
    pub(super) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Works on the state; `act` also says whether it changed anything. Returns the change to wait for with
    /// [`Store::saved`].
    pub(super) fn update<T>(&self, act: impl FnOnce(&mut State) -> (T, bool)) -> (T, u64) {
        let mut state = self.lock();
        let (outcome, changed) = act(&mut state);
        if changed {
            self.touch();
        }
        // Read under the lock, so that the number covers this change.
        (outcome, *self.changes.borrow())
    }

    /// Wakes everyone who waits for a change.
    pub(super) fn touch(&self) {
        self.changes.send_modify(|change| *change += 1);
    }

    /// Sees each change from now on.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Waits until `change` is in the file; at once when there is none. Calls that wait together share a write.
    pub(super) async fn saved(&self, change: u64) -> Result<(), Failure> {
        let Some(saved) = &self.saved else { return Ok(()) };
        let mut saved = saved.subscribe();
        let closed = || Failure::new(Kind::InternalFailure, "The queues are stopping.");
        let outcome = saved.wait_for(|saved| saved.change >= change).await.map_err(|_| closed())?;
        match &outcome.error {
            Some(error) => Err(Failure::new(Kind::InternalFailure, error.clone())),
            None => Ok(()),
        }
    }

    /// Writes the file after each change, until `stop` closes and the last change is written.
    pub(super) async fn write_changes(self: Arc<Self>, path: PathBuf, mut stop: watch::Receiver<()>) {
        let Some(saved) = &self.saved else { return };
        let mut changes = self.watch();
        loop {
            let (json, change) = {
                let state = self.lock();
                (serde_json::to_vec(&*state), *changes.borrow_and_update())
            };
            let path = path.clone();
            let written = tokio::task::spawn_blocking(move || write(&path, &json?)).await;
            let error = match written {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(format!("The queues' file cannot be written: {error}")),
                Err(error) => Some(format!("The queues' writer failed: {error}")),
            };
            if let Some(error) = &error {
                tracing::error!(%error, "queues not saved");
            }
            saved.send_replace(Saved { change, error });
            tokio::select! {
                // A change goes before the end, so that the last one is written.
                biased;
                alive = changes.changed() => if alive.is_err() { return },
                _ = stop.changed() => return,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the file; an absent one is an empty state.
pub(super) fn read(path: &Path) -> io::Result<State> {
    match fs::read(path) {
        Ok(json) => Ok(serde_json::from_slice(&json)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(State::default()),
        Err(error) => Err(error),
    }
}

/// Replaces the file in one step. No fsync: what must survive is the process, not the machine.
fn write(path: &Path, json: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    fs::write(&fresh, json)?;
    fs::rename(&fresh, path)
}
