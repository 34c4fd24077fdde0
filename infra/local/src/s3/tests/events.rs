//! The queue is told of new objects.

use aws_lambda_events::event::s3::S3Event;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};

use super::*;

/// The bodies of all messages that wait.
async fn messages(stage: &Stage) -> Vec<S3Event> {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("local-test", "local", None, None, "test"))
        .endpoint_url(stage.sqs.endpoint());
    let client = aws_sdk_sqs::Client::from_conf(config.build());
    let url = stage.sqs.queue_url("MediaQueue");
    let received = client.receive_message().queue_url(url).max_number_of_messages(10).send().await.unwrap();
    let bodies = received.messages().iter().map(|message| message.body().unwrap());
    bodies.map(|body| serde_json::from_str(body).expect("an S3 event")).collect()
}

#[tokio::test]
async fn a_new_object_is_told_before_its_put_is_answered() {
    let stage = Stage::start().await;
    let signed = stage.presigned("uploads/photos/usr_1/a b+ä", 7).await;
    let (status, answer) = stage.put(signed.uri(), "image/jpeg", "picture").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(stage.queued(), 1);
    let event = messages(&stage).await.remove(0).records.remove(0);
    assert_eq!(event.event_name.as_deref(), Some("ObjectCreated:Put"));
    assert_eq!(event.event_version.as_deref(), Some("2.1"));
    assert_eq!(event.event_source.as_deref(), Some("aws:s3"));
    assert_eq!(event.event_time.timestamp() - stage.clock.now().as_second(), 0);
    assert_eq!(event.principal_id.principal_id.as_deref(), Some("AWS:local-http"));
    assert_eq!(event.request_parameters.source_ip_address.as_deref(), Some("127.0.0.1"));
    assert_eq!(event.s3.bucket.name.as_deref(), Some(PRIVATE));
    assert_eq!(event.s3.bucket.arn.as_deref(), Some("arn:aws:s3:::banister-local-private"));
    assert_eq!(event.s3.object.key.as_deref(), Some("uploads/photos/usr_1/a+b%2B%C3%A4"));
    assert_eq!(event.s3.object.size, Some(7));
    assert_eq!(event.s3.object.e_tag.as_deref(), Some("5456fc54c74a297ce994998c2873b370"));
}

#[tokio::test]
async fn later_events_of_a_key_have_higher_sequencers() {
    let stage = Stage::start().await;
    let client = stage.s3.client("local-media");
    for _ in 0..3 {
        client.put_object().bucket(PRIVATE).key("uploads/photos/a").send().await.unwrap();
    }
    let events = messages(&stage).await;
    let mut told: Vec<_> =
        events.into_iter().map(|mut it| it.records.remove(0).s3.object.sequencer).collect();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 3);
}

#[tokio::test]
async fn only_keys_that_somebody_asked_for_are_told() {
    let stage = Stage::start().await;
    let client = stage.s3.client("local-media");
    for (bucket, key) in [(PRIVATE, "uploads/documents/a"), (PRIVATE, "a"), (PUBLIC, "uploads/photos/a")] {
        client.put_object().bucket(bucket).key(key).send().await.unwrap();
    }
    assert_eq!(stage.queued(), 0);
}

#[tokio::test]
async fn an_object_that_nobody_was_told_of_is_no_success() {
    let stage = Stage::start().await;
    stage.faults.crash_before(super::super::SENDER, 1);
    let signed = stage.presigned("uploads/photos/a", 7).await;
    let (status, answer) = stage.put(signed.uri(), "image/jpeg", "picture").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{answer}");
    stage.faults.revive(super::super::SENDER);
    assert_eq!(stage.put(signed.uri(), "image/jpeg", "picture").await.0, StatusCode::OK);
    assert_eq!(stage.queued(), 1);
}

#[tokio::test]
async fn a_lost_answer_of_the_queue_tells_twice() {
    let stage = Stage::start().await;
    stage.faults.script(super::super::SENDER, "SendMessage", crate::faults::Verdict::LoseAnswer);
    let put = stage.s3.client("local-media").put_object().bucket(PRIVATE).key("uploads/photos/a");
    put.body(ByteStream::from_static(b"picture")).send().await.unwrap();
    assert_eq!(stage.queued(), 2, "at least once");
}
