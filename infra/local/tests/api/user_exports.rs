//! `POST /v1/admin/users/export`, and the files that come of it.

mod crashes;
mod pieces;
mod rights;

use std::collections::BTreeSet;

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_local::client::{Answer, Client};
use banister_local::cloud::Cloud;
use banister_platform::store::AuditRecord;
use banister_platform::table::from_item;
use reqwest::Method;
use serde_json::{Value, json};

use crate::problems::refused;
use crate::support::invariants::items;
use crate::support::{body, cloud, customer, pass, spoil, stranger, super_admin, text};

const PATH: &str = "/v1/admin/users/export";

async fn ask(who: &Client, filter: &Value, key: &str) -> Answer {
    let ask = json!({ "filter": filter });
    who.call(Method::POST, PATH, &[("idempotency-key", key)], Some(&ask)).await.unwrap()
}

/// A file's answer: status, type and disposition, and what is in it.
async fn fetch(url: &str) -> (u16, [String; 2], String) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(url).send().await.unwrap();
    let header = |name: &str| {
        let value = answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        value.unwrap_or_default()
    };
    let headers = [header("content-type"), header("content-disposition")];
    (answer.status().as_u16(), headers, answer.text().await.unwrap())
}

/// The lines of all files of a job, by column.
async fn lines(job: &Value) -> Vec<Value> {
    let mut lines = Vec::new();
    for file in job["files"].as_array().unwrap_or_else(|| panic!("no files: {job}")) {
        let (status, _, content) = fetch(text(file, "url")).await;
        assert_eq!(status, 200, "{content}");
        let mut reader = csv::Reader::from_reader(content.as_bytes());
        let found: Vec<Value> = reader
            .deserialize::<std::collections::BTreeMap<String, String>>()
            .map(|line| serde_json::to_value(line.unwrap()).unwrap())
            .collect();
        assert_eq!(file["rows"], found.len());
        lines.extend(found);
    }
    lines
}

/// The names in the addresses of the accounts in all files of a job.
async fn names(job: &Value) -> Vec<String> {
    lines(job).await.iter().map(|line| text(line, "email").replace("@example.com", "")).collect()
}

/// Asks for an export and waits for it; the job when it is over.
async fn export(cloud: &Cloud, who: &Client, filter: &Value, key: &str) -> Value {
    let begun = body(ask(who, filter, key).await, 202);
    cloud.quiet().await.unwrap();
    job(who, &begun).await
}

async fn job(who: &Client, begun: &Value) -> Value {
    body(who.get(&format!("/v1/jobs/{}", text(begun, "id"))).await.unwrap(), 200)
}

/// What the audit log has of exports, oldest first.
async fn log(cloud: &Cloud) -> Vec<AuditRecord> {
    let lines = items(cloud).await.into_iter().filter(|item| item["t"].as_s().is_ok_and(|t| t == "audit"));
    let mut lines: Vec<_> = lines.map(|item| from_item::<AuditRecord>(item).unwrap().value).collect();
    lines.retain(|line| json!(line.entry).as_str().is_some_and(|entry| entry.starts_with("users_export")));
    lines.sort_by_key(|line| line.id);
    lines
}

/// Staff with these permissions.
async fn staff(cloud: &Cloud, permissions: &[Permission], name: &str) -> Client {
    let permissions: Permissions = permissions.iter().copied().collect();
    Client::staff(cloud, Role::Admin, permissions, name).await.unwrap()
}

/// Customers and a provider, made a minute after one another, and a super admin.
async fn crowd() -> (Cloud, Client) {
    let cloud = cloud().await;
    for (role, name) in [
        ("customer", "Robin Smith"),
        ("provider", "Rosa Robinson"),
        ("customer", "Sam Robin"),
        ("customer", "Zoe Lee"),
        ("customer", "Ann Lee"),
    ] {
        Client::join(&cloud, role, name).await.unwrap();
        pass(&cloud, 60).await;
    }
    let admin = super_admin(&cloud, "Super Admin").await;
    pass(&cloud, 60).await;
    (cloud, admin)
}

#[tokio::test]
async fn accounts_are_in_the_file_as_the_list_shows_them() {
    let (cloud, admin) = crowd().await;
    let robin = body(admin.get("/v1/admin/users?email=robin.smith%40example.com").await.unwrap(), 200);
    let path = format!("/v1/admin/users/{}", text(&robin["items"][0], "id"));
    let told = json!({ "first_name": "=1+1", "last_name": "O'Hara, \"R\"", "phone": "+12015550123" });
    body(admin.patch_over(&path, &told).await.unwrap(), 200);
    body(admin.post(&format!("{path}/disable"), &json!({ "reason": "@once\nfor all" })).await.unwrap(), 200);
    let done = export(&cloud, &admin, &json!({ "sort": "created_at" }), "the-export").await;
    assert_eq!((text(&done, "kind"), text(&done, "state")), ("export_users", "done"));
    assert_eq!((&done["done"], &done["user_id"], &done["failure"]), (&json!(6), &Value::Null, &Value::Null));
    assert_eq!(done["files"].as_array().unwrap().len(), 1);
    let listed = body(admin.get("/v1/admin/users?sort=created_at").await.unwrap(), 200);
    let (lines, listed) = (lines(&done).await, listed["items"].as_array().unwrap().clone());
    assert_eq!((lines.len(), listed.len()), (6, 6));
    for (line, user) in lines.iter().zip(&listed) {
        let scalar = |column: &&String| *column != "provider" && *column != "photo";
        let columns: BTreeSet<_> = user.as_object().unwrap().keys().filter(scalar).collect();
        assert_eq!(line.as_object().unwrap().keys().collect::<BTreeSet<_>>(), columns);
        for (column, cell) in line.as_object().unwrap() {
            let cell = cell.as_str().unwrap();
            let wanted = match &user[column] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                Value::Array(list) => {
                    list.iter().map(|it| it.as_str().unwrap()).collect::<Vec<_>>().join(" ")
                }
                other => other.to_string(),
            };
            assert_eq!(cell.strip_prefix('\'').unwrap_or(cell), wanted, "{column}");
        }
    }
    let robin = &lines[0];
    assert_eq!((text(robin, "first_name"), text(robin, "phone")), ("'=1+1", "'+12015550123"));
    assert_eq!(text(robin, "disabled_reason"), "'@once\nfor all");
    // As a file to keep.
    let (_, [kind, disposition], content) = fetch(text(&done["files"][0], "url")).await;
    assert_eq!(kind, "text/csv; charset=utf-8; header=present");
    let day = &text(&done, "created_at")[..10];
    assert_eq!(disposition, format!("attachment; filename=\"users-{day}-1.csv\""));
    assert!(content.starts_with("id,email,role,status,") && content.ends_with("\r\n"));
}

#[tokio::test]
async fn the_filter_is_that_of_the_list() {
    let (cloud, admin) = crowd().await;
    for (number, (filter, wanted)) in [
        (json!({ "role": "customer" }), vec!["ann.lee", "zoe.lee", "sam.robin", "robin.smith"]),
        (
            json!({ "role": "customer", "sort": "created_at", "status": "active", "confirmed": true }),
            vec!["robin.smith", "sam.robin", "zoe.lee", "ann.lee"],
        ),
        (json!({ "q": "lee" }), vec!["ann.lee", "zoe.lee"]),
        (json!({ "q": "rob", "role": "provider" }), vec!["rosa.robinson"]),
        (json!({ "email": "Zoe.Lee@example.com" }), vec!["zoe.lee"]),
        (json!({ "status": "erased" }), vec![]),
        (json!({ "created_to": "2020-01-01T00:00:00Z" }), vec![]),
    ]
    .into_iter()
    .enumerate()
    {
        let done = export(&cloud, &admin, &filter, &format!("export-{number}")).await;
        assert_eq!(names(&done).await, wanted, "{filter}");
        assert_eq!(done["files"].as_array().unwrap().len(), 1, "{filter}");
    }
    for (filter, pointer) in [
        (json!({ "q": "a" }), "/filter/q"),
        (json!({ "q": "rob", "email": "a@example.com" }), "/filter/q"),
        (json!({ "q": "rob", "sort": "created_at" }), "/filter/sort"),
        (json!({ "limit": 20 }), "/filter/limit"),
        (json!(null), "/filter"),
    ] {
        let answer = ask(&admin, &filter, "refused-export").await;
        refused(&answer, 422, "invalid_input");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{}", answer.body);
    }
    let answer = admin.post(PATH, &json!({})).await.unwrap();
    assert!(answer.status.is_client_error());
}

#[tokio::test]
async fn a_repeated_request_begins_one_job() {
    let (cloud, admin) = crowd().await;
    let first = ask(&admin, &json!({}), "the-export").await;
    let again = ask(&admin, &json!({}), "the-export").await;
    let location = format!("/v1/jobs/{}", text(&first.body, "id"));
    for answer in [&first, &again] {
        assert_eq!((answer.status.as_u16(), &answer.body), (202, &first.body));
        assert_eq!(answer.headers["location"].to_str().unwrap(), location);
    }
    assert!(again.headers.contains_key("idempotent-replayed"));
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let other = ask(&admin, &json!({ "role": "customer" }), "the-export").await;
    refused(&other, 422, "idempotency_key_reused");
    refused(&admin.post(PATH, &json!({ "filter": {} })).await.unwrap(), 400, "invalid_idempotency_key");
    cloud.quiet().await.unwrap();
    assert_eq!(cloud.s3.keys("PrivateBucket").await.unwrap().len(), 1);
    assert_eq!(log(&cloud).await.len(), 2);
}

#[tokio::test]
async fn the_log_says_who_asked_for_what_and_how_much_it_was() {
    let (cloud, admin) = crowd().await;
    let begun = ask(&admin, &json!({ "q": "robin", "role": "customer" }), "the-export").await;
    cloud.quiet().await.unwrap();
    let lines = log(&cloud).await;
    let [asked, done] = lines.as_slice() else { panic!("{lines:?}") };
    let id = &begun.body["id"];
    for line in [asked, done] {
        assert_eq!((line.user_id, line.actor_id), (None, admin.id.parse().ok()));
        assert_eq!(line.change.as_ref().unwrap().before, json!({ "job_id": id }));
        let request = line.request_id.unwrap().to_string();
        assert_eq!(request, begun.headers["x-request-id"].to_str().unwrap());
    }
    let said = |line: &AuditRecord| (json!(line.entry), line.change.as_ref().unwrap().after.clone());
    let filter = json!({ "q": true, "role": "customer" });
    assert_eq!(said(asked), (json!("users_exported"), json!({ "filter": filter, "staff_too": false })));
    assert_eq!(said(done), (json!("users_export_ended"), json!({ "rows": 2, "files": 1, "unreadable": 0 })));
    assert!(asked.address.contains('.') && done.address == "job");
    // Nobody who is erased later is found by what somebody looked for.
    let kept = items(&cloud).await.into_iter().filter(|item| {
        let kind = item["t"].as_s().unwrap().as_str();
        matches!(kind, "job" | "audit" | "receipt") && format!("{item:?}").contains("robin")
    });
    assert_eq!(kept.count(), 0);
}

#[tokio::test]
async fn accounts_that_do_not_read_are_counted() {
    let (cloud, admin) = crowd().await;
    let seller = staff(&cloud, &[Permission::UserManagement], "Robin Manager").await;
    let path = "/v1/admin/users?sort=created_at";
    let listed = body(admin.get(path).await.unwrap(), 200)["items"].clone();
    // Sam Robin, and somebody of staff, of whom nobody hears who may not know of staff.
    let other = staff(&cloud, &[], "Robin Staff").await;
    spoil(&cloud, text(&listed[2], "id")).await;
    spoil(&cloud, &other.id).await;
    let robin = vec!["robin.smith", "rosa.robinson"];
    for (n, (who, filter, wanted, unreadable)) in [
        (
            &seller,
            json!({ "role": "customer", "sort": "created_at" }),
            vec!["robin.smith", "zoe.lee", "ann.lee"],
            1,
        ),
        (&seller, json!({ "q": "rob" }), robin.clone(), 1),
        (
            &seller,
            json!({ "sort": "created_at" }),
            vec!["robin.smith", "rosa.robinson", "zoe.lee", "ann.lee"],
            1,
        ),
        (&admin, json!({ "q": "robin s" }), vec!["robin.smith"], 2),
        (&admin, json!({ "email": "sam.robin@example.com" }), vec![], 1),
        (&admin, json!({ "role": "provider" }), vec!["rosa.robinson"], 0),
    ]
    .into_iter()
    .enumerate()
    {
        let done = export(&cloud, who, &filter, &format!("export-{n}")).await;
        assert_eq!((text(&done, "state"), &done["unreadable"]), ("done", &json!(unreadable)), "{filter}");
        assert_eq!(names(&done).await, wanted, "{filter}");
        let ended = log(&cloud).await.pop().unwrap().change.unwrap().after;
        assert_eq!(ended, json!({ "rows": wanted.len(), "files": 1, "unreadable": unreadable }));
    }
}

#[tokio::test]
async fn a_link_ends_and_so_does_the_file() {
    let (cloud, mut admin) = crowd().await;
    let done = export(&cloud, &admin, &json!({}), "the-export").await;
    let url = text(&done["files"][0], "url").to_owned();
    let expires: jiff::Timestamp = text(&done["files"][0], "expires_at").parse().unwrap();
    let left = expires.duration_since(cloud.clock.now()).as_secs();
    assert!((540..=600).contains(&left), "{left}");
    let unsigned = url.split('?').next().unwrap();
    assert_eq!(fetch(unsigned).await.0, 403, "by its name alone");
    pass(&cloud, 500).await;
    assert_eq!(fetch(&url).await.0, 200);
    pass(&cloud, 101).await;
    assert_eq!(fetch(&url).await.0, 403, "after ten minutes");
    admin.sign_in().await.unwrap();
    // The job has another one.
    assert_eq!(names(&job(&admin, &done).await).await.len(), 6);
    pass(&cloud, 24 * 3_600).await;
    admin.sign_in().await.unwrap();
    let later = job(&admin, &done).await;
    assert_eq!((&later["files"], &later["done"]), (&Value::Null, &json!(6)));
    pass(&cloud, 24 * 3_600).await;
    assert_eq!(cloud.s3.keys("PrivateBucket").await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn an_export_is_shown_to_whoever_asked_for_it() {
    let (cloud, admin) = crowd().await;
    let done = export(&cloud, &admin, &json!({}), "the-export").await;
    let path = format!("/v1/jobs/{}", text(&done, "id"));
    let other = super_admin(&cloud, "Other Admin").await;
    for who in [&other, &customer(&cloud, "Customer One").await] {
        refused(&who.get(&path).await.unwrap(), 404, "not_found");
    }
    refused(&stranger(&cloud).get(&path).await.unwrap(), 401, "unauthenticated");
}
