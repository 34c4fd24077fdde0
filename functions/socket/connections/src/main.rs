//! Serves the routes of the WebSocket API.

use aws_lambda_events::event::apigw::ApiGatewayWebsocketProxyRequest;
use banister_platform::clock::Clock;
use banister_platform::config::Settings;
use banister_platform::lambda::{Error, LambdaEvent, work};
use banister_socket_connections::Connections;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let settings = Settings::from_env();
    let connections = Connections::from_settings(&settings, Clock::system())?;
    let handle =
        async |event: LambdaEvent<ApiGatewayWebsocketProxyRequest>| connections.handle(event.payload).await;
    work(&settings, handle).await
}
