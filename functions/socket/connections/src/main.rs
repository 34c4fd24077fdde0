//! Serves the routes of the WebSocket API.

use std::process::ExitCode;

use aws_lambda_events::event::apigw::ApiGatewayWebsocketProxyRequest;
use banister_platform::clock::Clock;
use banister_platform::lambda::{LambdaEvent, work};
use banister_socket_connections::Connections;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let build = |settings: &_| Connections::from_settings(settings, Clock::system());
    work(build, async |connections: &Connections, event: LambdaEvent<ApiGatewayWebsocketProxyRequest>| {
        connections.handle(event.payload).await
    })
    .await
}
