//! Lambda's part: the event source mappings, which turn a stream and a queue into batches.

use std::time::Duration;

use aws_lambda_events::event::dynamodb::Event as StreamEvent;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use aws_sdk_dynamodbstreams::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodbstreams::types::{AttributeValue, OperationType, Record, ShardIteratorType};
use aws_sdk_sqs::types::MessageSystemAttributeName;
use banister_platform::clock::Clock;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::table::key;
use banister_queue_email::EmailWorker;
use banister_queue_jobs::JobsWorker;
use banister_queue_media::MediaWorker;
use banister_queue_socket::SocketWorker;
use banister_stream_projections::Projections;
use banister_stream_relay::Relay;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::CloudError;
use crate::dynamodb::Front;

/// Between two tries of a batch that failed.
const PAUSE: Duration = Duration::from_millis(20);
/// As long as the functions of the stream and of the queues may begin with records and messages.
const TIMEOUT: SignedDuration = SignedDuration::from_secs(20);

/// The table's stream, from the moment of opening on. What was written before and not relayed is
/// the sweep's, and what was not linked is linked at the next start.
pub(super) struct StreamSource {
    client: aws_sdk_dynamodbstreams::Client,
    iterator: Option<String>,
}

impl StreamSource {
    pub(super) async fn open(front: &Front, role: &'static str) -> Result<Self, CloudError> {
        let config = aws_sdk_dynamodbstreams::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new(role, "local", None, None, "banister-local"))
            .endpoint_url(front.endpoint_url());
        let client = aws_sdk_dynamodbstreams::Client::from_conf(config.build());
        let broken = |what: &dyn std::fmt::Display| CloudError::Create(format!("stream: {what}"));
        let streams = client.list_streams().table_name(super::TABLE).send().await;
        let streams = streams.map_err(|error| broken(&error))?;
        let arn = streams.streams().first().and_then(|stream| stream.stream_arn());
        let arn = arn.ok_or_else(|| broken(&"the table has none"))?.to_owned();
        let stream =
            client.describe_stream().stream_arn(&arn).send().await.map_err(|error| broken(&error))?;
        let shards = stream.stream_description.map(|stream| stream.shards.unwrap_or_default());
        let shard = shards.and_then(|shards| shards.into_iter().next()).and_then(|shard| shard.shard_id);
        let iterator = client
            .get_shard_iterator()
            .stream_arn(arn)
            .shard_id(shard.ok_or_else(|| broken(&"it has no shard"))?)
            .shard_iterator_type(ShardIteratorType::Latest)
            .send()
            .await
            .map_err(|error| broken(&error))?;
        Ok(Self { client, iterator: iterator.shard_iterator })
    }

    /// The next records; none where there are no new ones.
    async fn next(&mut self) -> Result<Vec<Record>, String> {
        let iterator = self.iterator.clone().ok_or("the shard is closed")?;
        let answer = self.client.get_records().shard_iterator(iterator).send().await;
        let answer = answer.map_err(|error| error.to_string())?;
        self.iterator = answer.next_shard_iterator;
        Ok(answer.records.unwrap_or_default())
    }
}

/// A function that follows the table's stream.
pub(super) trait Follower: Send + Sync + 'static {
    /// Whether its filter in template.yaml lets a record through: what happened to the item at this key.
    fn wants(happened: &str, pk: &str, sk: &str) -> bool;

    /// The time that it knows.
    fn clock(&self) -> &Clock;

    /// Does a batch; Lambda goes on at the record in the answer.
    fn handle(
        &self,
        batch: StreamEvent,
        deadline: Timestamp,
    ) -> impl Future<Output = DynamoDbEventResponse> + Send;
}

impl Follower for Relay {
    fn wants(happened: &str, pk: &str, _sk: &str) -> bool {
        happened == "INSERT" && pk.starts_with(key::OUTBOX)
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    async fn handle(&self, batch: StreamEvent, deadline: Timestamp) -> DynamoDbEventResponse {
        Self::handle(self, batch, deadline).await
    }
}

impl Follower for Projections {
    fn wants(happened: &str, pk: &str, sk: &str) -> bool {
        let known = [&key::COUNTED[..], &key::CARDED].concat();
        let audited = happened == "INSERT" && pk.starts_with(key::AUDIT);
        let of_time = key::part_of_calendar(pk, sk).is_some() || key::part_of_resource(pk, sk).is_some();
        audited || known.contains(&sk) || of_time
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    async fn handle(&self, batch: StreamEvent, deadline: Timestamp) -> DynamoDbEventResponse {
        Self::handle(self, batch, deadline).await
    }
}

/// Feeds the stream to a function, in order; a failed record is tried again until it passes.
/// `progress` tells up to which write everything has been seen.
pub(super) async fn run_stream(
    mut source: StreamSource,
    follower: impl Follower,
    mut writes: watch::Receiver<u64>,
    progress: watch::Sender<u64>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let seen = *writes.borrow_and_update();
        loop {
            let records = match source.next().await {
                Ok(records) => records,
                Err(error) => {
                    tracing::warn!(error, "the stream does not answer");
                    // Nothing has been seen: to go on waiting for writes would leave it lying.
                    if *stop.borrow() {
                        return;
                    }
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let wanted: Vec<_> =
                records.iter().map(record_json).filter(|record| passes(&follower, record)).collect();
            if records.is_empty() || !feed_all(&follower, wanted, &stop).await {
                break;
            }
        }
        progress.send_replace(seen);
        tokio::select! {
            changed = writes.changed() => if changed.is_err() { return },
            () = super::stopped(&mut stop) => return,
        }
    }
}

/// Whether a function's filter lets a record through.
fn passes<F: Follower>(_: &F, record: &Value) -> bool {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let keys = &record["dynamodb"]["Keys"];
    F::wants(&text(&record["eventName"]), &text(&keys["PK"]["S"]), &text(&keys["SK"]["S"]))
}

/// False when told to stop before all was done.
async fn feed_all(follower: &impl Follower, mut records: Vec<Value>, stop: &watch::Receiver<bool>) -> bool {
    while !records.is_empty() {
        let event: StreamEvent = match serde_json::from_value(json!({ "Records": records })) {
            Ok(event) => event,
            Err(error) => {
                tracing::error!(%error, "a stream record that no function can read");
                return true;
            }
        };
        let deadline = follower.clock().now().saturating_add(TIMEOUT).unwrap_or(Timestamp::MAX);
        let failed = follower.handle(event, deadline).await.batch_item_failures;
        let Some(first) = failed.into_iter().next().and_then(|failure| failure.item_identifier) else {
            return true;
        };
        let at = records.iter().position(|record| record["dynamodb"]["SequenceNumber"] == first.as_str());
        records.drain(..at.unwrap_or(0));
        if *stop.borrow() {
            return false;
        }
        tokio::time::sleep(PAUSE).await;
    }
    true
}

/// A record as Lambda hands it to a function
/// (<https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>).
fn record_json(record: &Record) -> Value {
    let change = record.dynamodb.as_ref();
    let image = |item: Option<&std::collections::HashMap<String, AttributeValue>>| {
        item.map(|item| {
            item.iter().map(|(name, value)| (name.clone(), value_json(value))).collect::<Map<_, _>>()
        })
    };
    json!({
        "eventID": record.event_id,
        "eventName": record.event_name.as_ref().map(OperationType::as_str),
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 0,
            "Keys": image(change.and_then(|change| change.keys.as_ref())).unwrap_or_default(),
            "NewImage": image(change.and_then(|change| change.new_image.as_ref())).unwrap_or_default(),
            "OldImage": image(change.and_then(|change| change.old_image.as_ref())).unwrap_or_default(),
            "SequenceNumber": change.and_then(|change| change.sequence_number.clone()),
            "SizeBytes": change.and_then(|change| change.size_bytes).unwrap_or(0),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    })
}

fn value_json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
        AttributeValue::L(list) => json!({ "L": list.iter().map(value_json).collect::<Vec<_>>() }),
        AttributeValue::M(map) => {
            let map: Map<_, _> = map.iter().map(|(name, value)| (name.clone(), value_json(value))).collect();
            json!({ "M": map })
        }
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        AttributeValue::Ns(numbers) => json!({ "NS": numbers }),
        _ => json!({ "NULL": true }),
    }
}

/// A queue as a source of batches.
pub(super) struct QueueSource {
    client: aws_sdk_sqs::Client,
    url: String,
    most: i32,
}

impl QueueSource {
    pub(super) fn new(settings: &Settings, name: &'static str) -> Result<Self, ConfigError> {
        let role = settings.required("AWS_ACCESS_KEY_ID")?;
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new(role, "local", None, None, "banister-local"))
            .endpoint_url(settings.required("AWS_ENDPOINT_URL_SQS")?);
        let client = aws_sdk_sqs::Client::from_conf(config.build());
        Ok(Self { client, url: settings.required(name)?, most: 10 })
    }

    /// The same queue, in batches of one message.
    pub(super) fn one_by_one(self) -> Self {
        Self { most: 1, ..self }
    }
}

/// A function that takes batches of messages.
pub(super) trait Worker: Send + Sync + 'static {
    /// Does a batch; what is in the answer comes again.
    fn handle(
        &self,
        batch: SqsEvent,
        deadline: Option<Timestamp>,
    ) -> impl Future<Output = SqsBatchResponse> + Send;
}

impl Worker for EmailWorker {
    async fn handle(&self, batch: SqsEvent, deadline: Option<Timestamp>) -> SqsBatchResponse {
        Self::handle(self, batch, deadline).await
    }
}

impl Worker for JobsWorker {
    async fn handle(&self, batch: SqsEvent, deadline: Option<Timestamp>) -> SqsBatchResponse {
        Self::handle(self, batch, deadline).await
    }
}

impl Worker for MediaWorker {
    async fn handle(&self, batch: SqsEvent, deadline: Option<Timestamp>) -> SqsBatchResponse {
        Self::handle(self, batch, deadline).await
    }
}

impl Worker for SocketWorker {
    async fn handle(&self, batch: SqsEvent, deadline: Option<Timestamp>) -> SqsBatchResponse {
        Self::handle(self, batch, deadline).await
    }
}

/// Feeds a queue to its worker. What it reports as failed stays in the queue and comes again after
/// the visibility timeout, or goes to the dead-letter queue.
pub(super) async fn run_queue(
    source: QueueSource,
    worker: impl Worker,
    clock: Clock,
    mut stop: watch::Receiver<bool>,
) {
    let QueueSource { client, url, most } = source;
    loop {
        let receive = client
            .receive_message()
            .queue_url(&url)
            .max_number_of_messages(most)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .wait_time_seconds(20);
        let received = tokio::select! {
            received = receive.send() => received,
            () = super::stopped(&mut stop) => return,
        };
        let messages = match received {
            Ok(answer) => answer.messages.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%error, "the queue does not answer");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        if messages.is_empty() {
            continue;
        }
        let mut event = SqsEvent::default();
        for message in &messages {
            let mut record = SqsMessage::default();
            record.message_id.clone_from(&message.message_id);
            record.receipt_handle.clone_from(&message.receipt_handle);
            record.body.clone_from(&message.body);
            let attributes = message.attributes.iter().flatten();
            record.attributes =
                attributes.map(|(name, value)| (name.as_str().into(), value.clone())).collect();
            event.records.push(record);
        }
        let deadline = clock.now().saturating_add(TIMEOUT).ok();
        let failed = worker.handle(event, deadline).await.batch_item_failures;
        for message in messages {
            let id = message.message_id.unwrap_or_default();
            if failed.iter().any(|failure| failure.item_identifier == id) {
                continue;
            }
            let delete = client.delete_message().queue_url(&url).set_receipt_handle(message.receipt_handle);
            if let Err(error) = delete.send().await {
                // The message comes again, and the worker knows it by its event's id.
                tracing::warn!(%error, "a handled message was not deleted");
            }
        }
    }
}
