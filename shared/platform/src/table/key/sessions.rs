//! Sessions, and what they opened.

use banister_domain::id::{SessionId, UserId};

use super::{Key, key};

/// Key of a session.
#[must_use]
pub fn session(user: UserId, id: SessionId) -> Key {
    key(format!("USER#{user}"), format!("SESSION#{id}"))
}

/// Sort keys of a user's log-in sessions begin with this.
pub const SESSIONS: &str = "SESSION#";

/// Key of a ticket that opens a WebSocket, by the hash of its text.
#[must_use]
pub fn ticket(hash: &str) -> Key {
    key(format!("TICKET#{hash}"), "TICKET")
}

/// Key of one of a user's WebSocket connections.
#[must_use]
pub fn socket(user: UserId, connection: &str) -> Key {
    key(format!("USER#{user}"), format!("{SOCKETS}{connection}"))
}

/// Sort keys of a user's WebSocket connections begin with this.
pub const SOCKETS: &str = "SOCKET#";

/// Key of what says whose a WebSocket connection is.
#[must_use]
pub fn connection(connection: &str) -> Key {
    key(format!("CONNECTION#{connection}"), "CONNECTION")
}
