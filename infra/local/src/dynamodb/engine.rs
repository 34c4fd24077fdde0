//! The embedded engine on a loopback port of its own.

use std::net::SocketAddr;

use dynoxide::Database;
use hyper::http::uri::Authority;
use tokio::net::TcpSocket;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::StartError;

/// A running engine; dropping it stops it without waiting.
#[derive(Debug)]
pub(super) struct Engine {
    authority: Authority,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Engine {
    pub(super) fn start(database: Database) -> Result<Self, StartError> {
        let socket = TcpSocket::new_v4()?;
        // Connections inherit it; without it an answer in two parts waits 40 ms for a delayed acknowledgement.
        socket.set_nodelay(true)?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let listener = socket.listen(1024)?;
        let address = listener.local_addr()?;
        let authority = address.to_string().parse().expect("an address and port are an authority");
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(async move {
            // Dropping the sender means stop, too.
            let stopped = async { drop(stopped.await) };
            if let Err(error) = dynoxide::server::serve_with_shutdown(listener, database, stopped).await {
                tracing::error!(%error, "the table engine stopped");
            }
        });
        Ok(Self { authority, stop, serving })
    }

    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    pub(super) async fn stop(self) {
        drop(self.stop);
        let _ = self.serving.await;
    }
}
