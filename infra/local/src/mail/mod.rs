//! The mail side of the local cloud: an SMTP server on loopback that keeps every mail as an `.eml` file, and
//! the page that shows them.

mod content;
mod inbox;
mod lines;
mod page;
mod smtp;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub use content::Mail;
pub use inbox::Stage;
pub use page::routes;

use inbox::Inbox;

/// Tells the time in milliseconds since the Unix epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Why the mailbox cannot start or wait.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// No port could be opened.
    #[error("no port for mail: {0}")]
    Port(#[source] io::Error),
    /// The folder of the mails cannot be read.
    #[error("mails cannot be read: {0}")]
    Folder(#[source] io::Error),
    /// [`Mailbox::stop`] was called, so what was waited for will not come.
    #[error("the mailbox is stopped")]
    Stopped,
}

/// The running SMTP server and its mails; clones are the same. Dropping the last clone ends it without waiting.
#[derive(Clone)]
pub struct Mailbox {
    running: Arc<Running>,
}

struct Running {
    address: SocketAddr,
    inbox: Arc<Inbox>,
    /// Closed by dropping.
    stop: Mutex<Option<watch::Sender<()>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Mailbox {
    /// Opens a free port on 127.0.0.1. With a `folder` (made if absent) each mail is a file in it, named by the
    /// time of receipt in milliseconds and a counter, and those that are there are read again; without, mails
    /// live in memory.
    pub async fn start(folder: Option<PathBuf>, clock: Clock) -> Result<Self, MailError> {
        let inbox = Arc::new(Inbox::open(folder, clock).map_err(MailError::Folder)?);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(MailError::Port)?;
        let address = listener.local_addr().map_err(MailError::Port)?;
        let (stop, stopped) = watch::channel(());
        let task = Mutex::new(Some(tokio::spawn(serve(listener, inbox.clone(), stopped))));
        Ok(Self { running: Arc::new(Running { address, inbox, stop: Mutex::new(Some(stop)), task }) })
    }

    /// Where SMTP is spoken, without TLS; any user and password are taken.
    pub fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// The mails in order of arrival; with `to`, those of which it is a recipient.
    pub fn list(&self, to: Option<&str>) -> Vec<Mail> {
        let mails = self.running.inbox.mails().into_iter();
        mails.filter(|mail| to.is_none_or(|to| mail.is_to(to))).collect()
    }

    /// The first mail that pleases, of those that are there or as soon as it comes.
    pub async fn wait_for(&self, pleases: impl Fn(&Mail) -> bool) -> Result<Mail, MailError> {
        let mut arrivals = self.running.inbox.arrivals();
        let mut stop = self.stopping().ok_or(MailError::Stopped)?;
        let mut looked_at = 0;
        loop {
            arrivals.borrow_and_update();
            match self.running.inbox.find(looked_at, &pleases) {
                Ok(mail) => return Ok(mail),
                Err(count) => looked_at = count,
            }
            tokio::select! {
                _ = arrivals.changed() => {}
                _ = stop.changed() => return Err(MailError::Stopped),
            }
        }
    }

    /// Fault: the next `times` answers at `stage` are `code` (400 to 599), such as 451 (try again) or 550.
    pub fn fail_next(&self, stage: Stage, times: usize, code: u16) {
        self.running.inbox.fail_next(stage, times, code);
    }

    /// Fault: the next `times` mails are kept, and the connection closes before the answer.
    pub fn lose_answers(&self, times: u32) {
        self.running.inbox.lose_answers(times);
    }

    /// Closes the port and all connections. A mail whose answer was given stays. Calling it again does nothing.
    pub async fn stop(&self) {
        drop(self.running.stop.lock().unwrap_or_else(PoisonError::into_inner).take());
        let task = self.running.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the mail server failed");
        }
    }

    fn stopping(&self) -> Option<watch::Receiver<()>> {
        let stop = self.running.stop.lock().unwrap_or_else(PoisonError::into_inner);
        stop.as_ref().map(watch::Sender::subscribe)
    }
}

/// Dropping the set at the end closes what is still connected; a delivery is never cut in two by that, since
/// it does not wait.
async fn serve(listener: TcpListener, inbox: Arc<Inbox>, mut stop: watch::Receiver<()>) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    sessions.spawn(smtp::serve(stream, inbox.clone()));
                }
                Err(error) => tracing::warn!(%error, "no connection"),
            },
            Some(ended) = sessions.join_next() => match ended {
                Ok(Err(error)) => tracing::debug!(%error, "SMTP session broken"),
                Err(error) => tracing::error!(%error, "SMTP session failed"),
                Ok(Ok(())) => {}
            },
            _ = stop.changed() => break,
        }
    }
    sessions.shutdown().await;
}
