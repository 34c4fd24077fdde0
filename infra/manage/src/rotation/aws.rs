//! Where keys are on AWS: the private ones in Secrets Manager, the public ones in Parameter Store, and those that the
//! functions know at the API.

use std::time::Duration;

use aws_sdk_secretsmanager as secretsmanager;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use aws_sdk_secretsmanager::primitives::DateTime;
use aws_sdk_ssm as ssm;
use banister_platform::aws::client_config;
use banister_platform::config::{ConfigError, Settings};
use banister_platform::identity::SigningKey;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Held, kid};
use crate::ManageError;

/// The labels of the versions of a secret
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html>).
const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";

/// How long the API may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The two stores.
pub(super) struct Aws {
    secrets: secretsmanager::Client,
    parameters: ssm::Client,
    secret: String,
    parameter: String,
}

impl Aws {
    pub(super) fn from_settings(settings: &Settings, stage: &str) -> Result<Self, ConfigError> {
        let mut config = client_config(settings)?;
        config.set_endpoint_url(settings.optional("AWS_ENDPOINT_URL_SECRETS_MANAGER"));
        let secrets = secretsmanager::Client::new(&config.build());
        let mut config = client_config(settings)?;
        config.set_endpoint_url(settings.optional("AWS_ENDPOINT_URL_SSM"));
        let parameters = ssm::Client::new(&config.build());
        let secret = format!("banister/{stage}/access-private-key");
        Ok(Self { secrets, parameters, secret, parameter: format!("/banister/{stage}/access-public-keys") })
    }

    pub(super) async fn held(&self) -> Result<Held, ManageError> {
        let missing = ManageError::Refused("Secrets Manager has no key that signs");
        let (version, current) = self.version(CURRENT).await?.ok_or(missing)?;
        // The label stays behind where its removal was cut off.
        let pending = self.version(PENDING).await?.filter(|(other, _)| *other != version);
        let found = self.parameters.get_parameter().name(&self.parameter).send().await.map_err(failed)?;
        let found = found.parameter.unwrap_or_else(|| ssm::types::Parameter::builder().build());
        let set: Value = serde_json::from_str(found.value().unwrap_or_default()).unwrap_or_default();
        let unfit = ManageError::Refused("Parameter Store has no JWK set");
        let public = set["keys"].as_array().filter(|keys| keys.iter().all(|key| !kid(key).is_empty()));
        let public = public.cloned().ok_or(unfit)?;
        let written =
            found.last_modified_date().map(DateTime::secs).and_then(|at| Timestamp::from_second(at).ok());
        let written =
            written.ok_or(ManageError::Refused("Parameter Store does not say when it was written"))?;
        Ok(Held { current, pending: pending.map(|(_, key)| key), public, written })
    }

    /// The version with such a label, and the key in it.
    async fn version(&self, label: &str) -> Result<Option<(String, SigningKey)>, ManageError> {
        let found = self.secrets.get_secret_value().secret_id(&self.secret).version_stage(label).send().await;
        let found = match found {
            Ok(found) => found,
            Err(error) if error.code() == Some("ResourceNotFoundException") => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let key = SigningKey::parse(found.secret_string().unwrap_or_default())?;
        Ok(Some((found.version_id.unwrap_or_default(), key)))
    }

    /// Keeps a key beside the one that signs.
    pub(super) async fn add_pending(&self, key: SigningKey) -> Result<SigningKey, ManageError> {
        let put = self.secrets.put_secret_value().secret_id(&self.secret).secret_string(key.expose());
        put.version_stages(PENDING).send().await.map_err(failed)?;
        Ok(key)
    }

    /// Makes the pending key the one that signs.
    pub(super) async fn promote(&self, key: SigningKey) -> Result<SigningKey, ManageError> {
        let lost = || ManageError::Refused("somebody else is at the same keys");
        let (old, _) = self.version(CURRENT).await?.ok_or_else(lost)?;
        let (new, _) =
            self.version(PENDING).await?.filter(|(_, found)| found.id() == key.id()).ok_or_else(lost)?;
        let label = || self.secrets.update_secret_version_stage().secret_id(&self.secret);
        let current = label().version_stage(CURRENT).move_to_version_id(&new).remove_from_version_id(old);
        current.send().await.map_err(failed)?;
        label().version_stage(PENDING).remove_from_version_id(new).send().await.map_err(failed)?;
        Ok(key)
    }

    /// Writes what the functions get at the next deployment.
    pub(super) async fn publish(&self, keys: &[Value]) -> Result<(), ManageError> {
        let put = self.parameters.put_parameter().name(&self.parameter).overwrite(true);
        let put = put.r#type(ssm::types::ParameterType::String).value(json!({ "keys": keys }).to_string());
        put.send().await.map(drop).map_err(failed)
    }
}

/// The ids of the keys that the functions of the API know.
pub(super) async fn deployed(api: &str) -> Result<Vec<String>, ManageError> {
    let unanswered = |error: reqwest::Error| ManageError::Aws(format!("the API gives no keys: {error}"));
    let url = format!("{}/.well-known/jwks.json", api.trim_end_matches('/'));
    let client = reqwest::Client::builder().timeout(PATIENCE).build().map_err(unanswered)?;
    let answer =
        client.get(url).send().await.and_then(reqwest::Response::error_for_status).map_err(unanswered)?;
    let set: Value = answer.json().await.map_err(unanswered)?;
    Ok(set["keys"].as_array().into_iter().flatten().map(|key| kid(key).to_owned()).collect())
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` gives")]
fn failed(error: impl ProvideErrorMetadata) -> ManageError {
    let told = error.message().unwrap_or("no answer");
    ManageError::Aws(format!("AWS: {} {told}", error.code().unwrap_or_default()))
}
