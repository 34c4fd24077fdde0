//! The media worker and its queue die before and after each of their calls: what was begun is finished
//! by the redelivery, once, and nothing stays behind.

use std::time::Duration;

use banister_local::client::Client;
use banister_local::cloud::Cloud;
use banister_local::faults::{Plan, Rates};
use banister_platform::store::Accounts;
use banister_platform::table::Table;
use serde_json::Value;

use super::{PICTURE, begin, photo, send};
use crate::support::{body, pass, text};

/// A Monday.
const START: &str = "2031-03-03T06:00:00Z";
/// Longer than anything that is under way takes, on a busy machine too: whoever is not done by then
/// waits for the clock.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// As long as all attempts of a call that fails at once.
const OUTAGE: Duration = Duration::from_secs(2);

/// The id of the photo that is shown.
pub(super) fn shown(photo: &Value) -> String {
    text(&photo["urls"], "small").rsplit('/').nth(1).unwrap().to_owned()
}

/// There is exactly one photo, the worker is done with all others, and the buckets hold nothing else.
/// Answers its id.
pub(super) async fn one_photo(cloud: &Cloud, client: &Client) -> String {
    let id = shown(&photo(client).await);
    let squares = ["large", "medium", "small"].map(|size| format!("photos/{id}/{size}.jpg"));
    assert_eq!(cloud.s3.keys("PublicBucket").await.unwrap(), squares);
    assert_eq!(cloud.s3.keys("PrivateBucket").await.unwrap(), [""; 0]);
    let accounts = Accounts::new(Table::from_settings(&cloud.settings("local-test")).unwrap());
    let account = accounts.get(client.id.parse().unwrap()).await.unwrap().unwrap();
    let kept = account.value.photo;
    assert_eq!(kept.current().map(|id| id.to_string()).as_deref(), Some(id.as_str()));
    assert!(kept.retired().is_empty(), "{kept:?}");
    id
}

/// Waits until `role` is dead, or until all is done and it has not died.
async fn dies(cloud: &Cloud, role: &str) -> bool {
    let dead = async {
        while !cloud.faults.crashed(role) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        quiet = cloud.quiet() => quiet.expect("the cloud comes to rest"),
        () = dead => {}
    }
    cloud.faults.crashed(role)
}

/// Lets what failed be delivered again, until all is done. Slowly: a photo that is not examined after
/// 15 minutes of the clock is given up.
async fn settle(cloud: &Cloud) {
    loop {
        pass(cloud, 181).await;
        if let Ok(quiet) = tokio::time::timeout(PATIENCE, cloud.quiet()).await {
            return quiet.expect("the cloud comes to rest");
        }
    }
}

/// After `prepare`, does `act` with `role` dying at its first call, its second …, before and after it takes effect, until it
/// does not die any more; `check` finds everything done each time. Answers the most calls that were survived.
async fn crash_everywhere(
    cloud: &Cloud,
    client: &mut Client,
    role: &str,
    (prepare, act): (impl AsyncFn(&Client), impl AsyncFn(&Client)),
    check: impl AsyncFn(&Cloud, &Client),
) -> u64 {
    let mut calls = 0;
    for executed in [false, true] {
        for n in 1.. {
            // Twenty uploads an hour.
            pass(cloud, 60).await;
            client.sign_in().await.unwrap();
            prepare(client).await;
            cloud.quiet().await.unwrap();
            if executed {
                cloud.faults.crash_after(role, n);
            } else {
                cloud.faults.crash_before(role, n);
            }
            act(client).await;
            let died = tokio::time::timeout(PATIENCE, dies(cloud, role)).await;
            cloud.faults.revive(role);
            settle(cloud).await;
            client.sign_in().await.unwrap();
            check(cloud, client).await;
            if died == Ok(false) {
                break;
            }
            calls = calls.max(n);
        }
    }
    assert!(cloud.sqs.depth("MediaDeadLetterQueue").unwrap().is_empty());
    calls
}

/// A photo takes the place of another: its squares are made, the old ones go, and so does the file.
#[tokio::test]
async fn replacing() {
    let cloud = crate::support::cloud_at(START).await;
    let mut client = crate::support::customer(&cloud, "Customer One").await;
    let upload = async |client: &Client| {
        let begun = begin(client, "image/jpeg", PICTURE.len()).await;
        assert_eq!(send(&begun["upload"], PICTURE, &[]).await, 200);
    };
    let ready = async |cloud: &Cloud, client: &Client| {
        assert_eq!(photo(client).await["status"], "ready");
        one_photo(cloud, client).await;
    };
    for (role, least) in [("local-media", 13), ("local-media-source", 1)] {
        let calls = crash_everywhere(&cloud, &mut client, role, (async |_: &Client| {}, upload), ready).await;
        assert!(calls >= least, "{role}: {calls}");
    }
}

#[tokio::test]
async fn rejecting() {
    let cloud = crate::support::cloud_at(START).await;
    let mut client = crate::support::customer(&cloud, "Customer One").await;
    let upload = async |client: &Client| {
        let begun = begin(client, "image/jpeg", 4).await;
        assert_eq!(send(&begun["upload"], b"GIF8", &[]).await, 200);
    };
    let rejected = async |cloud: &Cloud, client: &Client| {
        assert_eq!(photo(client).await["reason"], "wrong_type");
        assert_eq!(cloud.s3.keys("PublicBucket").await.unwrap(), [""; 0]);
        assert_eq!(cloud.s3.keys("PrivateBucket").await.unwrap(), [""; 0]);
    };
    let calls =
        crash_everywhere(&cloud, &mut client, "local-media", (async |_: &Client| {}, upload), rejected).await;
    assert!(calls >= 5, "account, file, account twice, file: {calls}");
}

#[tokio::test]
async fn removing() {
    let cloud = crate::support::cloud_at(START).await;
    let mut client = crate::support::customer(&cloud, "Customer One").await;
    let upload = async |client: &Client| {
        let begun = begin(client, "image/jpeg", PICTURE.len()).await;
        assert_eq!(send(&begun["upload"], PICTURE, &[]).await, 200);
    };
    let remove = async |client: &Client| {
        body(client.delete("/v1/me/photo").await.unwrap(), 204);
    };
    let gone = async |cloud: &Cloud, client: &Client| {
        assert_eq!(photo(client).await, Value::Null);
        assert_eq!(cloud.s3.keys("PublicBucket").await.unwrap(), [""; 0]);
        assert_eq!(cloud.s3.keys("PrivateBucket").await.unwrap(), [""; 0]);
    };
    let calls = crash_everywhere(&cloud, &mut client, "local-media", (upload, remove), gone).await;
    assert!(calls >= 6, "account, three squares, account twice: {calls}");
}

/// A picture over which the worker dies each time is given up, and its owner hears of it.
#[tokio::test]
async fn a_picture_that_kills_the_worker_is_rejected() {
    let cloud = crate::support::cloud_at(START).await;
    let client = crate::support::customer(&cloud, "Customer One").await;
    cloud.quiet().await.unwrap();
    let begun = begin(&client, "image/jpeg", PICTURE.len()).await;
    // It gets as far as to say that it begins, twice: account, file, account, transaction. What is
    // left of it here tries to say that it ended, and is as dead to that.
    let killed = async |calls: u64| {
        let dead = async {
            while cloud.faults.calls("local-media") < calls + 5 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, dead).await.expect("it gets to its end and dies");
        cloud.faults.revive("local-media");
        cloud.faults.calls("local-media")
    };
    let calls = cloud.faults.calls("local-media");
    cloud.faults.crash_after("local-media", 4);
    assert_eq!(send(&begun["upload"], PICTURE, &[]).await, 200);
    let calls = killed(calls).await;
    cloud.faults.crash_after("local-media", 4);
    pass(&cloud, 181).await;
    killed(calls).await;
    settle(&cloud).await;
    let photo = photo(&client).await;
    assert_eq!((text(&photo, "status"), text(&photo, "reason")), ("rejected", "damaged"));
    assert_eq!(cloud.s3.keys("PrivateBucket").await.unwrap(), [""; 0]);
    assert!(cloud.sqs.depth("MediaDeadLetterQueue").unwrap().is_empty());
}

/// A worker that dies before it begins, or whose storage is away, says nothing of the picture.
#[tokio::test]
async fn a_picture_outlasts_three_outages() {
    let throttle = Rates { throttle: 1_000, ..Rates::default() };
    let lost = Rates { lost_after: 1_000, ..Rates::default() };
    for (operation, rates) in [
        ("GetObject", &throttle),
        ("PutObject", &throttle),
        ("PutObject", &lost),
        ("TransactWriteItems", &lost),
    ] {
        let cloud = crate::support::cloud_at(START).await;
        let client = crate::support::customer(&cloud, "Customer One").await;
        cloud.quiet().await.unwrap();
        let begun = begin(&client, "image/jpeg", PICTURE.len()).await;
        cloud.quiet().await.unwrap();
        cloud.faults.set(Plan {
            roles: ["local-media".to_owned()].into(),
            operations: [operation.to_owned()].into(),
            rates: rates.clone(),
            ..Plan::default()
        });
        assert_eq!(send(&begun["upload"], PICTURE, &[]).await, 200);
        for _ in 0..3 {
            // It is not done, as long as this lasts.
            assert!(tokio::time::timeout(OUTAGE, cloud.quiet()).await.is_err(), "{operation} {rates:?}");
            pass(&cloud, 181).await;
        }
        assert_eq!(photo(&client).await["status"], "processing", "{operation} {rates:?}");
        cloud.faults.off();
        settle(&cloud).await;
        assert_eq!(photo(&client).await["status"], "ready", "{operation} {rates:?}");
        one_photo(&cloud, &client).await;
        assert!(cloud.sqs.depth("MediaDeadLetterQueue").unwrap().is_empty());
    }
}
