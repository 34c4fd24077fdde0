//! Sending to SQS.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::types::MessageAttributeValue;

use crate::aws::client_config;
use crate::config::{ConfigError, Settings};

/// A message was not accepted, or nobody knows whether it was.
#[derive(Debug, thiserror::Error)]
#[error("the queue is unavailable: {0}")]
pub struct QueueError(String);

/// One queue, to send to.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The queue whose URL the setting `name` holds, reached at `AWS_ENDPOINT_URL_SQS` if that is set.
    pub fn from_settings(settings: &Settings, name: &'static str) -> Result<Self, ConfigError> {
        let mut config = client_config(settings)?;
        config.set_endpoint_url(settings.optional("AWS_ENDPOINT_URL_SQS"));
        Ok(Self { client: Client::new(&config.build()), url: settings.required(name)? })
    }

    /// Sends one message; it arrives at least once.
    pub async fn send(&self, body: String) -> Result<(), QueueError> {
        let answer = self.client.send_message().queue_url(&self.url).message_body(body).send().await;
        answer.map(|_| ()).map_err(|error| QueueError(error.code().unwrap_or("not reached").to_owned()))
    }

    /// Puts a message aside that will never work, with the reason as attribute `reason`. The body
    /// stays as it was, so that it can be sent again unchanged.
    pub async fn put_aside(&self, body: String, reason: &str) -> Result<(), QueueError> {
        let reason = MessageAttributeValue::builder().data_type("String").string_value(reason).build();
        let reason = reason.map_err(|error| QueueError(error.to_string()))?;
        let call = self.client.send_message().queue_url(&self.url).message_body(body);
        let answer = call.message_attributes("reason", reason).send().await;
        answer.map(|_| ()).map_err(|error| QueueError(error.code().unwrap_or("not reached").to_owned()))
    }
}
