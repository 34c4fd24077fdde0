//! API Gateway's part: one HTTP API in front of all areas.

use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use banister_http_accounts::Accounts;
use banister_http_admin::Admin;
use banister_http_availability::Availability;
use banister_http_bookings::Bookings;
use banister_http_catalog::Catalog;
use banister_http_chat::Chat;
use banister_http_docs::Docs;
use banister_http_files::Files;
use banister_http_reviews::Reviews;
use banister_http_search::Search;
use banister_http_sessions::Sessions;
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::http::{ClientAddress, merge};
use tokio::sync::watch;

use crate::sqs::hangup::{CutListener, Peer};

/// What requests under way get to finish in.
const GRACE: Duration = Duration::from_secs(3);

/// All areas behind one door, each with the settings of a function.
pub(super) fn router(settings: &Settings, clock: &Clock) -> Result<Router, ConfigError> {
    let clock = || clock.clone();
    let routes = [
        banister_http_accounts::area().into_routes(Accounts::from_settings(settings, clock())?),
        banister_http_sessions::area().into_routes(Sessions::from_settings(settings, clock())?),
        banister_http_catalog::area().into_routes(Catalog::from_settings(settings, clock())?),
        banister_http_availability::area().into_routes(Availability::from_settings(settings, clock())?),
        banister_http_bookings::area().into_routes(Bookings::from_settings(settings, clock())?),
        banister_http_reviews::area().into_routes(Reviews::from_settings(settings, clock())?),
        banister_http_search::area().into_routes(Search::from_settings(settings, clock())?),
        banister_http_chat::area().into_routes(Chat::from_settings(settings, clock())?),
        banister_http_files::area().into_routes(Files::from_settings(settings, clock())?),
        banister_http_admin::area().into_routes(Admin::from_settings(settings, clock())?),
        banister_http_docs::area().into_routes(Docs::default()),
    ];
    Ok(merge(routes).layer(from_fn(client_address)))
}

/// What the gateway says of the client; the handlers believe nobody else.
async fn client_address(mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|info| info.0.address.ip());
    request.extensions_mut().insert(ClientAddress(peer));
    next.run(request).await
}

/// Serves until told to stop; requests under way are finished, but not waited for longer than [`GRACE`].
pub(super) async fn serve(
    listener: tokio::net::TcpListener,
    pages: Router,
    api: Router,
    stop: watch::Receiver<bool>,
) {
    let app = pages.fallback_service(api).into_make_service_with_connect_info::<Peer>();
    let stopped = || {
        let mut stop = stop.clone();
        async move { super::stopped(&mut stop).await }
    };
    let late = async {
        stopped().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = axum::serve(CutListener(listener), app).with_graceful_shutdown(stopped()) => {
            if let Err(error) = served {
                tracing::error!(%error, "the gateway stopped");
            }
        }
        // A client that never sends the rest of its request must not keep everything up.
        () = late => tracing::warn!("unfinished requests were given up"),
    }
}
