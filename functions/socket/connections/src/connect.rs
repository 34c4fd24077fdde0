//! `$connect`: a ticket opens a connection. Nothing can be posted to it before this has answered.

use aws_lambda_events::event::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use banister_platform::http::{Code, Problem};
use banister_platform::identity::ticket::Ticket;
use banister_platform::store::OpenError;
use banister_platform::telemetry::user_tag;

use crate::{Connections, answer};

impl Connections {
    pub(crate) async fn connect(&self, event: ApiGatewayWebsocketProxyRequest) -> ApiGatewayProxyResponse {
        match self.open(&event).await {
            Ok(()) => answer::ok(None),
            Err(problem) => answer::refusal(&problem),
        }
    }

    async fn open(&self, event: &ApiGatewayWebsocketProxyRequest) -> Result<(), Problem> {
        if !self.origins.allow(origins(event)) {
            return Err(Problem::new(Code::OriginNotAllowed));
        }
        let invalid = || Problem::new(Code::InvalidTicket);
        let ticket = event.query_string_parameters.first("ticket").and_then(Ticket::parse);
        let ticket = ticket.ok_or_else(invalid)?;
        let connection = event.request_context.connection_id.as_deref();
        let connection = connection.ok_or_else(|| Problem::internal("an event without a connection"))?;
        let opened = self.store.open(&ticket, connection, self.clock.now()).await;
        let socket = opened.map_err(|error| match error {
            OpenError::Ticket => invalid(),
            OpenError::Storage(error) => error.into(),
        })?;
        tracing::Span::current().record("user", user_tag(socket.user_id));
        Ok(())
    }
}

/// Each `Origin` of a request; none in place of one that is no text.
fn origins(event: &ApiGatewayWebsocketProxyRequest) -> impl Iterator<Item = Option<&str>> {
    let (once, many) = (event.headers.get_all("origin"), event.multi_value_headers.get_all("origin"));
    once.into_iter().chain(many).map(|value| value.to_str().ok())
}
