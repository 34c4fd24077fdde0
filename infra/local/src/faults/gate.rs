//! Calls that wait until they are let go on.

use tokio::sync::watch;

/// Held calls, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Gate(watch::Sender<Held>);

#[derive(Debug, Default)]
struct Held {
    /// How many have come.
    come: u64,
    /// How many of them, the first ones, may go on.
    free: u64,
}

impl Gate {
    /// Comes and waits until it may go on.
    pub(super) async fn pass(&self) {
        let mut number = 0;
        self.0.send_modify(|held| {
            held.come += 1;
            number = held.come;
        });
        self.until(|held| held.free >= number).await;
    }

    /// Waits until a call has come that may not go on yet.
    pub(super) async fn taken(&self) {
        self.until(|held| held.come > held.free).await;
    }

    /// All that have come may go on.
    pub(super) fn open(&self) {
        self.0.send_modify(|held| held.free = held.come);
    }

    async fn until(&self, reached: impl FnMut(&Held) -> bool) {
        self.0.subscribe().wait_for(reached).await.expect("the sender outlives this borrow of it");
    }
}
