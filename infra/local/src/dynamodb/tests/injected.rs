//! Each fault looks to the SDK as it does on AWS.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;

use super::*;
use crate::faults::{FaultKind, Plan, Rates, Verdict};

/// The same client without the SDK's retries.
fn once(client: &Client) -> Client {
    with(client, RetryConfig::disabled())
}

/// The same client with retries that hardly wait.
fn eager(client: &Client, attempts: u32) -> Client {
    let wait = Duration::from_millis(1);
    with(
        client,
        RetryConfig::standard().with_max_attempts(attempts).with_initial_backoff(wait).with_max_backoff(wait),
    )
}

fn with(client: &Client, retries: RetryConfig) -> Client {
    Client::from_conf(client.config().to_builder().retry_config(retries).build())
}

fn rates(rates: Rates) -> Plan {
    Plan { seed: 3, roles: [ROLE.to_owned()].into(), rates, ..Plan::default() }
}

#[tokio::test]
async fn a_conflict_cancels_a_transaction_and_names_the_item() {
    let (_front, client, faults) = started().await;
    faults.script(ROLE, "TransactWriteItems", Verdict::Refuse(FaultKind::Conflict));
    let items = || Some(vec![put(item("A", &[])), put(item("B", &[]))]);
    let error = client.transact_write_items().set_transact_items(items()).send().await.unwrap_err();
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error.into_service_error() else {
        panic!("not a cancelled transaction")
    };
    let codes: Vec<_> = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect();
    assert_eq!(codes, ["TransactionConflict", "None"]);
    assert!(read(&client, "A").await.is_none());
    client.transact_write_items().set_transact_items(items()).send().await.unwrap();
    assert!(read(&client, "A").await.is_some());
}

#[tokio::test]
async fn a_conflict_refuses_a_single_write() {
    let (_front, client, faults) = started().await;
    faults.script(ROLE, "PutItem", Verdict::Refuse(FaultKind::Conflict));
    let put = once(&client).put_item().table_name(TABLE).set_item(Some(item("A", &[])));
    assert!(put.send().await.unwrap_err().into_service_error().is_transaction_conflict_exception());
    assert!(read(&client, "A").await.is_none());
}

#[tokio::test]
async fn throttling_is_retried_by_the_sdk() {
    let (_front, client, faults) = started().await;
    faults.script(ROLE, "PutItem", Verdict::Refuse(FaultKind::Throttle));
    let put = |client: &Client| client.put_item().table_name(TABLE).set_item(Some(item("A", &[]))).send();
    let error = put(&once(&client)).await.unwrap_err();
    assert!(error.into_service_error().is_provisioned_throughput_exceeded_exception());
    faults.script(ROLE, "PutItem", Verdict::Refuse(FaultKind::Throttle));
    put(&eager(&client, 3)).await.unwrap();
    assert_eq!(faults.calls(ROLE), 3);
}

#[tokio::test]
async fn a_lost_request_has_no_effect_and_a_lost_answer_has() {
    let (front, client, faults) = started().await;
    let put = |pk: &str| once(&client).put_item().table_name(TABLE).set_item(Some(item(pk, &[])));
    faults.script(ROLE, "PutItem", Verdict::Refuse(FaultKind::Lost));
    assert!(put("A").send().await.unwrap_err().as_service_error().is_none());
    assert!(read(&client, "A").await.is_none());
    let told = front.writes();
    faults.script(ROLE, "PutItem", Verdict::LoseAnswer);
    assert!(put("A").send().await.unwrap_err().as_service_error().is_none());
    assert!(read(&client, "A").await.is_some());
    assert!(told.has_changed().unwrap());
}

#[tokio::test]
async fn the_sdk_repeats_a_transaction_whose_answer_was_lost_and_it_takes_effect_once() {
    let (_front, client, faults) = started().await;
    let mut new = put(item("A", &[]));
    let first = new.put.take().unwrap();
    let condition = Put::builder()
        .table_name(TABLE)
        .set_item(Some(first.item))
        .condition_expression("attribute_not_exists(PK)");
    new.put = Some(condition.build().unwrap());
    faults.script(ROLE, "TransactWriteItems", Verdict::LoseAnswer);
    eager(&client, 3).transact_write_items().transact_items(new).send().await.unwrap();
    assert_eq!(faults.calls(ROLE), 2);
    assert!(read(&client, "A").await.is_some());
}

#[tokio::test]
async fn a_delay_delays() {
    let (_front, client, faults) = started().await;
    faults.script(ROLE, "GetItem", Verdict::Delay(Duration::from_millis(30)));
    let start = Instant::now();
    read(&client, "A").await;
    assert!(start.elapsed() >= Duration::from_millis(30));
}

#[tokio::test]
async fn a_held_call_takes_effect_once_it_is_released() {
    let (_front, client, faults) = started().await;
    faults.script(ROLE, "PutItem", Verdict::Hold);
    let put = client.put_item().table_name(TABLE).set_item(Some(item("A", &[]))).send();
    let meanwhile = async {
        faults.held().await;
        let other = client.put_item().table_name(TABLE).set_item(Some(item("B", &[])));
        other.send().await.unwrap();
        let seen = (read(&client, "A").await.is_some(), read(&client, "B").await.is_some());
        faults.release();
        seen
    };
    let (put, seen) = tokio::join!(put, meanwhile);
    put.unwrap();
    assert_eq!(seen, (false, true), "the held one is not executed, and others are");
    assert!(read(&client, "A").await.is_some());
}

#[tokio::test]
async fn a_crashed_role_gets_an_error_that_is_not_retried() {
    let (front, client, faults) = started().await;
    for (executed, pk) in [(true, "A"), (false, "B")] {
        if executed {
            faults.crash_after(ROLE, 1);
        } else {
            faults.crash_before(ROLE, 1);
        }
        let calls = faults.calls(ROLE);
        let put = client.put_item().table_name(TABLE).set_item(Some(item(pk, &[])));
        assert_eq!(put.send().await.unwrap_err().code(), Some("Crashed"));
        let get = client.get_item().table_name(TABLE).key("PK", text(pk)).key("SK", text("X"));
        assert_eq!(get.send().await.unwrap_err().code(), Some("Crashed"));
        assert_eq!(faults.calls(ROLE), calls + 2);
        assert_eq!(read(&front.client("other"), pk).await.is_some(), executed);
        faults.revive(ROLE);
        assert_eq!(read(&client, pk).await.is_some(), executed);
    }
}

#[tokio::test]
async fn a_stale_index_lags_behind_the_table_and_catches_up() {
    let (_front, client, faults) = started().await;
    let entry = |pk: &str, key: &str| item(pk, &[("GSI1PK", key), ("GSI1SK", "1")]);
    store(&client, entry("A", "OPEN")).await;
    store(&client, entry("B", "OPEN")).await;
    faults.set(rates(Rates { stale_index: 1000, stale_depth: 1, ..Rates::default() }));
    assert_eq!(indexed(&client, "OPEN").await, ["A"]);
    store(&client, entry("A", "DONE")).await;
    assert_eq!(indexed(&client, "OPEN").await, ["A", "B"]);
    assert_eq!(indexed(&client, "DONE").await, [""; 0]);
    assert_eq!(read(&client, "A").await.unwrap()["GSI1PK"], text("DONE"));
    client.delete_item().table_name(TABLE).key("PK", text("B")).key("SK", text("X")).send().await.unwrap();
    assert_eq!(indexed(&client, "OPEN").await, ["B"]);
    faults.off();
    assert_eq!(indexed(&client, "OPEN").await, [""; 0]);
}

#[tokio::test]
async fn a_plan_hits_its_roles_only_and_the_sdk_gets_through() {
    let (front, client, faults) = started().await;
    let often =
        Rates { conflict: 50, throttle: 100, lost_before: 50, lost_after: 50, delay: 50, ..Rates::default() };
    faults.set(rates(Rates { delay_millis: 1, ..often }));
    let (hit, spared) = (eager(&client, 10), front.client("other"));
    let mut refused = 0;
    for number in 0..50 {
        let pk = number.to_string();
        let put = hit.put_item().table_name(TABLE).set_item(Some(item(&pk, &[])));
        // A conflict is the one fault here that the SDK leaves to its caller.
        if let Err(error) = put.send().await {
            assert!(error.into_service_error().is_transaction_conflict_exception());
            refused += 1;
        }
        store(&spared, item("other", &[])).await;
    }
    let calls = faults.calls(ROLE);
    assert!(refused > 0 && calls > 50, "{refused} refused of {calls} calls");
    assert_eq!(faults.calls("other"), 50);
}

#[tokio::test]
async fn every_call_of_a_job_can_be_its_last() {
    let (front, client, faults) = started().await;
    let job = async |client: &Client| {
        for pk in ["A", "B", "C"] {
            let put = client.put_item().table_name(TABLE).set_item(Some(item(pk, &[])));
            if put.send().await.is_err() {
                return;
            }
        }
    };
    job(&client).await;
    let calls = faults.calls(ROLE);
    assert_eq!(calls, 3);
    let other = front.client("other");
    for n in 1..=calls {
        for pk in ["A", "B", "C"] {
            other
                .delete_item()
                .table_name(TABLE)
                .key("PK", text(pk))
                .key("SK", text("X"))
                .send()
                .await
                .unwrap();
        }
        faults.crash_after(ROLE, n);
        job(&client).await;
        assert!(faults.crashed(ROLE));
        faults.revive(ROLE);
        for (at, pk) in (1..).zip(["A", "B", "C"]) {
            assert_eq!(read(&other, pk).await.is_some(), at <= n, "{pk} after a crash at {n}");
        }
    }
}
