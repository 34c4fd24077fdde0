//! More than one piece: more than a page, more than a file.

use banister_domain::event::{Event, Payload};
use banister_domain::job::Job;
use banister_local::client::Client;
use banister_local::cloud::Cloud;
use banister_platform::random;
use banister_platform::store::Jobs;
use banister_platform::table::Table;
use banister_queue_jobs::{JobsWorker, Limits};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{ask, crowd, job, names};
use crate::support::{body, customer, pass, text};

/// Two accounts a page and one page a piece, unless another limit is set.
pub(super) const SMALL: Limits =
    Limits { page: 2, pages: 1, bytes: 1_000_000, time: SignedDuration::from_secs(8) };

pub(super) fn worker(cloud: &Cloud, role: &str, limits: Limits) -> JobsWorker {
    let worker = JobsWorker::from_settings(&cloud.settings(role), cloud.clock.clone()).unwrap();
    worker.with_limits(limits)
}

pub(super) async fn stored(cloud: &Cloud, begun: &Value) -> Job {
    let jobs = Jobs::new(Table::from_settings(&cloud.settings("local-test")).unwrap());
    jobs.get(text(begun, "id").parse().unwrap()).await.unwrap().unwrap().value
}

/// Does the piece that a job is at, or was at; whether that went well.
pub(super) async fn piece(cloud: &Cloud, worker: &JobsWorker, job: &Job) -> bool {
    let payload = Payload::JobContinued { job_id: job.id, revision: job.revision };
    let now = cloud.clock.now();
    let body = serde_json::to_string(&Event { id: random::id(now), occurred_at: now, payload }).unwrap();
    let event = json!({ "Records": [{ "messageId": "m", "body": body, "attributes": {} }] });
    worker.handle(serde_json::from_value(event).unwrap(), None).await.batch_item_failures.is_empty()
}

/// Asks for an export that the cloud's own worker has no part in.
pub(super) async fn begun(cloud: &Cloud, who: &Client, filter: &Value) -> Value {
    cloud.quiet().await.unwrap();
    cloud.faults.crash_before("local-jobs", 1);
    body(ask(who, filter, "the-export").await, 202)
}

/// The number of rows of each file, in order, of an export that a worker with these limits writes.
async fn rows(limits: Limits, filter: &Value) -> (Vec<u64>, Vec<String>) {
    let (cloud, admin) = crowd().await;
    let begun = begun(&cloud, &admin, filter).await;
    let worker = worker(&cloud, "test-jobs", limits);
    for _ in 0..20 {
        let job = stored(&cloud, &begun).await;
        if job.is_over() {
            break;
        }
        assert!(piece(&cloud, &worker, &job).await);
    }
    let done = job(&admin, &begun).await;
    let rows = done["files"].as_array().unwrap().iter().map(|file| file["rows"].as_u64().unwrap()).collect();
    (rows, names(&done).await)
}

#[tokio::test]
async fn a_file_has_several_pages() {
    let all = ["robin.smith", "rosa.robinson", "sam.robin", "zoe.lee", "ann.lee", "super.admin"];
    let filter = json!({ "sort": "created_at" });
    let many = Limits { pages: 100, ..SMALL };
    assert_eq!(rows(many, &filter).await, (vec![6], all.map(String::from).to_vec()));
    let at_once = Limits { page: 100, ..many };
    assert_eq!(rows(at_once, &filter).await.1, all);
}

#[tokio::test]
async fn an_export_has_several_files_each_ended_by_its_own_limit() {
    let all = ["robin.smith", "rosa.robinson", "sam.robin", "zoe.lee", "ann.lee", "super.admin"];
    let filter = json!({ "sort": "created_at" });
    for limits in [
        SMALL,
        Limits { pages: 100, bytes: 1, ..SMALL },
        Limits { pages: 100, time: SignedDuration::ZERO, ..SMALL },
    ] {
        let (rows, names) = rows(limits, &filter).await;
        assert!(rows.len() == 3 && rows.iter().sum::<u64>() == 6, "{limits:?}: {rows:?}");
        assert_eq!(names, all, "{limits:?}");
    }
}

#[tokio::test]
async fn pages_without_anybody_make_no_files() {
    let (rows, names) = rows(SMALL, &json!({ "q": "lee", "confirmed": false })).await;
    assert_eq!((rows, names), (vec![0], vec![]));
    let (rows, names) =
        self::rows(Limits { page: 1, ..SMALL }, &json!({ "confirmed": true, "q": "zo" })).await;
    assert_eq!((rows.iter().sum::<u64>(), names), (1, vec!["zoe.lee".to_owned()]));
}

/// Newcomers while it is at work are not in it, so that it ends.
#[tokio::test]
async fn accounts_made_later_are_left_out() {
    let (cloud, admin) = crowd().await;
    let begun = begun(&cloud, &admin, &json!({ "role": "customer", "sort": "created_at" })).await;
    let worker = worker(&cloud, "test-jobs", SMALL);
    pass(&cloud, 1).await;
    customer(&cloud, "Customer Late").await;
    for _ in 0..20 {
        let job = stored(&cloud, &begun).await;
        if job.is_over() {
            break;
        }
        assert!(piece(&cloud, &worker, &job).await);
    }
    let done = job(&admin, &begun).await;
    assert_eq!(names(&done).await, ["robin.smith", "sam.robin", "zoe.lee", "ann.lee"]);
}
