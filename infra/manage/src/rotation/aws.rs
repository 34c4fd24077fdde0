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

use super::{Held, Seen, kid};
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
    /// Holds the ids of the keys that the functions were seen to have.
    seen: String,
    /// Holds the name of the stage's table, which the stack writes.
    table: String,
}

impl Aws {
    pub(super) fn from_settings(settings: &Settings, stage: &str) -> Result<Self, ConfigError> {
        let mut config = client_config(settings)?;
        config.set_endpoint_url(settings.optional("AWS_ENDPOINT_URL_SECRETS_MANAGER"));
        let secrets = secretsmanager::Client::new(&config.build());
        let mut config = client_config(settings)?;
        config.set_endpoint_url(settings.optional("AWS_ENDPOINT_URL_SSM"));
        let parameters = ssm::Client::new(&config.build());
        Ok(Self {
            secrets,
            parameters,
            secret: format!("banister/{stage}/access-private-key"),
            parameter: format!("/banister/{stage}/access-public-keys"),
            seen: format!("/banister/{stage}/access-public-keys-seen"),
            table: format!("/banister/{stage}/table-name"),
        })
    }

    pub(super) async fn held(&self) -> Result<Held, ManageError> {
        let missing = ManageError::Refused("Secrets Manager has no key that signs");
        let (version, current) = self.version(CURRENT).await?.ok_or(missing)?;
        // The label stays behind where its removal was cut off.
        let pending = self.version(PENDING).await?.filter(|(other, _)| *other != version);
        let found = self.parameter(&self.parameter).await?;
        let text = found.as_ref().and_then(ssm::types::Parameter::value).unwrap_or_default();
        let set: Value = serde_json::from_str(text).unwrap_or_default();
        let unfit = ManageError::Refused("Parameter Store has no JWK set");
        let public = set["keys"].as_array().filter(|keys| keys.iter().all(|key| !kid(key).is_empty()));
        let public = public.cloned().ok_or(unfit)?;
        let seen = self.parameter(&self.seen).await?.and_then(|found| {
            let since = found.last_modified_date().map(DateTime::secs)?;
            let public = serde_json::from_str(found.value()?).ok()?;
            Some(Seen { public, since: Timestamp::from_second(since).ok()? })
        });
        Ok(Held { current, pending: pending.map(|(_, key)| key), public, seen })
    }

    /// The table of the stage, as its stack says.
    pub(super) async fn table(&self) -> Result<String, ManageError> {
        let found = self.parameter(&self.table).await?.and_then(|found| found.value);
        found.ok_or(ManageError::Refused(
            "deploy first: the stack of that stage does not say which table is its own",
        ))
    }

    /// What Parameter Store has under a name.
    async fn parameter(&self, name: &str) -> Result<Option<ssm::types::Parameter>, ManageError> {
        match self.parameters.get_parameter().name(name).send().await {
            Ok(found) => Ok(found.parameter),
            Err(error) if error.code() == Some("ParameterNotFound") => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Notes, at this moment, which keys the functions have.
    pub(super) async fn see(&self, ids: &[&str]) -> Result<(), ManageError> {
        self.put(&self.seen, json!(ids).to_string()).await
    }

    async fn put(&self, name: &str, value: String) -> Result<(), ManageError> {
        let put = self.parameters.put_parameter().name(name).overwrite(true);
        put.r#type(ssm::types::ParameterType::String).value(value).send().await.map(drop).map_err(failed)
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
        self.put(&self.parameter, json!({ "keys": keys }).to_string()).await
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
