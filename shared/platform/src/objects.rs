//! Object storage (S3): small objects, read and written whole, and uploads that others are let make.

pub mod key;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{Builder, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use jiff::Timestamp;

use crate::aws::client_config;
use crate::config::{ConfigError, Settings};
use crate::worker::WorkError;

/// Why storage did not do as it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// There is no such object.
    #[error("there is no such object")]
    Missing,
    /// The object is larger than it may be.
    #[error("the object is larger than {0} bytes")]
    TooLarge(u64),
    /// Storage could not be reached or is overloaded; whether a write took place is not known.
    #[error("storage is unavailable: {0}")]
    Unavailable(String),
    /// Storage refused the call itself: a right is missing, or the call is wrong.
    #[error("storage refused the call: {0}")]
    Rejected(String),
}

impl From<ObjectError> for WorkError {
    fn from(error: ObjectError) -> Self {
        match error {
            // A missing right is mended by an operator; the work must still be there then.
            ObjectError::Unavailable(_) | ObjectError::Rejected(_) => Self::Retry(error.to_string()),
            ObjectError::Missing | ObjectError::TooLarge(_) => Self::Poison(error.to_string()),
        }
    }
}

/// The errors that pass by themselves
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>).
const PASSING: [&str; 8] = [
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "RequestTimeTooSkewed",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottlingException",
    "503",
];

/// All buckets that the function's rights reach; clones and buckets share its connections.
#[derive(Debug, Clone)]
pub struct Objects {
    client: Client,
}

impl Objects {
    /// Reached at `AWS_ENDPOINT_URL_S3` if that is set, by path and not by host name then.
    pub fn from_settings(settings: &Settings) -> Result<Self, ConfigError> {
        let endpoint = settings.optional("AWS_ENDPOINT_URL_S3");
        let mut config = client_config(settings)?
            .retry_config(retries())
            .timeout_config(timeouts())
            // A presigned upload would carry the checksum of no bytes at all.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        config.set_endpoint_url(endpoint.clone());
        let config = Builder::from(&config.build()).force_path_style(endpoint.is_some());
        Ok(Self { client: Client::from_conf(config.build()) })
    }

    /// The bucket that the setting `name` names.
    pub fn bucket(&self, settings: &Settings, name: &'static str) -> Result<Bucket, ConfigError> {
        Ok(Bucket { client: self.client.clone(), name: settings.required(name)? })
    }
}

/// A request that whoever has it may send once or more until it expires, as the function that signed it.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// HTTP method.
    pub method: String,
    /// Where to; whoever knows it may do it.
    pub url: String,
    /// The headers that must come with it, exactly so, in lower case and in order.
    pub headers: Vec<(String, String)>,
}

impl std::fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignedRequest({} …)", self.method)
    }
}

/// One bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// The bucket that the setting `name` names, where no other one is needed.
    pub fn from_settings(settings: &Settings, name: &'static str) -> Result<Self, ConfigError> {
        Objects::from_settings(settings)?.bucket(settings, name)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// An upload of exactly `length` bytes of this type to `key`, good for `lifetime` (at most a
    /// week) from `now` on. Made without a call.
    pub async fn presign_put(
        &self,
        key: &str,
        content_type: &str,
        length: u32,
        lifetime: Duration,
        now: Timestamp,
    ) -> Result<SignedRequest, ObjectError> {
        let config = presigning(lifetime, now)?;
        let call = self.client.put_object().bucket(&self.name).key(key);
        let call = call.content_type(content_type).content_length(length.into());
        let signed = call.presigned(config).await.map_err(explain)?;
        let mut headers: Vec<_> =
            signed.headers().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        headers.sort();
        Ok(SignedRequest { method: signed.method().to_owned(), url: signed.uri().to_owned(), headers })
    }

    /// A download of the object at `key`, to be kept by a browser as a file of this name, good for
    /// `lifetime` (at most a week) from `now` on. Made without a call; whether there is such an object is
    /// not looked at.
    pub async fn presign_get(
        &self,
        key: &str,
        (content_type, file_name): (&str, &str),
        lifetime: Duration,
        now: Timestamp,
    ) -> Result<String, ObjectError> {
        let config = presigning(lifetime, now)?;
        let call = self.client.get_object().bucket(&self.name).key(key);
        let call = call
            .response_content_type(content_type)
            .response_content_disposition(format!("attachment; filename=\"{file_name}\""));
        let signed = call.presigned(config).await.map_err(explain)?;
        Ok(signed.uri().to_owned())
    }

    /// The bytes of an object of at most `limit` bytes; never more are read.
    pub async fn get(&self, key: &str, limit: u64) -> Result<Vec<u8>, ObjectError> {
        let answer = self.client.get_object().bucket(&self.name).key(key).send().await.map_err(explain)?;
        let length = answer.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or(0);
        if length > limit {
            return Err(ObjectError::TooLarge(limit));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        let mut body = answer.body;
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| ObjectError::Unavailable("the object broke off".into()))?;
            if (bytes.len() + chunk.len()) as u64 > limit {
                return Err(ObjectError::TooLarge(limit));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// Writes an object, whatever was there before.
    pub async fn put(
        &self,
        key: &str,
        content_type: &str,
        cache_control: &str,
        bytes: Vec<u8>,
    ) -> Result<(), ObjectError> {
        let call = self.client.put_object().bucket(&self.name).key(key).body(ByteStream::from(bytes));
        let call = call.content_type(content_type).cache_control(cache_control);
        call.send().await.map(|_| ()).map_err(explain)
    }

    /// Deletes an object; deleting what is not there is no error.
    pub async fn remove(&self, key: &str) -> Result<(), ObjectError> {
        match self.client.delete_object().bucket(&self.name).key(key).send().await.map_err(explain) {
            Ok(_) | Err(ObjectError::Missing) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn presigning(lifetime: Duration, now: Timestamp) -> Result<PresigningConfig, ObjectError> {
    let config = PresigningConfig::builder().start_time(SystemTime::from(now)).expires_in(lifetime).build();
    config.map_err(|error| ObjectError::Rejected(error.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn explain<E: ProvideErrorMetadata, R>(error: SdkError<E, R>) -> ObjectError {
    // The code and the kind of failure say enough; the message may repeat keys.
    match (error.code(), &error) {
        (Some("NoSuchKey" | "NotFound"), _) => ObjectError::Missing,
        (Some(code), _) if PASSING.contains(&code) => ObjectError::Unavailable(code.to_owned()),
        (Some(code), SdkError::ServiceError(_)) => ObjectError::Rejected(code.to_owned()),
        (_, SdkError::ConstructionFailure(_)) => ObjectError::Rejected("the call cannot be made".into()),
        (_, SdkError::TimeoutError(_)) => ObjectError::Unavailable("timed out".into()),
        (_, SdkError::DispatchFailure(_)) => ObjectError::Unavailable("not reached".into()),
        _ => ObjectError::Unavailable("no usable answer".into()),
    }
}

/// Attempts are few: what does not come through comes again with its message.
fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_secs(1))
}

/// Time for 10 MiB at 16 Mbit a second, and for one more attempt within a worker's 20 seconds.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_timeout(Duration::from_secs(12))
        .connect_timeout(Duration::from_secs(1))
        .read_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(6))
        .build()
}
