use std::fs;
use std::path::PathBuf;

use super::Bench;

/// A folder of this test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("banister-sqs-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// What a killed process leaves: the file as it is at this moment.
    fn as_left_by_a_kill(&self, name: &str) -> Self {
        let copy = Self::new(name);
        fs::copy(self.0.join("sqs.json"), copy.0.join("sqs.json")).unwrap();
        copy
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A leftover in the system's folder for such does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let folder = Folder::new("answered");
    let before = Bench::start_in(Some(folder.0.clone())).await;
    before.send("first").await;
    let first = before.receive("work").await.remove(0);
    before.send("second").await;

    let left = folder.as_left_by_a_kill("answered-left");
    let after = Bench::start_in(Some(left.0.clone())).await;
    assert_eq!(after.bodies("work").await, ["second"]);
    // In flight at the kill: still hidden, and its handle still deletes it.
    after.delete(&first).await;
    after.advance(30);
    assert_eq!(after.bodies("work").await, ["second"]);

    before.delete(&first).await;
    let left = folder.as_left_by_a_kill("answered-deleted");
    let after = Bench::start_in(Some(left.0.clone())).await;
    after.advance(60);
    assert_eq!(after.bodies("work").await, ["second"]);
}

#[tokio::test]
async fn a_message_in_flight_comes_back_after_a_restart() {
    let folder = Folder::new("flight");
    let before = Bench::start_in(Some(folder.0.clone())).await;
    let id = before.send("job").await;
    assert_eq!(before.receive("work").await.len(), 1);
    before.sqs.stop().await;
    let after = Bench::start_in(Some(folder.0.clone())).await;
    assert!(after.receive("work").await.is_empty());
    after.advance(30);
    let again = after.receive("work").await;
    assert_eq!(again[0].message_id(), Some(id.as_str()));
    assert_ne!(after.send("next").await, id);
}

#[tokio::test]
async fn parallel_senders_are_all_saved() {
    let folder = Folder::new("parallel");
    let bench = Bench::start_in(Some(folder.0.clone())).await;
    let sends: Vec<_> = (0..50)
        .map(|n| {
            let send = bench.client.send_message().queue_url(bench.url("work")).message_body(n.to_string());
            tokio::spawn(async move { send.send().await.map(|sent| sent.message_id) })
        })
        .collect();
    for send in sends {
        send.await.unwrap().unwrap();
    }
    let left = folder.as_left_by_a_kill("parallel-left");
    let after = Bench::start_in(Some(left.0.clone())).await;
    assert_eq!(after.sqs.depth("work").unwrap().visible, 50);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_fails_the_call() {
    let folder = Folder::new("unwritable");
    let bench = Bench::start_in(Some(folder.0.clone())).await;
    bench.send("saved").await;
    fs::remove_dir_all(&folder.0).unwrap();
    let send = bench.client.send_message().queue_url(bench.url("work")).message_body("lost").send().await;
    assert_eq!(send.unwrap_err().raw_response().unwrap().status().as_u16(), 500);
}
