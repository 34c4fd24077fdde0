//! How it is asked for: the file, the limit, the line in the audit log, and what fails on the way.

use banister_domain::id::{SessionId, UserId};
use banister_platform::http::Code;
use banister_platform::random;
use banister_platform::table::{Key, Record, Table, key};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::export;
use crate::problems::refused;
use crate::support::{body, cloud_at, customer, each, pass, provider, stranger, super_admin, text};

/// The middle of a day: limits begin anew at midnight.
const NOON: &str = "2031-03-03T12:00:00Z";

#[tokio::test]
async fn it_is_a_file_that_begins_with_the_own_account() {
    let cloud = cloud_at(NOON).await;
    let client = customer(&cloud, "Customer One").await;
    let answer = client.get("/v1/me/export").await.unwrap();
    let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-disposition"), "attachment; filename=\"banister-export-2031-03-03.json\"");
    assert_eq!(
        (header("content-type").as_str(), header("cache-control").as_str()),
        ("application/json", "no-store")
    );
    let export = body(answer, 200);
    let mut account = body(client.get("/v1/me").await.unwrap(), 200);
    account.as_object_mut().unwrap().remove("second_factor");
    account["status"] = "active".into();
    assert_eq!(export["account"], account);
    assert_eq!((&export["user_id"], &export["next_cursor"]), (&json!(client.id), &Value::Null));
    assert_eq!((&export["second_factor"], &export["calendar"]), (&Value::Null, &Value::Null));
    let session = &export["sessions"][0];
    assert_eq!((&session["current"], &session["stands"]), (&json!(true), &json!(true)));
    // Its code was used to confirm the address, and is kept until it expires.
    let code = &export["codes"][0];
    assert_eq!((&code["purpose"], &code["used"]), (&json!("confirm_email"), &json!(true)));
    for list in ["bookings_made", "bookings_taken", "services", "permissions", "audit_by", "connections"] {
        assert_eq!(export[list], json!([]), "{list}");
    }
    let entries: Vec<_> = each(&json!({ "items": export["audit_about"] }), "entry");
    assert_eq!(entries[..3], ["account_registered", "email_confirmed", "session_created"]);
    let address = |number: usize| &export["audit_about"][number]["address"];
    assert!(address(0).is_null(), "anybody registers with any address");
    assert!(address(2).as_str().is_some_and(|address| address.starts_with("127.")), "{export}");
    refused(&stranger(&cloud).get("/v1/me/export").await.unwrap(), 401, "unauthenticated");
}

#[tokio::test]
async fn sessions_that_ended_are_told_as_such_as_long_as_they_are_kept() {
    let cloud = cloud_at(NOON).await;
    let mut client = customer(&cloud, "Customer One").await;
    pass(&cloud, 86_400 * 31).await;
    client.sign_in().await.unwrap();
    let export = export(&client).await;
    let stands: Vec<_> = export["sessions"].as_array().unwrap().iter().map(|one| &one["stands"]).collect();
    assert_eq!(stands, [&json!(false), &json!(true)]);
    let listed = body(client.get("/v1/sessions").await.unwrap(), 200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn ten_a_day_each_with_its_line() {
    let cloud = cloud_at(NOON).await;
    let client = customer(&cloud, "Customer One").await;
    for _ in 0..10 {
        body(client.get("/v1/me/export").await.unwrap(), 200);
    }
    let eleventh = client.get("/v1/me/export").await.unwrap();
    refused(&eleventh, 429, "too_many_requests");
    assert_eq!(eleventh.headers["ratelimit-policy"], "\"export_me\";q=10;w=86400");
    assert_eq!(crate::accounts::audited(&cloud, &client.id, "data_exported").await, 10);
    // Nobody else's.
    let other = provider(&cloud, "Provider One").await;
    body(other.get("/v1/me/export").await.unwrap(), 200);
    let mut client = client;
    pass(&cloud, 86_400).await;
    client.sign_in().await.unwrap();
    let again = export(&client).await;
    let lines = again["audit_about"].as_array().unwrap().iter();
    let lines: Vec<_> = lines.filter(|line| line["entry"] == "data_exported").collect();
    assert!(lines.len() >= 10 && lines.iter().all(|line| line["by"] == "owner"), "{lines:?}");
}

/// A job does what staff asked it to: staff did it, although what was done is mostly done by owners.
#[tokio::test]
async fn what_a_job_does_for_staff_is_by_staff() {
    let cloud = cloud_at(NOON).await;
    let admin = super_admin(&cloud, "Super Admin").await;
    let mut client = customer(&cloud, "Customer One").await;
    let nobody = || -> UserId { random::id(cloud.clock.now()) };
    let ids: Vec<_> = (0..100).map(|_| nobody().to_string()).chain([client.id.clone()]).collect();
    let ask = json!({ "operation": "end_sessions", "ids": ids, "dry_run": false });
    let key = [("idempotency-key", "bulk-one")];
    let begun = admin.call(Method::POST, "/v1/admin/users/bulk", &key, Some(&ask)).await.unwrap();
    let job = body(begun, 202);
    cloud.quiet().await.unwrap();
    let job = body(admin.get(&format!("/v1/jobs/{}", text(&job, "id"))).await.unwrap(), 200);
    assert_eq!(job["bulk"]["counts"], json!({ "changed": 1, "unchanged": 0, "refused": 100 }));
    client.sign_in().await.unwrap();
    let export = export(&client).await;
    let lines = export["audit_about"].as_array().unwrap().iter();
    let lines: Vec<_> = lines.filter(|line| line["entry"] == "all_sessions_ended").collect();
    let [line] = lines[..] else { panic!("{lines:?}") };
    assert_eq!(
        (&line["by"], &line["address"], &line["request_id"]),
        (&json!("staff"), &json!(null), &json!(null))
    );
    assert!(!export.to_string().contains(&admin.id));
    // By themselves it is theirs.
    body(client.delete("/v1/sessions").await.unwrap(), 204);
    client.sign_in().await.unwrap();
    let lines = super::export(&client).await["audit_about"].clone();
    let by: Vec<_> =
        lines.as_array().unwrap().iter().filter(|line| line["entry"] == "all_sessions_ended").collect();
    assert_eq!((by.len(), &by[1]["by"]), (2, &json!("owner")));
}

/// Dead at any call, it answers no half of an export, and none goes without its line.
#[tokio::test]
async fn what_fails_on_the_way_is_asked_for_again() {
    const ROLE: &str = "local-http";
    let cloud = cloud_at(NOON).await;
    for after in [false, true] {
        let mut client = customer(&cloud, if after { "Customer One" } else { "Customer Two" }).await;
        let mut got = 0;
        for n in 1.. {
            // Another day: a count that was made stays made.
            pass(&cloud, 86_400).await;
            client.sign_in().await.unwrap();
            if after {
                cloud.faults.crash_after(ROLE, n);
            } else {
                cloud.faults.crash_before(ROLE, n);
            }
            let first = client.get("/v1/me/export").await.unwrap();
            let crashed = cloud.faults.crashed(ROLE);
            cloud.faults.revive(ROLE);
            if !crashed {
                assert_eq!(n, 14, "gate, limit, line, account, and nine lists");
                body(first, 200);
                got += 1;
                break;
            }
            assert!(first.status.is_server_error(), "{}: {}", first.status, first.body);
            body(client.get("/v1/me/export").await.unwrap(), 200);
            got += 1;
        }
        assert!(crate::accounts::audited(&cloud, &client.id, "data_exported").await >= got);
    }
}

/// Something else under a session's key.
#[derive(Serialize, Deserialize)]
struct Odd {
    user: String,
    session: SessionId,
}

impl Record for Odd {
    const TYPE: &'static str = "odd";

    fn key(&self) -> Key {
        key::session(self.user.parse().unwrap(), self.session)
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_counted_and_hides_nothing() {
    let cloud = cloud_at(NOON).await;
    let client = customer(&cloud, "Customer One").await;
    let table = Table::from_settings(&cloud.settings("local-test")).unwrap();
    let session = random::id(cloud.clock.now());
    table.put(&Odd { user: client.id.clone(), session }).await.unwrap();
    let export = export(&client).await;
    assert_eq!((&export["unreadable"], export["sessions"].as_array().unwrap().len()), (&json!(1), 1));
}

#[tokio::test]
async fn a_cursor_is_good_for_the_own_export_and_an_hour() {
    let cloud = cloud_at(NOON).await;
    let (client, other) = (provider(&cloud, "Provider One").await, customer(&cloud, "Customer One").await);
    super::pages::fill(&cloud, &client, 90).await;
    let first = body(client.get("/v1/me/export").await.unwrap(), 200);
    let next = format!("/v1/me/export?cursor={}", first["next_cursor"].as_str().unwrap());
    for (who, path) in [(&other, next.as_str()), (&client, "/v1/me/export?cursor=abc")] {
        refused(&who.get(path).await.unwrap(), 400, Code::InvalidCursor.as_str());
    }
    let list = body(client.get("/v1/bookings?limit=1").await.unwrap(), 200);
    let foreign = format!("/v1/me/export?cursor={}", list["next_cursor"].as_str().unwrap());
    refused(&client.get(&foreign).await.unwrap(), 400, "invalid_cursor");
    let again = body(client.get(&next).await.unwrap(), 200);
    assert_eq!(again["begun_at"], first["begun_at"]);
    let mut client = client;
    pass(&cloud, 3_601).await;
    client.sign_in().await.unwrap();
    refused(&client.get(&next).await.unwrap(), 400, "invalid_cursor");
}
