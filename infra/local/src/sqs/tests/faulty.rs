use std::time::Duration;

use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::error::{ProvideErrorMetadata as _, SdkError};

use super::super::Depth;
use super::super::failure::Kind;
use super::super::receive::{Delivery, MAX_IN_FLIGHT, Receive};
use super::super::state::{Message, Queue, State};
use super::{Bench, client, client_with};
use crate::faults::{FaultKind, Plan, Verdict};

const VISIBLE_TWO: Depth = Depth { visible: 2, in_flight: 0, delayed: 0 };

#[tokio::test]
async fn throttling_is_typed_and_retried() {
    let bench = Bench::start().await;
    bench.faults.script("worker", "SendMessage", Verdict::Refuse(FaultKind::Throttle));
    let send = bench.client.send_message().queue_url(bench.url("work")).message_body("x").send().await;
    assert!(send.unwrap_err().into_service_error().is_request_throttled());
    bench.faults.script("patient", "SendMessage", Verdict::Refuse(FaultKind::Throttle));
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    let patient = client_with(&bench.sqs, "patient", retries);
    patient.send_message().queue_url(bench.url("work")).message_body("x").send().await.unwrap();
    assert_eq!((bench.faults.calls("patient"), bench.sqs.depth("work").unwrap().visible), (2, 1));
}

#[tokio::test]
async fn a_lost_call_does_nothing_and_a_lost_answer_does_it() {
    let bench = Bench::start().await;
    for (verdict, visible) in [(Verdict::Refuse(FaultKind::Lost), 0), (Verdict::LoseAnswer, 1)] {
        bench.faults.script("worker", "SendMessage", verdict);
        let send = bench.client.send_message().queue_url(bench.url("work")).message_body("x").send().await;
        assert!(matches!(send, Err(SdkError::DispatchFailure(_))), "{send:?}");
        assert_eq!(bench.sqs.depth("work").unwrap().visible, visible);
    }
    bench.send("next").await;
}

#[tokio::test]
async fn a_crashed_role_is_dead_and_others_live() {
    let bench = Bench::start().await;
    bench.faults.crash_after("doomed", 1);
    let doomed = client(&bench.sqs, "doomed");
    let send = || doomed.send_message().queue_url(bench.url("work")).message_body("x").send();
    for _ in 0..2 {
        let error = send().await.unwrap_err().into_service_error();
        assert_eq!(error.code(), Some("Crashed"));
    }
    assert_eq!(bench.bodies("work").await.len(), 1);
    bench.faults.revive("doomed");
    send().await.unwrap();
}

#[tokio::test]
async fn a_sent_message_can_arrive_twice() {
    let bench = Bench::start().await;
    bench.faults.script("worker", "SendMessage", Verdict::Duplicate);
    let id = bench.send("twin").await;
    assert_eq!(bench.sqs.depth("work").unwrap(), VISIBLE_TWO);
    let both = bench.receive("work").await;
    assert!(both.iter().all(|message| message.message_id() == Some(id.as_str())));
    assert_ne!(both[0].receipt_handle(), both[1].receipt_handle());
}

#[tokio::test]
async fn a_received_message_can_be_received_again_at_once() {
    let bench = Bench::start().await;
    bench.send("job").await;
    bench.faults.script("worker", "ReceiveMessage", Verdict::Duplicate);
    let first = bench.receive("work").await.remove(0);
    let second = bench.receive("work").await.remove(0);
    assert_eq!(first.message_id(), second.message_id());
    bench.delete(&first).await;
    assert_eq!(bench.sqs.depth("work").unwrap().in_flight, 1);
    bench.delete(&second).await;
    assert!(bench.sqs.depth("work").unwrap().is_empty());
}

#[tokio::test]
async fn a_sent_message_can_be_late() {
    let bench = Bench::start().await;
    bench.faults.script("worker", "SendMessage", Verdict::Late(Duration::from_secs(7)));
    bench.send("slow").await;
    bench.send("quick").await;
    assert_eq!(bench.bodies("work").await, ["quick"]);
    bench.advance(7);
    assert_eq!(bench.bodies("work").await, ["slow"]);
}

#[tokio::test]
async fn a_delayed_call_is_executed() {
    let bench = Bench::start().await;
    bench.faults.script("worker", "SendMessage", Verdict::Delay(Duration::from_millis(1)));
    bench.send("x").await;
    assert_eq!(bench.bodies("work").await, ["x"]);
}

#[tokio::test]
async fn a_plan_reorders_and_loses_nothing() {
    let sent: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    let mut orders = std::collections::BTreeSet::new();
    for seed in 0..3 {
        let bench = Bench::start().await;
        for body in &sent {
            bench.send(body).await;
        }
        bench.faults.set(Plan { seed, ..Plan::default() });
        let order = bench.bodies("work").await;
        let mut sorted = order.clone();
        sorted.sort();
        assert_eq!(sorted, sent);
        orders.insert(order);
    }
    assert!(orders.len() > 1, "{orders:?}");
}

#[test]
fn messages_in_flight_have_a_limit() {
    let body = br#"{"QueueUrl":"http://127.0.0.1/000000000000/work"}"#;
    let receive = Receive::parse(body).unwrap();
    let message = |place: u64| Message {
        id: place.to_string(),
        body: "x".to_owned(),
        attributes: std::collections::BTreeMap::new(),
        system: std::collections::BTreeMap::new(),
        sent_at: 0,
        first_received_at: Some(0),
        receives: 1,
        visible_at: if place == 0 { 0 } else { 1000 },
        receipt: None,
        source: None,
    };
    let mut state = State::default();
    let places = 0..=u64::try_from(MAX_IN_FLIGHT).unwrap();
    let queue = Queue { messages: places.map(|place| (place, message(place))).collect(), ..Queue::default() };
    state.queues.insert("work".to_owned(), queue);
    let full = receive.take(&mut state, 0, Delivery::default()).map(|it| it.messages.len());
    assert_eq!(full.unwrap_err().kind, Kind::OverLimit);
    state.queues.get_mut("work").unwrap().messages.remove(&1);
    let free = receive.take(&mut state, 0, Delivery::default()).map(|it| it.messages.len());
    assert_eq!(free, Ok(1));
}
