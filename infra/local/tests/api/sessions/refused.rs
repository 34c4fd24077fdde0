//! What the audit log has of those who were not signed in.

use banister_local::client::PASSWORD;
use banister_local::cloud::Cloud;
use banister_local::faults::{FaultKind, Verdict};
use banister_platform::store::{Audit, AuditEntry, ListAudit};
use banister_platform::table::Table;
use futures_util::future::join_all;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::sign_in;
use crate::accounts::audited;
use crate::problems::refused;
use crate::support::invariants::items;
use crate::support::{cloud, cloud_at, customer, pass, stranger, switch_off};

/// A line, and the same calls of the table, for a wrong password, an unknown address, an account that is
/// switched off, whatever the password, and a second factor that was left out; only who knows the password is told.
#[tokio::test]
async fn a_refused_sign_in_is_logged_at_the_same_cost() {
    let cloud = cloud().await;
    let (owner, off) = (customer(&cloud, "Customer One").await, customer(&cloud, "Customer Two").await);
    switch_off(&cloud, &off.id).await;
    let mut guarded = customer(&cloud, "Customer Three").await;
    guarded.turn_on_second_factor(cloud.clock.now()).await.unwrap();
    let mut logged = 0;
    for (email, password, status, code, about) in [
        (owner.email.as_str(), "wrong horse battery", 401, "wrong_credentials", Some(&owner)),
        ("nobody@example.com", PASSWORD, 401, "wrong_credentials", None),
        (&off.email, "wrong horse battery", 401, "wrong_credentials", Some(&off)),
        (&off.email, PASSWORD, 403, "account_disabled", Some(&off)),
        (&guarded.email, PASSWORD, 401, "second_factor_needed", Some(&guarded)),
    ] {
        let before = match about {
            Some(client) => audited(&cloud, &client.id, "sign_in_refused").await,
            None => 0,
        };
        let calls = cloud.table.calls();
        refused(&sign_in(&stranger(&cloud), email, password).await, status, code);
        let made = |operation: &str| {
            let key = ("local-http".to_owned(), operation.to_owned());
            cloud.table.calls().get(&key).copied().unwrap_or(0) - calls.get(&key).copied().unwrap_or(0)
        };
        assert_eq!(["GetItem", "UpdateItem", "PutItem", "TransactWriteItems"].map(made), [2, 3, 1, 0]);
        if let Some(client) = about {
            assert_eq!(audited(&cloud, &client.id, "sign_in_refused").await, before + 1, "{email}");
        }
        logged += 1;
        let all = items(&cloud).await;
        let lines = all
            .iter()
            .filter(|item| item.get("entry").is_some_and(|e| e.as_s().is_ok_and(|e| e == "sign_in_refused")));
        assert_eq!(lines.count(), logged);
        if let Some(client) = about {
            assert_eq!(refusals(&cloud, Some(&client.id)).await.pop(), Some(json!({ "code": code })));
        }
    }
}

/// What the audit log says of the sign-ins that were refused of somebody, or of nobody, oldest first.
async fn refusals(cloud: &Cloud, about: Option<&str>) -> Vec<Value> {
    let table = Table::from_settings(&cloud.settings("local-test")).unwrap();
    let today = cloud.clock.now().to_zoned(TimeZone::UTC).date();
    let wanted = ListAudit::Days { from: today, to: today };
    let log = Audit::new(table).list(wanted, 1_000, None).await.unwrap();
    let of_kind = log.items.into_iter().rev().filter(|record| {
        let user = record.user_id.map(|user| user.to_string());
        record.entry == AuditEntry::SignInRefused && user.as_deref() == about
    });
    of_kind.map(|record| record.change.unwrap().after).collect()
}

/// The first refusal by a limit leaves a line, the next ones none until the limit could be used up again; at the
/// same calls of the table with an account and without.
#[tokio::test]
async fn what_a_limit_refuses_is_logged_once() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    let owner = customer(&cloud, "Customer One").await;
    let guesser = stranger(&cloud);
    let over = json!({ "code": "too_many_requests", "limit": "sign_in_account_here" });
    for round in 1..=2 {
        for (email, about) in [(owner.email.as_str(), Some(owner.id.as_str())), ("nobody@example.com", None)]
        {
            for _ in 0..10 {
                refused(&sign_in(&guesser, email, "wrong horse battery").await, 401, "wrong_credentials");
            }
            for wanted in [[1, 2, 1], [0, 2, 0], [0, 2, 0]] {
                let calls = cloud.table.calls();
                refused(&sign_in(&guesser, email, PASSWORD).await, 429, "too_many_requests");
                let made = |operation: &str| {
                    let key = ("local-http".to_owned(), operation.to_owned());
                    cloud.table.calls().get(&key).copied().unwrap_or(0)
                        - calls.get(&key).copied().unwrap_or(0)
                };
                assert_eq!(["GetItem", "UpdateItem", "TransactWriteItems"].map(made), wanted, "{email}");
            }
            let logged = refusals(&cloud, about).await;
            assert_eq!((logged.len(), logged.last()), (11 * round, Some(&over)), "{email}");
        }
        pass(&cloud, 301).await;
    }
}

/// Many at once are told of once, and so is what the table did not take at first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_by_a_limit_is_neither_lost_nor_logged_twice() {
    let cloud = cloud_at("2026-03-02T08:00:00Z").await;
    for (number, verdict) in
        [Verdict::Pass, Verdict::LoseAnswer, Verdict::Refuse(FaultKind::Conflict)].into_iter().enumerate()
    {
        let guesser = stranger(&cloud);
        let client = customer(&cloud, &format!("Customer {number}")).await;
        for _ in 0..10 {
            let answer = sign_in(&guesser, &client.email, "wrong horse battery").await;
            refused(&answer, 401, "wrong_credentials");
        }
        cloud.faults.script("local-http", "TransactWriteItems", verdict);
        let answers = join_all((0..10).map(|_| sign_in(&guesser, &client.email, PASSWORD))).await;
        assert!(answers.iter().all(|answer| [429, 503].contains(&answer.status.as_u16())), "{answers:?}");
        refused(&sign_in(&guesser, &client.email, PASSWORD).await, 429, "too_many_requests");
        assert_eq!(refusals(&cloud, Some(&client.id)).await.len(), 11, "{number}");
    }
}
