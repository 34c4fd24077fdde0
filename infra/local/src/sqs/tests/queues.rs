use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::types::QueueAttributeName as Name;

use super::super::{QueueDefinition, Sqs, SqsError};
use super::{Bench, definitions, system};
use crate::faults::Faults;

#[tokio::test]
async fn queues_are_made_found_and_listed() {
    let bench = Bench::start().await;
    let create = |name: &str, timeout: &str| {
        bench.client.create_queue().queue_name(name).attributes(Name::VisibilityTimeout, timeout)
    };
    let url = create("fresh", "7").send().await.unwrap().queue_url.unwrap();
    assert_eq!(url, bench.url("fresh"));
    assert_eq!(create("fresh", "7").send().await.unwrap().queue_url, Some(url.clone()));
    let error = create("fresh", "8").send().await.unwrap_err().into_service_error();
    assert!(error.is_queue_name_exists(), "{error:?}");
    let error = create("a.fifo", "8").send().await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
    let found = bench.client.get_queue_url().queue_name("fresh").send().await.unwrap();
    assert_eq!(found.queue_url, Some(url));
    let error =
        bench.client.get_queue_url().queue_name("none").send().await.unwrap_err().into_service_error();
    assert!(error.is_queue_does_not_exist(), "{error:?}");
    let all = bench.client.list_queues().send().await.unwrap();
    assert_eq!(all.queue_urls(), [bench.url("dead"), bench.url("fresh"), bench.url("work")]);
    let page = bench.client.list_queues().max_results(2).send().await.unwrap();
    assert_eq!(page.queue_urls().len(), 2);
    let rest =
        bench.client.list_queues().max_results(2).set_next_token(page.next_token).send().await.unwrap();
    assert_eq!((rest.queue_urls(), rest.next_token()), (&[bench.url("work")][..], None));
    let some = bench.client.list_queues().queue_name_prefix("wo").send().await.unwrap();
    assert_eq!(some.queue_urls(), [bench.url("work")]);
}

#[tokio::test]
async fn a_missing_queue_is_a_typed_error_everywhere() {
    let bench = Bench::start().await;
    let url = bench.url("none");
    let sent = bench.client.send_message().queue_url(&url).message_body("x").send().await;
    assert!(sent.unwrap_err().into_service_error().is_queue_does_not_exist());
    let received = bench.client.receive_message().queue_url(&url).wait_time_seconds(20).send().await;
    assert!(received.unwrap_err().into_service_error().is_queue_does_not_exist());
    let deleted = bench.client.delete_message().queue_url(&url).receipt_handle("x").send().await;
    assert!(deleted.unwrap_err().into_service_error().is_queue_does_not_exist());
    let told = bench.client.get_queue_attributes().queue_url(&url).send().await;
    assert!(told.unwrap_err().into_service_error().is_queue_does_not_exist());
    assert!(matches!(bench.sqs.depth("none"), Err(SqsError::UnknownQueue(_))));
    assert!(matches!(bench.sqs.idle_watch(&["none"]).await, Err(SqsError::UnknownQueue(_))));
}

#[tokio::test]
async fn attributes_are_told_and_set() {
    let bench = Bench::start().await;
    assert_eq!(
        bench.attribute("work", Name::QueueArn).await.as_deref(),
        Some("arn:aws:sqs:us-east-1:000000000000:work")
    );
    assert_eq!(bench.attribute("work", Name::QueueArn).await, Some(bench.sqs.queue_arn("work")));
    assert_eq!(bench.attribute("work", Name::VisibilityTimeout).await.as_deref(), Some("30"));
    let policy = bench.attribute("work", Name::RedrivePolicy).await.unwrap();
    let policy: serde_json::Value = serde_json::from_str(&policy).unwrap();
    assert_eq!(policy["maxReceiveCount"], 2);
    assert_eq!(policy["deadLetterTargetArn"], bench.sqs.queue_arn("dead"));

    let set = |name: Name, value: &str| {
        bench.client.set_queue_attributes().queue_url(bench.url("work")).attributes(name, value).send()
    };
    set(Name::VisibilityTimeout, "43200").await.unwrap();
    assert_eq!(bench.attribute("work", Name::VisibilityTimeout).await.as_deref(), Some("43200"));
    for (name, value) in [(Name::VisibilityTimeout, "43201"), (Name::DelaySeconds, "x")] {
        let error = set(name, value).await.unwrap_err().into_service_error();
        assert!(error.is_invalid_attribute_value(), "{error:?}");
    }
    let error = set(Name::FifoQueue, "true").await.unwrap_err().into_service_error();
    assert!(error.is_invalid_attribute_name(), "{error:?}");
    let nowhere = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:none","maxReceiveCount":3}"#;
    let error = set(Name::RedrivePolicy, nowhere).await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
    set(Name::RedrivePolicy, "").await.unwrap();
    assert_eq!(bench.attribute("work", Name::RedrivePolicy).await, None);
    let all = bench.client.get_queue_attributes().queue_url(bench.url("work")).attribute_names(Name::All);
    assert_eq!(all.send().await.unwrap().attributes.unwrap().len(), 11);
}

#[tokio::test]
async fn counts_follow_the_messages() {
    let bench = Bench::start().await;
    bench.send("one").await;
    bench.send("two").await;
    let delayed =
        bench.client.send_message().queue_url(bench.url("work")).message_body("later").delay_seconds(60);
    delayed.send().await.unwrap();
    let one = bench.client.receive_message().queue_url(bench.url("work")).send().await.unwrap();
    assert_eq!(one.messages().len(), 1);
    for name in [
        Name::ApproximateNumberOfMessages,
        Name::ApproximateNumberOfMessagesNotVisible,
        Name::ApproximateNumberOfMessagesDelayed,
    ] {
        assert_eq!(bench.attribute("work", name).await.as_deref(), Some("1"));
    }
}

#[tokio::test]
async fn purging_empties_a_queue_once_a_minute() {
    let bench = Bench::start().await;
    bench.send("one").await;
    bench.send("two").await;
    bench.client.receive_message().queue_url(bench.url("work")).send().await.unwrap();
    let purge = || bench.client.purge_queue().queue_url(bench.url("work")).send();
    purge().await.unwrap();
    assert!(bench.sqs.depth("work").unwrap().is_empty());
    let error = purge().await.unwrap_err().into_service_error();
    assert!(error.is_purge_queue_in_progress(), "{error:?}");
    bench.advance(60);
    purge().await.unwrap();
}

#[tokio::test]
async fn a_message_received_too_often_is_dead_lettered_and_redriven() {
    use aws_sdk_sqs::types::MessageSystemAttributeName as System;
    let bench = Bench::start().await;
    let id = bench.send("poison").await;
    for count in ["1", "2"] {
        let received = bench.receive("work").await;
        assert_eq!(system(&received[0], &System::ApproximateReceiveCount).as_deref(), Some(count));
        assert!(bench.receive("dead").await.is_empty());
        bench.advance(30);
    }
    // The third receive would exceed the count of two.
    assert_eq!(bench.sqs.depth("work").unwrap().visible, 1);
    assert!(bench.receive("work").await.is_empty());
    assert!(bench.sqs.depth("work").unwrap().is_empty());
    let dead = bench.receive("dead").await;
    assert_eq!(dead[0].message_id(), Some(id.as_str()));
    assert_eq!(system(&dead[0], &System::DeadLetterQueueSourceArn), Some(bench.sqs.queue_arn("work")));

    bench.advance(30);
    let task =
        |source: &str| bench.client.start_message_move_task().source_arn(bench.sqs.queue_arn(source)).send();
    assert!(task("dead").await.unwrap().task_handle().is_some());
    assert!(bench.sqs.depth("dead").unwrap().is_empty());
    let again = bench.receive("work").await;
    assert_eq!(again[0].body(), Some("poison"));
    assert_ne!(again[0].message_id(), Some(id.as_str()));
    assert_eq!(system(&again[0], &System::ApproximateReceiveCount).as_deref(), Some("1"));
    let error = task("work").await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
    let error = task("none").await.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception(), "{error:?}");
}

#[tokio::test]
async fn redrive_leaves_what_came_from_nowhere() {
    let bench = Bench::start().await;
    bench.client.send_message().queue_url(bench.url("dead")).message_body("direct").send().await.unwrap();
    let task = || bench.client.start_message_move_task().source_arn(bench.sqs.queue_arn("dead"));
    task().send().await.unwrap();
    assert_eq!(bench.sqs.depth("dead").unwrap().visible, 1);
    task().destination_arn(bench.sqs.queue_arn("work")).send().await.unwrap();
    assert_eq!(bench.bodies("work").await, ["direct"]);
}

#[tokio::test]
async fn a_definition_must_make_sense() {
    let [work, dead] = definitions();
    let cases = [
        vec![work.clone()],
        vec![QueueDefinition { max_receive_count: None, ..work.clone() }, dead.clone()],
        vec![QueueDefinition { max_receive_count: Some(0), ..work.clone() }, dead.clone()],
        vec![QueueDefinition { visibility_timeout_seconds: 43_201, ..dead.clone() }],
        vec![QueueDefinition { name: "a/b".to_owned(), ..dead }],
    ];
    for case in cases {
        let started = Sqs::start(&case, std::sync::Arc::new(|| 0), Faults::new(), None).await;
        assert!(matches!(started, Err(SqsError::Definition(..))), "{case:?}");
    }
}
