//! The local cloud itself: its clock, and what it keeps.

use std::path::{Path, PathBuf};

use banister_local::client::Client;
use banister_local::cloud::{Cloud, Options};
use banister_local::demo;
use serde_json::{Value, json};

use crate::problems::refused_at;
use crate::support::{body, cloud, each, mails, moment, provider, service, stranger, text};

#[tokio::test]
async fn the_clock_is_read_and_moved_forward() {
    let cloud = cloud().await;
    let anyone = stranger(&cloud);
    let before = body(anyone.get("/local/clock").await.unwrap(), 200);
    assert_eq!(before["offset_seconds"], 0);
    let moved = body(anyone.post("/local/clock", &json!({ "advance_seconds": 86_400 })).await.unwrap(), 200);
    assert_eq!(moved["offset_seconds"], 86_400);
    let at = |clock: &Value| text(clock, "now").parse::<jiff::Timestamp>().unwrap();
    let passed = at(&moved).duration_since(at(&before)).as_secs();
    assert!((86_400..86_460).contains(&passed), "{passed}");
    let again = body(anyone.post("/local/clock", &json!({ "advance_seconds": 0 })).await.unwrap(), 200);
    assert_eq!(again["offset_seconds"], 86_400);
    for (ask, pointer, kind) in [
        (json!({}), "/advance_seconds", "missing"),
        (json!({ "advance_seconds": -1 }), "/advance_seconds", "invalid"),
        (json!({ "advance_seconds": "1" }), "/advance_seconds", "invalid"),
        (json!({ "advance_seconds": i64::MAX }), "/advance_seconds", "invalid"),
        (json!({ "advance_seconds": 1, "now": "2030-01-01T00:00:00Z" }), "/now", "unknown"),
    ] {
        refused_at(&anyone.post("/local/clock", &ask).await.unwrap(), pointer, kind);
    }
    assert_eq!(body(anyone.get("/local/clock").await.unwrap(), 200)["offset_seconds"], 86_400);
}

/// Moving the clock runs what has become due before it answers.
#[tokio::test]
async fn what_is_due_has_run_when_the_clock_answers() {
    let cloud = cloud().await;
    let service = service(&provider(&cloud, "Provider One").await, 60).await;
    let mut customer = crate::support::customer(&cloud, "Customer One").await;
    let made = customer.book(&service, &moment(&cloud, 3, "10:00"), "some-booking").await.unwrap();
    let path = format!("/v1/bookings/{}", text(&body(made, 201), "id"));
    body(customer.post("/local/clock", &json!({ "advance_seconds": 86_400 })).await.unwrap(), 200);
    customer.sign_in().await.unwrap();
    let booking = body(customer.get(&path).await.unwrap(), 200);
    assert_eq!(text(&booking, "status"), "expired");
    assert!(
        text(&booking, "updated_at") > text(&booking, "created_at"),
        "it is written down, not only shown"
    );
}

/// A folder of the test's own, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!(
            "banister-{}",
            banister_platform::random::bytes::<8>().map(|byte| format!("{byte:02x}")).concat()
        );
        Self(std::env::temp_dir().join(name))
    }

    async fn start(&self) -> Cloud {
        let data = Some(self.0.clone());
        Cloud::start(Options { data, password_memory_kib: Some(16), ..Options::default() })
            .await
            .expect("the cloud starts")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A person of the first run, talking to the second.
fn moved(person: &Client, cloud: &Cloud) -> Client {
    let mut client = stranger(cloud);
    client.token.clone_from(&person.token);
    client.refresh_token.clone_from(&person.refresh_token);
    client.email.clone_from(&person.email);
    client.id.clone_from(&person.id);
    client
}

#[tokio::test]
async fn a_restart_keeps_accounts_sessions_bookings_mails_and_the_clock() {
    let folder = Folder::new();
    let first = folder.start().await;
    body(stranger(&first).post("/local/clock", &json!({ "advance_seconds": 3_600 })).await.unwrap(), 200);
    let provider = provider(&first, "Provider One").await;
    let service = service(&provider, 60).await;
    let customer = crate::support::customer(&first, "Customer One").await;
    let start = moment(&first, 2, "10:00");
    let booking = body(customer.book(&service, &start, "first-booking").await.unwrap(), 201);
    let list = body(customer.get("/v1/bookings").await.unwrap(), 200);
    let sent: Vec<_> = mails(&first, &provider.email).await.into_iter().map(|mail| mail.id).collect();
    assert_eq!(sent.len(), 2);
    drop(customer.clone());
    first.stop().await;

    let second = folder.start().await;
    let (mut customer, provider) = (moved(&customer, &second), moved(&provider, &second));
    assert_eq!(
        body(customer.get("/v1/bookings").await.unwrap(), 200),
        list,
        "the access token is still good"
    );
    assert_eq!(body(customer.get("/local/clock").await.unwrap(), 200)["offset_seconds"], 3_600);
    let kept: Vec<_> = mails(&second, &provider.email).await.into_iter().map(|mail| mail.id).collect();
    assert_eq!(kept, sent, "none is lost, none is sent again");
    let again = customer.book(&service, &start, "first-booking").await.unwrap();
    assert_eq!(
        (&again.body["id"], &again.headers["idempotent-replayed"]),
        (&booking["id"], &"true".parse().unwrap())
    );
    let refresh = json!({ "refresh_token": customer.refresh_token });
    customer.take_tokens(&body(customer.post("/v1/sessions/refresh", &refresh).await.unwrap(), 200));
    customer.sign_in().await.unwrap();
    let path = format!("/v1/bookings/{}/confirm", text(&booking, "id"));
    body(provider.act(&path).await.unwrap(), 200);
    assert_eq!(mails(&second, &customer.email).await.len(), 2);
    second.stop().await;
    assert!(Path::new(&folder.0).join("keys.json").exists());
}

/// What was written and not yet relayed when it stopped is sent by the next run.
#[tokio::test]
async fn a_restart_sends_what_waited() {
    let folder = Folder::new();
    let first = folder.start().await;
    first.faults.crash_before("local-relay", 1);
    let ask = json!({ "email": "customer.one@example.com", "password": "correct horse battery", "role": "customer",
        "first_name": "Customer", "last_name": "One" });
    body(stranger(&first).post("/v1/accounts", &ask).await.unwrap(), 201);
    assert_eq!(first.mailbox.list(None), []);
    first.stop().await;

    let second = folder.start().await;
    crate::support::pass(&second, 120).await;
    let subjects: Vec<_> =
        mails(&second, "customer.one@example.com").await.into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects, ["Your confirmation code"]);
    second.stop().await;
}

#[tokio::test]
async fn the_demo_is_a_marketplace_to_look_at_and_fills_once() {
    let cloud = cloud().await;
    let guide = demo::fill(&cloud).await.unwrap();
    assert!(guide.contains("customer.one@example.com"));
    let anyone = stranger(&cloud);
    let services = body(anyone.get("/v1/services").await.unwrap(), 200);
    assert_eq!(each(&services, "id").len(), 5);
    let mut customer = stranger(&cloud);
    customer.email = "customer.one@example.com".into();
    customer.sign_in().await.unwrap();
    let bookings = body(customer.get("/v1/bookings").await.unwrap(), 200);
    assert_eq!(each(&bookings, "status").len(), 2);
    demo::fill(&cloud).await.unwrap();
    assert_eq!(body(anyone.get("/v1/services").await.unwrap(), 200), services);
}
