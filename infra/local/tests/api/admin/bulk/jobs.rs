//! More than 100 accounts: a job sees to them.

use banister_domain::account::{Account, Role};
use banister_domain::job::{Job, Work};
use banister_platform::store::Jobs;
use banister_platform::table::Table;
use serde_json::{Value, json};

use super::*;
use crate::support::{all_pages, stranger, text};

/// A job, asked for as `client` does, when all is done; the answer's place is where it is.
pub(super) async fn done(cloud: &Cloud, client: &Client, key: &str, wanted: &Value) -> Value {
    let begun = ask(client, key, wanted).await;
    let place = begun.headers["location"].to_str().unwrap().to_owned();
    let job = body(begun, 202);
    assert_eq!((place, job["kind"].as_str()), (format!("/v1/jobs/{}", text(&job, "id")), Some("bulk_users")));
    assert_eq!((text(&job, "state"), &job["user_id"]), ("queued", &json!(null)));
    cloud.quiet().await.unwrap();
    let job = body(client.get(&format!("/v1/jobs/{}", text(&job, "id"))).await.unwrap(), 200);
    assert_eq!(text(&job, "state"), "done", "{job}");
    job
}

pub(super) fn counts(changed: usize, unchanged: usize, refused: usize) -> Value {
    json!({ "changed": changed, "unchanged": unchanged, "refused": refused })
}

pub(super) async fn results(client: &Client, job: &Value) -> Vec<Value> {
    all_pages(client, &format!("/v1/jobs/{}/results?", text(job, "id")), 30).await
}

/// How many items of a type there are.
async fn of_type(cloud: &Cloud, kind: &str) -> usize {
    items(cloud).await.iter().filter(|item| item["t"].as_s().is_ok_and(|t| t == kind)).count()
}

#[tokio::test]
async fn a_job_tells_what_became_of_each() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let other = super_admin(&cloud, "Super Two").await;
    let mut ids = crowd(&cloud, Role::Customer, 128).await;
    change_account(&cloud, &ids[3], |account| {
        account.disabled("Before.".parse().unwrap(), cloud.clock.now())
    })
    .await;
    let nobody: UserId = random::id(cloud.clock.now());
    ids.push(nobody.to_string());
    ids.push(superior.id.clone());
    let wanted = on(&disable(), &ids, false);
    let job = done(&cloud, &superior, "job-one", &wanted).await;
    let bulk =
        json!({ "operation": "disable", "dry_run": false, "counts": counts(127, 1, 2), "cut_short": false });
    assert_eq!((&job["bulk"], &job["done"]), (&bulk, &json!(130)));
    let results = results(&superior, &job).await;
    let mut of_whom: Vec<_> = results.iter().map(|result| text(result, "user_id").to_owned()).collect();
    assert!(of_whom.is_sorted(), "in the order of their ids");
    of_whom.dedup();
    assert_eq!(of_whom.len(), 130, "each once");
    let of = |id: &str| results.iter().find(|result| result["user_id"] == id).unwrap();
    assert_eq!(of(&ids[3])["outcome"], "unchanged");
    assert_eq!(of(&nobody.to_string())["code"], "not_found");
    assert_eq!(of(&superior.id)["code"], "forbidden");
    let lines = lines(&cloud, AuditEntry::AccountDisabled).await;
    let request = lines[0].request_id;
    assert!(lines.len() == 127 && request.is_some(), "{}", lines.len());
    let by = superior.id.parse().ok();
    assert!(
        lines.iter().all(|line| (line.actor_id, line.request_id) == (by, request) && line.address == "job")
    );
    // The words of staff and the ids went with the last piece.
    assert_eq!((of_type(&cloud, "bulk_order").await, of_type(&cloud, "bulk_result").await), (0, 130));
    // The same request is about the same job.
    let again = ask(&superior, "job-one", &wanted).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.headers["location"].to_str().unwrap(), format!("/v1/jobs/{}", text(&job, "id")));
    assert_eq!(body(again, 202)["id"], job["id"]);
    let place = format!("/v1/jobs/{}/results", text(&job, "id"));
    refused(&other.get(&place).await.unwrap(), 404, "not_found");
    refused(&stranger(&cloud).get(&place).await.unwrap(), 401, "unauthenticated");
    let page = body(superior.get(&format!("{place}?limit=100")).await.unwrap(), 200);
    let next = format!("{place}?limit=100&cursor={}x", text(&page, "next_cursor"));
    refused(&superior.get(&next).await.unwrap(), 400, "invalid_cursor");
    invariants(&cloud).await;
}

#[tokio::test]
async fn results_are_told_for_thirty_days() {
    let cloud = cloud().await;
    let mut superior = super_admin(&cloud, "Super Admin").await;
    let ids = crowd(&cloud, Role::Customer, 101).await;
    let job = done(&cloud, &superior, "job-one", &on(&disable(), &ids, true)).await;
    pass(&cloud, 30 * 86_400 - 60).await;
    superior.sign_in().await.unwrap();
    assert_eq!(results(&superior, &job).await.len(), 101);
    pass(&cloud, 61).await;
    assert_eq!(results(&superior, &job).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_dry_run_of_many_changes_nothing() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let ids = crowd(&cloud, Role::Provider, 110).await;
    cloud.quiet().await.unwrap();
    let before = kept(&cloud).await;
    let job = done(&cloud, &superior, "job-one", &on(&disable(), &ids, true)).await;
    assert_eq!(job["bulk"]["counts"], counts(110, 0, 0));
    let after = kept(&cloud).await;
    let changed: Vec<_> = after.iter().filter(|(key, item)| before.get(key) != Some(item)).collect();
    assert!(after.len() == before.len() && changed.is_empty(), "{changed:?}");
    assert!(results(&superior, &job).await.iter().all(|result| result["outcome"] == "changed"));
    assert!(times(&cloud, AuditEntry::AccountDisabled).await.is_empty());
}

#[tokio::test]
async fn a_filter_of_many_acts_on_each_once() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let mut ids = crowd(&cloud, Role::Management, 120).await;
    let other = crowd(&cloud, Role::Accountant, 10).await;
    // The roles change places under the search: those found leave the list that it goes through.
    let wanted = json!({ "operation": "set_role", "role": "accountant", "dry_run": false,
        "filter": { "role": "management", "confirmed": true } });
    let job = done(&cloud, &superior, "job-one", &wanted).await;
    assert_eq!(job["bulk"]["counts"], counts(120, 0, 0));
    let mut of_whom: Vec<_> =
        results(&superior, &job).await.iter().map(|result| text(result, "user_id").to_owned()).collect();
    of_whom.sort();
    ids.sort();
    assert_eq!(of_whom, ids);
    let times = times(&cloud, AuditEntry::RoleSet).await;
    assert!(ids.iter().all(|id| times[id] == 1) && other.iter().all(|id| !times.contains_key(id)));
    // All of staff: the list that it goes through is that of everybody, in which nobody moves.
    let wanted = json!({ "operation": "set_role", "role": "management", "dry_run": false,
        "filter": { "q": "crowd" } });
    let nobody = body(ask(&superior, "job-two", &wanted).await, 200);
    assert_eq!(nobody["results"], json!([]), "found by texts, which these do not have");
    let wanted = json!({ "operation": "set_role", "role": "management", "dry_run": false,
        "filter": { "confirmed": true } });
    let job = done(&cloud, &superior, "job-three", &wanted).await;
    assert_eq!(job["bulk"]["counts"], counts(130, 0, 1), "all of them, and not the caller");
    let made = ids.iter().chain(&other);
    let role = async |id: &str| {
        body(superior.get(&format!("/v1/admin/users/{id}")).await.unwrap(), 200)["role"].clone()
    };
    for id in made.step_by(29) {
        assert_eq!(role(id).await, "management");
    }
}

/// A job of which nobody is told, so that the test does it.
pub(super) async fn begun(cloud: &Cloud, client: &Client, wanted: &Value) -> Job {
    begun_with(cloud, client, "job-one", wanted).await
}

/// The same with another key.
pub(super) async fn begun_with(cloud: &Cloud, client: &Client, key: &str, wanted: &Value) -> Job {
    cloud.faults.crash_before("local-jobs", 1);
    let job = body(ask(client, key, wanted).await, 202);
    state(cloud, text(&job, "id")).await
}

pub(super) async fn state(cloud: &Cloud, id: &str) -> Job {
    let jobs = Jobs::new(Table::from_settings(&cloud.settings("local-test")).unwrap());
    jobs.get(id.parse().unwrap()).await.unwrap().unwrap().value
}

pub(super) fn bulk(job: &Job) -> &banister_domain::bulk::BulkUsers {
    let Work::BulkUsers(bulk) = &job.work else { panic!("{job:?}") };
    bulk
}

/// Somebody whose account an admin who asked for a job has.
pub(super) fn without_rights(account: Account) -> Account {
    Account { permissions: Permissions::NONE, ..account }
}
