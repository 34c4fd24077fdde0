//! Event notifications: a queue is told of a new object before whoever put it gets an answer.
//!
//! Source: "Event message structure" in the Amazon S3 User Guide
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>).

use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::error::DisplayErrorContext;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::store::Head;
use crate::sqs::{REGION, Sqs};
use crate::template::Notification;

/// The role as which the buckets call the queues.
pub const SENDER: &str = "local-s3";

/// Sends notifications.
#[derive(Debug)]
pub(super) struct Notifier {
    client: aws_sdk_sqs::Client,
    /// A queue's URL without its name.
    base: String,
    sent: AtomicU64,
}

/// An object that has just been put.
pub(super) struct Created<'a> {
    pub(super) bucket: &'a str,
    pub(super) head: &'a Head,
    /// Who put it.
    pub(super) role: &'a str,
    /// From where.
    pub(super) address: &'a str,
}

/// A queue did not take a notification.
#[derive(Debug, thiserror::Error)]
#[error("the queue {queue} was not told of a new object: {reason}")]
pub(super) struct Untold {
    queue: String,
    reason: String,
}

impl Notifier {
    pub(super) fn new(sqs: &Sqs) -> Self {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(REGION))
            .credentials_provider(Credentials::new(SENDER, "local", None, None, "banister-local"))
            .endpoint_url(sqs.endpoint());
        Self {
            client: aws_sdk_sqs::Client::from_conf(config.build()),
            base: sqs.queue_url(""),
            sent: AtomicU64::new(0),
        }
    }

    /// Tells every queue that asked for objects like this one.
    pub(super) async fn tell(&self, rules: &[Notification], created: &Created<'_>) -> Result<(), Untold> {
        for rule in rules.iter().filter(|rule| concerns(rule, &created.head.key)) {
            let body = json!({ "Records": [self.record(created)] }).to_string();
            let queue = format!("{}{}", self.base, rule.queue);
            if let Err(error) = self.client.send_message().queue_url(queue).message_body(body).send().await {
                let reason = DisplayErrorContext(&error).to_string();
                return Err(Untold { queue: rule.queue.clone(), reason });
            }
        }
        Ok(())
    }

    fn record(&self, created: &Created<'_>) -> Value {
        let Created { bucket, head, role, address } = created;
        let at = head.put_at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        json!({
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": REGION,
            "eventTime": at,
            "eventName": "ObjectCreated:Put",
            "userIdentity": { "principalId": format!("AWS:{role}") },
            "requestParameters": { "sourceIPAddress": address },
            "responseElements": { "x-amz-request-id": format!("{number:016X}"), "x-amz-id-2": "local" },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "local",
                "bucket": {
                    "name": bucket,
                    "ownerIdentity": { "principalId": "LOCAL" },
                    "arn": format!("arn:aws:s3:::{bucket}"),
                },
                "object": {
                    "key": encoded(&head.key),
                    "size": head.size,
                    "eTag": head.etag,
                    "sequencer": format!("{:012X}{number:06X}", head.put_at.as_millisecond()),
                },
            },
        })
    }
}

/// Whether a rule wants to hear of a new object with this key.
fn concerns(rule: &Notification, key: &str) -> bool {
    ["s3:ObjectCreated:*", "s3:ObjectCreated:Put"].contains(&rule.event.as_str())
        && key.starts_with(&rule.prefix)
        && key.ends_with(&rule.suffix)
}

/// As S3 writes keys in events: encoded like a form, but for the slashes.
fn encoded(key: &str) -> String {
    let parts =
        key.split('/').map(|part| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>());
    parts.collect::<Vec<_>>().join("/")
}
