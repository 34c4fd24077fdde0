//! `POST /v1/chat/tickets`: whoever is signed in gets a ticket that opens a WebSocket.

use axum::extract::State;
use banister_platform::http::{Code, Created, Problem, SignedIn};
use banister_platform::identity::ticket::{LIFETIME_SECONDS, Ticket};
use banister_platform::limit::Limit;
use serde::Serialize;

use crate::Chat;

pub(crate) const PROBLEMS: &[Code] = &[Code::TooManyRequests];

const PER_USER: Limit = Limit { operation: "chat_ticket", count: 30, seconds: 60 };

/// A ticket.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ChatTicket, example = json!({
    "ticket": "9cDq3mEwq0mRz7m2kq3H0c1pXvTn5oLhYb8sJ4uWfGk",
    "url": "wss://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/live?ticket=9cDq3mEwq0mRz7m2kq3H0c1pXvTn5oLhYb8sJ4uWfGk",
    "expires_in": 60,
}))]
pub(crate) struct ChatTicketView {
    /// Good for one connection.
    ticket: String,
    /// Where to connect, with the ticket.
    url: String,
    /// Seconds that the ticket is good for.
    expires_in: i64,
}

/// Get a ticket for the WebSocket
///
/// The ticket opens one connection within a minute, and is of no use after that. Each request makes a new
/// one, and no Idempotency-Key is taken: a credential is not kept to be answered again.
#[utoipa::path(post, path = "/v1/chat/tickets",
    responses((status = 201, description = "The ticket", body = ChatTicketView)))]
pub(crate) async fn create_chat_ticket(
    State(chat): State<Chat>,
    caller: SignedIn,
) -> Result<Created<ChatTicketView>, Problem> {
    let now = chat.clock.now();
    PER_USER.count(&chat.table, &caller.user_id.to_string(), now).await?;
    let ticket = Ticket::issue();
    chat.connections.keep(&ticket, (caller.user_id, caller.session_id, caller.epoch), now).await?;
    Ok(Created(ChatTicketView {
        url: format!("{}?ticket={}", chat.url, ticket.expose()),
        ticket: ticket.expose().to_owned(),
        expires_in: LIFETIME_SECONDS,
    }))
}
