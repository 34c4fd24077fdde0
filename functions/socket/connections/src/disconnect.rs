//! `$disconnect`: forgets a connection. The gateway tells of the end of most connections and repeats
//! nothing; those it says nothing about are found out by the next push, or by their age.

use aws_lambda_events::event::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use banister_platform::http::Problem;
use banister_platform::table::StorageError;
use banister_platform::telemetry::user_tag;

use crate::{Connections, answer};

impl Connections {
    pub(crate) async fn disconnect(&self, event: ApiGatewayWebsocketProxyRequest) -> ApiGatewayProxyResponse {
        let connection = event.request_context.connection_id.unwrap_or_default();
        match self.forget(&connection).await {
            Ok(()) => answer::ok(None),
            Err(error) => answer::refusal(&Problem::from(error)),
        }
    }

    async fn forget(&self, connection: &str) -> Result<(), StorageError> {
        let Some(user) = self.store.user_of(connection).await? else {
            return Ok(());
        };
        tracing::Span::current().record("user", user_tag(user));
        self.store.remove(user, connection).await
    }
}
