//! The worker dies at each call that it makes, before it takes effect and after; messages come late and twice.

use banister_domain::job::{State, Work};
use serde_json::json;

use super::pieces::{SMALL, begun, piece, stored, worker};
use super::{Cloud, crowd, job, log, names};
use crate::support::change_account;

const ROLE: &str = "test-jobs";

#[tokio::test]
async fn an_export_ends_all_the_same() {
    let (cloud, admin) = crowd().await;
    let begun = begun(&cloud, &admin, &json!({ "sort": "created_at" })).await;
    let (worker, mut deaths) = (worker(&cloud, ROLE, SMALL), 0);
    loop {
        let before = stored(&cloud, &begun).await;
        if before.is_over() {
            break;
        }
        for n in 1..100 {
            let mut died = false;
            for after in [false, true] {
                if after {
                    cloud.faults.crash_after(ROLE, n);
                } else {
                    cloud.faults.crash_before(ROLE, n);
                }
                let done = piece(&cloud, &worker, &before).await;
                let crashed = cloud.faults.crashed(ROLE);
                cloud.faults.revive(ROLE);
                died |= crashed;
                deaths += usize::from(crashed);
                assert!(crashed || done, "{before:?}");
            }
            if !died {
                break;
            }
        }
        let after = stored(&cloud, &begun).await;
        assert_eq!(after.revision, before.revision + 1, "one piece, once");
        assert!(piece(&cloud, &worker, &before).await, "late and twice");
        assert_eq!(stored(&cloud, &begun).await, after, "nothing more");
    }
    assert!(deaths > 20, "{deaths}");
    let done = job(&admin, &begun).await;
    let all = ["robin.smith", "rosa.robinson", "sam.robin", "zoe.lee", "ann.lee", "super.admin"];
    assert_eq!(names(&done).await, all);
    assert_eq!(log(&cloud).await.len(), 2, "asked for once, ended once");
    // The same accounts make the same file: nothing beside what the job names.
    assert_eq!(files(&cloud).await, 3);
}

async fn files(cloud: &Cloud) -> usize {
    cloud.s3.keys("PrivateBucket").await.unwrap().len()
}

/// A piece that put its file and died is done again when an account is another: what the job names is what
/// the piece that was committed wrote.
#[tokio::test]
async fn the_file_is_the_one_that_the_piece_wrote() {
    let (cloud, admin) = crowd().await;
    let begun = begun(&cloud, &admin, &json!({ "sort": "created_at" })).await;
    let worker = worker(&cloud, ROLE, SMALL);
    let job_before = stored(&cloud, &begun).await;
    // The job, the account of whoever asked, a page, the file, the transaction.
    cloud.faults.crash_before(ROLE, 5);
    assert!(!piece(&cloud, &worker, &job_before).await);
    cloud.faults.revive(ROLE);
    assert_eq!(files(&cloud).await, 1);
    let Work::ExportUsers(export) = &stored(&cloud, &begun).await.work else { panic!("an export") };
    assert_eq!(export.files, []);
    let robin = admin.get("/v1/admin/users?q=robin.smith").await.unwrap().body["items"][0]["id"].clone();
    change_account(&cloud, robin.as_str().unwrap(), |account| banister_domain::account::Account {
        first_name: "Roberta".parse().unwrap(),
        ..account
    })
    .await;
    loop {
        let at = stored(&cloud, &begun).await;
        if at.state == State::Done {
            break;
        }
        assert!(piece(&cloud, &worker, &at).await);
    }
    assert_eq!(files(&cloud).await, 4, "one is nobody's, and goes by age");
    let lines = super::lines(&job(&admin, &begun).await).await;
    assert_eq!((lines.len(), &lines[0]["first_name"]), (6, &json!("Roberta")));
}
