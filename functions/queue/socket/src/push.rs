//! One message: from the event to the connections that are told, or closed.

use banister_domain::booking::Status;
use banister_domain::event::Event;
use banister_domain::id::{BookingId, EventId, UserId};
use banister_platform::socket::SocketError;
use banister_platform::store::{SocketRecord, Standing};
use banister_platform::telemetry::user_tag;
use banister_platform::worker::{WorkError, read_event};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::SocketWorker;
use crate::errand::{Errand, Replaced, errand};

/// A connection is written before the gateway opens it. One that is not there this long after may
/// still be opening, and is asked again.
const OPENING: SignedDuration = SignedDuration::from_secs(10);

/// What connections are told; docs/websocket.md describes it.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
enum Frame {
    #[serde(rename = "booking.changed")]
    BookingChanged {
        event_id: EventId,
        booking_id: BookingId,
        status: Status,
        revision: u32,
        starts_at: Timestamp,
        occurred_at: Timestamp,
    },
    #[serde(rename = "connection.replaced")]
    ConnectionReplaced { event_id: EventId, occurred_at: Timestamp },
}

fn text(frame: &Frame) -> Result<String, WorkError> {
    serde_json::to_string(frame).map_err(|error| WorkError::Poison(error.to_string()))
}

/// Whether what the gateway does not know was open once; else it comes again.
fn opened(connected_at: Timestamp, now: Timestamp) -> Result<(), WorkError> {
    if now.duration_since(connected_at) < OPENING {
        return Err(WorkError::Retry("a connection may still be opening".into()));
    }
    Ok(())
}

impl SocketWorker {
    /// Does what the event in `body` calls for. One connection that fails keeps none of the others back.
    pub(crate) async fn run(&self, body: &str) -> Result<(), WorkError> {
        let event = read_event(body)?;
        match errand(&event.payload) {
            Errand::Nothing => Ok(()),
            Errand::Close(user) => self.each(&event, user, None).await,
            Errand::Replace(replaced) => self.replace(&event, &replaced).await,
            Errand::Tell(booking, users) => {
                let Some(frame) = self.news(&event, booking).await? else {
                    tracing::info!(event = %event.id, "the booking does not exist");
                    return Ok(());
                };
                let told = users.into_iter().map(|user| self.each(&event, user, Some(&frame)));
                join_all(told).await.into_iter().collect()
            }
        }
    }

    /// Closes a connection that had to make room, and says so before if it listens.
    async fn replace(&self, event: &Event, replaced: &Replaced) -> Result<(), WorkError> {
        let connection = replaced.connection.as_str();
        let place = self.places.acquire().await;
        let _place = place.map_err(|error| WorkError::Retry(error.to_string()))?;
        let frame = Frame::ConnectionReplaced { event_id: event.id, occurred_at: event.occurred_at };
        if let Err(error) = self.sockets.post(connection, text(&frame)?).await {
            tracing::info!(event = %event.id, %error, "a connection was not told that it is replaced");
        }
        match self.sockets.close(connection).await {
            Err(SocketError::Gone) => opened(replaced.connected_at, self.clock.now()),
            done => done.map_err(|error| WorkError::Retry(error.to_string())),
        }
    }

    /// How the booking is now.
    async fn news(&self, event: &Event, booking: BookingId) -> Result<Option<String>, WorkError> {
        let Some(found) = self.bookings.get(booking).await? else { return Ok(None) };
        let booking = found.value;
        let frame = Frame::BookingChanged {
            event_id: event.id,
            booking_id: booking.id,
            status: booking.status_at(self.clock.now()),
            revision: booking.revision,
            starts_at: booking.starts_at,
            occurred_at: event.occurred_at,
        };
        text(&frame).map(Some)
    }

    /// Tells all connections of a user, if there is something to tell, and closes those that do not stand.
    async fn each(&self, event: &Event, user: UserId, frame: Option<&str>) -> Result<(), WorkError> {
        let now = self.clock.now();
        let sockets = self.connections.of_user(user).await?;
        let standing = self.connections.standing(&sockets, now).await?;
        let count = sockets.len();
        let work = sockets.into_iter().map(|socket| self.one(socket, &standing, frame, now));
        let failures: Vec<_> = join_all(work).await.into_iter().filter_map(Result::err).collect();
        tracing::info!(event = %event.id, user = user_tag(user), connections = count, failed = failures.len(), "pushed");
        failures.into_iter().next().map_or(Ok(()), Err)
    }

    async fn one(
        &self,
        socket: SocketRecord,
        standing: &Standing,
        frame: Option<&str>,
        now: Timestamp,
    ) -> Result<(), WorkError> {
        let place = self.places.acquire().await;
        let _place = place.map_err(|error| WorkError::Retry(error.to_string()))?;
        let connection = socket.connection_id.as_str();
        // The gateway has ended it long ago.
        if socket.expires_at <= now {
            return Ok(self.connections.remove(socket.user_id, connection).await?);
        }
        let (answer, over) = match frame {
            _ if !standing.bears(&socket) => (self.sockets.close(connection).await, true),
            Some(frame) => (self.sockets.post(connection, frame.to_owned()).await, false),
            None => return Ok(()),
        };
        match answer {
            Ok(()) if !over => Ok(()),
            Err(SocketError::Gone) => {
                opened(socket.connected_at, now)?;
                Ok(self.connections.remove(socket.user_id, connection).await?)
            }
            Ok(()) => Ok(self.connections.remove(socket.user_id, connection).await?),
            // Also where it was rejected: a missing right is mended by an operator.
            Err(error) => Err(WorkError::Retry(error.to_string())),
        }
    }
}
