//! The worker dies at each call that it makes, before it takes effect and after; messages come late and twice.

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Account;
use banister_domain::job::{Failure, State, Work};
use serde_json::json;

use super::pieces::{SMALL, begun, piece, stored, worker};
use super::{Cloud, ask, crowd, job, log, names, staff};
use crate::support::invariants::invariants;
use crate::support::{change_account, pass};

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

/// The function that takes the request dies; the same request again finishes it, and there is one job.
#[tokio::test]
async fn a_request_is_all_or_nothing() {
    let (cloud, admin) = crowd().await;
    let (mut rounds, mut calls) = (0, 0);
    for after in [false, true] {
        for n in 1.. {
            rounds += 1;
            // What an instance remembers of a caller ends, so that each round makes the same calls.
            pass(&cloud, 6).await;
            let key = format!("export-{rounds}");
            if after {
                cloud.faults.crash_after("local-http", n);
            } else {
                cloud.faults.crash_before("local-http", n);
            }
            let first = ask(&admin, &json!({ "role": "provider" }), &key).await;
            let crashed = cloud.faults.crashed("local-http");
            cloud.faults.revive("local-http");
            if !crashed {
                assert_eq!(first.status, 202, "{}", first.body);
                break;
            }
            assert!(first.status.is_server_error(), "{}", first.body);
            assert_eq!(ask(&admin, &json!({ "role": "provider" }), &key).await.status, 202);
            calls = n;
        }
        assert_eq!(calls, 2, "gate, transaction");
    }
    cloud.quiet().await.unwrap();
    assert_eq!((log(&cloud).await.len(), files(&cloud).await), (2 * rounds, rounds));
    invariants(&cloud).await;
}

/// Half done when a right is lost: what is written is linked nowhere.
#[tokio::test]
async fn rights_that_are_lost_in_the_middle_end_it() {
    let (cloud, _) = crowd().await;
    let seller = staff(&cloud, &[Permission::UserManagement], "User Manager").await;
    let begun = begun(&cloud, &seller, &json!({ "sort": "created_at", "status": "active" })).await;
    let worker = worker(&cloud, ROLE, SMALL);
    let first = stored(&cloud, &begun).await;
    assert!(piece(&cloud, &worker, &first).await);
    let half = stored(&cloud, &begun).await;
    assert_eq!((half.state, half.done), (State::Running, 2));
    change_account(&cloud, &seller.id, |account| Account { permissions: Permissions::NONE, ..account }).await;
    assert!(piece(&cloud, &worker, &half).await);
    let over = stored(&cloud, &begun).await;
    assert_eq!((over.state, over.failure, over.revision), (State::Failed, Some(Failure::Forbidden), 1));
    let said = log(&cloud).await.pop().unwrap().change.unwrap().after;
    assert_eq!((said, files(&cloud).await), (json!({ "failure": "forbidden" }), 1));
    // Back in favour, and the message comes again: it stays over.
    let permissions = [Permission::UserManagement].into_iter().collect();
    change_account(&cloud, &seller.id, |account| Account { permissions, ..account }).await;
    assert!(piece(&cloud, &worker, &half).await);
    assert_eq!(stored(&cloud, &begun).await, over);
    pass(&cloud, 6).await;
    assert_eq!(job(&seller, &begun).await["files"], json!(null));
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
    // The job, the account of whoever asked, who must have a second factor, a page, the file, the transaction.
    cloud.faults.crash_before(ROLE, 6);
    assert!(!piece(&cloud, &worker, &job_before).await);
    cloud.faults.revive(ROLE);
    assert_eq!(files(&cloud).await, 1);
    let Work::ExportUsers(export) = &stored(&cloud, &begun).await.work else { panic!("an export") };
    assert_eq!(export.files, []);
    let robin = admin.get("/v1/admin/users?q=robin.smith").await.unwrap().body["items"][0]["id"].clone();
    change_account(&cloud, robin.as_str().unwrap(), |account| Account {
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
