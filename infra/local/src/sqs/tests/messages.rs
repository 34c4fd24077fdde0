use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageAttributeValue,
    MessageSystemAttributeName, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    SendMessageBatchRequestEntry, SendMessageBatchResultEntry,
};

use super::{Bench, system};

fn text(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
}

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
}

#[tokio::test]
async fn a_message_travels_with_digests_and_attributes() {
    let bench = Bench::start().await;
    let binary =
        MessageAttributeValue::builder().data_type("Binary.png").binary_value(Blob::new([0, 1, 255]));
    let trace =
        MessageSystemAttributeValue::builder().data_type("String").string_value("Root=1").build().unwrap();
    let sent = bench
        .client
        .send_message()
        .queue_url(bench.url("work"))
        .message_body("hello")
        .message_attributes("kind", text("welcome"))
        .message_attributes("picture", binary.build().unwrap())
        .message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, trace)
        .message_group_id("tenant")
        .send()
        .await
        .unwrap();
    // From `md5sum`, and from the algorithm written out with Python's hashlib.
    assert_eq!(sent.md5_of_message_body(), Some("5d41402abc4b2a76b9719d911017c592"));
    assert_eq!(sent.md5_of_message_attributes(), Some("0afcc571cd09b9710ba73bf063e233e3"));

    let ask = bench.client.receive_message().queue_url(bench.url("work"));
    let ask =
        ask.message_system_attribute_names(MessageSystemAttributeName::All).message_attribute_names("ki.*");
    let received = ask.message_attribute_names("picture").send().await.unwrap().messages.unwrap();
    assert_eq!(received.len(), 1);
    let message = &received[0];
    assert_eq!(message.message_id(), sent.message_id());
    assert_eq!(message.md5_of_body(), sent.md5_of_message_body());
    assert_eq!(message.md5_of_message_attributes(), sent.md5_of_message_attributes());
    let attributes = message.message_attributes().unwrap();
    assert_eq!(attributes["kind"].string_value(), Some("welcome"));
    assert_eq!(attributes["picture"].binary_value().unwrap().as_ref(), [0, 1, 255]);
    let now = bench.hand.now().to_string();
    assert_eq!(system(message, &MessageSystemAttributeName::SentTimestamp), Some(now.clone()));
    assert_eq!(system(message, &MessageSystemAttributeName::ApproximateFirstReceiveTimestamp), Some(now));
    assert_eq!(system(message, &MessageSystemAttributeName::ApproximateReceiveCount).as_deref(), Some("1"));
    assert_eq!(system(message, &MessageSystemAttributeName::AwsTraceHeader).as_deref(), Some("Root=1"));
    assert_eq!(system(message, &MessageSystemAttributeName::MessageGroupId).as_deref(), Some("tenant"));
    bench.sqs.stop().await;
}

#[tokio::test]
async fn only_what_is_asked_for_is_told() {
    let bench = Bench::start().await;
    let send = bench.client.send_message().queue_url(bench.url("work")).message_body("plain");
    send.message_attributes("kind", text("welcome")).send().await.unwrap();
    let received = bench.client.receive_message().queue_url(bench.url("work")).send().await.unwrap();
    let message = &received.messages()[0];
    assert!(message.attributes().is_none() && message.message_attributes().is_none());
    assert_eq!(message.md5_of_message_attributes(), None);
}

#[tokio::test]
async fn a_batch_fails_entry_by_entry() {
    let bench = Bench::start().await;
    let late = SendMessageBatchRequestEntry::builder().id("late").message_body("late").delay_seconds(901);
    let sent = bench
        .client
        .send_message_batch()
        .queue_url(bench.url("work"))
        .entries(entry("good", "good"))
        .entries(entry("control", "bell \u{7}"))
        .entries(late.build().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(sent.successful().iter().map(SendMessageBatchResultEntry::id).collect::<Vec<_>>(), ["good"]);
    let failed: Vec<_> = sent.failed().iter().map(|it| (it.id(), it.code(), it.sender_fault())).collect();
    assert_eq!(
        failed,
        [("control", "InvalidMessageContents", true), ("late", "InvalidParameterValue", true)]
    );
    assert_eq!(bench.bodies("work").await, ["good"]);
}

#[tokio::test]
async fn a_bad_batch_is_refused_whole() {
    let bench = Bench::start().await;
    let send = |entries: Vec<SendMessageBatchRequestEntry>| {
        bench.client.send_message_batch().queue_url(bench.url("work")).set_entries(Some(entries)).send()
    };
    let many = (0..11).map(|n| entry(&n.to_string(), "x")).collect();
    let half = "x".repeat(524_288);
    let error = send(vec![]).await.unwrap_err().into_service_error();
    assert!(error.is_empty_batch_request(), "{error:?}");
    let error = send(many).await.unwrap_err().into_service_error();
    assert!(error.is_too_many_entries_in_batch_request(), "{error:?}");
    let error = send(vec![entry("a", "1"), entry("a", "2")]).await.unwrap_err().into_service_error();
    assert!(error.is_batch_entry_ids_not_distinct(), "{error:?}");
    let error = send(vec![entry("a b", "1")]).await.unwrap_err().into_service_error();
    assert!(error.is_invalid_batch_entry_id(), "{error:?}");
    let too_long = vec![entry("a", &half), entry("b", &half), entry("c", "!")];
    let error = send(too_long).await.unwrap_err().into_service_error();
    assert!(error.is_batch_request_too_long(), "{error:?}");
    assert!(bench.sqs.depth("work").unwrap().is_empty());
    assert_eq!(send(vec![entry("a", &half), entry("b", &half)]).await.unwrap().successful().len(), 2);
}

#[tokio::test]
async fn a_message_has_limits() {
    let bench = Bench::start().await;
    let send = |body: String| bench.client.send_message().queue_url(bench.url("work")).message_body(body);
    send("\"".repeat(1_048_576)).send().await.unwrap();
    let code =
        |error: aws_sdk_sqs::operation::send_message::SendMessageError| error.code().map(str::to_owned);
    let error = send("x".repeat(1_048_577)).send().await.unwrap_err().into_service_error();
    assert_eq!(code(error).as_deref(), Some("InvalidParameterValue"));
    let error = send(String::new()).send().await.unwrap_err().into_service_error();
    assert_eq!(code(error).as_deref(), Some("MissingParameter"));
    let error = send("\u{0}".to_owned()).send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_message_contents(), "{error:?}");
    for bad in
        [send("x".to_owned()).message_attributes("AWS.x", text("x")), send("x".to_owned()).delay_seconds(-1)]
    {
        let error = bad.send().await.unwrap_err().into_service_error();
        assert_eq!(code(error).as_deref(), Some("InvalidParameterValue"));
    }
    let eleven = (0..11).fold(send("x".to_owned()), |it, n| it.message_attributes(n.to_string(), text("x")));
    let error = eleven.send().await.unwrap_err().into_service_error();
    assert_eq!(code(error).as_deref(), Some("InvalidParameterValue"));
    assert_eq!(bench.sqs.depth("work").unwrap().visible, 1);
}

#[tokio::test]
async fn at_most_as_many_as_asked_for_are_received() {
    let bench = Bench::start().await;
    for n in 0..12 {
        bench.send(&n.to_string()).await;
    }
    let one = bench.client.receive_message().queue_url(bench.url("work")).send().await.unwrap();
    assert_eq!(one.messages().len(), 1);
    assert_eq!(bench.receive("work").await.len(), 10);
    assert_eq!(bench.bodies("work").await, ["11"]);
    assert_eq!(bench.receive("work").await.len(), 0);
    for bad in [0, 11] {
        let ask = bench.client.receive_message().queue_url(bench.url("work")).max_number_of_messages(bad);
        let error = ask.send().await.unwrap_err().into_service_error();
        assert_eq!(error.code(), Some("InvalidParameterValue"));
    }
}

#[tokio::test]
async fn deleting_takes_the_latest_handle() {
    let bench = Bench::start().await;
    bench.send("job").await;
    let stale = bench.receive("work").await.remove(0);
    bench.advance(30);
    let latest = bench.receive("work").await.remove(0);
    assert_ne!(stale.receipt_handle(), latest.receipt_handle());
    bench.delete(&stale).await;
    assert_eq!(bench.sqs.depth("work").unwrap().in_flight, 1);
    bench.advance(30);
    // Timed out, but not received again: the handle still counts.
    bench.delete(&latest).await;
    assert!(bench.sqs.depth("work").unwrap().is_empty());
    bench.delete(&latest).await;
    let delete = bench.client.delete_message().queue_url(bench.url("work")).receipt_handle("nonsense");
    let error = delete.send().await.unwrap_err().into_service_error();
    assert!(error.is_receipt_handle_is_invalid(), "{error:?}");
}

#[tokio::test]
async fn batches_settle_entry_by_entry() {
    let bench = Bench::start().await;
    bench.send("one").await;
    bench.send("two").await;
    let received = bench.receive("work").await;
    let handle = |n: usize| received[n].receipt_handle().unwrap();
    let change = |id: &str, handle: &str| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(handle);
        entry.visibility_timeout(0).build().unwrap()
    };
    let changed = bench.client.change_message_visibility_batch().queue_url(bench.url("work"));
    let changed = changed.entries(change("a", handle(0))).entries(change("b", "bad")).send().await.unwrap();
    assert_eq!((changed.successful()[0].id(), changed.failed()[0].id()), ("a", "b"));
    assert_eq!(changed.failed()[0].code(), "ReceiptHandleIsInvalid");
    let remove = |id: &str, handle: &str| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
    };
    let removed = bench.client.delete_message_batch().queue_url(bench.url("work"));
    let removed = removed.entries(remove("b", handle(1))).entries(remove("x", "bad")).send().await.unwrap();
    assert_eq!((removed.successful()[0].id(), removed.failed()[0].id()), ("b", "x"));
    assert_eq!(bench.bodies("work").await, ["one"]);
    let twice = bench.client.delete_message_batch().queue_url(bench.url("work"));
    let twice = twice.entries(remove("a", handle(0))).entries(remove("a", handle(1)));
    let error = twice.send().await.unwrap_err().into_service_error();
    assert!(error.is_batch_entry_ids_not_distinct(), "{error:?}");
}
