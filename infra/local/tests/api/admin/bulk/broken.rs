//! What breaks off anywhere is finished by the same request or message, and each account is told of once and
//! truly; whoever loses the right loses it in the middle, too.

use banister_domain::event::{Event, Payload};
use banister_domain::job::{Job, State};
use banister_queue_jobs::JobsWorker;
use futures_util::future::join_all;

use super::jobs::{begun, bulk, counts, results, state, without_rights};
use super::*;
use crate::support::text;

const ROLE: &str = "test-jobs";
const HTTP: &str = "local-http";

/// What becomes of an account meanwhile.
type Change = fn(Account) -> Account;

pub(super) fn worker(cloud: &Cloud) -> JobsWorker {
    JobsWorker::from_settings(&cloud.settings(ROLE), cloud.clock.clone()).unwrap()
}

fn message(cloud: &Cloud, job: &Job) -> String {
    let payload = Payload::JobContinued { job_id: job.id, revision: job.revision };
    let now = cloud.clock.now();
    serde_json::to_string(&Event { id: random::id(now), occurred_at: now, payload }).unwrap()
}

async fn deliver(worker: &JobsWorker, body: &str) -> bool {
    let event = json!({ "Records": [{ "messageId": "m", "body": body, "attributes": {} }] });
    worker.handle(serde_json::from_value(event).unwrap(), None).await.batch_item_failures.is_empty()
}

/// Does pieces until so many are done, or all; answers the job then.
pub(super) async fn pieces(cloud: &Cloud, job: &Job, until: u32) -> Job {
    let (worker, mut job) = (worker(cloud), job.clone());
    while job.state != State::Done && job.revision < until {
        job = piece(cloud, &worker, &job).await;
    }
    job
}

/// Does the next piece; answers the job then.
pub(super) async fn piece(cloud: &Cloud, worker: &JobsWorker, job: &Job) -> Job {
    assert!(deliver(worker, &message(cloud, job)).await, "{job:?}");
    state(cloud, &job.id.to_string()).await
}

#[tokio::test]
async fn a_request_that_dies_anywhere_is_finished_by_the_same_one() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let mut deaths = 0;
    for after in [false, true] {
        for n in 1.. {
            let ids = crowd(&cloud, Role::Customer, 7).await;
            let wanted = on(&disable(), &ids, false);
            let key = format!("dying-{after}-{n}");
            if after {
                cloud.faults.crash_after(HTTP, n);
            } else {
                cloud.faults.crash_before(HTTP, n);
            }
            let first = ask(&superior, &key, &wanted).await;
            let crashed = cloud.faults.crashed(HTTP);
            cloud.faults.revive(HTTP);
            assert!(crashed || first.status == 200, "{}", first.body);
            let whole = body(ask(&superior, &key, &wanted).await, 200);
            assert_eq!(told(&whole["results"]), come_to(&["changed"; 7]), "at call {n}");
            let times = times(&cloud, AuditEntry::AccountDisabled).await;
            assert!(ids.iter().all(|id| times[id] == 1), "at call {n}: {times:?}");
            if !crashed {
                break;
            }
            deaths += 1;
        }
    }
    assert!(deaths > 20, "{deaths}");
    let asked = lines(&cloud, AuditEntry::BulkRequested).await.len();
    assert_eq!(asked, deaths + 2, "the act itself is written down once each time");
    invariants(&cloud).await;
}

#[tokio::test]
async fn the_same_request_side_by_side_is_one() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let ids = crowd(&cloud, Role::Customer, 20).await;
    let wanted = on(&disable(), &ids, false);
    let answers = join_all((0..4).map(|_| ask(&superior, "at-once", &wanted))).await;
    for answer in answers {
        assert_eq!(told(&body(answer, 200)["results"]), come_to(&["changed"; 20]));
    }
    let times = times(&cloud, AuditEntry::AccountDisabled).await;
    assert!(times.len() == 20 && times.values().all(|times| *times == 1), "{times:?}");
    invariants(&cloud).await;
}

/// Lets the worker die at each of its calls of each kind of piece: one that only looks for accounts, one that
/// sees to some, the last ones. How often it did, and the job when it is done.
async fn dying(cloud: &Cloud, mut job: Job) -> (usize, Job) {
    let (worker, mut deaths) = (worker(cloud), 0);
    while job.state != State::Done {
        let asked = message(cloud, &job);
        if (1..5).contains(&job.revision) {
            job = pieces(cloud, &job, job.revision + 1).await;
            continue;
        }
        for n in 1..200 {
            let mut died = false;
            for after in [false, true] {
                if after {
                    cloud.faults.crash_after(ROLE, n);
                } else {
                    cloud.faults.crash_before(ROLE, n);
                }
                let done = deliver(&worker, &asked).await;
                let crashed = cloud.faults.crashed(ROLE);
                cloud.faults.revive(ROLE);
                died |= crashed;
                deaths += usize::from(crashed);
                assert!(crashed || done, "{job:?}");
            }
            if !died {
                break;
            }
        }
        let next = state(cloud, &job.id.to_string()).await;
        assert_eq!(next.revision, job.revision + 1, "one piece, once: {job:?}");
        // Late and twice: nothing more.
        assert!(deliver(&worker, &asked).await);
        assert_eq!(state(cloud, &job.id.to_string()).await, next);
        job = next;
    }
    (deaths, job)
}

#[tokio::test]
async fn a_worker_that_dies_anywhere_is_finished_by_the_same_message() {
    for by_filter in [false, true] {
        let cloud = cloud().await;
        let superior = super_admin(&cloud, "Super Admin").await;
        let ids = crowd(&cloud, Role::Customer, 105).await;
        let mut wanted = on(&disable(), &ids, false);
        if by_filter {
            wanted["ids"] = json!(null);
            wanted["filter"] = json!({ "role": "customer", "status": "active" });
        }
        let job = begun(&cloud, &superior, &wanted).await;
        let (deaths, job) = dying(&cloud, job).await;
        assert!(deaths > 20, "{deaths}");
        assert_eq!((json!(bulk(&job).counts), job.done), (counts(105, 0, 0), 105), "{by_filter}");
        let shown = body(superior.get(&format!("/v1/jobs/{}", job.id)).await.unwrap(), 200);
        let told = results(&superior, &shown).await;
        assert!(told.len() == 105 && told.iter().all(|result| result["outcome"] == "changed"), "{told:?}");
        let times = times(&cloud, AuditEntry::AccountDisabled).await;
        assert!(times.len() == 105 && times.values().all(|times| *times == 1), "{times:?}");
    }
}

#[tokio::test]
async fn a_message_that_comes_twice_at_once_does_its_piece_once() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let ids = crowd(&cloud, Role::Customer, 101).await;
    let mut job = begun(&cloud, &superior, &on(&disable(), &ids, false)).await;
    let worker = worker(&cloud);
    while job.state != State::Done {
        let asked = message(&cloud, &job);
        // Who loses against the other again and again is asked once more.
        if !join_all((0..3).map(|_| deliver(&worker, &asked))).await.contains(&true) {
            continue;
        }
        let next = state(&cloud, &job.id.to_string()).await;
        assert_eq!(next.revision, job.revision + 1);
        job = next;
    }
    assert_eq!(json!(bulk(&job).counts), counts(101, 0, 0));
    let times = times(&cloud, AuditEntry::AccountDisabled).await;
    assert!(times.len() == 101 && times.values().all(|times| *times == 1), "{times:?}");
}

#[tokio::test]
async fn whoever_loses_the_right_does_no_more() {
    let off =
        |account: Account| Account { status: banister_domain::account::AccountStatus::Disabled, ..account };
    let bare = |account: Account| Account { second_factor: false, role: Role::SuperAdmin, ..account };
    let changes: [(&str, Change); 3] =
        [("permission", without_rights), ("account", off), ("second factor", bare)];
    for (what, change) in changes {
        for by_filter in [false, true] {
            let cloud = cloud().await;
            let admin = manager(&cloud, Role::Admin, "Admin One").await;
            let ids = crowd(&cloud, Role::Customer, 110).await;
            let mut wanted = on(&disable(), &ids, false);
            if by_filter {
                wanted["ids"] = json!(null);
                wanted["filter"] = json!({ "role": "customer" });
            }
            let job = begun(&cloud, &admin, &wanted).await;
            // The first piece looks for accounts only, the second sees to 25 of them.
            let job = pieces(&cloud, &job, 2).await;
            assert_eq!(json!(bulk(&job).counts), counts(25, 0, 0));
            change_account(&cloud, &admin.id, change).await;
            let job = pieces(&cloud, &job, 100).await;
            assert_eq!(job.state, State::Done, "{what}");
            let (refused, cut_short) = if by_filter { (25, true) } else { (85, false) };
            assert_eq!(json!(bulk(&job).counts), counts(25, 0, refused), "{what}");
            assert_eq!(bulk(&job).cut_short, cut_short);
            assert_eq!(times(&cloud, AuditEntry::AccountDisabled).await.len(), 25, "{what}");
            let told = items(&cloud).await.into_iter().filter(|item| {
                item["t"].as_s().is_ok_and(|t| t == "bulk_result") && item.get("code").is_some()
            });
            assert!(told.into_iter().all(|item| item["code"].as_s().is_ok_and(|code| code == "forbidden")));
        }
    }
}

#[tokio::test]
async fn who_is_made_meanwhile_is_not_meant() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    crowd(&cloud, Role::Customer, 110).await;
    let mut wanted = disable();
    wanted["filter"] = json!({ "role": "customer" });
    wanted["dry_run"] = false.into();
    let job = begun(&cloud, &superior, &wanted).await;
    let job = pieces(&cloud, &job, 2).await;
    cloud.clock.advance(jiff::SignedDuration::from_secs(1));
    let late = crowd(&cloud, Role::Customer, 5).await;
    let job = pieces(&cloud, &job, 100).await;
    assert_eq!(json!(bulk(&job).counts), counts(110, 0, 0));
    for id in late {
        let shown = body(superior.get(&format!("/v1/admin/users/{id}")).await.unwrap(), 200);
        assert_eq!(text(&shown, "status"), "active");
    }
}
