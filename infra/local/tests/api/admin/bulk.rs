//! `POST /v1/admin/users/bulk`: the same for many accounts.

mod broken;
mod filters;
mod jobs;
mod unreadable;

use std::collections::BTreeMap;

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::{Account, Role};
use banister_domain::id::UserId;
use banister_local::client::{Answer, Client};
use banister_local::cloud::Cloud;
use banister_platform::random;
use banister_platform::store::{AccountRecord, AuditEntry, AuditRecord, CredentialsRecord};
use banister_platform::table::{Table, from_item};
use reqwest::Method;
use serde_json::{Value, json};

use super::{acts, because, manager, path, seen};
use crate::problems::{refused, refused_at};
use crate::support::invariants::{HashMap, invariants, items};
use crate::support::{body, change_account, cloud, customer, pass, super_admin};

async fn ask(who: &Client, key: &str, ask: &Value) -> Answer {
    let key = format!("bulk-{key}");
    who.call(Method::POST, "/v1/admin/users/bulk", &[("idempotency-key", &key)], Some(ask)).await.unwrap()
}

/// Such an act on accounts with these ids.
fn on(operation: &Value, ids: &[String], dry_run: bool) -> Value {
    let mut ask = operation.clone();
    ask["ids"] = json!(ids);
    ask["dry_run"] = dry_run.into();
    ask
}

fn disable() -> Value {
    json!({ "operation": "disable", "reason": "Sent spam." })
}

/// What is told of each account: its outcome, and why it was refused.
fn told(results: &Value) -> Vec<(String, Option<String>)> {
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let results = results.as_array().expect("results").iter();
    results.map(|result| (text(&result["outcome"]).unwrap(), text(&result["code"]))).collect()
}

/// The same, as a test writes it down.
fn come_to(outcomes: &[&str]) -> Vec<(String, Option<String>)> {
    let known = ["changed", "unchanged"];
    let come = |outcome: &&str| {
        let text = (*outcome).to_owned();
        if known.contains(outcome) { (text, None) } else { ("refused".to_owned(), Some(text)) }
    };
    outcomes.iter().map(come).collect()
}

/// So many accounts with confirmed addresses, whose passwords nobody knows.
async fn crowd(cloud: &Cloud, role: Role, count: usize) -> Vec<String> {
    let table = Table::from_settings(&cloud.settings("local-test")).unwrap();
    let (now, mut ids) = (cloud.clock.now(), Vec::new());
    for n in 0..count {
        let id: UserId = random::id(now);
        let email: banister_domain::account::Email =
            format!("{}.{n}.{}@example.com", role.as_str(), now.as_millisecond()).parse().unwrap();
        let names = ("Crowd".parse().unwrap(), "One".parse().unwrap());
        let account = Account { email_confirmed: true, ..Account::new(id, email.clone(), role, names, now) };
        table
            .put(&CredentialsRecord { email, user_id: id, password_hash: Some("none".to_owned()) })
            .await
            .unwrap();
        table.put(&AccountRecord(account)).await.unwrap();
        ids.push(id.to_string());
    }
    ids
}

/// The audit log's lines of an entry, with whom they are about.
async fn lines(cloud: &Cloud, entry: AuditEntry) -> Vec<AuditRecord> {
    let lines = items(cloud).await.into_iter().filter(|item| item["t"].as_s().is_ok_and(|t| t == "audit"));
    let lines = lines.map(|item| from_item::<AuditRecord>(item).unwrap().value);
    lines.filter(|line| line.entry == entry).collect()
}

/// How many lines of an entry there are about each account.
async fn times(cloud: &Cloud, entry: AuditEntry) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for line in lines(cloud, entry).await {
        *times.entry(line.user_id.map(|id| id.to_string()).unwrap_or_default()).or_default() += 1;
    }
    times
}

/// The table but for limits, the audit log, and what is told of acts on many.
async fn kept(cloud: &Cloud) -> BTreeMap<(String, String), HashMap> {
    let besides =
        ["limit", "audit", "audit_link", "audit_head", "receipt", "bulk_order", "bulk_result", "job"];
    let items = items(cloud).await.into_iter();
    let items = items.filter(|item| item["t"].as_s().is_ok_and(|kind| !besides.contains(&kind.as_str())));
    let keyed =
        items.map(|item| ((item["PK"].as_s().unwrap().clone(), item["SK"].as_s().unwrap().clone()), item));
    keyed.collect()
}

/// People of each kind: whom a super admin may change and whom not.
struct People {
    cloud: Cloud,
    superior: Client,
    buyer: Client,
    off: Client,
    gone: Client,
    support: Client,
}

impl People {
    async fn new() -> Self {
        let cloud = cloud().await;
        let superior = super_admin(&cloud, "Super Admin").await;
        let (buyer, off) = (customer(&cloud, "Customer One").await, customer(&cloud, "Customer Two").await);
        let gone = customer(&cloud, "Customer Three").await;
        body(superior.post(&path(&off, "/disable"), &because("Once.")).await.unwrap(), 200);
        // As one whose erasure has begun, without the job, which waits.
        change_account(&cloud, &gone.id, Account::erasing).await;
        let support = manager(&cloud, Role::Management, "Support One").await;
        Self { cloud, superior, buyer, off, gone, support }
    }

    /// All of them, and somebody who does not exist.
    fn ids(&self) -> Vec<String> {
        let all = [&self.buyer, &self.off, &self.gone, &self.support, &self.superior];
        let ids = all.map(|client| client.id.clone());
        let nobody: UserId = random::id(self.cloud.clock.now());
        ids.into_iter().chain([nobody.to_string()]).collect()
    }

    /// Has it told what an operation would come to, which changes nothing, and then done.
    async fn comes_to(&self, operation: &Value, outcomes: &[&str]) {
        self.cloud.quiet().await.unwrap();
        let (ids, before) = (self.ids(), kept(&self.cloud).await);
        for dry_run in [true, false] {
            let key = format!("{}-{dry_run}", operation["operation"]);
            let done = body(ask(&self.superior, &key, &on(operation, &ids, dry_run)).await, 200);
            assert_eq!(told(&done["results"]), come_to(outcomes), "{operation}");
            let of_whom = done["results"].as_array().unwrap().iter().map(|result| result["user_id"].clone());
            let of_whom: Vec<_> = of_whom.collect();
            assert_eq!(
                (json!(of_whom), &done["dry_run"]),
                (json!(ids), &json!(dry_run)),
                "in the order asked"
            );
            self.cloud.quiet().await.unwrap();
            assert_eq!(kept(&self.cloud).await == before, dry_run, "{operation}");
        }
    }
}

#[tokio::test]
async fn each_operation_does_to_each_what_it_does_to_one() {
    let mut people = People::new().await;
    for (operation, after, outcomes) in [
        (
            json!({ "operation": "end_sessions" }),
            401,
            ["changed", "changed", "account_erased", "changed", "forbidden", "not_found"],
        ),
        (
            json!({ "operation": "set_role", "role": "accountant" }),
            200,
            ["role_fixed", "role_fixed", "account_erased", "changed", "forbidden", "not_found"],
        ),
        (disable(), 401, ["changed", "unchanged", "account_erased", "changed", "forbidden", "not_found"]),
    ] {
        people.buyer.sign_in().await.unwrap();
        people.comes_to(&operation, &outcomes).await;
        pass(&people.cloud, 5).await;
        assert_eq!(people.buyer.get("/v1/me").await.unwrap().status, after, "{operation}");
    }
    assert_eq!(seen(&people.superior, &people.buyer).await["disabled_reason"], "Sent spam.");
    let enable = json!({ "operation": "enable", "reason": "A mistake." });
    let outcomes = ["changed", "changed", "account_erased", "changed", "forbidden", "not_found"];
    people.comes_to(&enable, &outcomes).await;
    people.buyer.sign_in().await.unwrap();
    let disabled =
        json!(["account_disabled", people.superior.id, [{ "status": "active" }, because("Sent spam.")]]);
    assert_eq!(acts(&people.cloud, &people.buyer).await[1], disabled);
    assert_eq!(seen(&people.superior, &people.support).await["role"], "accountant");
    let of_bulk = lines(&people.cloud, AuditEntry::BulkRequested).await;
    assert_eq!(of_bulk.len(), 8);
    let line =
        of_bulk.iter().find(|line| line.change.as_ref().is_some_and(|c| c.after["role"] == "accountant"));
    let after = line.map(|line| line.change.clone().unwrap().after).unwrap();
    assert_eq!((&after["operation"], &after["users"]), (&json!("set_role"), &json!(6)));
    assert!(of_bulk.iter().all(|line| line.user_id.is_none() && line.request_id.is_some()));
    invariants(&people.cloud).await;
}

#[tokio::test]
async fn wrong_combinations_are_refused() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let id = json!([superior.id]);
    let filter = json!({ "role": "customer" });
    for (wrong, pointer, kind) in [
        (json!({ "operation": "disable", "ids": id, "dry_run": true }), "/reason", "missing"),
        (json!({ "operation": "enable", "ids": id, "dry_run": true }), "/reason", "missing"),
        (json!({ "operation": "set_role", "ids": id, "dry_run": true }), "/role", "missing"),
        (json!({ "operation": "end_sessions", "dry_run": true }), "/ids", "missing"),
        (json!({ "operation": "end_sessions", "ids": id }), "/dry_run", "missing"),
        (json!({ "ids": id, "dry_run": true }), "/operation", "missing"),
        (json!({ "operation": "erase", "ids": id, "dry_run": true }), "/operation", "invalid"),
        (
            json!({ "operation": "end_sessions", "reason": "No.", "ids": id, "dry_run": true }),
            "/reason",
            "invalid",
        ),
        (
            json!({ "operation": "end_sessions", "role": "admin", "ids": id, "dry_run": true }),
            "/role",
            "invalid",
        ),
        (
            json!({ "operation": "disable", "reason": "No.", "role": "admin", "ids": id, "dry_run": true }),
            "/role",
            "invalid",
        ),
        (
            json!({ "operation": "set_role", "reason": "No.", "role": "admin", "ids": id, "dry_run": true }),
            "/reason",
            "invalid",
        ),
        (json!({ "operation": "end_sessions", "ids": [], "dry_run": true }), "/ids", "invalid"),
        (
            json!({ "operation": "end_sessions", "ids": [superior.id, superior.id], "dry_run": true }),
            "/ids",
            "invalid",
        ),
        (json!({ "operation": "end_sessions", "ids": ["usr_1"], "dry_run": true }), "/ids/0", "invalid"),
        (
            json!({ "operation": "end_sessions", "ids": id, "filter": filter, "dry_run": true }),
            "/filter",
            "invalid",
        ),
        (json!({ "operation": "end_sessions", "filter": {}, "dry_run": true }), "/filter", "invalid"),
        (
            json!({ "operation": "end_sessions", "filter": { "limit": 5 }, "dry_run": true }),
            "/filter/limit",
            "unknown",
        ),
        (
            json!({ "operation": "end_sessions", "filter": { "q": "ro", "email": "a@example.com" }, "dry_run": true }),
            "/filter/q",
            "invalid",
        ),
        (
            json!({ "operation": "end_sessions", "ids": id, "dry_run": true, "force": true }),
            "/force",
            "unknown",
        ),
    ] {
        refused_at(&ask(&superior, "wrong-one", &wrong).await, pointer, kind);
    }
    let mut many = on(&json!({ "operation": "end_sessions" }), &[], true);
    let nobody = |_| -> UserId { random::id(cloud.clock.now()) };
    many["ids"] = json!((0..1_001).map(nobody).collect::<Vec<_>>());
    refused_at(&ask(&superior, "wrong-one", &many).await, "/ids", "invalid");
    let right = on(&json!({ "operation": "end_sessions" }), std::slice::from_ref(&superior.id), true);
    let keyless = superior.post("/v1/admin/users/bulk", &right).await.unwrap();
    refused(&keyless, 400, "invalid_idempotency_key");
    assert!(lines(&cloud, AuditEntry::BulkRequested).await.is_empty());
}

#[tokio::test]
async fn staff_act_as_far_as_they_reach() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let users: Permissions = [Permission::UserManagement].into_iter().collect();
    let one = Client::staff(&cloud, Role::Admin, users, "Admin One").await.unwrap();
    let (both, buyer) =
        (manager(&cloud, Role::Admin, "Admin Two").await, customer(&cloud, "Customer One").await);
    let support = manager(&cloud, Role::Management, "Support One").await;
    let ids = [&superior, &one, &both, &buyer, &support].map(|client| client.id.clone());
    let end = json!({ "operation": "end_sessions" });
    let done = body(ask(&one, "reach-one", &on(&end, &ids, true)).await, 200);
    let hidden = ["not_found", "not_found", "not_found", "changed", "not_found"];
    assert_eq!(told(&done["results"]), come_to(&hidden), "as if there were nobody");
    let done = body(ask(&both, "reach-two", &on(&end, &ids, true)).await, 200);
    let seen = ["forbidden", "forbidden", "forbidden", "changed", "changed"];
    assert_eq!(told(&done["results"]), come_to(&seen));
    let role = json!({ "operation": "set_role", "role": "accountant" });
    refused(&ask(&one, "reach-three", &on(&role, &ids, true)).await, 403, "forbidden");
    let raised = json!({ "operation": "set_role", "role": "admin" });
    let done = body(ask(&both, "reach-four", &on(&raised, &ids[3..], false)).await, 200);
    assert_eq!(told(&done["results"]), come_to(&["role_fixed", "forbidden"]));
    // A filter finds those only whom the caller sees.
    let found = |who: &Client| {
        let filter = json!({ "operation": "end_sessions", "filter": { "q": "one" }, "dry_run": true });
        let who = who.clone();
        async move { body(ask(&who, "reach-five", &filter).await, 200)["counts"].clone() }
    };
    assert_eq!(found(&one).await, json!({ "changed": 1, "unchanged": 0, "refused": 0 }));
    assert_eq!(found(&both).await, json!({ "changed": 2, "unchanged": 0, "refused": 1 }));
    refused(&ask(&buyer, "reach-six", &on(&raised, &ids, true)).await, 403, "forbidden");
}

#[tokio::test]
async fn a_filter_acts_on_whom_it_finds_and_the_same_request_on_the_same_ones() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let ids = crowd(&cloud, Role::Provider, 12).await;
    let buyer = customer(&cloud, "Customer One").await;
    let mut wanted = disable();
    wanted["filter"] = json!({ "role": "provider", "status": "active", "confirmed": true });
    wanted["dry_run"] = false.into();
    let first = body(ask(&superior, "filter-one", &wanted).await, 200);
    assert_eq!(first["counts"], json!({ "changed": 12, "unchanged": 0, "refused": 0 }));
    assert_eq!(seen(&superior, &buyer).await["status"], "active");
    // None of them fits any more, and more do: the same request is about those of the first time.
    let more = crowd(&cloud, Role::Provider, 3).await;
    body(superior.post(&format!("/v1/admin/users/{}/enable", ids[0]), &because("One.")).await.unwrap(), 200);
    let again = ask(&superior, "filter-one", &wanted).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(body(again, 200), first);
    let shown = |id: &String| format!("/v1/admin/users/{id}");
    for id in [&ids[0], &more[0]] {
        assert_eq!(body(superior.get(&shown(id)).await.unwrap(), 200)["status"], "active", "{id}");
    }
    wanted["reason"] = "Another one.".into();
    refused(&ask(&superior, "filter-one", &wanted).await, 422, "idempotency_key_reused");
    let none =
        json!({ "operation": "end_sessions", "filter": { "email": "nobody@example.com" }, "dry_run": false });
    assert_eq!(body(ask(&superior, "filter-two", &none).await, 200)["results"], json!([]));
    assert!(times(&cloud, AuditEntry::AccountDisabled).await.values().all(|times| *times == 1));
}
