//! The emulator as the real SDK sees it.

mod faulty;
mod messages;
mod persistence;
mod queues;
mod time;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};

use super::{Clock, QueueDefinition, Sqs};
use crate::faults::Faults;

/// A clock that stands still until it is moved.
#[derive(Clone)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn clock(&self) -> Clock {
        let hand = self.clone();
        Arc::new(move || hand.now())
    }

    fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Started queues: `work` (30 s, two receives, then `dead`) and `dead`.
struct Bench {
    sqs: Sqs,
    client: Client,
    faults: Faults,
    hand: Hand,
}

impl Bench {
    async fn start() -> Self {
        Self::start_in(None).await
    }

    async fn start_in(data_dir: Option<PathBuf>) -> Self {
        let hand = Hand(Arc::new(AtomicI64::new(1_800_000_000_000)));
        let faults = Faults::new();
        let sqs = Sqs::start(&definitions(), hand.clock(), faults.clone(), data_dir).await.unwrap();
        let client = client(&sqs, "worker");
        Self { sqs, client, faults, hand }
    }

    fn advance(&self, seconds: i64) {
        self.hand.0.fetch_add(seconds * 1000, Ordering::SeqCst);
        self.sqs.clock_moved();
    }

    fn url(&self, name: &str) -> String {
        self.sqs.queue_url(name)
    }

    async fn send(&self, body: &str) -> String {
        let sent = self.client.send_message().queue_url(self.url("work")).message_body(body).send().await;
        sent.unwrap().message_id.unwrap()
    }

    /// What one short poll brings, with all system attributes.
    async fn receive(&self, queue: &str) -> Vec<Message> {
        let ask = self.client.receive_message().queue_url(self.url(queue)).max_number_of_messages(10);
        let ask = ask.message_system_attribute_names(MessageSystemAttributeName::All);
        ask.send().await.unwrap().messages.unwrap_or_default()
    }

    async fn bodies(&self, queue: &str) -> Vec<String> {
        self.receive(queue).await.into_iter().map(|message| message.body.unwrap()).collect()
    }

    async fn delete(&self, message: &Message) {
        let handle = message.receipt_handle().unwrap();
        self.client.delete_message().queue_url(self.url("work")).receipt_handle(handle).send().await.unwrap();
    }

    async fn attribute(&self, queue: &str, name: QueueAttributeName) -> Option<String> {
        let ask = self.client.get_queue_attributes().queue_url(self.url(queue)).attribute_names(name.clone());
        ask.send().await.unwrap().attributes?.remove(&name)
    }
}

fn definitions() -> [QueueDefinition; 2] {
    let work = QueueDefinition {
        name: "work".to_owned(),
        visibility_timeout_seconds: 30,
        max_receive_count: Some(2),
        dead_letter: Some("dead".to_owned()),
    };
    let dead = QueueDefinition {
        name: "dead".to_owned(),
        max_receive_count: None,
        dead_letter: None,
        ..work.clone()
    };
    [work, dead]
}

/// The real SDK, without retries, so that each fault is seen.
fn client(sqs: &Sqs, role: &str) -> Client {
    client_with(sqs, role, RetryConfig::disabled())
}

fn client_with(sqs: &Sqs, role: &str, retries: RetryConfig) -> Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(sqs.endpoint())
        .credentials_provider(Credentials::new(role, "secret", None, None, "tests"))
        .retry_config(retries)
        .timeout_config(TimeoutConfig::disabled())
        .build();
    Client::from_conf(config)
}

fn system(message: &Message, name: &MessageSystemAttributeName) -> Option<String> {
    message.attributes.as_ref()?.get(name).cloned()
}
