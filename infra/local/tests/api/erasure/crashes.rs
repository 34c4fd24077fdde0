//! The worker dies at each call that it makes, before it takes effect and after: what comes again finishes it.

use banister_domain::event::Payload;
use banister_domain::job::{ErasureStep, Job, State, Work};
use banister_platform::random;
use banister_platform::store::Jobs;
use banister_platform::table::Table;
use banister_queue_jobs::JobsWorker;
use jiff::SignedDuration;
use serde_json::json;

use super::{CUSTOMER, PROVIDER, People, chains_are_whole, erase, traces};
use crate::support::{body, text};

const ROLE: &str = "test-jobs";

fn message(people: &People, job: &Job) -> String {
    let payload = Payload::JobContinued { job_id: job.id, revision: job.revision };
    let now = people.cloud.clock.now();
    let event = banister_domain::event::Event { id: random::id(now), occurred_at: now, payload };
    serde_json::to_string(&event).unwrap()
}

async fn deliver(worker: &JobsWorker, body: &str) -> bool {
    let event = json!({ "Records": [{ "messageId": "m", "body": body, "attributes": {} }] });
    worker.handle(serde_json::from_value(event).unwrap(), None).await.batch_item_failures.is_empty()
}

/// Drives a job to its end by messages of the test's own, each of which dies everywhere that it can.
async fn finish(people: &People, id: &str) -> (usize, Job) {
    let jobs = Jobs::new(Table::from_settings(&people.cloud.settings("local-test")).unwrap());
    let worker = JobsWorker::from_settings(&people.cloud.settings(ROLE), people.cloud.clock.clone()).unwrap();
    let faults = &people.cloud.faults;
    let mut deaths = 0;
    loop {
        let job = jobs.get(id.parse().unwrap()).await.unwrap().unwrap().value;
        if job.state == State::Done {
            return (deaths, job);
        }
        let asked = message(people, &job);
        let Work::EraseUser(erasure) = &job.work else { panic!("an erasure") };
        let (step, whose) = (erasure.step, erasure.user_id.to_string());
        if step == ErasureStep::BookingsTaken && erasure.cursor.is_none() && whose == people.provider.id {
            assert!(!deliver(&worker, &asked).await, "not while a booking may be under way");
            people.cloud.clock.advance(SignedDuration::from_secs(61));
        }
        for n in 1..100 {
            let mut died = false;
            for after in [false, true] {
                if after {
                    faults.crash_after(ROLE, n);
                } else {
                    faults.crash_before(ROLE, n);
                }
                let done = deliver(&worker, &asked).await;
                let crashed = faults.crashed(ROLE);
                faults.revive(ROLE);
                died |= crashed;
                deaths += usize::from(crashed);
                assert!(crashed || done, "{job:?}");
            }
            if !died {
                break;
            }
        }
        let next = jobs.get(id.parse().unwrap()).await.unwrap().unwrap().value;
        assert_eq!(next.revision, job.revision + 1, "one piece, once: {job:?}");
        // Late and twice: nothing more.
        assert!(deliver(&worker, &asked).await);
        assert_eq!(jobs.get(id.parse().unwrap()).await.unwrap().unwrap().value, next);
    }
}

#[tokio::test]
async fn a_customer_and_a_provider_are_erased_all_the_same() {
    let people = People::new().await;
    // The cloud's own worker has no part in it.
    people.cloud.faults.crash_before("local-jobs", 1);
    let mut jobs = Vec::new();
    for client in [&people.customer, &people.provider] {
        let mut client = client.clone();
        client.sign_in().await.unwrap();
        jobs.push(body(erase(&client).await, 202));
    }
    let worker = JobsWorker::from_settings(&people.cloud.settings(ROLE), people.cloud.clock.clone()).unwrap();
    let first: Job = {
        let store = Jobs::new(Table::from_settings(&people.cloud.settings("local-test")).unwrap());
        store.get(text(&jobs[0], "id").parse().unwrap()).await.unwrap().unwrap().value
    };
    assert!(!deliver(&worker, &message(&people, &first)).await, "not while requests may be under way");
    people.cloud.clock.advance(SignedDuration::from_secs(61));
    for job in &jobs {
        let (deaths, done) = finish(&people, text(job, "id")).await;
        assert!(deaths > 40 && done.done > 5, "{deaths} {done:?}");
    }
    let all = [&CUSTOMER[..], &PROVIDER[..]].concat();
    assert_eq!(traces(&people.cloud, &all).await, Vec::<String>::new());
    assert_eq!(people.cloud.s3.keys("PublicBucket").await.unwrap(), Vec::<String>::new());
    chains_are_whole(&people.cloud).await;
}
