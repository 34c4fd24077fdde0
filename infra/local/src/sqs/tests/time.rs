use std::time::Duration;

use aws_sdk_sqs::Client;
use tokio::time::timeout;

use super::super::Depth;
use super::Bench;

/// Far more than an answer takes, far less than a long poll lasts.
const SOON: Duration = Duration::from_secs(10);

fn long_poll(client: &Client, url: String) -> tokio::task::JoinHandle<Vec<String>> {
    let ask = client.receive_message().queue_url(url).wait_time_seconds(20);
    tokio::spawn(async move {
        let messages = ask.send().await.unwrap().messages.unwrap_or_default();
        messages.into_iter().map(|message| message.body.unwrap()).collect()
    })
}

#[tokio::test]
async fn a_received_message_is_hidden_until_its_timeout() {
    let bench = Bench::start().await;
    bench.send("job").await;
    assert_eq!(bench.bodies("work").await, ["job"]);
    bench.advance(29);
    assert!(bench.receive("work").await.is_empty());
    assert_eq!(bench.sqs.depth("work").unwrap(), Depth { in_flight: 1, ..Depth::default() });
    bench.advance(1);
    assert_eq!(bench.bodies("work").await, ["job"]);
}

#[tokio::test]
async fn a_receive_can_bring_its_own_timeout() {
    let bench = Bench::start().await;
    bench.send("job").await;
    let ask = bench.client.receive_message().queue_url(bench.url("work")).visibility_timeout(5);
    assert_eq!(ask.send().await.unwrap().messages().len(), 1);
    bench.advance(5);
    assert_eq!(bench.bodies("work").await, ["job"]);
}

#[tokio::test]
async fn a_timeout_can_be_changed_while_in_flight() {
    let bench = Bench::start().await;
    bench.send("job").await;
    let message = bench.receive("work").await.remove(0);
    let change = |seconds: i32| {
        let handle = message.receipt_handle().unwrap();
        let change = bench.client.change_message_visibility().queue_url(bench.url("work"));
        change.receipt_handle(handle).visibility_timeout(seconds).send()
    };
    change(100).await.unwrap();
    bench.advance(99);
    assert!(bench.receive("work").await.is_empty());
    change(0).await.unwrap();
    let error = change(10).await.unwrap_err().into_service_error();
    assert!(error.is_message_not_inflight(), "{error:?}");
    let again = bench.receive("work").await.remove(0);
    let error = change(10).await.unwrap_err().into_service_error();
    assert!(error.is_message_not_inflight(), "{error:?}");
    bench.delete(&again).await;
    assert!(change(10).await.is_err());
}

#[tokio::test]
async fn a_delayed_message_comes_when_it_is_due() {
    let bench = Bench::start().await;
    let send = bench.client.send_message().queue_url(bench.url("work")).message_body("later");
    send.delay_seconds(900).send().await.unwrap();
    assert_eq!(bench.sqs.depth("work").unwrap(), Depth { delayed: 1, ..Depth::default() });
    bench.advance(899);
    assert!(bench.receive("work").await.is_empty());
    bench.advance(1);
    assert_eq!(bench.bodies("work").await, ["later"]);
}

#[tokio::test]
async fn a_long_poll_wakes_on_arrival() {
    let bench = Bench::start().await;
    let poll = long_poll(&bench.client, bench.url("work"));
    bench.send("wake").await;
    assert_eq!(timeout(SOON, poll).await.unwrap().unwrap(), ["wake"]);
}

#[tokio::test]
async fn one_of_several_long_polls_gets_the_message() {
    let bench = Bench::start().await;
    let first = long_poll(&bench.client, bench.url("work"));
    let second = long_poll(&bench.client, bench.url("work"));
    bench.send("one").await;
    bench.send("two").await;
    let mut got =
        timeout(SOON, async { [first.await.unwrap(), second.await.unwrap()].concat() }).await.unwrap();
    got.sort();
    assert_eq!(got, ["one", "two"]);
}

#[tokio::test]
async fn a_long_poll_wakes_when_the_clock_is_moved() {
    let bench = Bench::start().await;
    bench.send("job").await;
    assert_eq!(bench.receive("work").await.len(), 1);
    let poll = long_poll(&bench.client, bench.url("work"));
    // The poll is waiting once the server has counted its call.
    while bench.faults.calls("worker") < 3 {
        tokio::task::yield_now().await;
    }
    bench.advance(30);
    assert_eq!(timeout(SOON, poll).await.unwrap().unwrap(), ["job"]);
}

#[tokio::test]
async fn a_long_poll_wakes_when_a_message_is_handed_back() {
    let bench = Bench::start().await;
    bench.send("job").await;
    let message = bench.receive("work").await.remove(0);
    let poll = long_poll(&bench.client, bench.url("work"));
    let change = bench.client.change_message_visibility().queue_url(bench.url("work"));
    let change = change.receipt_handle(message.receipt_handle().unwrap()).visibility_timeout(0);
    change.send().await.unwrap();
    assert_eq!(timeout(SOON, poll).await.unwrap().unwrap(), ["job"]);
}

#[tokio::test]
async fn a_long_poll_ends_empty() {
    let bench = Bench::start().await;
    let ask = bench.client.receive_message().queue_url(bench.url("work")).wait_time_seconds(1);
    assert!(ask.send().await.unwrap().messages.is_none());
    let poll = long_poll(&bench.client, bench.url("work"));
    while bench.faults.calls("worker") < 2 {
        tokio::task::yield_now().await;
    }
    timeout(SOON, bench.sqs.stop()).await.unwrap();
    assert!(timeout(SOON, poll).await.unwrap().unwrap().is_empty());
    assert!(bench.client.list_queues().send().await.is_err());
}

#[tokio::test]
async fn a_watch_ends_when_the_queues_are_empty() {
    let bench = Bench::start().await;
    timeout(SOON, bench.sqs.idle_watch(&["work", "dead"])).await.unwrap().unwrap();
    bench.send("job").await;
    let message = bench.receive("work").await.remove(0);
    let sqs = bench.sqs.clone();
    let watch = tokio::spawn(async move { sqs.idle_watch(&["work", "dead"]).await });
    tokio::task::yield_now().await;
    assert!(!watch.is_finished());
    bench.delete(&message).await;
    timeout(SOON, watch).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_watch_sees_messages_fall_due() {
    let bench = Bench::start().await;
    bench.send("job").await;
    bench.receive("work").await;
    let sqs = bench.sqs.clone();
    let watch = tokio::spawn(async move { sqs.watch(&["work"], |depths| depths[0].visible == 1).await });
    bench.advance(30);
    timeout(SOON, watch).await.unwrap().unwrap().unwrap();
}
