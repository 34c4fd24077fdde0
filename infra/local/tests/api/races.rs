//! Many at once want the same: exactly one gets it, and everything that explains it agrees.

mod accounts;
mod places;
mod sessions;
mod states;

use banister_local::client::{Answer, Client};
use banister_local::cloud::Cloud;
use futures_util::future::join_all;

use crate::support;

/// A Monday.
pub(crate) const START: &str = "2031-03-03T06:00:00Z";

/// So many customers, signed in.
pub(crate) async fn crowd(cloud: &Cloud, count: usize) -> Vec<Client> {
    let names: Vec<_> = (0..count).map(|n| format!("Customer Nr{n}")).collect();
    let mut people = Vec::new();
    // A crowd that comes in at one moment would wait for its passwords longer than for the table.
    for some in names.chunks(25) {
        people.extend(join_all(some.iter().map(|name| support::customer(cloud, name))).await);
    }
    people
}

/// What somebody asks for.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) who: Client,
    pub(crate) service: String,
    /// How long the service takes.
    pub(crate) minutes: u16,
    pub(crate) starts_at: String,
    pub(crate) key: String,
}

impl Ask {
    pub(crate) async fn send(&self) -> Answer {
        self.who.book(&self.service, &self.starts_at, &self.key).await.expect("an answer")
    }
}

/// Everybody at the same moment.
pub(crate) async fn all_at_once(asks: &[Ask]) -> Vec<Answer> {
    join_all(asks.iter().map(Ask::send)).await
}
