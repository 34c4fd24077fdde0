//! Whom a filter means: each account once, as it is when it is seen to, for as long as the caller may.

use banister_domain::job::{Job, State};
use banister_queue_jobs::Limits;
use jiff::SignedDuration;

use super::broken::{piece, pieces, worker};
use super::jobs::{begun, begun_with, bulk, counts, done, results};
use super::*;
use crate::support::text;

fn end_sessions(filter: &Value, dry_run: bool) -> Value {
    json!({ "operation": "end_sessions", "filter": filter, "dry_run": dry_run })
}

/// Gives accounts a name, by which they are found.
async fn call(cloud: &Cloud, ids: &[String], first: &str, last: &str) {
    for id in ids {
        change_account(cloud, id, |account| Account {
            first_name: first.parse().unwrap(),
            last_name: last.parse().unwrap(),
            ..account
        })
        .await;
    }
}

/// A super admin and customers who are all called Robin Robinson, in the order of their ids.
async fn robins(count: usize) -> (Cloud, Client, Vec<String>) {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let mut ids = crowd(&cloud, Role::Customer, count).await;
    ids.sort();
    call(&cloud, &ids, "Robin", "Robinson").await;
    (cloud, superior, ids)
}

#[tokio::test]
async fn whoever_is_found_by_several_words_is_acted_on_once() {
    let (cloud, superior, ids) = robins(110).await;
    let job = begun(&cloud, &superior, &end_sessions(&json!({ "q": "rob" }), false)).await;
    let job = pieces(&cloud, &job, 2).await;
    assert_eq!((json!(bulk(&job).counts), bulk(&job).page.len()), (counts(25, 0, 0), 25));
    // One who was seen to, one who is about to be, and one who was not found yet: found under another word
    // further on.
    let place = |id: &String| bulk(&job).page.iter().any(|user| user.to_string() == *id);
    assert_eq!([&ids[3], &ids[30], &ids[70]].map(place), [false, true, false]);
    for n in [3, 30, 70] {
        call(&cloud, &ids[n..=n], "Zoe", "Robinson").await;
    }
    let job = pieces(&cloud, &job, 100).await;
    assert_eq!((job.state, json!(bulk(&job).counts)), (State::Done, counts(110, 0, 0)));
    let times = times(&cloud, AuditEntry::AllSessionsEnded).await;
    assert!(times.len() == 110 && times.values().all(|times| *times == 1), "{times:?}");
    let shown = body(superior.get(&format!("/v1/jobs/{}", job.id)).await.unwrap(), 200);
    let of_whom = results(&superior, &shown).await;
    assert_eq!(of_whom.iter().map(|result| text(result, "user_id")).collect::<Vec<_>>(), ids);
}

#[tokio::test]
async fn who_does_not_fit_any_more_is_left_alone() {
    let (cloud, superior, ids) = robins(105).await;
    for (n, filter) in
        [json!({ "role": "customer", "status": "active", "confirmed": true }), json!({ "q": "rob" })]
            .into_iter()
            .enumerate()
    {
        let before = times(&cloud, AuditEntry::AllSessionsEnded).await;
        let job = begun_with(&cloud, &superior, &format!("fits-{n}"), &end_sessions(&filter, false)).await;
        // They are found, and written down.
        let job = pieces(&cloud, &job, 1).await;
        assert_eq!(bulk(&job).page.len(), 25);
        if n == 0 {
            change_account(&cloud, &ids[3], |account| Account { email_confirmed: false, ..account }).await;
            change_account(&cloud, &ids[4], |account| {
                account.disabled("Meanwhile.".parse().unwrap(), cloud.clock.now())
            })
            .await;
        } else {
            call(&cloud, &ids[3..5], "Zoe", "Lee").await;
        }
        let job = pieces(&cloud, &job, 100).await;
        assert_eq!(json!(bulk(&job).counts), counts(103, 2, 0), "{filter}");
        let after = times(&cloud, AuditEntry::AllSessionsEnded).await;
        for id in &ids {
            let more = after.get(id).unwrap_or(&0) - before.get(id).unwrap_or(&0);
            assert_eq!(more, usize::from(!ids[3..5].contains(id)), "{filter}");
        }
    }
}

#[tokio::test]
async fn a_filter_that_fits_few_is_at_once_or_a_job() {
    let cloud = cloud().await;
    let superior = super_admin(&cloud, "Super Admin").await;
    let mut ids = crowd(&cloud, Role::Provider, 450).await;
    let rare = |account: Account| Account { email_confirmed: false, ..account };
    change_account(&cloud, &ids[1], rare).await;
    let filter = json!({ "role": "provider", "confirmed": false });
    let some = body(ask(&superior, "few-one", &end_sessions(&filter, true)).await, 200);
    assert_eq!(told(&some["results"]), come_to(&["changed"]));
    // More than 500 to look through.
    ids.extend(crowd(&cloud, Role::Provider, 90).await);
    for id in [&ids[300], &ids[539]] {
        change_account(&cloud, id, rare).await;
    }
    // How many messages it takes: each reads 25, and then pages for as long as it may.
    let all = Limits::default();
    for (limits, messages) in [
        (all, 1),
        (Limits { pages: 3, ..all }, 3),
        (Limits { page: 50, pages: 2, ..all }, 8),
        (Limits { time: SignedDuration::ZERO, ..all }, 22),
    ] {
        let key = format!("few-job-{messages}");
        let job = begun_with(&cloud, &superior, &key, &end_sessions(&filter, true)).await;
        let (found, job) = looked_for(&cloud, job, limits).await;
        assert_eq!(found, messages, "{limits:?}");
        assert_eq!((json!(bulk(&job).counts), job.done), (counts(3, 0, 0), 3));
    }
}

/// Does a job; how many messages it took until all accounts were found, and the job when it is done.
async fn looked_for(cloud: &Cloud, mut job: Job, limits: Limits) -> (u32, Job) {
    let (worker, mut messages) = (worker(cloud).with_limits(limits), 0);
    while job.state != State::Done {
        job = piece(cloud, &worker, &job).await;
        if messages == 0 && bulk(&job).found_all {
            messages = job.revision;
        }
    }
    (messages, job)
}

#[tokio::test]
async fn who_loses_the_right_to_staff_only_goes_on_with_those_named() {
    let users: Permissions = [Permission::UserManagement].into_iter().collect();
    let role = json!({ "operation": "set_role", "role": "accountant", "dry_run": false,
        "filter": { "role": "management" } });
    for (what, cut_short, wanted, made) in [
        ("everybody", true, end_sessions(&json!({ "confirmed": true }), false), (5, 5)),
        ("customers", false, end_sessions(&json!({ "role": "customer" }), false), (10, 1)),
        ("roles", true, role, (1, 10)),
    ] {
        let cloud = cloud().await;
        let admin = manager(&cloud, Role::Admin, "Admin One").await;
        let mut buyers = Vec::new();
        for _ in 0..11 {
            buyers.extend(crowd(&cloud, Role::Customer, made.0).await);
            crowd(&cloud, Role::Management, made.1).await;
        }
        let job = begun(&cloud, &admin, &wanted).await;
        // Some are seen to, and some are about to be.
        let job = pieces(&cloud, &job, 2).await;
        let page: Vec<_> = bulk(&job).page.iter().map(ToString::to_string).collect();
        change_account(&cloud, &admin.id, |account| Account { permissions: users, ..account }).await;
        let after = pieces(&cloud, &job, 100).await;
        assert_eq!((after.state, bulk(&after).cut_short), (State::Done, cut_short), "{what}");
        let shown = body(admin.get(&format!("/v1/jobs/{}", job.id)).await.unwrap(), 200);
        let told = results(&admin, &shown).await;
        assert_eq!(told.len(), if cut_short { 50 } else { 110 }, "{what}");
        let (mut changed, mut refused) = (0, 0);
        for result in told.iter().filter(|result| page.contains(&text(result, "user_id").to_owned())) {
            if what == "roles" {
                assert_eq!(result["code"], "forbidden");
            } else if buyers.contains(&text(result, "user_id").to_owned()) {
                assert_eq!(result["outcome"], "changed", "{what}");
                changed += 1;
            } else {
                assert_eq!(result["code"], "not_found", "whom the caller may not know of any more");
                refused += 1;
            }
        }
        assert_eq!((changed > 0, refused > 0), (what != "roles", what == "everybody"), "{what}");
    }
}

#[tokio::test]
async fn results_are_for_whoever_may_know_of_accounts() {
    let cloud = cloud().await;
    let admin = manager(&cloud, Role::Admin, "Admin One").await;
    let ids = crowd(&cloud, Role::Customer, 101).await;
    let job = done(&cloud, &admin, "job-one", &on(&disable(), &ids, true)).await;
    let (place, of_results) = (format!("/v1/jobs/{}", text(&job, "id")), "/results?limit=1");
    for (permissions, status) in [
        (vec![Permission::UserManagement], 200),
        (vec![Permission::AdminManagement], 404),
        (vec![], 404),
        (vec![Permission::UserManagement, Permission::AdminManagement], 200),
    ] {
        let permissions: Permissions = permissions.into_iter().collect();
        change_account(&cloud, &admin.id, |account| Account { permissions, ..account }).await;
        // What an instance remembers of a caller ends after five seconds.
        pass(&cloud, 6).await;
        let answer = admin.get(&format!("{place}{of_results}")).await.unwrap();
        assert_eq!(answer.status, status, "{permissions:?}: {}", answer.body);
        if status == 404 {
            refused(&answer, 404, "not_found");
        }
        body(admin.get(&place).await.unwrap(), 200);
    }
}
