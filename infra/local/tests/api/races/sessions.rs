//! Signing in at the very moment of signing out everywhere: before it or after it, and nothing between.

use std::time::Duration;

use banister_local::client::{Client, PASSWORD};
use banister_local::cloud::Cloud;
use banister_local::faults::Verdict;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::START;
use crate::support::{self, body};

/// Longer than any call takes to get to the table, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(5);

async fn sign_in(cloud: &Cloud, email: &str) -> Client {
    let mut client = support::stranger(cloud);
    let ask = json!({ "email": email, "password": PASSWORD });
    client.take_tokens(&body(client.post("/v1/sessions", &ask).await.unwrap(), 201));
    client
}

/// Whether the access token and the refresh token still work.
async fn stands(client: &Client) -> (bool, bool) {
    let me = client.get("/v1/me").await.unwrap();
    let ask = json!({ "refresh_token": client.refresh_token });
    let next = client.post("/v1/sessions/refresh", &ask).await.unwrap();
    for (status, code) in [(me.status, me.code()), (next.status, next.code())] {
        let known = [(200, ""), (401, "unauthenticated"), (401, "invalid_refresh_token")];
        assert!(known.contains(&(status.as_u16(), code)), "{status} {code}");
    }
    (me.status == 200, next.status == 200)
}

/// Does `first`, and all of `second` while the transaction of `first` is on its way to the table.
async fn overtaken<A, B>(
    cloud: &Cloud,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    cloud.faults.script("local-http", "TransactWriteItems", Verdict::Hold);
    join(first, async {
        tokio::time::timeout(PATIENCE, cloud.faults.held()).await.expect("a transaction on its way");
        let done = second.await;
        cloud.faults.release();
        done
    })
    .await
}

fn transactions(cloud: &Cloud) -> u64 {
    let key = ("local-http".to_owned(), "TransactWriteItems".to_owned());
    cloud.table.calls().get(&key).copied().unwrap_or(0)
}

async fn end_all(client: &Client) -> Value {
    body(client.delete("/v1/sessions").await.unwrap(), 204)
}

#[tokio::test]
async fn signing_in_is_overtaken_by_signing_out_everywhere() {
    let cloud = support::cloud_at(START).await;
    let owner = support::customer(&cloud, "Customer One").await;
    let before = transactions(&cloud);
    let (late, _) = overtaken(&cloud, sign_in(&cloud, &owner.email), end_all(&owner)).await;
    // The last one deletes what was ended.
    assert_eq!(transactions(&cloud) - before, 4, "signing in was decided again");
    support::pass(&cloud, 6).await;
    assert_eq!(stands(&late).await, (true, true), "it was begun after the others had ended");
    assert_eq!(stands(&owner).await, (false, false));
}

#[tokio::test]
async fn signing_out_everywhere_is_overtaken_by_signing_in() {
    let cloud = support::cloud_at(START).await;
    let owner = support::customer(&cloud, "Customer One").await;
    let before = transactions(&cloud);
    let (_, early) = overtaken(&cloud, end_all(&owner), sign_in(&cloud, &owner.email)).await;
    assert_eq!(transactions(&cloud) - before, 3, "nobody was refused");
    support::pass(&cloud, 6).await;
    assert_eq!(stands(&early).await, (false, false), "it was begun before all were ended");
    assert_eq!(stands(&owner).await, (false, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_session_survives_by_half() {
    let cloud = support::cloud_at(START).await;
    let owner = support::customer(&cloud, "Customer One").await;
    let (begun, _) = join(join_all((0..20).map(|_| sign_in(&cloud, &owner.email))), end_all(&owner)).await;
    support::pass(&cloud, 6).await;
    for session in &begun {
        let (access, refresh) = stands(session).await;
        assert_eq!(access, refresh);
    }
    assert_eq!(stands(&owner).await, (false, false));
}
