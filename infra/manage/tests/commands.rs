//! The commands as an operator runs them, against a local cloud.

#![allow(clippy::unwrap_used, reason = "a test may fail in its helpers too")]

#[path = "commands/cards.rs"]
mod cards;
#[path = "commands/items.rs"]
mod items;
#[path = "commands/logged.rs"]
mod logged;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use banister_domain::id::UserId;
use banister_local::client::{Client, PASSWORD};
use banister_local::cloud::{Cloud, Options};
use banister_peers::breaches::{BreachService, Mood};
use banister_platform::table::key;
use items::{delete, set};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// A folder that ends with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = banister_platform::random::bytes::<8>().map(|byte| format!("{byte:02x}")).concat();
        Self(std::env::temp_dir().join(format!("banister-manage-{name}")))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

async fn cloud(folder: &Folder) -> Cloud {
    let options =
        Options { data: Some(folder.0.clone()), password_memory_kib: Some(16), ..Options::default() };
    Cloud::start(options).await.unwrap()
}

/// Status, standard output and standard error.
struct Said {
    code: Option<i32>,
    out: String,
    error: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{} / {}", self.out, self.error))
    }
}

/// Runs the command on a thread of its own, since the cloud lives on this one.
async fn manage(data: &Path, arguments: &str, input: &str) -> Said {
    let (data, input) = (data.to_owned(), input.to_owned());
    let arguments: Vec<_> = arguments.split_whitespace().map(ToOwned::to_owned).collect();
    let run = move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_banister-manage"));
        command.env_clear().args(arguments).arg("--data").arg(data);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // One that needs no input may have closed it.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code(), out: text(output.stdout), error: text(output.stderr) }
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

/// Somebody whom a command made, signed in.
async fn sign_in(cloud: &Cloud, email: &str) -> Client {
    let mut client = Client::stranger(&cloud.url()).unwrap();
    client.email = email.to_owned();
    client.sign_in().await.unwrap();
    client
}

async fn log(reader: &Client, id: &str) -> Vec<Value> {
    let page = reader.get(&format!("/v1/admin/audit?target={id}")).await.unwrap();
    page.expect(StatusCode::OK, "audit").unwrap()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn staff_are_made_and_get_and_lose_permissions_and_their_account() {
    let folder = Folder::new();
    let cloud = cloud(&folder).await;
    let data = &folder.0;
    for (role, name) in [
        ("superadmin", "super_admin"),
        ("admin", "admin"),
        ("accountant", "accountant"),
        ("management", "management"),
    ] {
        let ask =
            format!("create-{role} --json --email {role}@example.com --first-name Staff --last-name One");
        let said = manage(data, &ask, &format!("{PASSWORD}\n")).await;
        assert_eq!((said.code, &said.json()["role"]), (Some(0), &json!(name)), "{}", said.error);
        let made = sign_in(&cloud, &format!("{role}@example.com")).await;
        assert_eq!(said.json()["id"], made.id);
    }
    let mut boss = sign_in(&cloud, "superadmin@example.com").await;
    boss.turn_on_second_factor(cloud.clock.now()).await.unwrap();
    let support = sign_in(&cloud, "management@example.com").await;
    let granted =
        manage(data, "grant --email management@example.com --permission admin_management", "").await;
    assert_eq!(granted.code, Some(0), "{}", granted.error);
    assert!(granted.out.contains("\"admin_management\""), "{}", granted.out);
    let revoke = format!("revoke --json --id {} --permission admin_management", support.id);
    let revoked = manage(data, &revoke, "").await.json();
    assert!(!revoked["permissions"].as_array().unwrap().contains(&json!("admin_management")));
    let off = manage(data, "disable --json --email management@example.com --reason Left.", "").await;
    assert_eq!(off.json(), json!({ "id": support.id, "status": "disabled" }));
    // Again, it changes nothing.
    for _ in 0..2 {
        let lost = manage(data, &format!("reset-totp --json --id {}", boss.id), "").await;
        assert_eq!(lost.json(), json!({ "id": boss.id, "second_factor": false }));
    }
    while boss.recovery_code().is_some() {}
    boss.sign_in().await.unwrap();
    boss.turn_on_second_factor(cloud.clock.now()).await.unwrap();
    let last = manage(data, "disable --email superadmin@example.com --reason Left.", "").await;
    assert!(last.code == Some(1) && last.error.contains("another active super admin"), "{}", last.error);
    let records = log(&boss, &support.id).await;
    let entries: Vec<_> = records.iter().map(|record| record["entry"].as_str().unwrap()).collect();
    assert_eq!(
        entries,
        [
            "account_disabled",
            "permissions_set",
            "permissions_set",
            "session_created",
            "session_created",
            "account_created"
        ]
    );
    for record in records.iter().filter(|record| record["entry"] != "session_created") {
        assert_eq!((&record["address"], &record["actor_id"]), (&json!("command"), &Value::Null), "{record}");
    }
    cloud.stop().await;
}

#[tokio::test]
async fn what_cannot_be_done_is_said_and_changes_nothing() {
    let folder = Folder::new();
    let cloud = cloud(&folder).await;
    let data = &folder.0;
    let customer = Client::join(&cloud, "customer", "Customer One").await.unwrap();
    let create = "create-admin --email admin@example.com --first-name Staff --last-name One";
    for (ask, input, told) in [
        (create, "short\n", "8 to 128"),
        (create, "", "8 to 128"),
        (create, "Password1\n", "most common"),
        (create, "staff one\n", "the name"),
        (
            "create-admin --email customer.one@example.com --first-name A --last-name B",
            PASSWORD,
            "has an account",
        ),
        ("grant --email customer.one@example.com --permission user_management", "", "only staff"),
        ("grant --email nobody@example.com --permission user_management", "", "no such account"),
        ("disable --id usr_01KB2Q7S3H8Z6W4V5N9RXTMCDE --reason Left.", "", "no such account"),
    ] {
        let said = manage(data, ask, input).await;
        assert!(said.code == Some(1) && said.error.contains(told), "{ask}: {} {}", said.out, said.error);
        let said = manage(data, &format!("{ask} --json"), input).await;
        assert!(said.code == Some(1) && said.json()["error"].as_str().unwrap().contains(told), "{ask}");
    }
    let said = manage(data, &format!("{create} --password {PASSWORD}"), "").await;
    assert!(said.code == Some(2) && said.error.contains("--password"), "{}", said.error);
    let none = cloud.table.client("local-test").get_item().table_name("banister");
    let place = key::credentials(&"admin@example.com".parse().unwrap());
    let none = none.key("PK", text(&place.pk)).key("SK", text(&place.sk)).send().await.unwrap();
    assert_eq!(none.item, None);
    let me = customer.get("/v1/me").await.unwrap();
    assert_eq!(me.status, StatusCode::OK);
    cloud.stop().await;
    let said = manage(data, "verify-audit", "").await;
    assert!(said.code == Some(1) && said.error.contains("no local cloud runs"), "{}", said.error);
}

#[tokio::test]
async fn a_password_of_staff_is_looked_for_in_breaches() {
    let folder = Folder::new();
    let service = BreachService::start(&[(PASSWORD, 3)]).await;
    let overrides = [("BREACHED_PASSWORDS_URL".to_owned(), service.url())].into();
    let data = Some(folder.0.clone());
    let cloud =
        Cloud::start(Options { data, overrides, password_memory_kib: Some(16), ..Options::default() });
    let cloud = cloud.await.unwrap();
    let create = "create-admin --email admin@example.com --first-name Staff --last-name One";
    let said = manage(&folder.0, create, PASSWORD).await;
    assert!(said.code == Some(1) && said.error.contains("known from a data breach"), "{}", said.error);
    service.be(Mood::Status(503));
    let said = manage(&folder.0, create, PASSWORD).await;
    assert!(said.code == Some(0) && said.error.contains("was not told: answered 503"), "{}", said.error);
    sign_in(&cloud, "admin@example.com").await;
}

fn text(value: &str) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned())
}

#[tokio::test]
async fn counters_are_made_again() {
    let folder = Folder::new();
    let cloud = cloud(&folder).await;
    let data = &folder.0;
    Client::join(&cloud, "customer", "Customer One").await.unwrap();
    cloud.quiet().await.unwrap();
    let right = manage(data, "rebuild-counters --json", "").await;
    assert_eq!(right.code, Some(0), "{}", right.error);
    assert_eq!((&right.json()["things"], &right.json()["corrected"]), (&json!(1), &json!({})));
    let today = cloud.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    for name in [today.to_string(), key::TOTAL.to_owned()] {
        let call = cloud.table.client("local-test").update_item().table_name("banister");
        let call = call.key("PK", text(&key::statistics_shard(1, 0))).key("SK", text(&name));
        let call = call.update_expression("ADD #n :n").expression_attribute_names("#n", "users.admin.active");
        let two = aws_sdk_dynamodb::types::AttributeValue::N("2".into());
        call.expression_attribute_values(":n", two).send().await.unwrap();
    }
    let wrong = manage(data, "rebuild-counters --json", "").await.json();
    assert_eq!(wrong["corrected"], json!({ "users.admin.active": { "before": 2, "after": 0 } }));
    assert_eq!(wrong["corrected_days"], 1);
    cloud.stop().await;
}

#[tokio::test]
async fn a_log_that_somebody_touched_is_told_from_one_that_nobody_did() {
    let folder = Folder::new();
    let cloud = cloud(&folder).await;
    let data = &folder.0;
    let customer = Client::join(&cloud, "customer", "Customer One").await.unwrap();
    cloud.quiet().await.unwrap();
    let today = cloud.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let yesterday = today.yesterday().unwrap();
    // Midnight may lie between the two.
    let ask = format!("verify-audit --json --from {yesterday} --to {today}");
    let good = manage(data, &ask, "").await;
    assert_eq!((good.code, &good.json()["findings"]), (Some(0), &json!([])), "{}", good.out);
    assert_eq!((&good.json()["records"], &good.json()["links"]), (&json!(3), &json!(3)));

    let client = cloud.table.client("local-test");
    let user: UserId = customer.id.parse().unwrap();
    let found = client.query().table_name("banister").index_name("GSI1");
    let found = found.key_condition_expression("GSI1PK = :pk");
    let found = found.expression_attribute_values(":pk", text(&key::audited(user))).send().await.unwrap();
    let record = &found.items()[0];
    let change = client.update_item().table_name("banister");
    let change = change.key("PK", record["PK"].clone()).key("SK", record["SK"].clone());
    let change =
        change.update_expression("SET address = :a").expression_attribute_values(":a", text("192.0.2.9"));
    change.send().await.unwrap();
    let bad = manage(data, &ask, "").await;
    let finding = json!([{ "finding": "changed", "audit_id": record["SK"].as_s().unwrap() }]);
    assert_eq!((bad.code, &bad.json()["findings"]), (Some(1), &finding));
    let linked = manage(data, &ask.replace("verify", "link"), "").await;
    assert_eq!((linked.code, &linked.json()["linked"]), (Some(0), &json!(0)));
    cloud.stop().await;
}

#[tokio::test]
async fn somebody_who_tried_too_often_may_try_again() {
    let folder = Folder::new();
    let cloud = cloud(&folder).await;
    let owner = Client::join(&cloud, "customer", "Customer One").await.unwrap();
    let wrong = json!({ "email": owner.email, "password": "not the password" });
    // A window may end between two of them, and begins anew once only.
    let mut told = StatusCode::OK;
    for _ in 0..25 {
        told = owner.post("/v1/sessions", &wrong).await.unwrap().status;
        if told == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
    }
    assert_eq!(told, StatusCode::TOO_MANY_REQUESTS);
    let said = manage(&folder.0, &format!("unlock --json --email {}", owner.email), "").await;
    assert_eq!((said.code, said.json()), (Some(0), json!({ "id": owner.id, "unlocked": true })));
    let told = owner.post("/v1/sessions", &wrong).await.unwrap().status;
    assert_eq!(told, StatusCode::UNAUTHORIZED);
    cloud.stop().await;
}

/// Tokens of the key before are good, those of the one before that are not.
#[tokio::test]
async fn keys_rotate_with_the_next_start() {
    let folder = Folder::new();
    let first = cloud(&folder).await;
    let owner = Client::join(&first, "customer", "Customer One").await.unwrap();
    let rotated = manage(&folder.0, "rotate-keys --json", "").await;
    assert_eq!((rotated.code, &rotated.json()["previous"]), (Some(0), &json!("local")), "{}", rotated.error);
    // It still runs with the key that it began with.
    assert_eq!(owner.get("/v1/me").await.unwrap().status, StatusCode::OK);
    first.stop().await;

    let second = cloud(&folder).await;
    let at = |cloud: &Cloud, token: &Client| {
        let mut client = Client::stranger(&cloud.url()).unwrap();
        client.token.clone_from(&token.token);
        client
    };
    assert_eq!(at(&second, &owner).get("/v1/me").await.unwrap().status, StatusCode::OK);
    let newer = sign_in(&second, &owner.email).await;
    let keys = newer.get("/.well-known/jwks.json").await.unwrap().body;
    let names: Vec<_> = keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect();
    assert_eq!(names, [rotated.json()["signing"].clone(), json!("local")]);
    let again = manage(&folder.0, "rotate-keys --json", "").await;
    assert_eq!(again.json()["previous"], names[0]);
    second.stop().await;

    let third = cloud(&folder).await;
    assert_eq!(at(&third, &newer).get("/v1/me").await.unwrap().status, StatusCode::OK);
    assert_eq!(at(&third, &owner).get("/v1/me").await.unwrap().status, StatusCode::UNAUTHORIZED);
    let lines = third.table.client("local-check");
    let kinds = everything(&lines).await;
    assert_eq!(kinds.iter().filter(|item| item["entry"] == "keys_rotated").count(), 2);
    third.stop().await;
}

/// What accounts from before lack is made up for, as often as it is run.
#[tokio::test]
async fn accounts_from_before_are_found_again() {
    let folder = Folder::new();
    let cloud = cloud(&folder).await;
    let make = "create-superadmin --email boss@example.com --first-name Staff --last-name One";
    assert_eq!(manage(&folder.0, make, &format!("{PASSWORD}\n")).await.code, Some(0));
    let mut boss = sign_in(&cloud, "boss@example.com").await;
    boss.turn_on_second_factor(cloud.clock.now()).await.unwrap();
    let mut people = Vec::new();
    for name in ["Customer One", "Customer Two"] {
        people.push(Client::join(&cloud, "customer", name).await.unwrap());
    }
    let client = cloud.table.client("local-check");
    for person in &people {
        set(&client, &person.id, "phone", "+12015550123").await;
    }
    let finds = ["FIND_USER#", "STAFF#"];
    for item in everything(&client).await {
        let (pk, sk) = (item["PK"].as_str().unwrap(), item["SK"].as_str().unwrap());
        if finds.iter().any(|begin| pk.starts_with(begin)) {
            delete(&client, pk, sk).await;
        }
    }
    let search = async |text: &str| {
        let page = boss.get(&format!("/v1/admin/users?q={text}")).await.unwrap();
        page.expect(StatusCode::OK, "search").unwrap()["items"].as_array().unwrap().len()
    };
    assert_eq!(search("customer").await, 0);
    for _ in 0..2 {
        let said = manage(&folder.0, "reindex-users --json", "").await;
        assert_eq!((said.code, said.json()), (Some(0), json!({ "accounts": 3, "unreadable": 0 })));
        assert_eq!((search("customer").await, search("boss").await, search("201555").await), (2, 1, 1));
        let [one, two] = [&people[0], &people[1]].map(|person| person.get("/v1/me"));
        let (one, two) = (one.await.unwrap().body, two.await.unwrap().body);
        // The older account has the number that both name.
        assert_eq!((&one["phone"], &one["phone_taken"]), (&json!("+12015550123"), &json!(false)));
        assert_eq!((&two["phone"], &two["phone_taken"]), (&Value::Null, &json!(true)));
    }
    let last = manage(&folder.0, "disable --email boss@example.com --reason Left.", "").await;
    assert!(last.error.contains("another active super admin"), "{}", last.error);
    // What does not read is told of, and holds up nobody behind it.
    set(&client, &people[0].id, "created_at", "some day").await;
    let said = manage(&folder.0, "reindex-users --json", "").await;
    assert_eq!((said.code, said.json()), (Some(1), json!({ "accounts": 2, "unreadable": 1 })));
    cloud.stop().await;
}

type Table = aws_sdk_dynamodb::Client;

/// Every item, as JSON of its texts.
#[expect(clippy::disallowed_methods, reason = "the whole table is what is looked at")]
async fn everything(table: &Table) -> Vec<Value> {
    let scan = table.scan().table_name("banister").into_paginator().items().send();
    let items: Vec<_> = scan.collect::<Result<_, _>>().await.unwrap();
    let text = |(name, value): (String, aws_sdk_dynamodb::types::AttributeValue)| {
        value.as_s().ok().map(|text| (name, Value::from(text.as_str())))
    };
    items.into_iter().map(|item| Value::Object(item.into_iter().filter_map(text).collect())).collect()
}
